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

/** Reads which rows of its timeline, which has `count`, the next piece has. Its column comes next. @throws {DamagedBytes} */
export function readPieceRows(input: ByteReader, count: number): readonly [first: number, end: number] {
  const first = input.varint();
  const length = input.varint();
  if (first + length > count) throw new DamagedBytes('a chunk is longer than its timeline');
  return [first, first + length];
}

/** Reads the next piece of a chunk whose timeline has `count` timestamps. @throws {DamagedBytes} */
export function readPiece(input: ByteReader, count: number): Piece {
  const [first, end] = readPieceRows(input, count);
  const values = new Float64Array(end - first);
  readColumn(input, values);
  return { first, values };
}
