/** How many observations were at most `upperBound`. */
export interface Bucket {
  readonly upperBound: number;
  count: number;
}

/** Differences this small (relative) come from floating point arithmetic, not from the data. */
const TOLERANCE = 1e-12;

/**
 * Makes buckets fit to be read: equal bounds are put together, and counts never fall with rising bounds. `wasForced` says
 * whether a count fell by more than rounding explains.
 */
export function prepareBuckets(sorted: readonly Bucket[]): { buckets: Bucket[]; wasForced: boolean } {
  const buckets: Bucket[] = [];
  for (const { upperBound, count } of sorted) {
    const last = buckets.at(-1);
    if (last !== undefined && last.upperBound === upperBound) last.count += count;
    else buckets.push({ upperBound, count });
  }
  let wasForced = false;
  for (let i = 1; i < buckets.length; i++) {
    const previous = buckets[i - 1]!.count;
    const bucket = buckets[i]!;
    if (isAlmostEqual(previous, bucket.count)) bucket.count = previous;
    else if (bucket.count < previous) {
      bucket.count = previous;
      wasForced = true;
    }
  }
  return { buckets, wasForced };
}

function isAlmostEqual(a: number, b: number): boolean {
  if (a === b) return true;
  return Math.abs(a - b) / (Math.abs(a) + Math.abs(b)) < TOLERANCE;
}

/** Is there a last bucket that takes everything, at least one other, and an observation? */
function isReadable(buckets: readonly Bucket[]): boolean {
  const last = buckets.at(-1);
  return buckets.length >= 2 && last!.upperBound === Number.POSITIVE_INFINITY && last!.count !== 0;
}

/** The quantile, interpolated linearly inside a bucket. A quantile in the last bucket is the bound before it. */
export function quantileOfBuckets(q: number, buckets: readonly Bucket[]): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  if (!isReadable(buckets)) return Number.NaN;

  const last = buckets.length - 1;
  const rank = q * buckets[last]!.count;
  let at = buckets.findIndex(({ count }, i) => i === last || count >= rank);
  if (at === -1) at = last;
  if (at === last) return buckets[last - 1]!.upperBound;
  const { upperBound, count } = buckets[at]!;
  if (at === 0 && upperBound <= 0) return upperBound;
  const below = at === 0 ? { upperBound: 0, count: 0 } : buckets[at - 1]!;
  return below.upperBound + (upperBound - below.upperBound) * ((rank - below.count) / (count - below.count));
}

/** The share of observations in (lower, upper], interpolated linearly inside buckets. */
export function fractionOf(lower: number, upper: number, buckets: readonly Bucket[]): number {
  const last = buckets.at(-1);
  if (last?.upperBound !== Number.POSITIVE_INFINITY || last.count === 0) return Number.NaN;
  if (Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const total = last.count;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / total;
}

/** How many observations were at most `value`. */
function rankOf(value: number, buckets: readonly Bucket[]): number {
  let start = buckets[0]!.upperBound > 0 ? 0 : Number.NEGATIVE_INFINITY;
  let before = 0;
  for (const { upperBound, count } of buckets) {
    if (value <= start) return before;
    if (value < upperBound) {
      // An open bucket has no width to interpolate in: its observations lie at its far end.
      if (!Number.isFinite(start)) return count;
      if (!Number.isFinite(upperBound)) return before;
      return before + (count - before) * ((value - start) / (upperBound - start));
    }
    start = upperBound;
    before = count;
  }
  return before;
}
