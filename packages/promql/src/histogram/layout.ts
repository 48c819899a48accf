import type { Buckets, Histogram } from '@tillwatch/model';
import { hasCustomBuckets, upperBound } from './bounds.ts';

/** Two histograms brought to the same buckets. */
export interface Aligned {
  readonly a: Histogram;
  readonly b: Histogram;
  /** Did they have different custom bounds, of which only the common ones are left? */
  readonly areBoundsReconciled: boolean;
}

/** Makes two histograms comparable bucket by bucket; `undefined` when one is exponential and the other is not. */
export function align(a: Histogram, b: Histogram): Aligned | undefined {
  if (hasCustomBuckets(a) !== hasCustomBuckets(b)) return undefined;
  if (hasCustomBuckets(a)) {
    if (haveSameBounds(a, b)) return { a, b, areBoundsReconciled: false };
    const common = a.customBounds.filter((bound) => b.customBounds.includes(bound));
    return { a: withBounds(a, common), b: withBounds(b, common), areBoundsReconciled: true };
  }
  const [left, right] = withCommonZeroBucket(a, b);
  const schema = Math.min(a.schema, b.schema);
  return { a: withSchema(left, schema), b: withSchema(right, schema), areBoundsReconciled: false };
}

export function haveSameBounds(a: Histogram, b: Histogram): boolean {
  if (a.customBounds === b.customBounds) return true;
  const { length } = a.customBounds;
  return length === b.customBounds.length && a.customBounds.every((bound, i) => bound === b.customBounds[i]);
}

/** The histogram in a coarser (or the same) resolution. */
export function withSchema(histogram: Histogram, schema: number): Histogram {
  if (schema === histogram.schema) return histogram;
  const shift = histogram.schema - schema;
  // Adding 0 makes -0 the index that it is.
  const coarser = (index: number) => Math.ceil(index / 2 ** shift) + 0;
  return {
    ...histogram,
    schema,
    positive: regrouped(histogram.positive, coarser),
    negative: regrouped(histogram.negative, coarser),
  };
}

/** The histogram with some of its custom bounds only. */
function withBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  const newIndex = (index: number) => {
    const bound = upperBound(histogram, index);
    const at = bounds.findIndex((candidate) => candidate >= bound);
    return at === -1 ? bounds.length : at;
  };
  return { ...histogram, customBounds: bounds, positive: regrouped(histogram.positive, newIndex) };
}

/** Gives buckets new indices, which must not fall when the old ones rise; buckets that meet are added. */
function regrouped({ indices, counts }: Buckets, newIndex: (index: number) => number): Buckets {
  const newIndices: number[] = [];
  const newCounts: number[] = [];
  for (const [i, index] of indices.entries()) {
    const at = newIndex(index);
    if (newIndices.at(-1) === at) newCounts[newCounts.length - 1]! += counts[i]!;
    else {
      newIndices.push(at);
      newCounts.push(counts[i]!);
    }
  }
  return { indices: newIndices, counts: newCounts };
}

/** Widens the narrower zero bucket, and if that ends inside a populated bucket both, until they are equally wide. */
function withCommonZeroBucket(a: Histogram, b: Histogram): [Histogram, Histogram] {
  let left = a;
  let right = b;
  while (left.zeroThreshold !== right.zeroThreshold) {
    if (left.zeroThreshold < right.zeroThreshold) left = withZeroThreshold(left, right.zeroThreshold);
    else right = withZeroThreshold(right, left.zeroThreshold);
  }
  return [left, right];
}

/** The histogram with its zero bucket widened to at least `threshold`: further where that lies inside a populated bucket. */
export function withZeroThreshold(histogram: Histogram, threshold: number): Histogram {
  let zeroThreshold = threshold;
  for (let before = Number.NaN; before !== zeroThreshold; ) {
    before = zeroThreshold;
    for (const side of [histogram.positive, histogram.negative]) {
      for (const [i, index] of side.indices.entries()) {
        if (upperBound(histogram, index - 1) >= zeroThreshold) break;
        if (side.counts[i] !== 0) zeroThreshold = Math.max(zeroThreshold, upperBound(histogram, index));
      }
    }
  }
  return absorbedByZero(histogram, zeroThreshold);
}

/** Moves every bucket that begins below the threshold into the zero bucket. */
function absorbedByZero(histogram: Histogram, zeroThreshold: number): Histogram {
  let { zeroCount } = histogram;
  const outside = ({ indices, counts }: Buckets): Buckets => {
    const first = indices.findIndex((index) => upperBound(histogram, index - 1) >= zeroThreshold);
    const inside = first === -1 ? indices.length : first;
    for (let i = 0; i < inside; i++) zeroCount += counts[i]!;
    return inside === 0 ? { indices, counts } : { indices: indices.slice(inside), counts: counts.slice(inside) };
  };
  const positive = outside(histogram.positive);
  const negative = outside(histogram.negative);
  return { ...histogram, zeroThreshold, zeroCount, positive, negative };
}

export const NO_BUCKETS: Buckets = { indices: [], counts: [] };

/** A histogram without observations, in the layout of another. */
export function emptyLike({ schema, counterResetHint, zeroThreshold, customBounds }: Histogram): Histogram {
  return {
    schema,
    counterResetHint,
    count: 0,
    sum: 0,
    zeroThreshold,
    zeroCount: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customBounds,
  };
}

/** The histogram without buckets that count nothing. */
export function compact(histogram: Histogram): Histogram {
  const { positive, negative } = histogram;
  if (!positive.counts.includes(0) && !negative.counts.includes(0)) return histogram;
  return { ...histogram, positive: populated(positive), negative: populated(negative) };
}

function populated({ indices, counts }: Buckets): Buckets {
  return { indices: indices.filter((_, i) => counts[i] !== 0), counts: counts.filter((count) => count !== 0) };
}
