import { Labels } from '@tillwatch/model';
import { type Database, SqliteError, type Statement } from 'better-sqlite3';
import { ByteReader } from '../codec/bytes.ts';
import {
  checksumOfBytes,
  checksumOfLate,
  checksumOfText,
  checksumOfTimeline,
  documentKey,
  isIntact,
  UNCHECKED,
} from '../codec/checksum.ts';
import { decodeLabels, encodeLabels } from '../codec/labels.ts';
import { readRound } from '../codec/round.ts';
import { noteImport, readImported } from '../imported.ts';
import { storeFailure } from '../sqlite/store-failure.ts';

/** What could be read of a damaged file, in rows. `hasAll` is false when there was no time or no room for all of its chunks. */
export interface Salvaged {
  documents: number;
  series: number;
  rounds: number;
  timelines: number;
  chunks: number;
  /** Rows that are not what was written, and were left behind. */
  damagedRows: number;
  hasAll: boolean;
}

/** How long copying chunks may keep a watch from starting: what came first to alerting is there by then. */
const MOST_MS = 20_000;

/**
 * Copies what can be read of a damaged file into an empty one, in the order of what it is worth: documents (alert states,
 * silences, owed messages), then the newest samples, then those in chunks.
 */
export function salvage(from: Database, into: Database, mostMs = MOST_MS): Salvaged {
  return new Salvage(from, into, mostMs).run();
}

