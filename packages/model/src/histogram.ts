/**
 * What a native histogram knows about its relation to the sample before it: whether a counter was reset in between, that it
 * was not, that it is a gauge (which may fall), or nothing.
 */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** The schema of histograms whose bounds are listed (`customBounds`) instead of being powers of a base. */
export const CUSTOM_BUCKETS_SCHEMA = -53;

/**
 * Buckets by their index, ascending; both arrays have the same length. A count of 0 is the same as no bucket, except that two
 * histograms are equal only when they list the same buckets.
 */
export interface Buckets {
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A native histogram with float counts; never changed once made, so it may be shared.
 *
 * Schemas -4 to 8 are exponential: the positive bucket `i` is (b^(i-1), b^i] with b = 2^(2^-schema), the negative bucket `i` is
 * its mirror image, and the zero bucket [-zeroThreshold, zeroThreshold] lies between. Schema -53 has `customBounds` (upper
 * bounds, ascending, without +Inf): its bucket `i` ends at `customBounds[i]`, the one behind the last bound at +Inf, and there
 * are neither negative buckets nor a zero bucket. Observations of NaN are in `count` and in no bucket.
 */
export interface Histogram {
  readonly schema: number;
  readonly counterResetHint: CounterResetHint;
  readonly count: number;
  readonly sum: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  readonly customBounds: readonly number[];
}
