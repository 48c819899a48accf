// Every row that holds samples, labels or documents carries a checksum of what it says, its key included. SQLite has none for
// its pages, so a flipped bit on the disk would otherwise come back as another value.
import { crc32 } from 'node:zlib';
import { DamagedBytes } from './bytes.ts';

/**
 * CRC-32 of bytes that stand under two numbers, such as a chunk under its series and timeline. @throws {DamagedBytes} for what is
 * no bytes: in a damaged page a column can be of any type
 */
export function checksumOfBytes(first: number, second: number, body: Uint8Array): number {
  if (typeof body === 'string') throw new DamagedBytes('a text stands where bytes should be');
  return crc32(body, (Math.imul(first, 0x9e37_79b1) ^ second) >>> 0);
}

/** CRC-32 of a text that stands under another, such as a document under its shelf and key. @throws {DamagedBytes} */
export function checksumOfText(key: string, text: string): number {
  if (typeof text !== 'string') throw new DamagedBytes('bytes stand where a text should be');
  return crc32(text, crc32(key));
}

/** CRC-32 of a packed timeline: of its timestamps, and of what its row says about them. @throws {DamagedBytes} */
export function checksumOfTimeline(id: number, minMs: number, maxMs: number, count: number, body: Uint8Array): number {
  if (typeof body === 'string') throw new DamagedBytes('a text stands where bytes should be');
  return crc32(body, crc32(`${id} ${minMs} ${maxMs} ${count}`));
}

/** CRC-32 of a row of late samples: of its bytes, and of what the row says about them. @throws {DamagedBytes} */
export function checksumOfLate(
  seriesId: number,
  number: number,
  minMs: number,
  maxMs: number,
  body: Uint8Array,
): number {
  if (typeof body === 'string') throw new DamagedBytes('a text stands where bytes should be');
  return crc32(body, crc32(`${seriesId} ${number} ${minMs} ${maxMs}`));
}

/** The key under which a document has its checksum. */
export function documentKey(shelf: string, key: string): string {
  return `${shelf}\u0000${key}`;
}

/** Stands for the checksum of rows that an older version wrote, which had none. */
export const UNCHECKED = -1;

/** Is a row with this checksum what was written, if `sum` is what it comes to now? `NULL` is no checksum that was ever written. */
export function isIntact(stored: number | null, sum: number): boolean {
  return stored === sum || stored === UNCHECKED;
}
