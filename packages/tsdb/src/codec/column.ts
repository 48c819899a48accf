// A column is the values of one series (or the timestamps of a timeline) in a row. Most columns of a shop are counters and
// whole numbers, so they are written as integers beside a straight line or beside their predecessor, in as few bits as the
// widest one needs; everything else is written as the XOR with its predecessor. The bytes are described in
// docs/formats/store.md. Numbers are moved as two 32-bit halves wherever they could be NaN: a NaN that travels through a
// JavaScript number may lose its payload, and a staleness marker is one.
import { getBits, putBits, sumOfBits, wordAt } from './bits.ts';
import { type ByteReader, type ByteWriter, DamagedBytes } from './bytes.ts';

const CONSTANT = 0;
const WHOLE_CONSTANT = 1;
const DELTA = 2;
const LINE = 3;
const XOR = 4;
const HAS_EXCEPTIONS = 0x80;
/** On a line: no value is below its predecessor. */
const NEVER_FALLS = 0x40;

const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
const MAX_WHOLE = 2 ** 51;
/** `line` multiplies a rise by an index: the product has to stay exact. */
const MAX_RISE = 2 ** 40;
const MAX_WIDTH = 2 ** 32 - 1;

interface Packing {
  readonly minimum: number;
  readonly width: number;
}

/** Writes `values`, bit for bit. */
export function writeColumn(out: ByteWriter, values: Float64Array): void {
  const count = values.length;
  if (count === 0) return;
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  if (isConstant(words)) {
    writeConstant(out, values, words);
    return;
  }
  const whole = new Float64Array(count);
  const exceptions: number[] = [];
  const power = toWhole(values, whole, exceptions);
  if (power === undefined) {
    writeXor(out, words);
    return;
  }
  const delta = measureDelta(whole);
  const line = measureLine(whole);
  // Of two that are as small, the line is read faster: any value by itself.
  const useLine = line !== undefined && (delta === undefined || line.width <= delta.width);
  const packing = useLine ? line : delta;
  if (packing === undefined) {
    writeXor(out, words);
    return;
  }
  const neverFalls = useLine && delta !== undefined && delta.minimum >= 0;
  const flags = (exceptions.length > 0 ? HAS_EXCEPTIONS : 0) | (neverFalls ? NEVER_FALLS : 0);
  out.u8((useLine ? LINE : DELTA) | (power << 3) | flags);
  if (exceptions.length > 0) writeExceptions(out, words, exceptions);
  if (useLine) writeLine(out, whole, packing);
  else writeDelta(out, whole, packing);
}

/** Reads `into.length` values that `writeColumn` wrote. @throws {DamagedBytes} */
export function readColumn(input: ByteReader, into: Float64Array): void {
  readColumnPart(input, into.length, 0, into.length, into, 0);
}

/**
 * Reads a column of `count` values, but only those from index `from` up to `to` (end excluded; none if they are equal), into
 * `into` from `at` on. The input is behind the column then. @throws {DamagedBytes}
 */
export function readColumnPart(
  input: ByteReader,
  count: number,
  from: number,
  to: number,
  into: Float64Array,
  at: number,
): void {
  if (count === 0) return;
  const header = input.u8();
  const mode = header & 7;
  switch (mode) {
    case CONSTANT:
      fillBits(into, at, at + to - from, input.u32(), input.u32());
      return;
    case WHOLE_CONSTANT:
      into.fill(input.zigzag(), at, at + to - from);
      return;
    case XOR:
      readXor(input, count, from, to, into, at);
      return;
    case DELTA:
    case LINE: {
      const exceptions = header & HAS_EXCEPTIONS ? readExceptions(input, count) : undefined;
      if (mode === LINE) readLine(input, count, from, to, into, at);
      else readDelta(input, count, from, to, into, at);
      const divisor = POWERS[(header >> 3) & 7];
      if (divisor === undefined) throw new DamagedBytes('unknown scale of a column');
      if (divisor !== 1) for (let i = at; i < at + to - from; i++) into[i] = into[i]! / divisor;
      for (const [index, low, high] of exceptions ?? []) {
        if (index >= from && index < to) fillBits(into, at + index - from, at + index - from + 1, low, high);
      }
      return;
    }
    default:
      throw new DamagedBytes('unknown kind of column');
  }
}

