// A timeline is the timestamps that a set of series shares: what is appended together (a scrape, a rule group) has one.
// It keeps one row of values per timestamp, and each series has a slot in the rows; so a scrape is one sequential write,
// memory grows with samples and not with reserved room, and a window is found once for all series.
import { Rows } from './rows.ts';
import type { HeadSeries, LastSample } from './series.ts';

/** Where a stretch of a series is: `slot` of `timeline`, without gaps. */
export interface Segment {
  readonly timeline: Timeline;
  readonly slot: number;
}

export class Timeline {
  readonly id: number;
  readonly createdAtMs: number;
  /** How many timestamps until it is sealed. Differs between timelines, so that they do not all fall due together. */
  readonly capacity: number;
  timestampsMs = new Float64Array(16);
  readonly #rows = new Rows();
  /** Per slot: its series, and its first and one-past-last row. */
  readonly slotSeries: HeadSeries[] = [];
  slotFrom = new Uint32Array(16);
  slotTo = new Uint32Array(16);
  /** Per slot: the last row that did not go on rising from the one before, from finite to finite. */
  #slotFell = new Uint32Array(16);
  /** Rows of the `rounds` table that this timeline is made of. */
  readonly roundIds: number[] = [];
  /** How many slots the newest row has a value in. */
  openSlots = 0;
  /** Counted up when a row leaves a slot out that was open: what was known about open slots is to be found out anew. */
  version = 0;
  /** No more rows are added: it waits to be packed into chunks. */
  isSealed = false;
  /** Slots below this one are in chunks already; nobody reads those before the whole timeline is. */
  packedSlots = 0;
  /** It is in chunks as a whole; it may stay in memory for a while, so that what is new need not be read from the file. */
  isPacked = false;
  /** Where series were before they came here, this timeline among them: few, since series move together. Those that are gone leave a gap. */
  readonly predecessors: (Timeline | undefined)[] = [];
  /** Per slot: one more than the number of the predecessor, and the slot there; 0 when the series was in none. */
  #predecessorOf = new Uint32Array(16);
  #slotBefore = new Uint32Array(16);

  constructor(id: number, createdAtMs: number) {
    this.id = id;
    this.createdAtMs = createdAtMs;
    this.capacity = 112 + ((id * 29) % 33);
  }

  get length(): number {
    return this.#rows.length;
  }

  get firstMs(): number {
    return this.timestampsMs[0]!;
  }

  get lastMs(): number {
    return this.#rows.length === 0 ? Number.NEGATIVE_INFINITY : this.timestampsMs[this.#rows.length - 1]!;
  }

  /** About how much its rows take in memory. */
  get byteLength(): number {
    return this.#rows.byteLength;
  }

  /** Can the slot's series go on in the next row without a gap? */
  isOpen(slot: number): boolean {
    return !this.isSealed && this.slotTo[slot] === this.#rows.length;
  }

  /** Has the slot's series a sample in it yet? */
  hasRows(slot: number): boolean {
    return this.slotTo[slot]! > this.slotFrom[slot]!;
  }

  /** The newest sample of a slot that has rows. */
  lastOf(slot: number): LastSample {
    const at = this.slotTo[slot]! - 1;
    const value = new Float64Array(1);
    this.#rows.copy(slot, at, at + 1, value, 0);
    const [low, high] = new Uint32Array(value.buffer) as unknown as [number, number];
    return { timestampMs: this.timestampsMs[at]!, low, high };
  }

  /** Makes room for a series, which is to enter it. */
  addSlot(series: HeadSeries): number {
    const slot = this.slotSeries.length;
    if (slot === this.slotFrom.length) {
      this.slotFrom = doubled(this.slotFrom);
      this.slotTo = doubled(this.slotTo);
      this.#slotFell = doubled(this.#slotFell);
      this.#predecessorOf = doubled(this.#predecessorOf);
      this.#slotBefore = doubled(this.#slotBefore);
    }
    if (series.timeline !== undefined) {
      this.#predecessorOf[slot] = this.#numberOf(series.timeline);
      this.#slotBefore[slot] = series.slot;
    }
    this.slotSeries.push(series);
    this.slotFrom[slot] = this.#rows.length;
    this.slotTo[slot] = this.#rows.length;
    return slot;
  }

  /** Where in memory the series of a slot was before; `undefined` when that is read from chunks, or nowhere. */
  segmentBefore(slot: number): Segment | undefined {
    const number = this.#predecessorOf[slot]!;
    if (number === 0) return undefined;
    const timeline = this.predecessors[number - 1];
    return timeline === undefined ? undefined : { timeline, slot: this.#slotBefore[slot]! };
  }

  /** Forgets a timeline that is read from chunks from now on. */
  forget(predecessor: Timeline): void {
    const at = this.predecessors.indexOf(predecessor);
    if (at !== -1) this.predecessors[at] = undefined;
  }

  #numberOf(predecessor: Timeline): number {
    // Mostly it is the one that was noted last.
    const at = this.predecessors.lastIndexOf(predecessor);
    return at === -1 ? this.predecessors.push(predecessor) : at + 1;
  }

  pushRow(timestampMs: number, row: Float64Array): void {
    if (this.#rows.length === this.timestampsMs.length) {
      const grown = new Float64Array(this.timestampsMs.length * 2);
      grown.set(this.timestampsMs);
      this.timestampsMs = grown;
    }
    this.timestampsMs[this.#rows.length] = timestampMs;
    this.#rows.noteFalls(row, this.#slotFell);
    this.#rows.push(row);
  }

  /** Are the values of a slot finite and never falling, in two or more rows from `from` up to `to`? May say no although they are. */
  isRising(slot: number, from: number, to: number): boolean {
    return to - from > 1 && this.#slotFell[slot]! <= from;
  }

  /** The number at a slot of a row; what bits a NaN has is lost. */
  valueAt(slot: number, row: number): number {
    return this.#rows.valueAt(slot, row);
  }

  /** Copies the values of a slot, rows `from` up to `to`, bit for bit. */
  copyValues(slot: number, from: number, to: number, into: Float64Array, at: number): void {
    this.#rows.copy(slot, from, to, into, at);
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** The first index in [from, to) whose value is at least `bound`; `to` when there is none. */
export function lowerBound(sorted: Float64Array, from: number, to: number, bound: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index in [from, to) whose value is above `bound`; `to` when there is none. */
export function upperBound(sorted: Float64Array, from: number, to: number, bound: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
