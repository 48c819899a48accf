import type { CounterSeries, Series } from '@tillwatch/model';
import type { LoadedHead } from '../head/load-head.ts';
import type { HeadSeries } from '../head/series.ts';
import { lowerBound, type Segment, type Timeline, upperBound } from '../head/timeline.ts';
import { RowRuns } from '../row-runs.ts';
import { SamplesReader } from '../samples-reader.ts';
import type { PackedPart } from './packed-part.ts';

/** Windows that reach over more pieces than this make it worth to sum up what was lost between all pieces. */
const FEW_PIECES = 3;
/** Room to begin with: most selects are about some minutes, and large arrays cost more to make than to fill. */
const FEW_NUMBERS = 8;
/** So many values are read from rows of the head one by one. */
const FEW_VALUES = 2;

/** Rows `first` up to `end` of a timeline that lie within the time that is read. */
interface Within {
  readonly timestampsMs: Float64Array;
  readonly first: number;
  readonly end: number;
}

/** Windows that hold two samples or more: which steps they belong to, and their first and last sample and what they are. */
interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly steps: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** In place of the number of a part: the piece was decoded, or it is rows of the head that never fall. */
const DECODED = -1;
const IN_HEAD = -2;

/**
 * Reads counters: what they were at some of their samples, and how much they rose in between. Values of packed pieces, and those
 * of the head that never fall, are read where they are; the others are decoded. A series that is not finite throughout, or has staleness
 * markers, is read as `Series`. Made for one select.
 */
export class CounterReader implements CounterSeries {
  readonly #loaded: LoadedHead;
  readonly #fromMs: number;
  readonly #toMs: number;
  #samples: SamplesReader | undefined;
  /** The lowest and the highest id of packed timelines with samples in that time. */
  readonly #ids: readonly [low: number, high: number] | undefined;
  readonly #runs = new RowRuns();
  readonly #within = new Map<number, Within | undefined>();
  /** The timeline of the head that was looked at last: neighbours mostly are in the same. */
  #lastTimeline: Timeline | undefined;
  #lastWithin: Within | undefined;
  /** Pieces that are looked at: their samples are numbers `starts` up to `ends` of the series. */
  #count = 0;
  #starts = new Int32Array(FEW_NUMBERS);
  #ends = new Int32Array(FEW_NUMBERS);
  /**
   * Which piece of which part it is, and which of its values the first sample is; or where its decoded values are; or which
   * segment of the head, and in which row.
   */
  #parts: readonly PackedPart[] = [];
  #partOf = new Int32Array(FEW_NUMBERS);
  #pieceOf = new Int32Array(FEW_NUMBERS);
  #offsets = new Int32Array(FEW_NUMBERS);
  readonly #segments: Segment[] = [];
  /** Decoded values, and what was lost since the first value of their piece. */
  #decoded = new Float64Array(FEW_NUMBERS);
  #lost = new Float64Array(FEW_NUMBERS);
  #decodedLength = 0;
  #length = 0;
  #series: HeadSeries | undefined;
  #timestampsMs: Float64Array = new Float64Array(0);
  /** What was lost up to the first sample of each piece, once it is needed. */
  #lostBefore = new Float64Array(0);
  #hasLostBefore = false;
  #windows: Windows | undefined;

  constructor(loaded: LoadedHead, fromMs: number, toMs: number) {
    this.#loaded = loaded;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#ids = loaded.directory.idsWithin(fromMs, toMs);
  }

  get labels() {
    return this.#series!.labels;
  }

  get timestampsMs(): Float64Array {
    return this.#timestampsMs;
  }