/** What is needed to read any value of a column that never falls. */
export interface ColumnIndex {
  /** `line` and `steps` are read at once, each value by itself; of `other` columns all is read, from `start` on. */
  kind: number;
  /** The first value; on a line with the smallest residual. */
  base: number;
  /** Of a line from its first to its last; of steps the smallest. */
  rise: number;
  width: number;
  /** The bit with which the numbers begin; of `other` columns the byte with which the column does. */
  start: number;
  /** The byte with which the column begins. */
  column: number;
  divisor: number;
}

export const INDEX_LINE = 0;
export const INDEX_STEPS = 1;
export const INDEX_OTHER = 2;

/** Finds out what is needed to read values of a column of `count`, and passes over it. @throws {DamagedBytes} */
export function indexColumn(input: ByteReader, count: number, index: ColumnIndex): void {
  const start = input.offset;
  index.column = start;
  const header = input.u8();
  const mode = header & 7;
  if (mode === WHOLE_CONSTANT || (mode === CONSTANT && count > 0)) {
    const value = mode === WHOLE_CONSTANT ? input.zigzag() : input.f64();
    index.kind = value - value === 0 ? INDEX_STEPS : INDEX_OTHER;
    [index.base, index.rise, index.width, index.divisor] = [value, 0, 0, 1];
    index.start = value - value === 0 ? input.offset * 8 : start;
    return;
  }
  const isOther = (mode !== DELTA && mode !== LINE) || (header & HAS_EXCEPTIONS) !== 0;
  if (!isOther) {
    const first = input.zigzag();
    const rise = input.zigzag();
    const minimum = mode === LINE ? input.zigzag() : rise;
    const width = readWidth(input);
    const divisor = POWERS[(header >> 3) & 7];
    if (divisor === undefined) throw new DamagedBytes('unknown scale of a column');
    const bits = input.skip(Math.ceil(((mode === LINE ? count : count - 1) * width) / 8)) * 8;
    if (mode === LINE ? (header & NEVER_FALLS) !== 0 : minimum >= 0) {
      index.kind = mode === LINE ? INDEX_LINE : INDEX_STEPS;
      index.base = mode === LINE ? first + minimum : first;
      index.rise = rise;
      index.width = width;
      index.start = bits;
      index.divisor = divisor;
      return;
    }
  } else {
    input.offset = start;
    readColumnPart(input, count, 0, 0, NOTHING, 0);
  }
  index.kind = INDEX_OTHER;
  index.start = start;
}

const NOTHING = new Float64Array(0);

/** Gives values `from` up to `to` these bits, which may be those of a NaN. */
function fillBits(values: Float64Array, from: number, to: number, low: number, high: number): void {
  const words = wordsOf(values);
  for (let i = from; i < to; i++) {
    words[2 * i] = low;
    words[2 * i + 1] = high;
  }
}

function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

function isConstant(words: Uint32Array): boolean {
  const low = words[0];
  const high = words[1];
  for (let i = 2; i < words.length; i += 2) if (words[i] !== low || words[i + 1] !== high) return false;
  return true;
}

function writeConstant(out: ByteWriter, values: Float64Array, words: Uint32Array): void {
  const value = values[0]!;
  if (Number.isInteger(value) && Math.abs(value) < MAX_WHOLE && !Object.is(value, -0)) {
    out.u8(WHOLE_CONSTANT);
    out.zigzag(value);
    return;
  }
  out.u8(CONSTANT);
  out.u32(words[0]!);
  out.u32(words[1]!);
}

/**
 * Finds the smallest power of ten that makes every value a whole number and gives it back exactly. What can never be one
 * (NaN, infinities, -0) becomes an exception, unless those are many. `undefined`: no such power.
 */
function toWhole(values: Float64Array, whole: Float64Array, exceptions: number[]): number | undefined {
  const mostExceptions = values.length >> 2;
  let power = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value !== 0 || Object.is(value, -0)) {
      if (exceptions.length >= mostExceptions) return undefined;
      exceptions.push(i);
      continue;
    }
    while (!isWholeAt(value, POWERS[power]!)) if (++power === POWERS.length) return undefined;
  }
  const factor = POWERS[power]!;
  let next = 0;
  let previous = 0;
  for (let i = 0; i < values.length; i++) {
    if (exceptions[next] === i) {
      next++;
      whole[i] = previous;
      continue;
    }
    const value = values[i]!;
    // A larger power than this value needed may no longer give it back.
    if (power > 0 && !isWholeAt(value, factor)) return undefined;
    previous = Math.round(value * factor);
    whole[i] = previous;
  }
  return power;
}

