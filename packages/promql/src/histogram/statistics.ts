import type { Histogram } from '@tillwatch/model';
import { type Bucket, bucketsOf, hasCustomBuckets } from './bounds.ts';

/** What observations of NaN did to a quantile: `result` made it NaN, `skew` made it higher than it would be. */
export type NaNEffect = 'result' | 'skew' | undefined;

/** The quantile of a histogram. Between the bounds of an exponential bucket it is interpolated on a logarithmic scale. */
export function quantileOfHistogram(q: number, histogram: Histogram): { value: number; nanEffect: NaNEffect } {
  if (q < 0) return { value: Number.NEGATIVE_INFINITY, nanEffect: undefined };
  if (q > 1) return { value: Number.POSITIVE_INFINITY, nanEffect: undefined };
  if (histogram.count === 0 || Number.isNaN(q)) return { value: Number.NaN, nanEffect: undefined };

  // NaN was counted above every bucket, so then the ranks are right from below only.
  const hasNaN = Number.isNaN(histogram.sum);
  const isForward = hasNaN || q < 0.5;
  const rank = (isForward ? q : 1 - q) * histogram.count;
  const { bucket, count } = bucketAt(histogram, rank, isForward);
  const bound = bucket === undefined ? undefined : onlyBound(histogram, bucket);
  if (bound !== undefined) return { value: bound, nanEffect: undefined };
  if (count < rank) {
    // Without NaN that takes a histogram whose buckets do not add up: the last bound seen is the best guess.
    if (!hasNaN)
      return { value: bucket === undefined ? 0 : effectiveBounds(histogram, bucket).upper, nanEffect: undefined };
    return { value: Number.NaN, nanEffect: 'result' };
  }
  const nanEffect = hasNaN ? 'skew' : undefined;
  if (bucket === undefined) return { value: Number.NaN, nanEffect };
  const inside = isForward ? rank - (count - bucket.count) : count - rank;
  return { value: valueInside(histogram, bucket, inside / bucket.count), nanEffect };
}

/** The populated bucket, from one end, up to which at least `rank` observations lie, and how many do; else the last one. */
function bucketAt(histogram: Histogram, rank: number, isForward: boolean): { bucket?: Bucket; count: number } {
  const buckets = bucketsOf(histogram).filter((bucket) => bucket.count !== 0);
  if (!isForward) buckets.reverse();
  let count = 0;
  for (const bucket of buckets) {
    count += bucket.count;
    if (count >= rank) return { bucket, count: Math.min(count, histogram.count) };
  }
  const last = buckets.at(-1);
  return last === undefined ? { count } : { bucket: last, count: Math.min(count, histogram.count) };
}

/** The one bound of a custom bucket without beginning or end: whatever is in there is taken to lie on it. */
function onlyBound(histogram: Histogram, bucket: Bucket): number | undefined {
  if (!hasCustomBuckets(histogram)) return undefined;
  const { lower, upper } = effectiveBounds(histogram, bucket);
  if (lower === Number.NEGATIVE_INFINITY) return upper;
  return upper === Number.POSITIVE_INFINITY && lower === bucket.lower ? lower : undefined;
}

function valueInside(histogram: Histogram, bucket: Bucket, share: number): number {
  const { lower, upper } = effectiveBounds(histogram, bucket);
  if (isLinear(histogram, bucket)) return lower + (upper - lower) * share;
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  const value = 2 ** (logLower + (logUpper - logLower) * share);
  return lower > 0 ? value : -value;
}

/** Custom buckets and the zero bucket are interpolated linearly. */
export function isLinear(histogram: Histogram, { lower, upper }: Bucket): boolean {
  return hasCustomBuckets(histogram) || (lower <= 0 && upper >= 0);
}

/**
 * The bounds that are interpolated between. A zero bucket with buckets on one side only is taken to be on that side, and the
 * first of the custom buckets is taken to begin at 0 when it ends above.
 */
export function effectiveBounds(histogram: Histogram, { lower, upper }: Bucket): { lower: number; upper: number } {
  if (hasCustomBuckets(histogram)) return { lower: lower === Number.NEGATIVE_INFINITY && upper > 0 ? 0 : lower, upper };
  if (lower < 0 && upper > 0) {
    const hasPositive = histogram.positive.indices.length > 0;
    const hasNegative = histogram.negative.indices.length > 0;
    if (hasPositive && !hasNegative) return { lower: 0, upper };
    if (hasNegative && !hasPositive) return { lower, upper: 0 };
  }
  return { lower, upper };
}

/** The share of observations between two values. Observations of NaN are part of the whole, but of no share. */
export function fractionOfHistogram(lower: number, upper: number, histogram: Histogram): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const buckets = bucketsOf(histogram);
  return (rankOf(upper, histogram, buckets) - rankOf(lower, histogram, buckets)) / histogram.count;
}

/** How many observations are at most `value`. */
function rankOf(value: number, histogram: Histogram, buckets: readonly Bucket[]): number {
  let rank = 0;
  for (const bucket of buckets) {
    const { lower } = effectiveBounds(histogram, bucket);
    if (value <= lower) return rank;
    rank += bucket.count * shareBelow(value, histogram, bucket);
  }
  return rank;
}

/** The share of a bucket's observations that is at most `value`. An open bucket has its observations at its only bound. */
export function shareBelow(value: number, histogram: Histogram, bucket: Bucket): number {
  const { lower, upper } = effectiveBounds(histogram, bucket);
  if (value >= upper) return 1;
  if (value <= lower) return 0;
  if (upper === Number.POSITIVE_INFINITY) return 0;
  if (lower === Number.NEGATIVE_INFINITY) return 1;
  if (isLinear(histogram, bucket)) return (value - lower) / (upper - lower);
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  return (Math.log2(Math.abs(value)) - logLower) / (logUpper - logLower);
}

/** The variance, with every observation in the middle of its bucket. */
export function varianceOfHistogram(histogram: Histogram): number {
  const mean = histogram.sum / histogram.count;
  let sum = 0;
  for (const bucket of bucketsOf(histogram)) {
    if (bucket.count === 0) continue;
    const delta = middleOf(histogram, bucket) - mean;
    sum += bucket.count * delta * delta;
  }
  return sum / histogram.count;
}

function middleOf(histogram: Histogram, { lower, upper }: Bucket): number {
  if (hasCustomBuckets(histogram)) return (lower + upper) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  return Math.sign(upper) * Math.sqrt(lower * upper);
}
