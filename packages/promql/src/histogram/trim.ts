import type { Buckets, Histogram } from '@tillwatch/model';
import { type Bucket, bucketsOf } from './bounds.ts';
import { compact } from './layout.ts';
import { effectiveBounds, isLinear, shareBelow } from './statistics.ts';

/** What a bucket keeps: how many observations, and the value they are taken to have. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

/** `histogram </ limit`: without the observations above the limit. The sum is estimated from what is left. */
export function trimUpper(histogram: Histogram, limit: number): Histogram {
  return trim(histogram, (bucket) => keepBelow(histogram, bucket, limit));
}

/** `histogram >/ limit`: without the observations below the limit. The sum is estimated from what is left. */
export function trimLower(histogram: Histogram, limit: number): Histogram {
  return trim(histogram, (bucket) => keepAbove(histogram, bucket, limit));
}

function trim(histogram: Histogram, keep: (bucket: Bucket) => Kept): Histogram {
  let count = 0;
  let sum = 0;
  let isTrimmed = false;
  const kept: number[] = [];
  for (const bucket of bucketsOf(histogram)) {
    const { count: left, middle } = keep(bucket);
    isTrimmed ||= left !== bucket.count || !isNatural(histogram, bucket, middle);
    kept.push(left);
    count += left;
    if (left !== 0) sum += left * middle;
  }
  return isTrimmed ? compact({ ...withKept(histogram, kept), count, sum }) : histogram;
}

/** Is the value the one that the bucket's observations would have untrimmed? */
function isNatural(histogram: Histogram, bucket: Bucket, middle: number): boolean {
  const { lower, upper } = effectiveBounds(histogram, bucket);
  return Object.is(middle, middleBetween(histogram, bucket, lower, upper));
}

/** Puts counts, in the order of `bucketsOf`, back into their buckets. */
function withKept(histogram: Histogram, kept: number[]): Histogram {
  const { negative, positive, zeroCount } = histogram;
  const left = [...kept];
  const negativeCounts = left.splice(0, negative.counts.length).reverse();
  const zero = zeroCount === 0 ? 0 : left.shift()!;
  const buckets = (of: Buckets, counts: readonly number[]): Buckets => ({ indices: of.indices, counts });
  return {
    ...histogram,
    zeroCount: zero,
    negative: buckets(negative, negativeCounts),
    positive: buckets(positive, left),
  };
}

function keepBelow(histogram: Histogram, bucket: Bucket, limit: number): Kept {
  const { lower, upper } = effectiveBounds(histogram, bucket);
  if (limit >= upper) return { count: bucket.count, middle: middleBetween(histogram, bucket, lower, upper) };
  // A bucket without an end is above every limit; one without a beginning has observations right up to it.
  if (!(limit > lower) || upper === Number.POSITIVE_INFINITY) return { count: 0, middle: 0 };
  if (lower === Number.NEGATIVE_INFINITY) return { count: bucket.count, middle: limit };
  const count = bucket.count * shareBelow(limit, histogram, bucket);
  return { count, middle: middleBetween(histogram, bucket, lower, limit) };
}

function keepAbove(histogram: Histogram, bucket: Bucket, limit: number): Kept {
  const { lower, upper } = effectiveBounds(histogram, bucket);
  // Of a bucket without a beginning nothing is known to lie above a limit inside it.
  const isOpen = bucket.lower === Number.NEGATIVE_INFINITY && limit > bucket.lower;
  if (isOpen && (limit < 0 || upper <= 0 || upper === Number.POSITIVE_INFINITY)) return { count: 0, middle: 0 };
  if (limit <= lower) return { count: bucket.count, middle: middleBetween(histogram, bucket, lower, upper) };
  if (!(limit < upper)) return { count: 0, middle: 0 };
  if (upper === Number.POSITIVE_INFINITY) return { count: bucket.count, middle: limit };
  const count = bucket.count * (1 - shareBelow(limit, histogram, bucket));
  return { count, middle: middleBetween(histogram, bucket, limit, upper) };
}

/** Where observations between two values of a bucket are taken to lie. */
function middleBetween(histogram: Histogram, bucket: Bucket, lower: number, upper: number): number {
  if (lower === Number.NEGATIVE_INFINITY) return upper === Number.POSITIVE_INFINITY ? 0 : upper;
  if (upper === Number.POSITIVE_INFINITY) return lower;
  if (isLinear(histogram, bucket)) return (lower + upper) / 2;
  return Math.sign(upper) * Math.sqrt(lower * upper);
}
