import type { Labels, Span } from '@tillwatch/model';
import { formatNumber } from '../format.ts';
import { fractionOfHistogram, quantileOfHistogram } from '../histogram/statistics.ts';
import type { Call } from '../parse/ast.ts';
import { forMetric, HISTOGRAM_NOTES } from './annotations.ts';
import { type Bucket, fractionOf, prepareBuckets, quantileOfBuckets } from './buckets.ts';
import { type Column, droppedName, floatsOf, hasAny, mergeEqual, newColumn, type Value, vectorOf } from './column.ts';
import { mapNative } from './histogram-statistics.ts';
import { quantileWarning } from './quantile.ts';
import { failSameLabels, type Run } from './run.ts';

/** The bucket series of one classic histogram, by upper bound. */
interface Histogram {
  readonly labels: Labels;
  /** Identifies the series of a native histogram of the same name and labels. */
  readonly key: string;
  readonly name: string;
  readonly dropName: boolean;
  readonly buckets: { readonly upperBound: number; readonly column: Column }[];
  /** Steps at which it is not to be read. */
  readonly hidden: Set<number>;
}

/** `histogram_quantile` of classic histograms: series with `le` that are equal otherwise make up one. */
export function histogramQuantile(run: Run, call: Call, q: Float64Array, columns: readonly Column[]): Value {
  warnOfQuantiles(run, q, call.args[0]!.span);
  const at = call.args[1]!.span;
  const { classic, native } = sortOut(run, columns, at);
  const out = [
    ...classic.map((histogram) => quantileColumn(run, call, histogram, q, at)),
    ...native.map((column) => nativeQuantileColumn(run, column, q, at)),
  ];
  return vectorOf(mergeEqual(out, () => failSameLabels(call.span)));
}

/** `histogram_quantiles`: several quantiles at once, told apart by a label. */
export function histogramQuantiles(
  run: Run,
  call: Call,
  columns: readonly Column[],
  label: string,
  quantiles: readonly Float64Array[],
): Value {
  const at = call.args[0]!.span;
  const { classic, native } = sortOut(run, columns, at);
  const out: Column[] = [];
  for (const [i, q] of quantiles.entries()) {
    warnOfQuantiles(run, q, call.args[i + 2]!.span);
    const all = [
      ...classic.map((histogram) => quantileColumn(run, call, histogram, q, at)),
      ...native.map((column) => nativeQuantileColumn(run, column, q, at)),
    ];
    for (const value of new Set(q)) {
      const labelled = (column: Column) => withQuantile(column, label, q, value);
      out.push(...all.map(labelled).filter(hasAny));
    }
  }
  return vectorOf(mergeEqual(out, () => failSameLabels(call.span)));
}

/** The steps of a column at which the quantile is `value`, with a label that says so. */
function withQuantile(column: Column, label: string, q: Float64Array, value: number): Column {
  const present = column.present.map((there, k) => (Object.is(q[k], value) ? there : 0));
  return { ...column, present, labels: column.labels.with(label, formatQuantile(value)) };
}

/** Quantiles in labels are written as OpenMetrics does: a whole number with a fraction. */
function formatQuantile(q: number): string {
  return Number.isInteger(q) ? `${formatNumber(q)}.0` : formatNumber(q);
}

function warnOfQuantiles(run: Run, q: Float64Array, span: Span): void {
  for (const value of q) {
    const warning = quantileWarning(value);
    if (warning !== undefined) run.annotations.warn(warning, span);
  }
}

function quantileColumn(run: Run, call: Call, histogram: Histogram, q: Float64Array, at: Span): Column {
  run.tick(call.span);
  const column = newColumn(histogram.labels, q.length, histogram.dropName);
  for (let k = 0; k < q.length; k++) {
    const buckets = bucketsAt(histogram, k);
    if (buckets.length === 0) continue;
    const prepared = prepareBuckets(buckets);
    column.values[k] = quantileOfBuckets(q[k]!, prepared.buckets);
    column.present[k] = 1;
    if (prepared.wasForced && q[k]! >= 0 && q[k]! <= 1) noteForced(run, histogram.name, at);
  }
  return column;
}

function noteForced(run: Run, name: string, at: Span): void {
  const manual = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile';
  run.annotations.info(
    `input to histogram_quantile needed to be fixed for monotonicity (see ${manual})${forMetric(name)}`,
    at,
  );
}

