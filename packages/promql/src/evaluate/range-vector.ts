import { type Histogram, invariant } from '@tillwatch/model';
import type { Expr, MatrixSelector, Subquery } from '../parse/ast.ts';
import { type Column, expectVector } from './column.ts';
import { evaluateNode } from './node.ts';
import type { Run } from './run.ts';
import { eachSeries, type RawSeries, rangeMsOf, selectSeries, shifted, windowsOf } from './select.ts';
import { endOf, type Timeline } from './timeline.ts';

/** Series and the windows in which a range function is to look at them. */
export interface RangeVector {
  readonly series: Iterable<RawSeries>;
  /** Window k ends at step k of this timeline, end included. */
  readonly times: Timeline;
  readonly rangeMs: number;
}

/** Reads a range vector. `beforeMs` and `afterMs` widen what is read (not the windows) at both ends. */
export function evaluateRange(
  run: Run,
  expr: Expr,
  timeline: Timeline,
  beforeMs = 0,
  afterMs = 0,
  isStreamed = false,
): RangeVector {
  if (expr.kind === 'paren') return evaluateRange(run, expr.expr, timeline, beforeMs, afterMs, isStreamed);
  if (expr.kind === 'subquery') return evaluateSubquery(run, expr, timeline);
  invariant(expr.kind === 'matrixSelector', 'the parser lets only range vectors get here');
  return readRange(run, expr, timeline, beforeMs, afterMs, isStreamed);
}

function readRange(
  run: Run,
  expr: MatrixSelector,
  timeline: Timeline,
  beforeMs: number,
  afterMs: number,
  isStreamed: boolean,
): RangeVector {
  const times = shifted(run, timeline, expr.selector);
  const rangeMs = rangeMsOf(run, expr.rangeMs, expr.rangeExpr);
  const { matchers } = expr.selector;
  const fromMs = times.startMs - rangeMs - beforeMs;
  const isSummary = run.readsSummariesOnly(expr.selector);
  const toMs = endOf(times) + afterMs;
  // Whoever looks beyond the windows looks at neighbours, wherever they are.
  const windows = beforeMs === 0 && afterMs === 0 ? windowsOf(times, rangeMs) : undefined;
  const series =
    isStreamed && !isSummary
      ? eachSeries(run, expr.selector, fromMs, toMs, expr.span, windows)
      : selectSeries(run, matchers, fromMs, toMs, expr.span, windows, isSummary);
  return { series, times, rangeMs };
}

/** Evaluates the inner expression at every multiple of the subquery's step that some window covers. */
function evaluateSubquery(run: Run, expr: Subquery, timeline: Timeline): RangeVector {
  const times = shifted(run, timeline, expr);
  const rangeMs = rangeMsOf(run, expr.rangeMs, expr.rangeExpr);
  const asked = rangeMsOf(run, expr.stepMs, expr.stepExpr);
  const stepMs = asked === 0 ? run.defaultStepMs : asked;
  const afterMs = times.startMs - rangeMs;
  let startMs = Math.trunc(afterMs / stepMs) * stepMs;
  if (startMs <= afterMs) startMs += stepMs;
  const count = Math.floor((endOf(times) - startMs) / stepMs) + 1;
  if (count <= 0) return { series: [], times, rangeMs };

  run.countSamples(count, expr.span);
  const inner: Timeline = { startMs, stepMs, count };
  const columns = expectVector(evaluateNode(run, expr.expr, inner));
  return { series: columnsToSeries(columns, inner), times, rangeMs };
}

function columnsToSeries(columns: readonly Column[], inner: Timeline): RawSeries[] {
  const all = Float64Array.from({ length: inner.count }, (_, k) => inner.startMs + k * inner.stepMs);
  return columns.map(({ labels, values, present, dropName, histograms: found }) => {
    const histograms = found?.map(resampled);
    if (!present.includes(0)) return { labels, dropName, timestampsMs: all, values, histograms, mayBeStale: false };
    const isThere = (_: unknown, k: number) => present[k] === 1;
    return {
      labels,
      dropName,
      mayBeStale: false,
      timestampsMs: all.filter(isThere),
      values: values.filter(isThere),
      histograms: histograms?.filter(isThere),
    };
  });
}

/** Neighbours in a subquery were not neighbours when they were stored: what they said about resets is void. */
function resampled(histogram: Histogram | undefined): Histogram | undefined {
  if (histogram === undefined || histogram.counterResetHint === 'gauge') return histogram;
  return { ...histogram, counterResetHint: 'unknown' };
}