  /** The series, valid until the next is read; `undefined` when it has no samples in the time that is read. */
  read(series: HeadSeries): CounterSeries | Series | undefined {
    if (series.lastMs < this.#fromMs) return undefined;
    this.#series = series;
    this.#count = 0;
    this.#length = 0;
    this.#decodedLength = 0;
    this.#segments.length = 0;
    this.#hasLostBefore = false;
    this.#runs.start();
    if (!this.#addPacked(series) || !this.#addHead(series)) {
      this.#samples ??= new SamplesReader(this.#loaded, this.#fromMs, this.#toMs);
      return this.#samples.read(series);
    }
    if (this.#length === 0) return undefined;
    this.#timestampsMs = this.#runs.timestamps();
    return this;
  }

  changes(lo: Int32Array, hi: Int32Array, first: Float64Array, change: Float64Array): void {
    if (lo.length === 1) {
      this.#changeOf(lo[0]!, hi[0]! - 1, first, change);
      return;
    }
    const { steps, from, to, before, after } = this.#windowsOf(lo, hi);
    this.#valuesAt(from, before);
    this.#valuesAt(to, after);
    const ends = this.#ends;
    let a = 0;
    let b = 0;
    for (let w = 0; w < steps.length; w++) {
      const k = steps[w]!;
      first[k] = before[w]!;
      let rise = after[w]! - before[w]!;
      while (ends[a]! <= from[w]!) a++;
      if (b < a) b = a;
      while (ends[b]! <= to[w]!) b++;
      const lost = this.#lostAt(b, to[w]!) - this.#lostAt(a, from[w]!);
      if (a !== b) rise += lost + this.#lostBetween(a, b);
      else if (lost !== 0) rise += lost;
      change[k] = rise;
    }
  }

  /** The change in the only window, from one sample to another. */
  #changeOf(from: number, to: number, first: Float64Array, change: Float64Array): void {
    if (to <= from) return;
    const ends = this.#ends;
    let a = 0;
    while (ends[a]! <= from) a++;
    let b = a;
    while (ends[b]! <= to) b++;
    const before = this.#valueAt(a, from);
    let rise = this.#valueAt(b, to) - before;
    const lost = this.#lostAt(b, to) - this.#lostAt(a, from);
    if (a !== b) rise += lost + this.#lostBetween(a, b);
    else if (lost !== 0) rise += lost;
    first[0] = before;
    change[0] = rise;
  }

  /** The windows of two samples or more; the same ones as a rule as for the series before. */
  #windowsOf(lo: Int32Array, hi: Int32Array): Windows {
    if (this.#windows?.lo === lo && this.#windows.hi === hi) return this.#windows;
    const steps = Int32Array.from(lo.keys()).filter((k) => hi[k]! - lo[k]! >= 2);
    const [before, after] = [new Float64Array(steps.length), new Float64Array(steps.length)];
    this.#windows = { lo, hi, steps, from: steps.map((k) => lo[k]!), to: steps.map((k) => hi[k]! - 1), before, after };
    return this.#windows;
  }

  /** Puts the values of samples, whose numbers only rise, into `out`. */
  #valuesAt(samples: Int32Array, out: Float64Array): void {
    const ends = this.#ends;
    for (let piece = 0, w = 0; w < samples.length; piece++) {
      const end = ends[piece]!;
      if (samples[w]! >= end) continue;
      const from = w;
      while (w < samples.length && samples[w]! < end) w++;
      const shift = this.#offsets[piece]! - this.#starts[piece]!;
      const part = this.#partOf[piece]!;
      if (part >= 0) this.#parts[part]!.valuesAt(this.#pieceOf[piece]!, samples, from, w, shift, out);
      else if (part === IN_HEAD) this.#segmentValuesAt(piece, samples, from, w, shift, out);
      else for (let i = from; i < w; i++) out[i] = this.#decoded[samples[i]! + shift]!;
    }
  }

