// What a target says changes little from one scrape to the next: counters count on by small whole numbers. So most rows in
// memory are kept as differences to the row before, one or two bytes a value; whatever that cannot give back bit for bit is
// kept beside them as it is. Every few rows there is one in full, from which reading starts.

/** After how many rows there is one in full: reading a value goes through so many at most. */
const FULL_EVERY = 16;
/** Differences that say "look among the exceptions". */
const EXCEPTION_8 = -128;
const EXCEPTION_16 = -32_768;
/** What an exception takes: its slot and its value. */
const EXCEPTION_BYTES = 12;

/** A row as differences to the row before. */
interface Differences {
  /** By slot. */
  readonly by: Int8Array | Int16Array;
  readonly exception: number;
  /** Slots of exceptions, ascending, and their values. */
  readonly slots: Uint32Array;
  readonly values: Float64Array;
}

/** Rows of values, each with a value per slot; a row may have more slots than those before it. */
export class Rows {
  readonly #rows: (Float64Array | Differences)[] = [];
  /** The newest row in full, for the differences to it. */
  #newest: Float64Array = new Float64Array(0);
  #byteLength = 0;

  get length(): number {
    return this.#rows.length;
  }

  /** Bytes that the rows take. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds a row, which must not be changed any more. */
  push(row: Float64Array): void {
    const isFull = this.#rows.length % FULL_EVERY === 0;
    const kept = isFull ? row : (differences(row, this.#newest) ?? row);
    this.#rows.push(kept);
    this.#byteLength += kept instanceof Float64Array ? kept.byteLength : bytesOf(kept);
    this.#newest = row;
  }

  /** Copies the values of a slot, rows `from` up to `to`, bit for bit. A row that is too short for the slot gives 0. */
  copy(slot: number, from: number, to: number, into: Float64Array, at: number): void {
    let value = 0;
    for (let i = this.#fullRowBefore(from); i < to; i++) {
      const row = this.#rows[i]!;
      let source: Float64Array;
      let place = slot;
      if (row instanceof Float64Array) source = row;
      else {
        const difference = row.by[slot] ?? 0;
        if (difference !== row.exception) {
          value += difference;
          if (i >= from) into[at + i - from] = value;
          continue;
        }
        source = row.values;
        place = placeOf(row.slots, slot);
      }
      value = source[place] ?? 0;
      if (i < from) continue;
      if (value === value) into[at + i - from] = value;
      else copyBits(source, place, into, at + i - from);
    }
  }

  /** The number at a slot of a row; what bits a NaN has is lost. A row that is too short for the slot gives 0. */
  valueAt(slot: number, row: number): number {
    if (row === this.#rows.length - 1) return this.#newest[slot] ?? 0;
    let value = 0;
    for (let i = this.#fullRowBefore(row); i <= row; i++) {
      const at = this.#rows[i]!;
      if (at instanceof Float64Array) value = at[slot] ?? 0;
      else {
        const difference = at.by[slot] ?? 0;
        value = difference === at.exception ? at.values[placeOf(at.slots, slot)]! : value + difference;
      }
    }
    return value;
  }

  /** Notes the number of a row that is about to be added at every slot at which it does not go on rising, from finite to finite. */
  noteFalls(row: Float64Array, fellAt: Uint32Array): void {
    const before = this.#newest;
    const number = this.#rows.length;
    const shared = Math.min(row.length, before.length);
    for (let slot = 0; slot < shared; slot++) {
      const rise = row[slot]! - before[slot]!;
      if (!(rise >= 0 && rise < Number.POSITIVE_INFINITY)) fellAt[slot] = number;
    }
    for (let slot = shared; slot < row.length; slot++) fellAt[slot] = number;
  }

  #fullRowBefore(from: number): number {
    let at = from;
    while (at > 0 && !(this.#rows[at] instanceof Float64Array)) at--;
    return at;
  }
}

function bytesOf({ by, slots, values }: Differences): number {
  return by.byteLength + slots.byteLength + values.byteLength;
}

/** A row as differences to the one before; `undefined` when it takes about as much room as in full. */
function differences(row: Float64Array, before: Float64Array): Differences | undefined {
  let over8 = 0;
  let over16 = 0;
  for (let slot = 0; slot < row.length; slot++) {
    const distance = distanceOf(row[slot]!, before[slot] ?? 0);
    if (distance > 127) over8++;
    if (distance > 32_767) over16++;
  }
  const bytes8 = row.length + EXCEPTION_BYTES * over8;
  const bytes16 = 2 * row.length + EXCEPTION_BYTES * over16;
  if (Math.min(bytes8, bytes16) > 6 * row.length) return undefined;
  return bytes8 <= bytes16
    ? filled(row, before, new Int8Array(row.length), EXCEPTION_8, over8)
    : filled(row, before, new Int16Array(row.length), EXCEPTION_16, over16);
}

function filled(
  row: Float64Array,
  before: Float64Array,
  by: Int8Array | Int16Array,
  exception: number,
  count: number,
): Differences {
  const slots = new Uint32Array(count);
  const values = new Float64Array(count);
  let exceptions = 0;
  for (let slot = 0; slot < row.length; slot++) {
    const value = row[slot]!;
    const last = before[slot] ?? 0;
    if (distanceOf(value, last) < -exception) {
      by[slot] = value - last;
      continue;
    }
    by[slot] = exception;
    slots[exceptions] = slot;
    if (value === value) values[exceptions] = value;
    else copyBits(row, slot, values, exceptions);
    exceptions++;
  }
  return { by, exception, slots, values };
}

/** How far a value is from the last one, if that is a whole number and adding it gives back the value; else Infinity. */
function distanceOf(value: number, last: number): number {
  const difference = value - last;
  const isExact =
    last + difference === value && (difference | 0) === difference && (value !== 0 || !Object.is(value, -0));
  return isExact ? Math.abs(difference) : Number.POSITIVE_INFINITY;
}

/** Where `slot` is among the slots of exceptions. */
function placeOf(slots: Uint32Array, slot: number): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (slots[middle]! < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

function copyBits(source: Float64Array, from: number, target: Float64Array, to: number): void {
  const bits = new BigUint64Array(source.buffer, source.byteOffset + from * 8, 1);
  new BigUint64Array(target.buffer, target.byteOffset + to * 8, 1)[0] = bits[0]!;
}
