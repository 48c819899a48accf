import { plan } from '@tillwatch/checkout';
import { loadTillwatchYaml } from '../configuration.ts';
import { writeFiles } from '../shop-setup.ts';
import { CliError, plural, printProblems, type Terminal } from './terminal.ts';

/** Writes the standard files of a tillwatch.yaml. */
export async function generateCommand(
  terminal: Terminal,
  options: { config: string; out: string; sentinel?: string },
): Promise<number> {
  const { value: config, problems } = await loadTillwatchYaml(options.config);
  if (printProblems(problems, terminal, 'Nothing was written.') || config === undefined) return 1;
  const files = plan(
    config,
    options.sentinel === undefined ? {} : { sentinel: { address: addressOf(options.sentinel) } },
  );
  await writeFiles(options.out, files);
  for (const { path } of files) terminal.out(`${options.out}/${path}\n`);
  terminal.out(`${plural(files.length, 'file')} written.\n`);
  return 0;
}

function addressOf(text: string): string {
  if (/^(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/.test(text)) return text;
  throw new CliError(`--sentinel: "${text}" is not host:port, such as 127.0.0.1:9096`);
}
