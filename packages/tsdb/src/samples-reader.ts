import type { Series } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { ByteReader } from './codec/bytes.ts';
import { readPiece } from './codec/chunk.ts';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { lowerBound, type Timeline, upperBound } from './head/timeline.ts';

/** Rows `from` up to `to` of a timeline, whose values are in `values` from `at` on, or in the slot of a head timeline. */
interface Stretch {
  readonly timelineId: number;
  readonly timestampsMs: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly source:
    | { readonly values: Float64Array; readonly at: number }
    | { readonly timeline: Timeline; readonly slot: number };
}

/** How many different runs of timestamps one select keeps for sharing. */
const SHARED_RUNS = 64;

/** Reads the samples of series in [fromMs, toMs] from chunks and head. Made for one select, forgotten after it. */
export class SamplesReader {
  readonly #loaded: LoadedHead;
  readonly #chunks: Statement<[number, number, number], [timelineId: number, body: Buffer]>;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #within: readonly [number, number] | undefined;
  readonly #shared = new Map<string, Float64Array>();

  constructor(db: Database, loaded: LoadedHead, fromMs: number, toMs: number) {
    this.#loaded = loaded;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#within = loaded.directory.idsWithin(fromMs, toMs);
    this.#chunks = db.prepare(
      'SELECT timeline_id, body FROM chunks WHERE series_id = ? AND timeline_id BETWEEN ? AND ? ORDER BY timeline_id',
    );
    this.#chunks.raw();
  }

  /** The samples of one series; `undefined` when it has none in the window. */
  read(series: HeadSeries): Series | undefined {
    if (series.lastMs < this.#fromMs) return undefined;
    const stretches = [...this.#inChunks(series), ...this.#inHead(series)];
    let length = 0;
    for (const { from, to } of stretches) length += to - from;
    if (length === 0) return undefined;
    const values = new Float64Array(length);
    let at = 0;
    for (const { from, to, source } of stretches) {
      if ('slot' in source) source.timeline.copyValues(source.slot, from, to, values, at);
      else values.set(source.values.subarray(source.at, source.at + to - from), at);
      at += to - from;
    }
    return { labels: series.labels, timestampsMs: this.#timestampsOf(stretches, length), values };
  }

  /** Has the series a sample in the window? Looks no further than it must. */
  has(series: HeadSeries): boolean {
    if (series.lastMs < this.#fromMs) return false;
    if (series.lastMs <= this.#toMs) return true;
    for (const _ of this.#inHead(series)) return true;
    for (const _ of this.#inChunks(series)) return true;
    return false;
  }

  *#inChunks(series: HeadSeries): Iterable<Stretch> {
    if (!series.hasChunks || this.#within === undefined) return;
    const { directory } = this.#loaded;
    for (const [timelineId, body] of this.#chunks.all(series.id, ...this.#within)) {
      const packed = directory.get(timelineId);
      // A timeline that is being packed has chunks already, but is read from the head until all of them are there.
      if (packed === undefined || packed.maxMs < this.#fromMs || packed.minMs > this.#toMs) continue;
      const timestampsMs = directory.timestampsOf(timelineId);
      const input = new ByteReader(body);
      while (!input.isAtEnd) {
        const { first, values } = readPiece(input, timestampsMs.length);
        const [from, to] = this.#window(timestampsMs, first, first + values.length);
        if (from < to) yield { timelineId, timestampsMs, from, to, source: { values, at: from - first } };
      }
    }
  }

  *#inHead(series: HeadSeries): Iterable<Stretch> {
    for (const { timeline, slot } of series.segments()) {
      const { timestampsMs, id } = timeline;
      const [from, to] = this.#window(timestampsMs, timeline.slotFrom[slot]!, timeline.slotTo[slot]!);
      if (from < to) yield { timelineId: id, timestampsMs, from, to, source: { timeline, slot } };
    }
  }

  #window(timestampsMs: Float64Array, first: number, end: number): readonly [from: number, to: number] {
    const from = lowerBound(timestampsMs, first, end, this.#fromMs);
    return [from, upperBound(timestampsMs, from, end, this.#toMs)];
  }

  /** Series with the same rows of the same timelines get the same array. */
  #timestampsOf(stretches: readonly Stretch[], length: number): Float64Array {
    let key = '';
    for (const { timelineId, from, to } of stretches) key += `${timelineId}:${from}:${to},`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const all = new Float64Array(length);
    let at = 0;
    for (const { timestampsMs, from, to } of stretches) {
      all.set(timestampsMs.subarray(from, to), at);
      at += to - from;
    }
    if (this.#shared.size >= SHARED_RUNS) this.#shared.clear();
    this.#shared.set(key, all);
    return all;
  }
}
