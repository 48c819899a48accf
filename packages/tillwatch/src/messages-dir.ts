import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MessageOverride, readMessages } from '@tillwatch/checkout';
import { type Problem, spanOf } from '@tillwatch/model';
import { readSource } from './files.ts';

const MOST_FILES = 50;

/**
 * Reads the changed texts of a folder. `nameOf` gives the name by which messages call a file. Whatever is wrong with a text is an
 * error that can be run with: ours is used instead.
 */
export async function readMessagesDir(
  dir: string,
  nameOf: (file: string) => string,
): Promise<{ readonly overrides: readonly MessageOverride[]; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const overrides: MessageOverride[] = [];
  let names: string[];
  try {
    names = (await readdir(dir)).filter((name) => /\.ya?ml$/.test(name)).sort();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const at = spanOf({ file: nameOf(dir), text: '' });
    const message = `cannot read the folder ${nameOf(dir)}: ${isMissing ? 'it is not there' : (error as Error).message}`;
    const hint = `write our texts there to start from: tillwatch messages --out ${nameOf(dir)}`;
    return { overrides, problems: [{ code: 'file-unreadable', severity: 'error', message, hint, at }] };
  }
  for (const name of names.slice(0, MOST_FILES)) {
    const file = join(dir, name);
    const read = await readSource(file);
    if ('problem' in read) {
      problems.push({ ...read.problem, at: spanOf({ file: nameOf(file), text: '' }) });
      continue;
    }
    const result = readMessages({ file: nameOf(file), text: read.source.text });
    problems.push(...result.problems);
    if (result.override !== undefined) overrides.push(result.override);
  }
  return { overrides, problems };
}
