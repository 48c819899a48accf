import type { Database, Statement } from 'better-sqlite3';
import { isBundle, readBundle } from './codec/bundle.ts';
import { ByteReader, DamagedBytes } from './codec/bytes.ts';
import { checksumOfBytes, isIntact } from './codec/checksum.ts';
import { storeFailure } from './sqlite/store-failure.ts';

/**
 * The rows of a series in one value, each after its timeline, its length and its checksum: many small ones are fetched several times as fast
 * that way. What is put together here are bytes, which stay what they are; SQLite only calls them text on the way. The rows
 * come in the order of the primary key, which is checked: to have them sorted would cost half as much again. A bundle stands
 * where its last chunk did, so the first row behind the wanted ones may hold some of them. What is NULL can only be damage, and
 * comes as a row of timeline 0 whose checksum is wrong.
 */
const ROWS = `
  SELECT CAST(group_concat(coalesce(timeline_id || ' ' || length(body) || ' ' || crc || ' ' || body, '0 0 0 '), '') AS BLOB)
  FROM chunks WHERE series_id = ? AND timeline_id BETWEEN ? AND coalesce(
    (SELECT timeline_id FROM chunks WHERE series_id = ? AND timeline_id >= ? ORDER BY timeline_id LIMIT 1), ?)`;

const SPACE = 0x20;
const ZERO = 0x30;
const MINUS = 0x2d;

/**
 * Finds the chunks of series in the file, in bundles or by themselves. A damaged row is left out and counted: one bad sector is no
 * reason to answer nothing at all.
 */
export class ChunkRows {
  /** How many times a damaged row, or all rows of a series, had to be left out. */
  leftOut = 0;
  readonly #rows: Statement<[number, number, number, number, number], Buffer | null>;

  constructor(db: Database) {
    this.#rows = db.prepare<[number, number, number, number, number], Buffer | null>(ROWS).pluck();
  }

  /**
   * Calls `visit` for every chunk of a series, oldest first, at least those of timelines from `lowId` to `highId`. It may read
   * the chunk from the input, which is at its beginning, up to `end`, and has to leave it there. @throws {DamagedBytes}
   */
  each(
    seriesId: number,
    lowId: number,
    highId: number,
    visit: (timelineId: number, input: ByteReader, end: number) => void,
  ): void {
    const rows = this.#rowsOf(seriesId, lowId, highId);
    if (rows === null) return;
    const input = new ByteReader(rows);
    let lastId = 0;
    const visitChunk = (timelineId: number, end: number) => {
      if (timelineId <= lastId) throw new DamagedBytes('chunks of a series are out of order');
      if (end > rows.length) throw new DamagedBytes('chunks end too early');
      lastId = timelineId;
      visit(timelineId, input, end);
      if (input.offset !== end) throw new DamagedBytes('a chunk is longer than it says');
    };
    while (!input.isAtEnd) {
      const row = readRow(input);
      if (row === undefined) {
        this.leftOut++;
        return;
      }
      const { timelineId, end, crc } = row;
      if (!isIntact(crc, checksumOfBytes(seriesId, timelineId, rows.subarray(input.offset, end)))) {
        this.leftOut++;
        input.offset = end;
      } else if (isBundle(rows, input.offset)) readBundle(input, end, visitChunk);
      else visitChunk(timelineId, end);
    }
  }

  #rowsOf(seriesId: number, lowId: number, highId: number): Buffer | null {
    try {
      return this.#rows.get(seriesId, lowId, seriesId, highId, highId) ?? null;
    } catch (cause) {
      if (storeFailure(cause, '').reason !== 'corrupt') throw cause;
      this.leftOut++;
      return null;
    }
  }
}

/** What stands before a row; `undefined` when it makes no sense, and then nothing behind it does. */
function readRow(input: ByteReader): { timelineId: number; end: number; crc: number } | undefined {
  try {
    const timelineId = readDecimal(input);
    const length = readDecimal(input);
    const crc = readDecimal(input);
    const end = input.offset + length;
    return end <= input.bytes.length ? { timelineId, end, crc } : undefined;
  } catch {
    return undefined;
  }
}

/** A number and the space behind it. */
function readDecimal(input: ByteReader): number {
  let value = 0;
  let sign = 1;
  for (let byte = input.u8(); byte !== SPACE; byte = input.u8()) {
    if (byte === MINUS) sign = -1;
    else value = value * 10 + byte - ZERO;
  }
  return sign * value;
}