/** `histogram_fraction` of classic histograms: the share of observations between two bounds. */
export function histogramFraction(
  run: Run,
  call: Call,
  lower: Float64Array,
  upper: Float64Array,
  columns: readonly Column[],
): Value {
  const at = call.args[2]!.span;
  const { classic, native } = sortOut(run, columns, at);
  const fractions = classic.map((histogram) => {
    run.tick(call.span);
    const column = newColumn(histogram.labels, lower.length, histogram.dropName);
    for (let k = 0; k < lower.length; k++) {
      const buckets = bucketsAt(histogram, k);
      if (buckets.length === 0) continue;
      column.values[k] = fractionOf(lower[k]!, upper[k]!, prepareBuckets(buckets).buckets);
      column.present[k] = 1;
    }
    return column;
  });
  const nativeFractions = native.map((column) =>
    mapNative(run, column, call.span, (histogram, k) => {
      if (Number.isNaN(histogram.sum)) run.annotations.info(HISTOGRAM_NOTES.nanFraction(column.labels.metricName), at);
      return fractionOfHistogram(lower[k]!, upper[k]!, histogram);
    }),
  );
  return vectorOf(mergeEqual([...fractions, ...nativeFractions], () => failSameLabels(call.span)));
}

function nativeQuantileColumn(run: Run, column: Column, q: Float64Array, at: Span): Column {
  const name = column.labels.metricName;
  return mapNative(run, column, at, (histogram, k) => {
    const { value, nanEffect } = quantileOfHistogram(q[k]!, histogram);
    if (nanEffect === 'result') run.annotations.info(HISTOGRAM_NOTES.nanResult(name), at);
    if (nanEffect === 'skew') run.annotations.info(HISTOGRAM_NOTES.nanSkew(name), at);
    return value;
  });
}

/**
 * Tells native histograms from the buckets of classic ones. Where a series has both at the same step, nothing can be said of
 * either.
 */
function sortOut(run: Run, columns: readonly Column[], at: Span): { classic: Histogram[]; native: Column[] } {
  const native = columns.filter(({ histograms }) => histograms !== undefined);
  const classic = histogramsOf(run, floatsOf(columns), at);
  if (native.length === 0) return { classic, native: [] };
  const byKey = new Map(classic.map((histogram) => [histogram.key, histogram]));
  const kept = native.map((column) => {
    const rival = byKey.get(column.labels.key);
    return rival === undefined ? column : withoutConflicts(run, column, rival, at);
  });
  return { classic, native: kept };
}

function withoutConflicts(run: Run, column: Column, rival: Histogram, at: Span): Column {
  const present = column.present.slice();
  for (let k = 0; k < present.length; k++) {
    if (present[k] === 0 || column.histograms![k] === undefined || bucketsAt(rival, k).length === 0) continue;
    run.annotations.warn(HISTOGRAM_NOTES.mixedWithClassic(rival.name), at);
    present[k] = 0;
    rival.hidden.add(k);
  }
  return { ...column, present };
}

function histogramsOf(run: Run, columns: readonly Column[], at: Span): Histogram[] {
  const histograms = new Map<string, Histogram>();
  for (const column of columns) {
    const le = column.labels.get('le');
    const upperBound = readBound(le);
    if (upperBound === undefined) {
      const text = `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)}`;
      run.annotations.warn(text + forMetric(column.labels.metricName), at);
      continue;
    }
    const key = column.labels.without(['le']).key;
    let histogram = histograms.get(key);
    if (histogram === undefined) {
      const named = droppedName(run, column.labels.without(['le']));
      histogram = { ...named, key, name: column.labels.metricName, buckets: [], hidden: new Set() };
      histograms.set(key, histogram);
    }
    histogram.buckets.push({ upperBound, column });
  }
  const all = [...histograms.values()];
  for (const { buckets } of all) buckets.sort((a, b) => a.upperBound - b.upperBound);
  return all;
}

function bucketsAt({ buckets, hidden }: Histogram, step: number): Bucket[] {
  const there: Bucket[] = [];
  if (hidden.has(step)) return there;
  for (const { upperBound, column } of buckets) {
    if (column.present[step] === 1) there.push({ upperBound, count: column.values[step]! });
  }
  return there;
}

function readBound(le: string): number | undefined {
  if (/^[+]?inf(?:inity)?$/i.test(le)) return Number.POSITIVE_INFINITY;
  if (/^-inf(?:inity)?$/i.test(le)) return Number.NEGATIVE_INFINITY;
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(le) ? Number(le) : undefined;
}
