import { type ByteReader, type ByteWriter, DamagedBytes } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';

/** A stretch of one series without gaps: its values are those of rows `first` and following of its timeline. */
export interface Piece {
  readonly first: number;
  readonly values: Float64Array;
}

/** A chunk is what a series has in one packed timeline: a piece, or several if it was missing in between. */
export function writePiece(out: ByteWriter, piece: Piece): void {
  out.varint(piece.first);
  out.varint(piece.values.length);
  writeColumn(out, piece.values);
}

/**
 * Reads the next piece of a chunk whose timeline has `count` timestamps into `into` from `at` on; there must be room.
 * Returns which rows of the timeline it has, as [first, end). @throws {DamagedBytes}
 */
export function readPieceInto(
  input: ByteReader,
  count: number,
  into: Float64Array,
  at: number,
): readonly [first: number, end: number] {
  const first = input.varint();
  const length = input.varint();
  if (first + length > count) throw new DamagedBytes('a chunk is longer than its timeline');
  readColumn(input, into.subarray(at, at + length));
  return [first, first + length];
}

/** Reads the next piece of a chunk whose timeline has `count` timestamps. @throws {DamagedBytes} */
export function readPiece(input: ByteReader, count: number): Piece {
  const first = input.varint();
  const length = input.varint();
  if (first + length > count) throw new DamagedBytes('a chunk is longer than its timeline');
  const values = new Float64Array(length);
  readColumn(input, values);
  return { first, values };
}