class Salvage {
  readonly #from: Database;
  readonly #into: Database;
  readonly #mostMs: number;
  readonly #insertSeries: Statement<[number, string, number]>;
  readonly #result: Salvaged = {
    documents: 0,
    series: 0,
    rounds: 0,
    timelines: 0,
    chunks: 0,
    damagedRows: 0,
    hasAll: true,
  };
  readonly #seriesIds = new Set<number>();
  readonly #crcs = new Map<string, string>();
  #highestTimelineId = 0;

  constructor(from: Database, into: Database, mostMs: number) {
    this.#from = from;
    this.#into = into;
    this.#mostMs = mostMs;
    this.#insertSeries = into.prepare('INSERT INTO series (id, labels, crc) VALUES (?, ?, ?)');
  }

  run(): Salvaged {
    this.#into.transaction(() => this.#copyDocuments()).immediate();
    try {
      this.#into
        .transaction(() => {
          this.#copySeries();
          this.#copyTimelines();
          this.#copyRounds();
          this.#keepIds();
        })
        .immediate();
      this.#copyChunks();
    } catch (cause) {
      // Without room for the samples, the documents are what counts.
      if (storeFailure(cause, '').reason !== 'full') throw cause;
      this.#result.hasAll = false;
    }
    return this.#result;
  }

  #copyDocuments(): void {
    const put = this.#into.prepare('INSERT OR REPLACE INTO documents (shelf, key, json, crc) VALUES (?, ?, ?, ?)');
    const columns = `shelf, key, json, ${this.#crcOf('documents')} FROM documents`;
    for (const [shelf, key, json, crc] of this.#bothWays<[string, string, string, number | null]>(
      `SELECT ${columns} ORDER BY shelf, key`,
      `SELECT ${columns} ORDER BY shelf DESC, key DESC`,
      ([shelf, key]) => documentKey(shelf, key),
    )) {
      const sum = this.#sumOf(crc, () => checksumOfText(documentKey(shelf, key), json));
      if (sum === undefined || !isJson(json)) continue;
      if (this.#keep(() => put.run(shelf, key, json, sum))) this.#result.documents++;
    }
  }

  #copySeries(): void {
    for (const [id, text, crc] of this.#byId<[number, string, number | null]>(
      `id, labels, ${this.#crcOf('series')} FROM series`,
      'id',
    )) {
      if (this.#sumOf(crc, () => checksumOfText(String(id), text)) === undefined || !areLabels(text)) continue;
      if (this.#keep(() => this.#putSeries(id, text))) this.#result.series++;
    }
  }

  #putSeries(id: number, text: string): void {
    this.#insertSeries.run(id, text, checksumOfText(String(id), text));
    this.#seriesIds.add(id);
  }

  #copyTimelines(): void {
    const put = this.#into.prepare(
      'INSERT OR IGNORE INTO timelines (seq, id, min_ms, max_ms, count, body, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    const columns = `seq, id, min_ms, max_ms, count, body, ${this.#crcOf('timelines')} FROM timelines`;
    type Row = [number, number, number, number, number, Buffer, number | null];
    for (const [seq, id, minMs, maxMs, count, body, crc] of this.#byId<Row>(columns, 'seq')) {
      const sum = this.#sumOf(crc, () => checksumOfTimeline(id, minMs, maxMs, count, body));
      if (sum === undefined) continue;
      if (!this.#keep(() => put.run(seq, id, minMs, maxMs, count, body, sum))) continue;
      this.#highestTimelineId = Math.max(this.#highestTimelineId, id);
      this.#result.timelines++;
    }
  }

  /** A round tells which series are new with it; behind a gap in that, what a timeline's slots mean is not known any more. */
  #copyRounds(): void {
    const put = this.#into.prepare('INSERT INTO rounds (id, timeline_id, body, crc) VALUES (?, ?, ?, ?)');
    const slotsOf = new Map<number, number>();
    const columns = `id, timeline_id, body, ${this.#crcOf('rounds')} FROM rounds`;
    const rows = [...this.#byId<[number, number, Buffer, number | null]>(columns, 'id')].sort((a, b) => a[0] - b[0]);
    for (const [id, timelineId, body, crc] of rows) {
      const sum = this.#sumOf(crc, () => checksumOfBytes(timelineId, 0, body));
      if (sum === undefined) continue;
      this.#highestTimelineId = Math.max(this.#highestTimelineId, timelineId);
      const slots = this.#slotsAfter(body, slotsOf.get(timelineId) ?? 0);
      if (slots === undefined) {
        this.#result.damagedRows++;
        continue;
      }
      if (!this.#keep(() => put.run(id, timelineId, body, sum))) continue;
      slotsOf.set(timelineId, slots);
      this.#result.rounds++;
    }
  }

  /** How many slots the timeline has with these rounds; `undefined` when they do not go on from `before`. */
  #slotsAfter(body: Buffer, before: number): number | undefined {
    let slots = before;
    const fresh: number[] = [];
    try {
      for (const input = new ByteReader(body); !input.isAtEnd; ) {
        const { row, newSeriesIds } = readRound(input);
        slots += newSeriesIds.length;
        if (row.length !== slots) return undefined;
        fresh.push(...newSeriesIds);
      }
    } catch {
      return undefined;
    }
    // Samples whose labels are lost are kept under a name of their own, so that those beside them stay readable.
    for (const id of fresh) if (!this.#seriesIds.has(id)) this.#putSeries(id, placeholder(id));
    return slots;
  }

  /** No timeline that something may still speak of is made again. */
  #keepIds(): void {
    const highest = this.#attempt(() => this.#from.prepare('SELECT max(timeline_id) FROM chunks').pluck().get());
    const next = this.#attempt(() =>
      this.#from.prepare('SELECT value FROM meta WHERE name = ?').pluck().get('next_timeline_id'),
    );
    const nextId = Math.max(this.#highestTimelineId + 1, Number(highest ?? 0) + 1, Number(next ?? 1));
    const put = this.#into.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
    const imported = this.#attempt(() => readImported(this.#from));
    if (imported !== undefined) noteImport(this.#into, imported.upToId, imported.atMs);
    // One that is beyond counting is damage itself.
    put.run(
      'next_timeline_id',
      Number.isSafeInteger(nextId) && nextId < 2 ** 50 ? nextId : this.#highestTimelineId + 1,
    );
  }

  #copyChunks(): void {
    const deadline = performance.now() + this.#mostMs;
    const put = this.#into.prepare(
      'INSERT OR IGNORE INTO chunks (series_id, timeline_id, body, crc) VALUES (?, ?, ?, ?)',
    );
    const putLate = this.#into.prepare(
      'INSERT OR IGNORE INTO late (series_id, number, min_ms, max_ms, body, crc) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const ids = [...this.#seriesIds];
    for (let i = 0; i < ids.length; i += 100) {
      if (performance.now() > deadline) {
        this.#result.hasAll = false;
        return;
      }
      this.#into
        .transaction(() => {
          for (const id of ids.slice(i, i + 100)) {
            this.#copyChunksOf(id, put);
            this.#copyLateOf(id, putLate);
          }
        })
        .immediate();
    }
  }

  /** Late samples are copied with the chunks of their series. */
  #copyLateOf(seriesId: number, put: { run(...values: unknown[]): unknown }): void {
    // Versions 1 and 2 had none.
    if (this.#crcOf('late') !== 'crc') return;
    const columns = `number, min_ms, max_ms, body, crc FROM late WHERE series_id = ${seriesId}`;
    type Row = [number, number, number, Buffer, number | null];
    for (const [number, minMs, maxMs, body, crc] of this.#byId<Row>(columns, 'number')) {
      const sum = this.#sumOf(crc, () => checksumOfLate(seriesId, number, minMs, maxMs, body));
      if (sum !== undefined) this.#keep(() => put.run(seriesId, number, minMs, maxMs, body, sum));
    }
  }

  #copyChunksOf(seriesId: number, put: { run(...values: unknown[]): unknown }): void {
    const columns = `timeline_id, body, ${this.#crcOf('chunks')} FROM chunks WHERE series_id = ${seriesId}`;
    for (const [timelineId, body, crc] of this.#byId<[number, Buffer, number | null]>(columns, 'timeline_id')) {
      const sum = this.#sumOf(crc, () => checksumOfBytes(seriesId, timelineId, body));
      if (sum === undefined) continue;
      if (this.#keep(() => put.run(seriesId, timelineId, body, sum))) this.#result.chunks++;
    }
  }

  /** The checksum of a row; `undefined`, and counted, when it is not the one it was written with. */
  #sumOf(stored: number | null, compute: () => number): number | undefined {
    // In a damaged page a column can be of any type.
    const sum = this.#attempt(compute);
    if (sum !== undefined && isIntact(stored, sum)) return sum;
    this.#result.damagedRows++;
    return undefined;
  }

  /** Writes a row, unless its columns are not of the kind that the tables take: then it is damaged in what has no checksum. */
  #keep(write: () => unknown): boolean {
    try {
      write();
      return true;
    } catch (cause) {
      const isConstraint = cause instanceof SqliteError && cause.code.startsWith('SQLITE_CONSTRAINT');
      if (!isConstraint && !(cause instanceof TypeError)) throw cause;
      this.#result.damagedRows++;
      return false;
    }
  }

  #byId<Row extends [number, ...unknown[]]>(columns: string, order: string): Iterable<Row> {
    const select = `SELECT ${columns} ORDER BY ${order}`;
    return this.#bothWays<Row>(select, `${select} DESC`, ([id]) => id);
  }

  /** The rows from the first on, up to a place that cannot be read, and then from the last on back to it. */
  *#bothWays<Row>(forward: string, backward: string, keyOf: (row: Row) => unknown): Iterable<Row> {
    const seen = new Set<unknown>();
    for (const sql of [forward, backward]) {
      try {
        for (const row of this.#from.prepare(sql).raw().iterate() as Iterable<Row>) {
          if (seen.has(keyOf(row))) return;
          seen.add(keyOf(row));
          yield row;
        }
        return;
      } catch {
        this.#result.damagedRows++;
      }
    }
  }

  /** The checksum in a table of the damaged file, which has none if it is of version 1 or 2. */
  #crcOf(table: string): string {
    let column = this.#crcs.get(table);
    if (column === undefined) {
      const isThere = this.#attempt(() => this.#from.prepare(`SELECT crc FROM ${table} LIMIT 0`)) !== undefined;
      column = isThere ? 'crc' : `${UNCHECKED} AS crc`;
      this.#crcs.set(table, column);
    }
    return column;
  }

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch {
      return undefined;
    }
  }
}

function placeholder(id: number): string {
  return encodeLabels(Labels.of({ __name__: 'tillwatch_salvaged_series', series_id: String(id) }));
}

function areLabels(text: string): boolean {
  try {
    return decodeLabels(text).size > 0;
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
