import type { Buckets, Histogram } from '@tillwatch/model';
import { hasCustomBuckets } from './bounds.ts';
import { align, haveSameBounds, withSchema, withZeroThreshold } from './layout.ts';

/** Are the histograms the same, bucket by bucket and bit by bit? What they say about resets does not count. */
export function isEqualHistogram(a: Histogram, b: Histogram): boolean {
  if (a.schema !== b.schema || !Object.is(a.count, b.count) || !Object.is(a.sum, b.sum)) return false;
  if (hasCustomBuckets(a) ? !haveSameBounds(a, b) : a.zeroThreshold !== b.zeroThreshold) return false;
  return Object.is(a.zeroCount, b.zeroCount) && areEqual(a.positive, b.positive) && areEqual(a.negative, b.negative);
}

function areEqual(a: Buckets, b: Buckets): boolean {
  return (
    a.indices.length === b.indices.length &&
    a.indices.every((index, i) => index === b.indices[i] && Object.is(a.counts[i], b.counts[i]))
  );
}

/**
 * Was the counter reset between two neighbouring samples? The later one may say so itself; otherwise it was when anything
 * that only rises fell, or when the later one is finer than a histogram that went on could be.
 */
export function isHistogramReset(current: Histogram, previous: Histogram): boolean {
  if (current.counterResetHint === 'reset') return true;
  if (current.counterResetHint === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (hasCustomBuckets(current) !== hasCustomBuckets(previous)) return true;
  if (hasCustomBuckets(current)) {
    const { a, b } = align(current, previous)!;
    return hasFallen(a.positive, b.positive);
  }
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const wider = withZeroThreshold(previous, current.zeroThreshold);
  if (wider.zeroThreshold !== current.zeroThreshold || current.zeroCount < wider.zeroCount) return true;
  const before = withSchema(wider, current.schema);
  return hasFallen(current.positive, before.positive) || hasFallen(current.negative, before.negative);
}

function hasFallen(current: Buckets, previous: Buckets): boolean {
  let at = 0;
  return previous.indices.some((index, i) => {
    while (at < current.indices.length && current.indices[at]! < index) at++;
    const now = current.indices[at] === index ? current.counts[at]! : 0;
    return now < previous.counts[i]!;
  });
}
