// Most rules and most panels of a dashboard sum up many series, or their rates, to few. They go straight into the sums: neither a
// column nor a label set is made of a series that is not seen in the end.
import type { CounterSeries } from '@tillwatch/model';
import type { Aggregate, Expr } from '../parse/ast.ts';
import { type Column, type Value, vectorOf } from './column.ts';
import { type Fold, type FoldOp, newFold } from './folds.ts';
import { counterColumns } from './range-functions.ts';
import type { Run } from './run.ts';
import { type RawSeries, selectorColumns } from './select.ts';
import type { Timeline } from './timeline.ts';

const STREAMED: ReadonlySet<string> = new Set<FoldOp>(['sum', 'count', 'group', 'min', 'max']);

/** So many series are folded at once, which takes some ten milliseconds at one step. */
const SERIES_PER_SLICE = 4_096;

/** The same as `foldSeries`, at once. */
export function aggregateSeries(run: Run, expr: Aggregate, timeline: Timeline): Value | undefined {
  const folding = foldSeries(run, expr, timeline);
  for (;;) {
    const next = folding.next();
    if (next.done === true) return next.value;
  }
}

/**
 * An aggregation of a selector, of `rate` or of `increase`, as `evaluateAggregate` gives it; `undefined` where that needs the column
 * of each series: when there are native histograms, when two series may become equal by losing their names, or when the store does not
 * tell counters. It yields now and then.
 */
export function* foldSeries(run: Run, expr: Aggregate, timeline: Timeline): Generator<void, Value | undefined> {
  if (!isStreamed(expr) || run.isNameRemovalDelayed) return undefined;
  const inner = withoutParens(expr.expr);
  const plan = run.plans.groupsOf(expr, inner.kind === 'vectorSelector');
  if (plan.isAmbiguous) return undefined;
  const source = columnsOf(run, inner, timeline);
  if (source === undefined) return undefined;

  const folds: (Fold | undefined)[] = [];
  const found: Fold[] = [];
  let series = 0;
  let columns = 0;
  for (const stored of source.series) {
    const group = plan.groupOf(series++, stored.labels);
    const column = source.columnOf(stored);
    if (column === undefined) continue;
    if (column.histograms !== undefined) return undefined;
    let fold = folds[group];
    if (fold === undefined) {
      fold = newFold(expr.op, plan.labelsOf(group), timeline.count, false);
      folds[group] = fold;
      found.push(fold);
    }
    fold.add(column.values, column.present);
    columns++;
    if (series % SERIES_PER_SLICE === 0) yield;
  }
  plan.finish(series, found.length);
  if (plan.isAmbiguous) return undefined;
  run.countSamples(columns * timeline.count, inner.span);
  run.countSamples(found.length * timeline.count, expr.span);
  return vectorOf(found.map((fold) => fold.finish()));
}

function isStreamed(expr: Aggregate): expr is Aggregate & { readonly op: FoldOp } {
  return STREAMED.has(expr.op);
}

function withoutParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? withoutParens(expr.expr) : expr;
}

/** Series of an expression, and the column of each, valid until the next is asked for. */
interface Columns<Stored> {
  readonly series: Iterable<Stored>;
  columnOf(series: Stored): Column | undefined;
}

function columnsOf(run: Run, expr: Expr, timeline: Timeline): Columns<RawSeries | CounterSeries> | undefined {
  if (expr.kind === 'call') return counterColumns(run, expr, timeline);
  if (expr.kind !== 'vectorSelector') return undefined;
  // It gives no counters, so it is asked for columns of none.
  return selectorColumns(run, expr, timeline) as Columns<RawSeries | CounterSeries> | undefined;
}
