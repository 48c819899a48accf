import { compareLabels, invariant, Labels, type RangeSeries, type VectorSample } from '@tillwatch/model';
import type { Expr } from '../parse/ast.ts';
import { describeType, typeOf } from '../parse/type-of.ts';
import type { Annotation } from './annotations.ts';
import { type Column, mergeEqual, type Value, withoutMetadata } from './column.ts';
import { evaluateNode } from './node.ts';
import { Preparation } from './prepare.ts';
import { QueryError } from './query-error.ts';
import { evaluateRange as evaluateRangeVector } from './range-vector.ts';
import { type EvalContext, failSameLabels, Run } from './run.ts';
import { withoutStale } from './select.ts';
import { type Timeline, timeAt } from './timeline.ts';
import { WindowFinder } from './windows.ts';

/** The answer of an instant query. Timestamps are those of the query, except in a matrix, which has those of the samples. */
export type InstantValue =
  | { readonly type: 'vector'; readonly samples: readonly VectorSample[] }
  | { readonly type: 'scalar'; readonly timestampMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timestampMs: number; readonly value: string }
  | { readonly type: 'matrix'; readonly series: readonly RangeSeries[] };

/** An instant query's value, and what is worth knowing about it. */
export interface InstantResult {
  readonly value: InstantValue;
  readonly annotations: readonly Annotation[];
}

/** A range query's series, and what is worth knowing about them. */
export interface RangeResult {
  /** Sorted by labels; steps without a value have no entry. */
  readonly series: readonly RangeSeries[];
  readonly annotations: readonly Annotation[];
}

/** The steps of a range query: from `startMs` to at most `endMs`, both included. */
export interface QueryRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** More steps than this are refused: nobody can look at them, and each costs memory in every series. */
const MAX_STEPS = 1_000_000;

/**
 * Evaluates an expression at one moment.
 * @throws {QueryError} when it cannot be answered
 */
export function evaluateInstant(expr: Expr, timeMs: number, context: EvalContext): InstantResult {
  const { prepared } = context;
  const isPrepared = prepared?.expr === expr && prepared.timeMs === timeMs;
  const { run, timeline } = isPrepared ? prepared : new Preparation(expr, timeMs, context);
  const value =
    typeOf(expr) === 'matrix' ? matrixValue(run, expr, timeline) : instantValue(finish(run, expr, timeline), timeMs);
  return { value, annotations: run.annotations.list() };
}

/**
 * Evaluates an expression at every step of a range. Only scalars and instant vectors have a range.
 * @throws {QueryError} when it cannot be answered
 */
export function evaluateRange(expr: Expr, range: QueryRange, context: EvalContext): RangeResult {
  const type = typeOf(expr);
  if (type === 'matrix' || type === 'string') {
    const message = `invalid expression type ${JSON.stringify(describeType(type))} for range query, must be Scalar or instant Vector`;
    throw new QueryError('parse', message, expr.span);
  }
  const timeline = timelineOf(expr, range);
  const run = new Run(context, timeline, range.endMs);
  run.findSummaryReaders(expr);
  const value = finish(run, expr, timeline);
  const series = rangeSeries(value, timeline).sort((a, b) => compareLabels(a.labels, b.labels));
  return { series, annotations: run.annotations.list() };
}

function timelineOf(expr: Expr, { startMs, endMs, stepMs }: QueryRange): Timeline {
  if (!(stepMs > 0))
    throw new QueryError('execution', 'zero or negative query resolution step widths are not accepted', expr.span);
  if (endMs < startMs) throw new QueryError('execution', 'end timestamp must not be before start time', expr.span);
  const count = Math.floor((endMs - startMs) / stepMs) + 1;
  if (count > MAX_STEPS)
    throw new QueryError('limit', `the query has ${count} steps, at most ${MAX_STEPS} are evaluated`, expr.span);
  return { startMs, stepMs, count };
}

/** Evaluates the whole expression and drops the names that were left on until the end. */
function finish(run: Run, expr: Expr, timeline: Timeline): Value {
  const value = evaluateNode(run, expr, timeline);
  if (value.kind !== 'vector' || !value.columns.some((column) => column.dropName)) return value;
  const columns = value.columns.map((column) =>
    column.dropName ? { ...column, labels: withoutMetadata(column.labels), dropName: false } : column,
  );
  return { ...value, columns: mergeEqual(columns, () => failSameLabels(expr.span)) };
}

function instantValue(value: Value, timestampMs: number): InstantValue {
  switch (value.kind) {
    case 'scalar':
      return { type: 'scalar', timestampMs, value: value.values[0]! };
    case 'string':
      return { type: 'string', timestampMs, value: value.text };
    case 'vector': {
      const samples = value.columns
        .filter((column) => column.present[0] === 1)
        .map(({ labels, values, histograms }) => {
          const histogram = histograms?.[0];
          const sample = { labels, timestampMs, value: values[0]! };
          return histogram === undefined ? sample : { ...sample, value: Number.NaN, histogram };
        });
      return { type: 'vector', samples };
    }
  }
}

function rangeSeries(value: Value, timeline: Timeline): RangeSeries[] {
  const all = Float64Array.from({ length: timeline.count }, (_, k) => timeAt(timeline, k));
  if (value.kind === 'scalar') return [{ labels: Labels.empty, timestampsMs: all, values: value.values }];
  invariant(value.kind === 'vector', 'a range query has numbers or vectors');
  return value.columns.filter(({ present }) => present.includes(1)).map((column) => compact(column, all));
}

function compact({ labels, values, present, histograms }: Column, all: Float64Array): RangeSeries {
  if (!present.includes(0)) return { labels, timestampsMs: all, values, ...ifAny(histograms) };
  const isThere = (_: unknown, k: number) => present[k] === 1;
  const kept = ifAny(histograms?.filter(isThere));
  return { labels, timestampsMs: all.filter(isThere), values: values.filter(isThere), ...kept };
}

/** The field for histograms, when there are any. */
function ifAny(histograms: RangeSeries['histograms']): Pick<RangeSeries, 'histograms'> {
  return histograms?.some((histogram) => histogram !== undefined) === true ? { histograms } : {};
}

/** A range vector as it is: the samples of its one window. */
function matrixValue(run: Run, expr: Expr, timeline: Timeline): InstantValue {
  const { series, times, rangeMs } = evaluateRangeVector(run, expr, timeline);
  const finder = new WindowFinder(times, rangeMs);
  const out: RangeSeries[] = [];
  for (const stored of series) {
    const { labels, timestampsMs, values, histograms, dropName } = withoutStale(stored);
    const { lo, hi } = finder.find(timestampsMs);
    const [from, to] = [lo[0]!, hi[0]!];
    if (to <= from) continue;
    out.push({
      labels: dropName ? withoutMetadata(labels) : labels,
      timestampsMs: timestampsMs.subarray(from, to),
      values: values.subarray(from, to),
      ...ifAny(histograms?.slice(from, to)),
    });
  }
  return { type: 'matrix', series: out.sort((a, b) => compareLabels(a.labels, b.labels)) };
}
