import { invariant, type Span } from '@tillwatch/model';
import type { Call, Expr, MatrixSelector, Subquery } from '../parse/ast.ts';
import {
  type Column,
  droppedName,
  expectScalar,
  expectVector,
  mergeEqual,
  newColumn,
  type Value,
  vectorOf,
} from './column.ts';
import { extendedKernel } from './extended-range.ts';
import { evaluateNode } from './node.ts';
import { goNumber, quantileWarning } from './quantile.ts';
import { type Kernel, rangeKernel } from './range-kernels.ts';
import { failExecution, failSameLabels, type Run } from './run.ts';
import { type RawSeries, rangeMsOf, selectSeries, shifted, withoutStale } from './select.ts';
import { endOf, type Timeline } from './timeline.ts';
import { WindowFinder } from './windows.ts';

/** Series and the windows in which a range function is to look at them. */
export interface RangeVector {
  readonly series: readonly RawSeries[];
  /** Window k ends at step k of this timeline, end included. */
  readonly times: Timeline;
  readonly rangeMs: number;
}

const KEEPS_NAME = new Set(['first_over_time', 'last_over_time']);

/** Evaluates a function of a range vector that makes one number of each window. */
export function evaluateRangeFunction(run: Run, call: Call, timeline: Timeline): Value {
  const at = rangeArgument(call);
  const matrix = call.args[at] as Expr;
  const params = call.args.filter((_, i) => i !== at).map((arg) => expectScalar(evaluateNode(run, arg, timeline)));
  checkParams(run, call, params);

  const extension = extensionOf(matrix);
  const kernel = extension === undefined ? rangeKernel(call.func) : extendedKernel(call.func, extension);
  if (kernel === undefined) failExtension(call, extension as string);
  const beyondMs = extension === undefined ? 0 : run.lookbackMs;
  const range = evaluateRange(run, matrix, timeline, beyondMs, extension === 'smoothed' ? run.lookbackMs : 0);
  return vectorOf(applyKernel(run, call, kernel as Kernel, range, timeline, params));
}

function applyKernel(
  run: Run,
  call: Call,
  kernel: Kernel,
  { series, times, rangeMs }: RangeVector,
  timeline: Timeline,
  params: readonly Float64Array[],
): readonly Column[] {
  const finder = new WindowFinder(times, rangeMs);
  const columns: Column[] = [];
  const span = call.args[rangeArgument(call)]!.span;
  for (const stored of series) {
    run.tick(call.span);
    const { labels, timestampsMs, values, dropName } = withoutStale(stored);
    const { lo, hi } = finder.find(timestampsMs);
    const named = KEEPS_NAME.has(call.func) ? { labels, dropName } : droppedName(run, labels);
    const column = newColumn(named.labels, timeline.count, named.dropName);
    const { values: out, present } = column;
    kernel({
      timestampsMs,
      values,
      lo,
      hi,
      times,
      rangeMs,
      lookbackMs: run.lookbackMs,
      evaluation: timeline,
      out,
      present,
      params,
    });
    if (call.func === 'rate' || call.func === 'increase') noteIfNoCounter(run, labels.metricName, lo, hi, span);
    if (present.includes(1)) columns.push(column);
  }
  run.countSamples(columns.length * timeline.count, call.span);
  return mergeEqual(columns, () => failSameLabels(call.span));
}

function noteIfNoCounter(run: Run, name: string, lo: Int32Array, hi: Int32Array, span: Span): void {
  if (name === '' || /_(?:total|sum|count|bucket)$/.test(name)) return;
  if (!hi.some((end, k) => end > lo[k]!)) return;
  const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket';
  run.annotations.info(`${text}: ${JSON.stringify(name)}`, span);
}

function rangeArgument(call: Call): number {
  const at = call.args.findIndex((arg) => isRange(arg));
  invariant(at !== -1, 'a range function has a range vector among its arguments');
  return at;
}

function isRange(expr: Expr): boolean {
  return expr.kind === 'paren' ? isRange(expr.expr) : expr.kind === 'matrixSelector' || expr.kind === 'subquery';
}

function extensionOf(expr: Expr): 'anchored' | 'smoothed' | undefined {
  if (expr.kind === 'paren') return extensionOf(expr.expr);
  return expr.kind === 'matrixSelector' ? expr.selector.extension : undefined;
}

const EXTENDABLE = { anchored: 'changes, delta, increase, rate, resets', smoothed: 'delta, increase, rate' };

function failExtension(call: Call, extension: string): never {
  const allowed = EXTENDABLE[extension as keyof typeof EXTENDABLE];
  return failExecution(`${extension} modifier can only be used with: ${allowed} - not with ${call.func}`, call.span);
}

function checkParams(run: Run, call: Call, params: readonly Float64Array[]): void {
  if (call.func === 'quantile_over_time') {
    for (const q of params[0]!) {
      const warning = quantileWarning(q);
      if (warning !== undefined) run.annotations.warn(warning, call.args[0]!.span);
    }
  }
  if (call.func !== 'double_exponential_smoothing') return;
  for (const [i, name] of ['smoothing', 'trend'].entries()) {
    const wrong = params[i]!.find((factor) => factor <= 0 || factor >= 1);
    if (wrong !== undefined) {
      failExecution(
        `invalid ${name} factor. Expected: 0 < ${name[0] === 's' ? 'sf' : 'tf'} < 1, got: ${goNumber(wrong)}`,
        call.args[i + 1]!.span,
      );
    }
  }
}

/** Reads a range vector. `beforeMs` and `afterMs` widen what is read (not the windows) at both ends. */
export function evaluateRange(run: Run, expr: Expr, timeline: Timeline, beforeMs = 0, afterMs = 0): RangeVector {
  if (expr.kind === 'paren') return evaluateRange(run, expr.expr, timeline, beforeMs, afterMs);
  if (expr.kind === 'subquery') return evaluateSubquery(run, expr, timeline);
  invariant(expr.kind === 'matrixSelector', 'the parser lets only range vectors get here');
  return readRange(run, expr, timeline, beforeMs, afterMs);
}

function readRange(run: Run, expr: MatrixSelector, timeline: Timeline, beforeMs: number, afterMs: number): RangeVector {
  const times = shifted(run, timeline, expr.selector);
  const rangeMs = rangeMsOf(run, expr.rangeMs, expr.rangeExpr);
  const { matchers } = expr.selector;
  const series = selectSeries(run, matchers, times.startMs - rangeMs - beforeMs, endOf(times) + afterMs, expr.span);
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
  return columns.map(({ labels, values, present, dropName }) => {
    if (!present.includes(0)) return { labels, dropName, timestampsMs: all, values, mayBeStale: false };
    return {
      labels,
      dropName,
      mayBeStale: false,
      timestampsMs: all.filter((_, k) => present[k] === 1),
      values: values.filter((_, k) => present[k] === 1),
    };
  });
}
