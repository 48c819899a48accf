import { type KernelInput, put } from './range-kernels.ts';
import { timeAt } from './timeline.ts';

/** When the counting of each sample of a series began, beside the samples themselves. */
export interface Starts {
  readonly timestampsMs: Float64Array;
  /** 0 where it is not known. */
  readonly startTimestampsMs: Float64Array;
}

/**
 * Did counting begin anew between a sample and the one before it? It did when the start lies between them. A start exactly at
 * the earlier sample is that of a delta, unless the earlier sample's own start is unknown or makes no sense.
 */
export function startsAnew({ timestampsMs, startTimestampsMs }: Starts, index: number): boolean {
  const start = startTimestampsMs[index]!;
  const previousMs = timestampsMs[index - 1]!;
  if (start === 0 || start >= timestampsMs[index]!) return false;
  const previousStart = startTimestampsMs[index - 1]!;
  return start > previousMs || (start === previousMs && previousStart !== 0 && previousStart < previousMs);
}

/** Does a sample claim to have counted since before its predecessor, which began elsewhere? */
function overlaps({ timestampsMs, startTimestampsMs }: Starts, index: number): boolean {
  const start = startTimestampsMs[index]!;
  return start !== 0 && start < timestampsMs[index - 1]! && start !== startTimestampsMs[index - 1]!;
}

/** The start of the first sample when it lies inside the window: there the counter was 0. */
export function zeroPoint(starts: Starts, first: number, windowStartMs: number): number | undefined {
  const start = starts.startTimestampsMs[first]!;
  return start !== 0 && start > windowStartMs && start < starts.timestampsMs[first]! ? start : undefined;
}

/** For each sample, how many of its predecessors and itself overlap. */
export function overlapsUpTo(starts: Starts): Int32Array {
  const counts = new Int32Array(starts.timestampsMs.length);
  for (let i = 1; i < counts.length; i++) counts[i] = counts[i - 1]! + (overlaps(starts, i) ? 1 : 0);
  return counts;
}

export function overlapWarning(name: string): string {
  return `sample has start time that overlaps with previous sample timestamp for metric ${JSON.stringify(name)}`;
}

/** What is known of the ends of a window: the first and last sample, and how far the counter's zero is before them. */
export interface Extent {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly samples: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Where the counter is known to have been 0; then nothing is extrapolated to the left. */
  readonly zeroMs: number | undefined;
  /** A counter's first value and its change: it is not extrapolated below 0. */
  readonly counter: { readonly first: number; readonly change: number } | undefined;
}

/** By what the change between the samples of a window is multiplied to be that of the whole window. */
export function extrapolationFactor(extent: Extent): number {
  const { firstMs, lastMs, samples, startMs, endMs, zeroMs, counter } = extent;
  const sampled = (lastMs - (zeroMs ?? firstMs)) / 1000;
  const spacing = samples > 1 ? (lastMs - firstMs) / 1000 / (samples - 1) : 0;
  let toStart = zeroMs === undefined ? (firstMs - startMs) / 1000 : 0;
  let toEnd = (endMs - lastMs) / 1000;
  if (zeroMs === undefined && toStart >= spacing * 1.1) toStart = spacing / 2;
  if (toEnd >= spacing * 1.1) toEnd = spacing / 2;
  if (counter !== undefined && counter.change > 0 && counter.first >= 0) {
    toStart = Math.min(toStart, sampled * (counter.first / counter.change));
  }
  return (sampled + toStart + toEnd) / sampled;
}

/** `rate` and `increase` of numbers that know when their counting began. `onOverlap` is called for every doubtful window. */
export function increaseSinceStart(input: KernelInput & Starts, isRate: boolean, onOverlap: () => void): void {
  const { timestampsMs, values, lo, hi, times, rangeMs } = input;
  const overlapping = overlapsUpTo(input);
  const resets = resetIndices(input);
  let next = 0;
  for (let k = 0; k < lo.length; k++) {
    const first = lo[k]!;
    const last = hi[k]! - 1;
    if (last < first) continue;
    const endMs = timeAt(times, k);
    const startMs = endMs - rangeMs;
    const zeroMs = zeroPoint(input, first, startMs);
    if (last === first && zeroMs === undefined) continue;
    if (overlapping[last]! > overlapping[first]!) onOverlap();

    let change = values[last]! - values[first]!;
    while (next < resets.length && resets[next]! <= first) next++;
    for (let r = next; r < resets.length && resets[r]! <= last; r++) change += values[resets[r]! - 1]!;
    const counter = { first: values[first]!, change };
    if (zeroMs !== undefined) change += values[first]!;
    const samples = last - first + 1;
    const ends = { firstMs: timestampsMs[first]!, lastMs: timestampsMs[last]!, samples, startMs, endMs };
    const factor = extrapolationFactor({ ...ends, zeroMs, counter });
    put(input, k, isRate ? (change * factor) / (rangeMs / 1000) : change * factor);
  }
}

function resetIndices(input: KernelInput & Starts): number[] {
  const { values } = input;
  const resets: number[] = [];
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]! || startsAnew(input, i)) resets.push(i);
  return resets;
}

/** `irate` of numbers that know when their counting began. */
export function lastRateSinceStart(input: KernelInput & Starts): void {
  const { timestampsMs, values, lo, hi } = input;
  for (let k = 0; k < lo.length; k++) {
    const last = hi[k]! - 1;
    if (last <= lo[k]!) continue;
    const hasReset = values[last]! < values[last - 1]! || startsAnew(input, last);
    const change = hasReset ? values[last]! : values[last]! - values[last - 1]!;
    put(input, k, change / ((timestampsMs[last]! - timestampsMs[last - 1]!) / 1000));
  }
}

/** `resets` of numbers that know when their counting began. */
export function resetsSinceStart(input: KernelInput & Starts): void {
  const { values, lo, hi } = input;
  const resets = new Int32Array(values.length);
  for (const index of resetIndices(input)) resets[index] = 1;
  for (let i = 1; i < resets.length; i++) resets[i]! += resets[i - 1]!;
  for (let k = 0; k < lo.length; k++) if (hi[k]! > lo[k]!) put(input, k, resets[hi[k]! - 1]! - resets[lo[k]!]!);
}
