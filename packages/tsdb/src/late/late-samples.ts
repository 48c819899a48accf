// Samples that came after newer ones of their series. They are few, so they are kept apart, in rows of their own per series, and
// are put between the others when somebody reads.
import type { Series } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { ByteReader, ByteWriter, DamagedBytes } from '../codec/bytes.ts';
import { checksumOfLate, isIntact } from '../codec/checksum.ts';
import { readColumn, writeColumn } from '../codec/column.ts';

/** A late sample: its time, and the bits of its value as two words. */
export interface LateSample {
  readonly timestampMs: number;
  readonly low: number;
  readonly high: number;
}

/** Where late samples of a series are: a row of the table, and the time that it spans, ends included. */
interface LateRow {
  readonly number: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** How many samples a row takes before the next one is begun. */
const SAMPLES_PER_ROW = 128;
const VERSION = 'late_version';

/** The late samples of a file: which there are in memory, themselves in the table `late`. */
export class LateSamples {
  /** How many times a damaged row had to be left out. */
  leftOut = 0;
  readonly #db: Database;
  readonly #read: Statement<[number, number], [body: Buffer, crc: number]>;
  readonly #put: Statement<[number, number, number, number, Uint8Array, number]>;
  readonly #deleteOld: Statement<[number, number]>;
  readonly #version: Statement<[string], number>;
  readonly #setVersion: Statement<[string, number]>;
  readonly #writer = new ByteWriter();
  #rows = new Map<number, LateRow[]>();
  #seenVersion: number | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#read = db.prepare('SELECT body, crc FROM late WHERE series_id = ? AND number = ?');
    this.#read.raw();
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO late (series_id, number, min_ms, max_ms, body, crc) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#deleteOld = db.prepare('DELETE FROM late WHERE series_id = ? AND max_ms < ?');
    this.#version = db.prepare<[string], number>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#setVersion = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
    this.refresh();
  }

  /** Reads again which rows there are, if there was a change. */
  refresh(): void {
    const version = this.#version.get(VERSION) ?? 0;
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#rows = new Map();
    const all = this.#db
      .prepare<[], [number, number, number, number]>(
        'SELECT series_id, number, min_ms, max_ms FROM late ORDER BY series_id, number',
      )
      .raw();
    for (const [seriesId, number, minMs, maxMs] of all.iterate()) this.#note(seriesId, { number, minMs, maxMs });
  }

  /** Reads every row once. @throws {DamagedBytes} when one is not what was written */
  check(): void {
    const all = this.#db
      .prepare<[], [number, number, number, number, Buffer, number]>(
        'SELECT series_id, number, min_ms, max_ms, body, crc FROM late',
      )
      .raw();
    for (const [seriesId, number, minMs, maxMs, body, crc] of all.iterate()) {
      if (!isIntact(crc, checksumOfLate(seriesId, number, minMs, maxMs, body))) {
        throw new DamagedBytes(`late samples of series ${seriesId} are not what was written`);
      }
    }
  }

  /** May the series have late samples in [fromMs, toMs]? */
  touches(seriesId: number, fromMs: number, toMs: number): boolean {
    const rows = this.#rows.size === 0 ? undefined : this.#rows.get(seriesId);
    return rows?.some(({ minMs, maxMs }) => minMs <= toMs && maxMs >= fromMs) === true;
  }

  /** The late samples of a series in [fromMs, toMs], in order of time. */
  within(seriesId: number, fromMs: number, toMs: number): LateSample[] {
    const found: LateSample[] = [];
    for (const row of this.#rows.get(seriesId) ?? []) {
      if (row.minMs > toMs || row.maxMs < fromMs) continue;
      for (const sample of this.#samplesOf(seriesId, row)) {
        if (sample.timestampMs >= fromMs && sample.timestampMs <= toMs) found.push(sample);
      }
    }
    return found.sort((a, b) => a.timestampMs - b.timestampMs);
  }

  /** Writes late samples of a series, of which it has none at their times. Belongs into a transaction. */
  add(seriesId: number, samples: readonly LateSample[]): void {
    let rest = [...samples];
    while (rest.length > 0) {
      const last = this.#rows.get(seriesId)?.at(-1);
      const known = last === undefined ? [] : this.#samplesOf(seriesId, last);
      const isFull = known.length === 0 || known.length >= SAMPLES_PER_ROW;
      const before = isFull ? [] : known;
      const taken = rest.slice(0, SAMPLES_PER_ROW - before.length);
      rest = rest.slice(taken.length);
      const number = isFull ? (last?.number ?? 0) + 1 : last!.number;
      this.#write(seriesId, number, [...before, ...taken]);
    }
  }

