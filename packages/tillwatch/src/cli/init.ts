import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { exampleConfig, type InitAnswers, readTillwatchConfig } from '@tillwatch/checkout';
import { isError } from '@tillwatch/model';
import { CliError, printProblems, type Terminal } from './terminal.ts';

interface InitOptions {
  readonly yes?: boolean;
  readonly out: string;
  readonly force?: boolean;
  readonly shop?: string;
  readonly currency?: string;
  readonly timezone?: string;
  readonly language?: string;
  readonly target?: string;
}

/** Writes a tillwatch.yaml that can be used as it is: asked for on a terminal, or from flags and defaults. */
export async function initCommand(terminal: Terminal, options: InitOptions): Promise<number> {
  const file = join(options.out, 'tillwatch.yaml');
  if (options.force !== true && (await exists(file))) {
    throw new CliError(`${file} is there already; add --force to overwrite it`);
  }
  const given: Partial<InitAnswers> = {
    ...(options.shop === undefined ? {} : { shopName: options.shop }),
    ...(options.currency === undefined ? {} : { currency: options.currency }),
    timezone: options.timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(options.language === undefined ? {} : { language: options.language }),
    ...(options.target === undefined ? {} : { metricsUrl: options.target }),
  };
  const interactive = options.yes !== true && process.stdin.isTTY === true;
  const text = exampleConfig(interactive ? await ask(given) : given);

  const { problems } = readTillwatchConfig({ file, text });
  if (problems.some(isError)) {
    printProblems(problems, terminal, 'Nothing was written.');
    return 1;
  }
  await mkdir(options.out, { recursive: true });
  await writeFile(file, text, { mode: 0o644 });
  terminal.out(`Wrote ${file}. Look it over, then:\n  tillwatch check ${file}\n  tillwatch up --config ${file}\n`);
  return 0;
}

async function ask(given: Partial<InitAnswers>): Promise<Partial<InitAnswers>> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = async (text: string, fallback: string) =>
    (await terminal.question(`${text} [${fallback}]: `)).trim() || fallback;
  try {
    return {
      shopName: await question('Name of the shop', given.shopName ?? 'My shop'),
      currency: await question('Currency', given.currency ?? 'EUR'),
      timezone: await question('Time zone', given.timezone ?? 'UTC'),
      language: await question('Language of the messages, en or de', given.language ?? 'en'),
      metricsUrl: await question(
        'Where the shop serves its metrics',
        given.metricsUrl ?? 'http://localhost:3000/metrics',
      ),
    };
  } finally {
    terminal.close();
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