function isWholeAt(value: number, factor: number): boolean {
  const scaled = Math.round(value * factor);
  return Math.abs(scaled) < MAX_WHOLE && scaled / factor === value && !Object.is(scaled / factor, -0);
}

function measureDelta(whole: Float64Array): Packing | undefined {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < whole.length; i++) {
    const delta = whole[i]! - whole[i - 1]!;
    if (delta < minimum) minimum = delta;
    if (delta > maximum) maximum = delta;
  }
  return packingOf(minimum, maximum);
}

function measureLine(whole: Float64Array): Packing | undefined {
  const count = whole.length;
  const first = whole[0]!;
  const rise = whole[count - 1]! - first;
  if (Math.abs(rise) > MAX_RISE) return undefined;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const rest = whole[i]! - first - Math.floor((rise * i) / (count - 1));
    if (rest < minimum) minimum = rest;
    if (rest > maximum) maximum = rest;
  }
  return packingOf(minimum, maximum);
}

function packingOf(minimum: number, maximum: number): Packing | undefined {
  const spread = maximum - minimum;
  if (spread > MAX_WIDTH || Math.abs(minimum) > MAX_WHOLE) return undefined;
  return { minimum, width: spread === 0 ? 0 : 32 - Math.clz32(spread) };
}

function writeDelta(out: ByteWriter, whole: Float64Array, { minimum, width }: Packing): void {
  out.zigzag(whole[0]!);
  out.zigzag(minimum);
  out.u8(width);
  const bits = out.zeros(Math.ceil(((whole.length - 1) * width) / 8));
  if (width === 0) return;
  for (let i = 1; i < whole.length; i++) {
    putBits(bits, (i - 1) * width, width, whole[i]! - whole[i - 1]! - minimum);
  }
}

// Reading is where queries over weeks spend their time, so these loops are written out: see store.bench.ts.
function readDelta(input: ByteReader, count: number, from: number, to: number, into: Float64Array, at: number): void {
  let value = input.zigzag();
  const minimum = input.zigzag();
  const width = readWidth(input);
  const start = input.skip(Math.ceil(((count - 1) * width) / 8)) * 8;
  if (from >= to) return;
  const { bytes } = input;
  if (from > 0) value += from * minimum + sumOfBits(bytes, start, width, from);
  let position = start + from * width;
  const end = at + to - from;
  let next = at;
  into[next++] = value;
  if (width > 0 && width <= 8) {
    for (; next < end && (position & 7) !== 0; next++) {
      value += minimum + getBits(bytes, position, width);
      into[next] = value;
      position += width;
    }
    // Eight small steps, as most counters have, begin and end with a byte and lie in two words.
    const mask = (1 << width) - 1;
    const [twice, thrice] = [2 * width, 3 * width];
    let byte = position >>> 3;
    for (; next + 8 <= end && byte + 8 <= bytes.length; next += 8) {
      const low = wordAt(bytes, byte);
      const high = wordAt(bytes, byte + (width >>> 1)) >>> ((width & 1) * 4);
      value += minimum + (low & mask);
      into[next] = value;
      value += minimum + ((low >>> width) & mask);
      into[next + 1] = value;
      value += minimum + ((low >>> twice) & mask);
      into[next + 2] = value;
      value += minimum + ((low >>> thrice) & mask);
      into[next + 3] = value;
      value += minimum + (high & mask);
      into[next + 4] = value;
      value += minimum + ((high >>> width) & mask);
      into[next + 5] = value;
      value += minimum + ((high >>> twice) & mask);
      into[next + 6] = value;
      value += minimum + ((high >>> thrice) & mask);
      into[next + 7] = value;
      byte += width;
    }
    position = byte * 8;
  }
  for (; next < end; next++) {
    value += minimum + getBits(bytes, position, width);
    into[next] = value;
    position += width;
  }
}

function writeLine(out: ByteWriter, whole: Float64Array, { minimum, width }: Packing): void {
  const count = whole.length;
  const first = whole[0]!;
  const rise = whole[count - 1]! - first;
  out.zigzag(first);
  out.zigzag(rise);
  out.zigzag(minimum);
  out.u8(width);
  const bits = out.zeros(Math.ceil((count * width) / 8));
  if (width === 0) return;
  for (let i = 0; i < count; i++) {
    putBits(bits, i * width, width, whole[i]! - first - Math.floor((rise * i) / (count - 1)) - minimum);
  }
}

