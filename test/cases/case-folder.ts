import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Troubles that shops reported, each with what should come of it. Read where they are, never copied. */
export const CASES = resolve(process.env.CASES_DIR ?? '../shared/cases');

export const hasCases = existsSync(CASES);

/** The path of a file of a case. */
export function caseFile(name: string, file: string): string {
  return join(CASES, name, file);
}

export function readCase(name: string, file: string): string {
  return readFileSync(caseFile(name, file), 'utf8');
}
