// A block of samples as few bytes: counters are whole numbers that rise a little at even distances, so distances are what is
// written. The bytes never outlive the process; nobody else reads them.

/** Samples of one series, oldest first; timestamps are whole milliseconds. */
export interface BlockSamples {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

const EVEN_TIMES = 1;
const WHOLE_VALUES = 2;
/** A flag, the first timestamp, and up to ten bytes for each number. */
const MOST_BYTES_PER_SAMPLE = 20;
const HEADER_BYTES = 9;

/** Writes the first `count` samples; every bit of a value comes back, those of NaNs too. */
export function encodeBlock({ timestampsMs, values }: BlockSamples, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + MOST_BYTES_PER_SAMPLE * (count + 1));
  const isEven = hasEvenTimes(timestampsMs, count);
  const isWhole = hasWholeValues(values, count);
  bytes[0] = (isEven ? EVEN_TIMES : 0) | (isWhole ? WHOLE_VALUES : 0);
  bytes.writeDoubleLE(timestampsMs[0]!, 1);
  let at = HEADER_BYTES;
  const distances = isEven ? Math.min(1, count - 1) : count - 1;
  for (let i = 1; i <= distances; i++) at = writeNumber(bytes, at, timestampsMs[i]! - timestampsMs[i - 1]!);
  if (!isWhole) {
    // Bytes are copied, since a NaN that goes through a number may lose what it says.
    const raw = Buffer.from(values.buffer, values.byteOffset, 8 * count);
    return Buffer.concat([bytes.subarray(0, at), raw]);
  }
  let previous = 0;
  for (let i = 0; i < count; i++) {
    at = writeNumber(bytes, at, folded(values[i]! - previous));
    previous = values[i]!;
  }
  return Buffer.from(bytes.subarray(0, at));
}

/** Reads `count` samples of a block into arrays, from index `into` on. */
export function decodeBlock(bytes: Buffer, count: number, out: BlockSamples, into: number): void {
  const { timestampsMs, values } = out;
  const isEven = (bytes[0]! & EVEN_TIMES) !== 0;
  cursor.at = HEADER_BYTES;
  timestampsMs[into] = bytes.readDoubleLE(1);
  const even = isEven && count > 1 ? readNumber(bytes) : 0;
  for (let i = 1; i < count; i++) {
    timestampsMs[into + i] = timestampsMs[into + i - 1]! + (isEven ? even : readNumber(bytes));
  }
  if ((bytes[0]! & WHOLE_VALUES) === 0) {
    const raw = Buffer.from(values.buffer, values.byteOffset + 8 * into, 8 * count);
    bytes.copy(raw, 0, cursor.at, cursor.at + 8 * count);
    return;
  }
  let value = 0;
  for (let i = 0; i < count; i++) {
    value += unfolded(readNumber(bytes));
    values[into + i] = value;
  }
}

function hasEvenTimes(timestampsMs: Float64Array, count: number): boolean {
  const distance = count > 1 ? timestampsMs[1]! - timestampsMs[0]! : 0;
  for (let i = 2; i < count; i++) if (timestampsMs[i]! - timestampsMs[i - 1]! !== distance) return false;
  return true;
}

/** Whole and so small that the distance of any two is exact, also when it is folded. */
function hasWholeValues(values: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (!Number.isInteger(value) || Math.abs(value) > 2 ** 50 || Object.is(value, -0)) return false;
  }
  return true;
}

/** Negative numbers among the positive ones, so that small ones of both signs are short. */
function folded(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

function unfolded(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function writeNumber(bytes: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest >= 128) {
    bytes[at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

/** Where the block that is being read goes on. */
const cursor = { at: 0 };

function readNumber(bytes: Buffer): number {
  let byte = bytes[cursor.at++]!;
  // Nearly all numbers are short: those are put together from whole bits.
  if (byte < 128) return byte;
  let value = byte - 128;
  let unit = 128;
  do {
    byte = bytes[cursor.at++]!;
    value += (byte & 127) * unit;
    unit *= 128;
  } while (byte >= 128);
  return value;
}
