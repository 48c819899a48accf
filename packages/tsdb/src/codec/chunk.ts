import { type ByteReader, type ByteWriter, DamagedBytes } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';

/** A stretch of one series without gaps: its values are those of rows `first` and following of its timeline. */
export interface Piece {
  readonly first: number;
  readonly values: Float64Array;
}

/** A chunk is what a series has in one packed timeline: a piece, or several if it was missing in between. */
function writePiece(out: ByteWriter, piece: Piece): void {
  out.varint(piece.first);
  out.varint(piece.values.length);
  writeColumn(out, piece.values);
}

/** Rows of one piece at most: a line fits them closely, and what must be read in a row is soon read. */
const ROWS_PER_PIECE = 256;
/** A counter that restarts begins a new piece, which no line could fit; what falls more often is no counter. */
const MOST_DROPS = 2;

/** Writes values without a gap, from a row on, in as many pieces as serve those who read them. */
export function writePieces(out: ByteWriter, first: number, values: Float64Array): void {
  for (let at = 0; at < values.length; ) {
    const length = pieceLength(values, at, Math.min(ROWS_PER_PIECE, values.length - at));
    // A copy, since a column is to begin where its array does.
    const isAll = length === values.length && values.byteOffset === 0;
    writePiece(out, { first: first + at, values: isAll ? values : values.slice(at, at + length) });
    at += length;
  }
}

/** How many of the next values belong together: up to a counter's restart. */
function pieceLength(values: Float64Array, at: number, most: number): number {
  let drops = 0;
  let first = most;
  for (let i = at + 1; i < at + most; i++) {
    if (!(values[i]! < values[i - 1]!)) continue;
    if (drops === 0) first = i - at;
    if (++drops > MOST_DROPS) return most;
  }
  return first;
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
