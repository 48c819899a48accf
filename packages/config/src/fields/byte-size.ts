import type * as z from 'zod';
import { type Fail, textField } from './field.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const PART = /(-?\d+(?:\.\d+)?)([a-zA-Z]*)/y;

/** Reads `512MB` or `1GB512MB` into bytes. Units are powers of 1024 and must be given, except for 0. */
export function parseByteSize(text: string): number | undefined {
  if (text === '0') return 0;
  let bytes = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    const unit = UNITS.indexOf((match?.[2] ?? '').replace(/iB$/, 'B'));
    if (match === null || unit === -1) return undefined;
    bytes += Number(match[1]) * 1024 ** unit;
  }
  return text === '' || !Number.isFinite(bytes) ? undefined : Math.round(bytes);
}

/** Writes bytes with the largest unit that divides them. */
export function formatByteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${UNITS[unit]}`;
}

/** A size with its unit (`10MB`), in bytes. */
export function byteSize(): z.ZodType<number, unknown> {
  return textField(readByteSize);
}

/** Reads a size for a field, or says what is wrong with it. */
export function readByteSize(text: string, fail: Fail): number | undefined {
  const bytes = parseByteSize(text);
  if (bytes !== undefined) return bytes;
  if (/^\d+$/.test(text)) {
    return fail(`units: unknown unit  in ${text}`, { code: 'byte-size', hint: `write ${text}B or ${text}MB` });
  }
  return fail(`"${text}" is not a size`, { code: 'byte-size', hint: 'write for example 512KB, 10MB or 1GB' });
}
