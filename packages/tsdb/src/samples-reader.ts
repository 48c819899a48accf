import type { ReadWindows, Series } from '@tillwatch/model';
import type { ByteReader } from './codec/bytes.ts';
import { readPieceRows } from './codec/chunk.ts';
import { readColumnPart } from './codec/column.ts';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { lowerBound, type Timeline } from './head/timeline.ts';
import { RowRuns } from './row-runs.ts';
import { type Rows, WantedRows } from './wanted-rows.ts';

/** Reads the samples of series in [fromMs, toMs] from chunks and head. Made for one select, forgotten after it. */
export class SamplesReader {
  readonly #loaded: LoadedHead;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #wanted: WantedRows;
  readonly #ids: readonly [number, number] | undefined;
  readonly #runs = new RowRuns();
  /** What was last asked of packed timelines and of those in the head, by id. */
  readonly #packedRows = new Map<number, Rows | undefined>();
  readonly #headRows = new Map<number, Rows | undefined>();
  /** Values of the series that is being read: the next one overwrites them. */
  #values = new Float64Array(128);
  #length = 0;

  constructor(loaded: LoadedHead, fromMs: number, toMs: number, windows?: ReadWindows) {
    this.#loaded = loaded;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#wanted = new WantedRows(fromMs, toMs, windows);
    this.#ids = loaded.directory.idsWithin(fromMs, toMs);
  }