  /** Deletes the samples of a series that are older than `cutoffMs`. Belongs into a transaction. */
  deleteOlder(seriesId: number, cutoffMs: number): void {
    const rows = this.#rows.get(seriesId);
    if (rows?.some(({ minMs }) => minMs < cutoffMs) !== true) return;
    this.#deleteOld.run(seriesId, cutoffMs);
    const left = rows.filter(({ maxMs }) => maxMs >= cutoffMs);
    if (left.length > 0) this.#rows.set(seriesId, left);
    else this.#rows.delete(seriesId);
    this.#bumpVersion();
    for (const row of left) {
      if (row.minMs >= cutoffMs) continue;
      const newer = this.#samplesOf(seriesId, row).filter(({ timestampMs }) => timestampMs >= cutoffMs);
      if (newer.length > 0) this.#write(seriesId, row.number, newer);
    }
  }

  #write(seriesId: number, number: number, samples: LateSample[]): void {
    samples.sort((a, b) => a.timestampMs - b.timestampMs);
    const minMs = samples[0]!.timestampMs;
    const maxMs = samples.at(-1)!.timestampMs;
    this.#writer.reset();
    this.#writer.varint(samples.length);
    writeColumn(
      this.#writer,
      Float64Array.from(samples, ({ timestampMs }) => timestampMs),
    );
    writeColumn(this.#writer, valuesOf(samples));
    const body = this.#writer.finish();
    this.#put.run(seriesId, number, minMs, maxMs, body, checksumOfLate(seriesId, number, minMs, maxMs, body));
    this.#note(seriesId, { number, minMs, maxMs });
    this.#bumpVersion();
  }

  #note(seriesId: number, row: LateRow): void {
    const rows = this.#rows.get(seriesId);
    const place = rows?.findIndex(({ number }) => number === row.number) ?? -1;
    if (rows === undefined) this.#rows.set(seriesId, [row]);
    else if (place !== -1) rows[place] = row;
    else rows.push(row);
  }

  /** Tells readers beside us that they have to look again. */
  #bumpVersion(): void {
    this.#seenVersion = (this.#seenVersion ?? 0) + 1;
    this.#setVersion.run(VERSION, this.#seenVersion);
  }

  #samplesOf(seriesId: number, { number, minMs, maxMs }: LateRow): LateSample[] {
    const row = this.#read.get(seriesId, number);
    if (row === undefined) return [];
    const [body, crc] = row;
    try {
      if (isIntact(crc, checksumOfLate(seriesId, number, minMs, maxMs, body))) return decodeLate(body);
    } catch (cause) {
      if (!(cause instanceof DamagedBytes)) throw cause;
    }
    this.leftOut++;
    return [];
  }
}

/** The samples of a row of the table `late`. @throws {DamagedBytes} */
function decodeLate(body: Uint8Array): LateSample[] {
  const input = new ByteReader(body);
  const count = input.varint();
  if (count > SAMPLES_PER_ROW) throw new DamagedBytes('a row of late samples is too long');
  const timestampsMs = new Float64Array(count);
  const values = new Float64Array(count);
  readColumn(input, timestampsMs);
  readColumn(input, values);
  const words = new Uint32Array(values.buffer);
  return Array.from(timestampsMs, (timestampMs, i) => ({
    timestampMs,
    low: words[2 * i]!,
    high: words[2 * i + 1]!,
  }));
}

function valuesOf(samples: readonly LateSample[]): Float64Array {
  const values = new Float64Array(samples.length);
  const words = new Uint32Array(values.buffer);
  samples.forEach(({ low, high }, i) => void words.set([low, high], 2 * i));
  return values;
}

/** The samples of a series with late ones in their places; where both have one at the same time, the one in order counts. */
export function mergeLate(
  series: Pick<Series, 'labels'>,
  inOrder: Series | undefined,
  late: readonly LateSample[],
): Series {
  const times = inOrder?.timestampsMs ?? new Float64Array(0);
  const values = inOrder?.values ?? new Float64Array(0);
  // As words, so that staleness markers stay what they are.
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const mergedTimes = new Float64Array(times.length + late.length);
  const merged = new Float64Array(times.length + late.length);
  const mergedWords = new Uint32Array(merged.buffer);
  let [at, next, length] = [0, 0, 0];
  while (at < times.length || next < late.length) {
    const sample = late[next];
    const isLate = sample !== undefined && (at === times.length || sample.timestampMs < times[at]!);
    if (isLate) {
      mergedTimes[length] = sample.timestampMs;
      mergedWords[2 * length] = sample.low;
      mergedWords[2 * length + 1] = sample.high;
      next++;
    } else {
      if (sample?.timestampMs === times[at]) next++;
      mergedTimes[length] = times[at]!;
      mergedWords[2 * length] = words[2 * at]!;
      mergedWords[2 * length + 1] = words[2 * at + 1]!;
      at++;
    }
    length++;
  }
  return {
    labels: series.labels,
    timestampsMs: mergedTimes.subarray(0, length),
    values: merged.subarray(0, length),
  };
}
