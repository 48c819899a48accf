// Most rules and most panels of a dashboard sum up the rates of many series to few. Where the store tells counters, rates go
// straight into the sums: neither a column nor a label set is made of a series that is not seen in the end.
import type { Aggregate, Call, Expr } from '../parse/ast.ts';
import { type Value, vectorOf } from './column.ts';
import { type Fold, type FoldOp, newFold } from './folds.ts';
import { counterColumns } from './range-functions.ts';
import type { Run } from './run.ts';
import type { Timeline } from './timeline.ts';

const STREAMED: ReadonlySet<string> = new Set<FoldOp>(['sum', 'count', 'group', 'min', 'max']);

/** So many series are folded at once, which takes some ten milliseconds at one step. */
const SERIES_PER_SLICE = 4_096;

/** The same as `foldCounters`, at once. */
export function aggregateCounters(run: Run, expr: Aggregate, timeline: Timeline): Value | undefined {
  const folding = foldCounters(run, expr, timeline);
  for (;;) {
    const next = folding.next();
    if (next.done === true) return next.value;
  }
}

/**
 * An aggregation of `rate` or `increase`, as `evaluateAggregate` gives it; `undefined` where that needs the column of each series:
 * when there are native histograms, or when two series may become equal by losing their names. It yields now and then.
 */
export function* foldCounters(run: Run, expr: Aggregate, timeline: Timeline): Generator<void, Value | undefined> {
  if (!isStreamed(expr) || run.isNameRemovalDelayed) return undefined;
  const call = callBelow(expr.expr);
  const plan = call && run.plans.groupsOf(expr);
  if (call === undefined || plan === undefined || plan.isAmbiguous) return undefined;
  const rates = counterColumns(run, call, timeline);
  if (rates === undefined) return undefined;

  const folds: (Fold | undefined)[] = [];
  const found: Fold[] = [];
  let series = 0;
  let columns = 0;
  for (const stored of rates.series) {
    const group = plan.groupOf(series++, stored.labels);
    const column = rates.columnOf(stored);
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
  run.countSamples(columns * timeline.count, call.span);
  run.countSamples(found.length * timeline.count, expr.span);
  return vectorOf(found.map((fold) => fold.finish()));
}

function isStreamed(expr: Aggregate): expr is Aggregate & { readonly op: FoldOp } {
  return STREAMED.has(expr.op);
}

function callBelow(expr: Expr): Call | undefined {
  if (expr.kind === 'paren') return callBelow(expr.expr);
  return expr.kind === 'call' ? expr : undefined;
}