function readLine(input: ByteReader, count: number, from: number, to: number, into: Float64Array, at: number): void {
  const first = input.zigzag();
  const rise = input.zigzag();
  const base = first + input.zigzag();
  const width = readWidth(input);
  let position = input.skip(Math.ceil((count * width) / 8)) * 8 + from * width;
  if (from >= to) return;
  const { bytes } = input;
  // floor(rise * i / steps) without a division for each i: the whole part and what is left over are carried along. (The
  // division that the writer makes is exact enough to give the same: `MAX_RISE` is far from where numbers have no fractions.)
  const steps = Math.max(count - 1, 1);
  const whole = Math.floor(rise / steps);
  const left = rise - whole * steps;
  let line = base + Math.floor((rise * from) / steps);
  let over = rise * from - (line - base) * steps;
  const end = at + to - from;
  for (let next = at; next < end; next++) {
    into[next] = line + getBits(bytes, position, width);
    position += width;
    line += whole;
    over += left;
    if (over >= steps) {
      over -= steps;
      line++;
    }
  }
}

function readWidth(input: ByteReader): number {
  const width = input.u8();
  if (width > 32) throw new DamagedBytes('impossible bit width of a column');
  return width;
}

function writeExceptions(out: ByteWriter, words: Uint32Array, exceptions: readonly number[]): void {
  out.varint(exceptions.length);
  for (const index of exceptions) {
    out.varint(index);
    out.u32(words[2 * index]!);
    out.u32(words[2 * index + 1]!);
  }
}

function readExceptions(input: ByteReader, count: number): (readonly [index: number, low: number, high: number])[] {
  const length = input.varint();
  if (length > count) throw new DamagedBytes('too many exceptions in a column');
  return Array.from({ length }, () => {
    const index = input.varint();
    if (index >= count) throw new DamagedBytes('exception outside its column');
    return [index, input.u32(), input.u32()] as const;
  });
}

// XOR: a byte below 64 says how many zero bytes lead (bits 3-5) and trail (bits 0-2) the XOR with the predecessor, and the
// bytes between follow, high first; a byte from 64 on says that the predecessor repeats (byte - 63) times.
const MOST_REPEATS = 192;

function writeXor(out: ByteWriter, words: Uint32Array): void {
  out.u8(XOR);
  const xor = new Uint8Array(8);
  const view = new DataView(xor.buffer);
  let low = 0;
  let high = 0;
  let repeats = 0;
  const flush = () => {
    if (repeats > 0) out.u8(63 + repeats);
    repeats = 0;
  };
  for (let i = 0; i < words.length; i += 2) {
    const xorLow = (words[i]! ^ low) >>> 0;
    const xorHigh = (words[i + 1]! ^ high) >>> 0;
    if (xorLow === 0 && xorHigh === 0) {
      if (++repeats === MOST_REPEATS) flush();
      continue;
    }
    flush();
    low = words[i]!;
    high = words[i + 1]!;
    view.setUint32(0, xorHigh);
    view.setUint32(4, xorLow);
    const lead = (xorHigh !== 0 ? Math.clz32(xorHigh) : 32 + Math.clz32(xorLow)) >> 3;
    const trail = (xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh)) >> 3;
    out.u8((lead << 3) | trail);
    out.bytes(xor.subarray(lead, 8 - trail));
  }
  flush();
}

function readXor(input: ByteReader, count: number, from: number, to: number, into: Float64Array, at: number): void {
  const words = wordsOf(into);
  let low = 0;
  let high = 0;
  let repeats = 0;
  for (let i = 0; i < count; i++) {
    if (repeats > 0) repeats--;
    else {
      const control = input.u8();
      if (control >= 64) repeats = control - 64;
      else {
        const lead = control >> 3;
        const trail = control & 7;
        for (let byte = lead; byte < 8 - trail; byte++) {
          const bits = input.u8();
          if (byte < 4) high = (high ^ (bits << (24 - 8 * byte))) >>> 0;
          else low = (low ^ (bits << (56 - 8 * byte))) >>> 0;
        }
      }
    }
    if (i < from || i >= to) continue;
    const next = 2 * (at + i - from);
    words[next] = low;
    words[next + 1] = high;
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
