import { Labels } from '@tillwatch/model';
import { DamagedBytes } from './bytes.ts';

/** Labels as they stand in the file: a JSON array of names and values in turn, which keeps every string as it is. */
export function encodeLabels(labels: Labels): string {
  const flat: string[] = [];
  for (const [name, value] of labels) flat.push(name, value);
  return JSON.stringify(flat);
}

/** @throws {DamagedBytes} */
export function decodeLabels(text: string): Labels {
  const flat: unknown = JSON.parse(text);
  if (!Array.isArray(flat) || flat.length % 2 !== 0) throw new DamagedBytes('labels of a series are not readable');
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([String(flat[i]), String(flat[i + 1])]);
  return Labels.from(pairs);
}