  /** Puts the values of samples `from` up to `to` in the list, which are in rows of the head, into `out`. */
  #segmentValuesAt(
    piece: number,
    samples: Int32Array,
    from: number,
    to: number,
    shift: number,
    out: Float64Array,
  ): void {
    const { timeline, slot } = this.#segments[this.#pieceOf[piece]!]!;
    const firstRow = samples[from]! + shift;
    const count = samples[to - 1]! + shift + 1 - firstRow;
    // Rows are read from one in full on, so going through all of them once is cheaper than going to many.
    if (to - from <= FEW_VALUES) {
      for (let i = from; i < to; i++) out[i] = timeline.valueAt(slot, samples[i]! + shift);
      return;
    }
    this.#reserve(count);
    timeline.copyValues(slot, firstRow, firstRow + count, this.#decoded, this.#decodedLength);
    for (let i = from; i < to; i++) out[i] = this.#decoded[this.#decodedLength + samples[i]! + shift - firstRow]!;
  }

  #valueAt(piece: number, sample: number): number {
    const i = this.#offsets[piece]! + sample - this.#starts[piece]!;
    const part = this.#partOf[piece]!;
    if (part >= 0) return this.#parts[part]!.valueAt(this.#pieceOf[piece]!, i);
    if (part === DECODED) return this.#decoded[i]!;
    const { timeline, slot } = this.#segments[this.#pieceOf[piece]!]!;
    return timeline.valueAt(slot, i);
  }

  /** What was lost in a piece up to a sample of it. */
  #lostAt(piece: number, sample: number): number {
    if (this.#partOf[piece] !== DECODED) return 0;
    return this.#lost[this.#offsets[piece]! + sample - this.#starts[piece]!]!;
  }

  /** What was lost from the first sample of piece `a` to the first of piece `b`. */
  #lostBetween(a: number, b: number): number {
    if (b - a > FEW_PIECES || this.#hasLostBefore) {
      this.#sumUp();
      return this.#lostBefore[b]! - this.#lostBefore[a]!;
    }
    let lost = 0;
    for (let piece = a + 1; piece <= b; piece++) lost += this.#lostTo(piece);
    return lost;
  }

  /** What was lost from the first sample of the piece before to the first of this one. */
  #lostTo(piece: number): number {
    const [part, at] = [this.#partOf[piece]!, this.#pieceOf[piece]!];
    if (part >= 0 && this.#partOf[piece - 1] === part && this.#pieceOf[piece - 1] === at - 1) {
      return this.#parts[part]!.lostBefore(at);
    }
    const last = this.#ends[piece - 1]! - 1;
    const before = this.#valueAt(piece - 1, last);
    const after = this.#valueAt(piece, this.#starts[piece]!);
    return this.#lostAt(piece - 1, last) + (after < before ? before : 0);
  }

  #sumUp(): void {
    if (this.#hasLostBefore) return;
    this.#hasLostBefore = true;
    if (this.#lostBefore.length < this.#count) this.#lostBefore = new Float64Array(this.#starts.length);
    this.#lostBefore[0] = 0;
    for (let i = 1; i < this.#count; i++) this.#lostBefore[i] = this.#lostBefore[i - 1]! + this.#lostTo(i);
  }

  /** Returns false when a piece is no counter's. */
  #addPacked(series: HeadSeries): boolean {
    if (!series.hasChunks || this.#ids === undefined) return true;
    const [lowId, highId] = this.#ids;
    this.#parts = this.#loaded.packed.parts(series, lowId);
    let knownId = 0;
    let within: Within | undefined;
    for (let p = 0; p < this.#parts.length; p++) {
      const part = this.#parts[p]!;
      const { count, timelineIds } = part;
      for (let piece = lowerBound(timelineIds, 0, count, lowId); piece < count; piece++) {
        const id = timelineIds[piece]!;
        if (id > highId) break;
        if (id !== knownId) {
          knownId = id;
          within = this.#withinPacked(id);
        }
        if (within === undefined) continue;
        const row = part.firstRow(piece);
        const from = Math.max(row, within.first);
        const end = Math.min(row + part.length(piece), within.end);
        if (from >= end) continue;
        this.#runs.add(id, within.timestampsMs, from, end);
        if (part.isDirect(piece)) this.#push(end - from, p, piece, from - row);
        else if (!this.#pushDecoded(part, piece, from - row, end - row)) return false;
      }
    }
    return true;
  }

  #addHead(series: HeadSeries): boolean {
    for (const segment of series.segments()) {
      const { timeline, slot } = segment;
      const within = this.#withinHead(timeline);
      if (within === undefined) continue;
      const from = Math.max(timeline.slotFrom[slot]!, within.first);
      const end = Math.min(timeline.slotTo[slot]!, within.end);
      if (from >= end) continue;
      this.#runs.add(timeline.id, timeline.timestampsMs, from, end);
      if (timeline.isRising(slot, from, end)) {
        this.#push(end - from, IN_HEAD, this.#segments.push(segment) - 1, from);
        continue;
      }
      this.#reserve(end - from);
      timeline.copyValues(slot, from, end, this.#decoded, this.#decodedLength);
      if (!this.#takeDecoded(end - from)) return false;
    }
    return true;
  }

  #pushDecoded(part: PackedPart, piece: number, from: number, to: number): boolean {
    const length = part.length(piece);
    this.#reserve(length);
    const room = this.#decoded.subarray(this.#decodedLength);
    part.readInto(piece, room);
    if (from > 0) room.copyWithin(0, from, to);
    return this.#takeDecoded(to - from);
  }

  /** Takes decoded values that were put behind those there are. Returns false when they are no counter's. */
  #takeDecoded(length: number): boolean {
    const start = this.#decodedLength;
    let lost = 0;
    this.#lost[start] = 0;
    for (let i = start; i < start + length; i++) {
      const value = this.#decoded[i]!;
      if (value - value !== 0) return false;
      if (i > start && value < this.#decoded[i - 1]!) lost += this.#decoded[i - 1]!;
      this.#lost[i] = lost;
    }
    this.#decodedLength += length;
    this.#push(length, DECODED, 0, start);
    return true;
  }

  #push(length: number, part: number, piece: number, offset: number): void {
    const at = this.#count++;
    if (at === this.#starts.length) this.#growPieces();
    this.#starts[at] = this.#length;
    this.#length += length;
    this.#ends[at] = this.#length;
    this.#partOf[at] = part;
    this.#pieceOf[at] = piece;
    this.#offsets[at] = offset;
  }

  #withinPacked(id: number): Within | undefined {
    if (this.#within.has(id)) return this.#within.get(id);
    const { directory } = this.#loaded;
    const packed = directory.get(id);
    let within: Within | undefined;
    if (packed !== undefined && packed.maxMs >= this.#fromMs && packed.minMs <= this.#toMs) {
      within = this.#cut(directory.timestampsOf(id), packed.count);
    }
    this.#within.set(id, within);
    return within;
  }

  #withinHead(timeline: Timeline): Within | undefined {
    if (timeline === this.#lastTimeline) return this.#lastWithin;
    const { length, firstMs, lastMs, timestampsMs } = timeline;
    const isOutside = length === 0 || lastMs < this.#fromMs || firstMs > this.#toMs;
    this.#lastTimeline = timeline;
    this.#lastWithin = isOutside ? undefined : this.#cut(timestampsMs, length);
    return this.#lastWithin;
  }

  #cut(timestampsMs: Float64Array, count: number): Within {
    const first = lowerBound(timestampsMs, 0, count, this.#fromMs);
    return { timestampsMs, first, end: upperBound(timestampsMs, first, count, this.#toMs) };
  }

  #reserve(count: number): void {
    const needed = this.#decodedLength + count;
    if (needed <= this.#decoded.length) return;
    const length = Math.max(needed, this.#decoded.length * 2);
    const decoded = new Float64Array(length);
    decoded.set(this.#decoded);
    this.#decoded = decoded;
    const lost = new Float64Array(length);
    lost.set(this.#lost);
    this.#lost = lost;
  }

  #growPieces(): void {
    const larger = (array: Int32Array) => {
      const grown = new Int32Array(array.length * 2);
      grown.set(array);
      return grown;
    };
    this.#starts = larger(this.#starts);
    this.#ends = larger(this.#ends);
    this.#partOf = larger(this.#partOf);
    this.#pieceOf = larger(this.#pieceOf);
    this.#offsets = larger(this.#offsets);
  }
}
