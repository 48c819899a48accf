import type { Histogram } from '@tillwatch/model';
import { hasCustomBuckets } from '../histogram/bounds.ts';
import { isResetAt, type MixedInput } from './mixed-kernels.ts';
import { overlapsUpTo } from './start-timestamps.ts';

/** What is to be known of the histograms of any window; found once for a whole series, so that steps need not look again. */
export interface HistogramFacts {
  /** The first reset at or behind each sample; the number of samples where there is none. One entry more than samples. */
  readonly nextReset: Int32Array;
  /** How many gauges, and how many custom-bucket histograms, there are before each sample. One entry more than samples. */
  readonly gaugesBefore: Int32Array;
  readonly customBefore: Int32Array;
  /** How many samples up to each one claim to have counted since before their predecessor; only where starts are known. */
  readonly overlapsUpTo: Int32Array | undefined;
}

export function histogramFacts(input: MixedInput): HistogramFacts {
  const { histograms, timestampsMs, startTimestampsMs } = input;
  const length = histograms.length;
  const nextReset = new Int32Array(length + 1).fill(length);
  for (let i = length - 1; i > 0; i--) nextReset[i] = isResetAt(input, i) ? i : nextReset[i + 1]!;
  nextReset[0] = length === 0 ? 0 : nextReset[1]!;
  const starts = startTimestampsMs === undefined ? undefined : { timestampsMs, startTimestampsMs };
  return {
    nextReset,
    gaugesBefore: countBefore(histograms, ({ counterResetHint }) => counterResetHint === 'gauge'),
    customBefore: countBefore(histograms, hasCustomBuckets),
    overlapsUpTo: starts && overlapsUpTo(starts),
  };
}

/** How many histograms of a kind there are before each sample; one entry more than samples. */
export function countBefore(
  samples: readonly (Histogram | undefined)[],
  isOne: (histogram: Histogram) => boolean,
): Int32Array {
  const before = new Int32Array(samples.length + 1);
  for (const [i, histogram] of samples.entries()) {
    before[i + 1] = before[i]! + (histogram !== undefined && isOne(histogram) ? 1 : 0);
  }
  return before;
}

/** Are samples `first` to `last`, all of them histograms, of one kind: exponential, or with custom buckets? */
export function areOneKind({ customBefore }: HistogramFacts, first: number, last: number): boolean {
  const custom = customBefore[last + 1]! - customBefore[first]!;
  return custom === 0 || custom === last - first + 1;
}

export function hasGauge({ gaugesBefore }: HistogramFacts, first: number, last: number): boolean {
  return gaugesBefore[last + 1]! > gaugesBefore[first]!;
}

/** The samples from `first` to `last` before which the counter was reset. */
export function* resetsBetween({ nextReset }: HistogramFacts, first: number, last: number): Iterable<number> {
  for (let i = nextReset[first]!; i <= last; i = nextReset[i + 1]!) yield i;
}
