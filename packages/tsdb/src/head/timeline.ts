// A timeline is the timestamps that a set of series shares: what is appended together (a scrape, a rule group) has one.
// It keeps one row of values per timestamp, and each series has a slot in the rows; so a scrape is one sequential write,
// memory grows with samples and not with reserved room, and a window is found once for all series.
import type { HeadSeries } from './series.ts';

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
  rows: Float64Array[] = [];
  /** Per slot: its series, and its first and one-past-last row. */
  readonly slotSeries: HeadSeries[] = [];
  readonly slotFrom: number[] = [];
  readonly slotTo: number[] = [];
  /** Rows of the `rounds` table that this timeline is made of. */
  readonly roundIds: number[] = [];
  /** No more rows are added: it waits to be packed into chunks. */
  isSealed = false;
  /** Slots below this one are in chunks already; nobody reads those before the whole timeline is. */
  packedSlots = 0;

  constructor(id: number, createdAtMs: number) {
    this.id = id;
    this.createdAtMs = createdAtMs;
    this.capacity = 112 + ((id * 29) % 33);
  }

  get length(): number {
    return this.rows.length;
  }

  get firstMs(): number {
    return this.timestampsMs[0]!;
  }

  get lastMs(): number {
    return this.rows.length === 0 ? Number.NEGATIVE_INFINITY : this.timestampsMs[this.rows.length - 1]!;
  }

  /** Can the slot's series go on in the next row without a gap? */
  isOpen(slot: number): boolean {
    return !this.isSealed && this.slotTo[slot] === this.rows.length;
  }

  addSlot(series: HeadSeries): number {
    this.slotSeries.push(series);
    this.slotFrom.push(this.rows.length);
    this.slotTo.push(this.rows.length);
    return this.slotSeries.length - 1;
  }

  pushRow(timestampMs: number, row: Float64Array): void {
    if (this.rows.length === this.timestampsMs.length) {
      const grown = new Float64Array(this.timestampsMs.length * 2);
      grown.set(this.timestampsMs);
      this.timestampsMs = grown;
    }
    this.timestampsMs[this.rows.length] = timestampMs;
    this.rows.push(row);
  }

  /** Copies the values of a slot, rows `from` up to `to`, bit for bit. */
  copyValues(slot: number, from: number, to: number, into: Float64Array, at: number): void {
    for (let i = from; i < to; i++) {
      const row = this.rows[i]!;
      const value = row[slot]!;
      if (value === value) into[at + i - from] = value;
      else copyBits(row, slot, into, at + i - from);
    }
  }
}

function copyBits(source: Float64Array, from: number, target: Float64Array, to: number): void {
  const bits = new BigUint64Array(source.buffer, source.byteOffset + from * 8, 1);
  new BigUint64Array(target.buffer, target.byteOffset + to * 8, 1)[0] = bits[0]!;
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
