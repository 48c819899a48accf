import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Readers, writeMessages } from '@tillwatch/checkout';
import { loadTillwatchYaml } from '../configuration.ts';
import { writeFiles } from '../shop-setup.ts';
import { CliError, plural, type Terminal } from './terminal.ts';

const READERS: readonly Readers[] = ['dev', 'ops', 'business', 'page'];

/** Writes the texts of messages as files to start from. Files that are there are left alone unless `force` says otherwise. */
export async function messagesCommand(
  terminal: Terminal,
  options: { config: string; out: string; language?: string[]; force?: boolean },
): Promise<number> {
  const languages = [...new Set(options.language ?? (await languagesOf(options.config)))];
  for (const tag of languages) {
    if (!/^(?:en|de)(?:-[A-Za-z0-9]+)*$/.test(tag)) {
      throw new CliError(`no texts in "${tag}": give en or de (also de-AT and the like)`);
    }
  }
  const files = languages.flatMap((language) => READERS.map((readers) => writeMessages(readers, language)));
  const there = options.force === true ? [] : files.filter(({ path }) => existsSync(resolve(options.out, path)));
  await writeFiles(
    options.out,
    files.filter((file) => !there.includes(file)),
  );
  for (const file of files) {
    terminal.out(
      `${options.out}/${file.path}${there.includes(file) ? ' is there already: left alone (--force overwrites)' : ''}\n`,
    );
  }
  terminal.out(
    `${plural(files.length - there.length, 'file')} written. Keep the texts that you change, delete the others, and write into tillwatch.yaml:\n` +
      `  messages: { dir: ${options.out} }\n`,
  );
  return 0;
}

/** The languages that the teams read in; English where there is no readable tillwatch.yaml. */
async function languagesOf(config: string): Promise<string[]> {
  const { value } = await loadTillwatchYaml(config);
  if (value === undefined) return ['en'];
  return [value.shop.language, ...value.teams.map(({ language }) => language)].map(
    (tag) => new Intl.Locale(tag).language,
  );
}
