import type { Histogram } from './histogram.ts';
import type { Labels } from './labels.ts';

/** One element of an instant vector. */
export interface VectorSample {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  /** A native histogram; where it is there, `value` is NaN and means nothing. */
  readonly histogram?: Histogram | undefined;
}

/** One series of a range query's answer; `timestampsMs[i]` belongs to `values[i]`. */
export interface RangeSeries {
  readonly labels: Labels;
  readonly timestampsMs: readonly number[] | Float64Array;
  readonly values: readonly number[] | Float64Array;
  /** Native histograms, when there are any: where `histograms[i]` is there, `values[i]` means nothing. As long as `values`. */
  readonly histograms?: readonly (Histogram | undefined)[] | undefined;
}

/**
 * PromQL asked of somebody: the embedded engine, or a Prometheus-compatible server over HTTP. Scalars come back as one
 * element without labels. Rejects with an `Error` whose message can be shown when the query cannot be answered.
 */
export interface Querier {
  instant(expr: string, atMs: number): Promise<readonly VectorSample[]>;
  range(expr: string, startMs: number, endMs: number, stepMs: number): Promise<readonly RangeSeries[]>;
}
