import type { ByteReader, ByteWriter } from './bytes.ts';

/** A chunk as it stands in the file. */
export interface PackedChunk {
  readonly timelineId: number;
  readonly body: Uint8Array;
}

/** How large a bundle may become: what SQLite keeps of a row in its page; more of it would go to a page of its own. */
export const BUNDLE_BYTES = 960;

/** Two bytes with which no chunk begins: they would be a piece of no values. */
const MARK = 0;
const MARK_LENGTH = 2;

/** Several chunks of one series, in the order of their timelines, put together so that they are found as one. */
export function writeBundle(out: ByteWriter, chunks: readonly PackedChunk[]): void {
  for (let i = 0; i < MARK_LENGTH; i++) out.u8(MARK);
  for (const { timelineId, body } of chunks) {
    out.varint(timelineId);
    out.varint(body.length);
    out.bytes(body);
  }
}

/** Do the bytes from `at` on begin a bundle, and not a chunk? */
export function isBundle(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === MARK && bytes[at + 1] === MARK;
}

/**
 * Calls `visit` for every chunk of the bundle that lies at the input and ends at `end`; it has to take the input to the end
 * of its chunk. @throws {DamagedBytes}
 */
export function readBundle(
  input: ByteReader,
  end: number,
  visit: (timelineId: number, endOfChunk: number) => void,
): void {
  input.skip(MARK_LENGTH);
  while (input.offset < end) {
    const timelineId = input.varint();
    const length = input.varint();
    visit(timelineId, input.offset + length);
  }
}