  /** The samples of one series, valid until the next is read; `undefined` when it has none in the window. */
  read(series: HeadSeries): Series | undefined {
    if (series.lastMs < this.#fromMs) return undefined;
    this.#length = 0;
    this.#runs.start();
    this.#eachChunk(series, (input, end, timelineId, rows) => {
      while (input.offset < end) this.#readPiece(input, timelineId, rows);
    });
    for (const { timeline, slot } of series.segments()) this.#readHead(timeline, slot);
    if (this.#length === 0) return undefined;
    const timestampsMs = this.#runs.timestamps();
    return { labels: series.labels, timestampsMs, values: this.#values.subarray(0, this.#length) };
  }

  /** Has the series a sample in the window? Looks no further than it must. */
  has(series: HeadSeries): boolean {
    if (series.lastMs < this.#fromMs) return false;
    if (series.lastMs <= this.#toMs) return true;
    for (const { timeline, slot } of series.segments()) {
      const rows = this.#rowsInHead(timeline);
      if (rows !== undefined && firstWithin(rows, timeline.slotFrom[slot]!, timeline.slotTo[slot]!) !== -1) return true;
    }
    return this.#hasKnown(series) ?? this.#hasInFile(series);
  }

  /** Has it a sample in chunks, as far as what queries read before tells? `undefined` when it does not. */
  #hasKnown(series: HeadSeries): boolean | undefined {
    if (this.#ids === undefined) return false;
    const [lowId, highId] = this.#ids;
    const parts = this.#loaded.packed.known(series, lowId);
    return parts?.some((part) => {
      const { count, timelineIds } = part;
      for (let piece = lowerBound(timelineIds, 0, count, lowId); piece < count; piece++) {
        const id = timelineIds[piece]!;
        if (id > highId) return false;
        const rows = this.#rowsInChunks(id);
        const first = part.firstRow(piece);
        if (rows !== undefined && firstWithin(rows, first, first + part.length(piece)) !== -1) return true;
      }
      return false;
    });
  }

  #hasInFile(series: HeadSeries): boolean {
    let isFound = false;
    this.#eachChunk(series, (input, end, _, rows) => {
      while (!isFound && input.offset < end) {
        const [first, last] = readPieceRows(input, rows.timestampsMs.length);
        isFound = firstWithin(rows, first, last) !== -1;
        if (!isFound) readColumnPart(input, last - first, 0, 0, this.#values, 0);
      }
      input.offset = end;
    });
    return isFound;
  }

  /** Calls `visit` for every chunk of which rows are wanted. It is to take all of the input up to `end`. */
  #eachChunk(
    series: HeadSeries,
    visit: (input: ByteReader, end: number, timelineId: number, rows: Rows) => void,
  ): void {
    if (!series.hasChunks || this.#ids === undefined) return;
    const [lowId, highId] = this.#ids;
    this.#loaded.chunkRows.each(series.id, lowId, highId, (timelineId, input, end) => {
      const rows = this.#rowsInChunks(timelineId);
      if (rows !== undefined) visit(input, end, timelineId, rows);
      else input.offset = end;
    });
  }

  /** Reads what is wanted of a piece, from the first such row to the last at once, and closes the gaps between afterwards. */
  #readPiece(input: ByteReader, timelineId: number, rows: Rows): void {
    const { ranges, timestampsMs } = rows;
    const [first, end] = readPieceRows(input, timestampsMs.length);
    let range = firstWithin(rows, first, end);
    if (range === -1) {
      readColumnPart(input, end - first, 0, 0, this.#values, 0);
      return;
    }
    const from = Math.max(ranges[range]!, first);
    const to = Math.min(lastBelow(rows, end), end);
    this.#reserve(to - from);
    const start = this.#length;
    readColumnPart(input, end - first, from - first, to - first, this.#values, start);
    for (; range < ranges.length && ranges[range]! < to; range += 2) {
      const low = Math.max(ranges[range]!, from);
      const high = Math.min(ranges[range + 1]!, to);
      const at = start + low - from;
      if (at !== this.#length) this.#values.copyWithin(this.#length, at, at + high - low);
      this.#length += high - low;
      this.#runs.add(timelineId, timestampsMs, low, high);
    }
  }

  #readHead(timeline: Timeline, slot: number): void {
    const rows = this.#rowsInHead(timeline);
    if (rows === undefined) return;
    const { ranges, timestampsMs } = rows;
    const [first, end] = [timeline.slotFrom[slot]!, timeline.slotTo[slot]!];
    for (let range = 0; range < ranges.length; range += 2) {
      const from = Math.max(ranges[range]!, first);
      const to = Math.min(ranges[range + 1]!, end);
      if (from >= to) continue;
      this.#reserve(to - from);
      timeline.copyValues(slot, from, to, this.#values, this.#length);
      this.#length += to - from;
      this.#runs.add(timeline.id, timestampsMs, from, to);
    }
  }

  #rowsInChunks(timelineId: number): Rows | undefined {
    if (this.#packedRows.has(timelineId)) return this.#packedRows.get(timelineId);
    const { directory } = this.#loaded;
    // A timeline that is being packed has chunks already, but is read from the head until all of them are there.
    const packed = directory.get(timelineId);
    const rows =
      packed === undefined
        ? undefined
        : this.#wanted.of(packed.minMs, packed.maxMs, packed.count, () => directory.timestampsOf(timelineId));
    this.#packedRows.set(timelineId, rows);
    return rows;
  }

  #rowsInHead(timeline: Timeline): Rows | undefined {
    if (this.#headRows.has(timeline.id)) return this.#headRows.get(timeline.id);
    const { firstMs, lastMs, length, timestampsMs } = timeline;
    const rows = length === 0 ? undefined : this.#wanted.of(firstMs, lastMs, length, () => timestampsMs);
    this.#headRows.set(timeline.id, rows);
    return rows;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#values.length) return;
    const grown = new Float64Array(Math.max(needed, this.#values.length * 2));
    // A copy of the array copies bits, so that staleness markers stay what they are.
    grown.set(this.#values.subarray(0, this.#length));
    this.#values = grown;
  }
}

/** Which range (index of its start) is the first that has a row of [first, end); -1 when none has. */
function firstWithin({ ranges }: Rows, first: number, end: number): number {
  for (let range = 0; range < ranges.length && ranges[range]! < end; range += 2) {
    if (ranges[range + 1]! > first && ranges[range]! < end) return range;
  }
  return -1;
}

/** The end of the last range that begins before `row`. */
function lastBelow({ ranges }: Rows, row: number): number {
  let range = ranges.length - 2;
  while (range > 0 && ranges[range]! >= row) range -= 2;
  return ranges[range + 1]!;
}
