import { readFile } from 'node:fs/promises';
import type { Secret } from '@tillwatch/config';
import { NotifyError } from './notify-error.ts';

/** Reads the file of a `…_file` setting. */
export type ReadFile = (path: string) => Promise<string>;

/** The machine's files. */
export const readTextFile: ReadFile = (path) => readFile(path, 'utf8');

/**
 * The value of a secret that is written in the configuration or lies in a file. A file is read at every use, so a rotated
 * secret needs no reload. `undefined` when there is neither.
 * @throws {NotifyError} reason `configuration` when the file cannot be read
 */
export async function revealSecret(
  secret: Secret | undefined,
  file: string | undefined,
  setting: string,
  read: ReadFile,
): Promise<string | undefined> {
  if (secret !== undefined && !secret.isEmpty) return secret.reveal();
  if (file === undefined || file === '') return undefined;
  return (await readSetting(file, setting, read)).trim();
}

/** @throws {NotifyError} reason `configuration` */
export async function readSetting(file: string, setting: string, read: ReadFile): Promise<string> {
  try {
    return await read(file);
  } catch (cause) {
    throw new NotifyError('configuration', `the file of ${setting} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: `check the path in ${setting} and its permissions`,
    });
  }
}
