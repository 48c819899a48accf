import type { Series } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { ByteReader } from './codec/bytes.ts';
import { readPieceInto } from './codec/chunk.ts';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { lowerBound, type Timeline, upperBound } from './head/timeline.ts';

/** Rows `from` up to `to` of a timeline. */
interface Stretch {
  readonly timelineId: number;
  readonly timestampsMs: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** A stretch whose values are still in the slot of a head timeline. */
interface HeadStretch extends Stretch {
  readonly timeline: Timeline;
  readonly slot: number;
}

/** A chunk that has not been unpacked yet. */
interface PackedChunk {
  readonly timelineId: number;
  readonly body: Buffer;
  readonly packed: { readonly minMs: number; readonly maxMs: number; readonly count: number };
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
    const chunks = this.#chunksOf(series);
    const inHead = [...this.#inHead(series)];
    let room = 0;
    for (const { packed } of chunks) room += packed.count;
    for (const { from, to } of inHead) room += to - from;
    if (room === 0) return undefined;

    // Chunks are unpacked where their values are to be: a buffer for each, and copying, would cost as much as unpacking.
    const values = new Float64Array(room);
    const stretches: Stretch[] = [];
    let length = 0;
    for (const chunk of chunks) length = this.#unpack(chunk, values, length, stretches);
    for (const { timeline, slot, ...stretch } of inHead) {
      timeline.copyValues(slot, stretch.from, stretch.to, values, length);
      length += stretch.to - stretch.from;
      stretches.push(stretch);
    }
    if (length === 0) return undefined;
    const timestampsMs = this.#timestampsOf(stretches, length);
    return { labels: series.labels, timestampsMs, values: length === room ? values : values.subarray(0, length) };
  }

  /** Has the series a sample in the window? Looks no further than it must. */
  has(series: HeadSeries): boolean {
    if (series.lastMs < this.#fromMs) return false;
    if (series.lastMs <= this.#toMs) return true;
    for (const _ of this.#inHead(series)) return true;
    for (const chunk of this.#chunksOf(series)) {
      if (this.#unpack(chunk, new Float64Array(chunk.packed.count), 0, []) > 0) return true;
    }
    return false;
  }

  #chunksOf(series: HeadSeries): PackedChunk[] {
    if (!series.hasChunks || this.#within === undefined) return [];
    const { directory } = this.#loaded;
    const chunks: PackedChunk[] = [];
    for (const [timelineId, body] of this.#chunks.all(series.id, ...this.#within)) {
      const packed = directory.get(timelineId);
      // A timeline that is being packed has chunks already, but is read from the head until all of them are there.
      if (packed === undefined || packed.maxMs < this.#fromMs || packed.minMs > this.#toMs) continue;
      chunks.push({ timelineId, body, packed });
    }
    return chunks;
  }

  /** Writes what a chunk has in the window into `values` from `length` on, and returns the length from then on. */
  #unpack(
    { timelineId, body, packed }: PackedChunk,
    values: Float64Array,
    length: number,
    stretches: Stretch[],
  ): number {
    const timestampsMs = this.#loaded.directory.timestampsOf(timelineId);
    const isWithin = packed.minMs >= this.#fromMs && packed.maxMs <= this.#toMs;
    const input = new ByteReader(body);
    let at = length;
    while (!input.isAtEnd) {
      const [first, end] = readPieceInto(input, timestampsMs.length, values, at);
      const [from, to] = isWithin ? [first, end] : this.#window(timestampsMs, first, end);
      if (from >= to) continue;
      if (from > first) values.copyWithin(at, at + from - first, at + to - first);
      at += to - from;
      stretches.push({ timelineId, timestampsMs, from, to });
    }
    return at;
  }

  *#inHead(series: HeadSeries): Iterable<HeadStretch> {
    for (const { timeline, slot } of series.segments()) {
      const { timestampsMs, id } = timeline;
      const [from, to] = this.#window(timestampsMs, timeline.slotFrom[slot]!, timeline.slotTo[slot]!);
      if (from < to) yield { timelineId: id, timestampsMs, from, to, timeline, slot };
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
