import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '@tillwatch/model';

/** One bucket of a histogram with its bounds. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly isLowerIncluded: boolean;
  readonly isUpperIncluded: boolean;
  readonly count: number;
}

/** Are the bounds listed, and not powers of a base? */
export function hasCustomBuckets(histogram: Histogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA;
}

/** Every listed bucket from the lowest to the highest: negative ones, the zero bucket if it counts anything, positive ones. */
export function bucketsOf(histogram: Histogram): Bucket[] {
  const { negative, positive, zeroCount, zeroThreshold } = histogram;
  const buckets: Bucket[] = [];
  for (let i = negative.indices.length - 1; i >= 0; i--) {
    const index = negative.indices[i]!;
    const lower = -upperBound(histogram, index);
    const upper = -upperBound(histogram, index - 1);
    buckets.push({ lower, upper, isLowerIncluded: true, isUpperIncluded: false, count: negative.counts[i]! });
  }
  if (zeroCount !== 0) {
    const both = { isLowerIncluded: true, isUpperIncluded: true };
    buckets.push({ lower: -zeroThreshold, upper: zeroThreshold, ...both, count: zeroCount });
  }
  const isCustom = hasCustomBuckets(histogram);
  for (const [i, index] of positive.indices.entries()) {
    const lower = upperBound(histogram, index - 1);
    const upper = upperBound(histogram, index);
    const isLowerIncluded = isCustom && index === 0;
    buckets.push({ lower, upper, isLowerIncluded, isUpperIncluded: true, count: positive.counts[i]! });
  }
  return buckets;
}

/** The upper bound of the positive bucket `index`; the lower one is the upper one of the bucket before. */
export function upperBound(histogram: Pick<Histogram, 'schema' | 'customBounds'>, index: number): number {
  const { schema, customBounds } = histogram;
  if (schema !== CUSTOM_BUCKETS_SCHEMA) return exponentialBound(schema, index);
  if (index < 0) return Number.NEGATIVE_INFINITY;
  return customBounds[index] ?? Number.POSITIVE_INFINITY;
}

/** Past the largest power of two the bound is the largest number, so that the last bucket still has one. */
function exponentialBound(schema: number, index: number): number {
  const perPower = 2 ** schema;
  const power = Math.floor(index / perPower);
  if (power === 1024 && index / perPower === 1024) return Number.MAX_VALUE;
  // Equal fractions give equal bounds at every schema, which makes bounds of different schemas comparable.
  return 2 ** (index / perPower - power) * 2 ** power;
}
