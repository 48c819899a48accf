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

/** What can be asked for series. Implemented by the store, by a client of another Prometheus, and by fakes in tests. */
export interface Queryable {
  /**
   * Yields every series that satisfies all `matchers` and has a sample in [fromMs, toMs], both ends included,
   * in label order (`compareLabels`). The arrays of a series are valid until the next one is requested: copy what you keep.
   * Only `timestampsMs` may be kept, since it is never written again.
   * `windows` allow to leave out samples that lie in none of them, and series that have no others.
   */
  select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series>;

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
