import { readFile } from 'node:fs/promises';
import { ScrapeError } from './scrape-error.ts';

/** Reads a file that a scrape config names. @throws {ScrapeError} when it cannot be read. */
export async function readNamedFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ScrapeError('config', `cannot read ${path}: ${code}`, { cause });
  }
}

/** Reads a secret from a file, without the line break that editors put behind it. @throws {ScrapeError} */
export async function readSecretFile(path: string): Promise<string> {
  return (await readNamedFile(path)).trim();
}
