import { Labels } from '@tillwatch/model';
import { DamagedBytes } from './bytes.ts';

/** Labels as they stand in the file: a JSON array of names and values in turn, which keeps every string as it is. */
export function encodeLabels(labels: Labels): string {
  return JSON.stringify(labels.flat);
}

/** `keep` gives the text to use for an equal one, so that what many series have in common is in memory once. @throws {DamagedBytes} */
export function decodeLabels(text: string, keep: (text: string) => string = String): Labels {
  const flat = readArray(text);
  if (flat === undefined || flat.length % 2 !== 0) throw new DamagedBytes('labels of a series are not readable');
  return Labels.fromFlat(flat.map((part) => keep(String(part))));
}

function readArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
