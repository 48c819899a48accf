import type { Database, Statement } from 'better-sqlite3';
import { isBundle, readBundle } from './codec/bundle.ts';
import { ByteReader, DamagedBytes } from './codec/bytes.ts';

/**
 * The rows of a series in one value, each after its timeline and its length: many small ones are fetched several times as fast
 * that way. What is put together here are bytes, which stay what they are; SQLite only calls them text on the way. The rows
 * come in the order of the primary key, which is checked: to have them sorted would cost half as much again. A bundle stands
 * where its last chunk did, so the first row behind the wanted ones may hold some of them.
 */
const ROWS = `
  SELECT CAST(group_concat(timeline_id || ' ' || length(body) || ' ' || body, '') AS BLOB)
  FROM chunks WHERE series_id = ? AND timeline_id BETWEEN ? AND coalesce(
    (SELECT timeline_id FROM chunks WHERE series_id = ? AND timeline_id >= ? ORDER BY timeline_id LIMIT 1), ?)`;

const SPACE = 0x20;
const ZERO = 0x30;

/** Finds the chunks of series in the file, in bundles or by themselves. */
export class ChunkRows {
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
    const rows = this.#rows.get(seriesId, lowId, seriesId, highId, highId);
    if (rows === undefined || rows === null) return;
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
      const timelineId = readDecimal(input);
      const length = readDecimal(input);
      const end = input.offset + length;
      if (isBundle(rows, input.offset)) readBundle(input, end, visitChunk);
      else visitChunk(timelineId, end);
    }
  }
}

function readDecimal(input: ByteReader): number {
  let value = 0;
  for (let byte = input.u8(); byte !== SPACE; byte = input.u8()) value = value * 10 + byte - ZERO;
  return value;
}
