// `rate` and `increase` need of each window its first and its last value and what was lost at resets in between. A store that
// can tell these by themselves is asked for no more: how long the windows are, and how many samples lie between them, no longer
// matters then.
import type { CounterSeries } from '@tillwatch/model';
import type { Call, Expr, MatrixSelector } from '../parse/ast.ts';
import type { Column } from './column.ts';
import { fillRates, type WindowShapes, windowShapes } from './range-kernels.ts';
import { failExecution, type Run } from './run.ts';
import { type RawSeries, rangeMsOf, rawSeries, shifted } from './select.ts';
import { endOf, type Timeline } from './timeline.ts';
import type { Windows } from './windows.ts';

/** Series, some of them as counters, and the windows in which they are looked at; as `RangeVector`. */
export interface CounterRange {
  readonly series: Iterable<RawSeries | CounterSeries>;
  readonly times: Timeline;
  readonly rangeMs: number;
}

/** Reads a range vector for `rate` or `increase` from a store that tells counters; `undefined` where that is not possible. */
export function counterRange(run: Run, call: Call, matrix: Expr, timeline: Timeline): CounterRange | undefined {
  if (call.func !== 'rate' && call.func !== 'increase') return undefined;
  if (matrix.kind === 'paren') return counterRange(run, call, matrix.expr, timeline);
  if (matrix.kind !== 'matrixSelector' || matrix.selector.extension !== undefined) return undefined;
  if (run.queryable.selectCounters === undefined || run.readsSummariesOnly(matrix.selector)) return undefined;
  const times = shifted(run, timeline, matrix.selector);
  const rangeMs = rangeMsOf(run, matrix.rangeMs, matrix.rangeExpr);
  return { series: eachCounter(run, matrix, times, rangeMs), times, rangeMs };
}

function* eachCounter(
  run: Run,
  { selector: { matchers }, span }: MatrixSelector,
  times: Timeline,
  rangeMs: number,
): Iterable<RawSeries | CounterSeries> {
  run.checkTime(span);
  const found = run.queryable.selectCounters?.(matchers, times.startMs - rangeMs + 1, endOf(times));
  for (const series of found ?? failExecution('the store tells no counters', span)) {
    run.countSeries(span);
    run.tick(span);
    yield 'changes' in series ? series : rawSeries(run, series, span);
  }
}

/** Makes columns of counters. What depends on windows only is worked out once for all series that share their timestamps. */
export class CounterRates {
  readonly #times: Timeline;
  readonly #rangeMs: number;
  readonly #isRate: boolean;
  readonly #first: Float64Array;
  readonly #change: Float64Array;
  readonly #shapes = new Map<Float64Array, WindowShapes>();

  constructor(times: Timeline, rangeMs: number, isRate: boolean) {
    this.#times = times;
    this.#rangeMs = rangeMs;
    this.#isRate = isRate;
    this.#first = new Float64Array(times.count);
    this.#change = new Float64Array(times.count);
  }

  /** Fills a column with the rates of a counter. */
  fill({ values, present }: Column, counter: CounterSeries, { lo, hi }: Windows): void {
    const { timestampsMs } = counter;
    let shapes = this.#shapes.get(timestampsMs);
    const scale = this.#isRate ? this.#rangeMs / 1000 : 1;
    if (shapes === undefined) {
      shapes = windowShapes(timestampsMs, lo, hi, this.#times, this.#rangeMs, scale);
      this.#shapes.set(timestampsMs, shapes);
    }
    counter.changes(lo, hi, this.#first, this.#change);
    fillRates(shapes, this.#first, this.#change, scale, values, present);
  }
}
