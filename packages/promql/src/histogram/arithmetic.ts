import type { Buckets, CounterResetHint, Histogram } from '@tillwatch/model';
import { align, compact, emptyLike } from './layout.ts';

/** What became of two histograms that were put together. */
export interface Combined {
  readonly histogram: Histogram;
  /** Did one side say "reset" and the other "not reset"? Then the result says nothing. */
  readonly hasHintConflict: boolean;
  readonly areBoundsReconciled: boolean;
}

/** The sum of two histograms; `undefined` when one is exponential and the other has custom buckets. */
export function add(a: Histogram, b: Histogram): Combined | undefined {
  return combine(a, b, 1);
}

/** The difference of two histograms, a gauge; `undefined` when one is exponential and the other has custom buckets. */
export function subtract(a: Histogram, b: Histogram): Combined | undefined {
  return combine(a, b, -1);
}

function combine(a: Histogram, b: Histogram, sign: 1 | -1): Combined | undefined {
  const aligned = align(a, b);
  if (aligned === undefined) return undefined;
  const { a: left, b: right } = aligned;
  const hint = combinedHint(a.counterResetHint, b.counterResetHint);
  // Written out, since copying an object and changing it takes several times as long.
  const histogram = compact({
    schema: left.schema,
    counterResetHint: sign < 0 ? 'gauge' : (hint ?? 'unknown'),
    count: left.count + sign * right.count,
    sum: left.sum + sign * right.sum,
    zeroThreshold: left.zeroThreshold,
    zeroCount: left.zeroCount + sign * right.zeroCount,
    positive: combineBuckets(left.positive, right.positive, sign),
    negative: combineBuckets(left.negative, right.negative, sign),
    customBounds: left.customBounds,
  });
  return { histogram, hasHintConflict: hint === undefined, areBoundsReconciled: aligned.areBoundsReconciled };
}

/** What can be said of the sum of two histograms; `undefined` when they contradict each other. */
export function combinedHint(a: CounterResetHint, b: CounterResetHint): CounterResetHint | undefined {
  if (a === b) return a;
  if (a === 'gauge' || b === 'gauge') return 'gauge';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : undefined;
}

function combineBuckets(a: Buckets, b: Buckets, sign: 1 | -1): Buckets {
  const indices: number[] = [];
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.indices.length || j < b.indices.length) {
    const left = a.indices[i] ?? Number.POSITIVE_INFINITY;
    const right = b.indices[j] ?? Number.POSITIVE_INFINITY;
    indices.push(Math.min(left, right));
    let count = left <= right ? a.counts[i++]! : 0;
    if (right <= left) count += sign * b.counts[j++]!;
    counts.push(count);
  }
  return { indices, counts };
}

/** The histogram with everything it counts multiplied. What is negative then is a gauge. */
export function scale(histogram: Histogram, factor: number): Histogram {
  return mapCounts(histogram, (count) => count * factor, factor < 0);
}

/** The histogram with everything it counts divided. Divided by 0, it has no buckets left. */
export function divide(histogram: Histogram, divisor: number): Histogram {
  const divided = mapCounts(histogram, (count) => count / divisor, divisor < 0);
  if (divisor !== 0) return divided;
  const { count, sum, zeroCount } = divided;
  return { ...emptyLike(histogram), count, sum, zeroCount };
}

function mapCounts(histogram: Histogram, change: (count: number) => number, isNegative: boolean): Histogram {
  const mapped = ({ indices, counts }: Buckets): Buckets => ({ indices, counts: counts.map(change) });
  return compact({
    schema: histogram.schema,
    counterResetHint: isNegative ? 'gauge' : histogram.counterResetHint,
    count: change(histogram.count),
    sum: change(histogram.sum),
    zeroThreshold: histogram.zeroThreshold,
    zeroCount: change(histogram.zeroCount),
    positive: mapped(histogram.positive),
    negative: mapped(histogram.negative),
    customBounds: histogram.customBounds,
  });
}
