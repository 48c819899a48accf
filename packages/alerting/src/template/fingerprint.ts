import type { Labels } from '@tillwatch/model';

const OFFSET = 14695981039346656037n;
const PRIME = 1099511628211n;
const MASK = 0xffff_ffff_ffff_ffffn;
const SEPARATOR = 0xff;

/** Alertmanager's name for a label set: 64-bit FNV-1a over names and values in order, as 16 hexadecimal digits. */
export function fingerprint(labels: Labels): string {
  let hash = OFFSET;
  const add = (byte: number) => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  const encoder = new TextEncoder();
  for (const pair of labels) {
    for (const text of pair) {
      for (const byte of encoder.encode(text)) add(byte);
      add(SEPARATOR);
    }
  }
  return hash.toString(16).padStart(16, '0');
}
