import type { Histogram } from './histogram.ts';
import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';

/**
 * One series with its samples, oldest first, timestamps strictly ascending. `timestampsMs` and `values` have the same length.
 * Series that were appended together may share one `timestampsMs` array (the same object): readers use that to find
 * windows once for all of them. Staleness markers are in `values`; test for them with `isStaleAt`, since a marker is a NaN.
 */
export interface Series {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /**
   * Native histograms, when the series has any: where `histograms[i]` is there, it is the sample and `values[i]` means
   * nothing. As long as `values`.
   */
  readonly histograms?: readonly (Histogram | undefined)[] | undefined;
  /** When each sample's counting began, in ms since the epoch; 0 where that is not known. As long as `values`. */
  readonly startTimestampsMs?: Float64Array | undefined;
}

/**
 * What a reader looks at: the windows (t - rangeMs, t] at t = toMs, toMs - stepMs, toMs - 2 * stepMs and so on. Both are above 0.
 */
export interface ReadWindows {
  readonly stepMs: number;
  readonly rangeMs: number;
}

/**
 * One series of finite numbers of which not all values are needed, such as a counter. Valid until the next is requested, except
 * for `timestampsMs`, of which the same holds as in `Series`.
 */
export interface CounterSeries {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  /**
   * Looks at windows of samples, `lo[k]` up to `hi[k]` (excluded) of `timestampsMs`; both only rise. For each window of two samples
   * or more it puts the first value in `first[k]`, and in `change[k]` how much the counter rose to the last: their difference, and
   * what it was before each fall in between added back. Other places are left as they are.
   */
  changes(lo: Int32Array, hi: Int32Array, first: Float64Array, change: Float64Array): void;
}

/** What can be asked for series. Implemented by the store, by a client of another Prometheus, and by fakes in tests. */
export interface Queryable {
  /**
   * Yields every series that satisfies all `matchers` and has a sample in [fromMs, toMs], both ends included,
   * in label order (`compareLabels`). The arrays of a series are valid until the next one is requested: copy what you keep.
   * Only `timestampsMs` may be kept, since it is never written again.
   * `windows` allow to leave out samples that lie in none of them, and series that have no others.
   */
  select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series>;

  /**
   * As `select`, for those who want to know of counters how much they rose. Series that are not finite numbers throughout are
   * yielded as they are. Not every store can do it.
   */
  selectCounters?(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<CounterSeries | Series>;

  /** The label sets of what `select` would yield, without reading samples. */
  selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels>;

  /** Every label name of series with samples in [fromMs, toMs], sorted. */
  labelNames(fromMs: number, toMs: number): string[];

  /** Every value of one label among series with samples in [fromMs, toMs], sorted. */
  labelValues(name: string, fromMs: number, toMs: number): string[];
}

/** The bits of Prometheus's staleness marker, a NaN that says "this series ends here". */
const STALE_BITS = 0x7ff0_0000_0000_0002n;

/** A value for `values[i]` cannot carry NaN bits safely through JavaScript numbers, so markers are written in place. */
export function writeStaleAt(values: Float64Array, index: number): void {
  new BigUint64Array(values.buffer, values.byteOffset, values.length)[index] = STALE_BITS;
}

/** Is the value at `index` the staleness marker (not just any NaN)? */
export function isStaleAt(values: Float64Array, index: number): boolean {
  const value = values[index];
  // Only a NaN differs from itself; everything else is decided without looking at the bits.
  if (value === value) return false;
  return new BigUint64Array(values.buffer, values.byteOffset, values.length)[index] === STALE_BITS;
}
