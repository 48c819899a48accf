// An aggregation over a hundred thousand series takes hundreds of milliseconds. Whoever evaluates beside other work does the part of it that
// goes series by series in slices, with other work in between, and the rest at once.
import type { Aggregate, Expr } from '../parse/ast.ts';
import { visit } from '../visit.ts';
import { type EvalContext, Run } from './run.ts';
import { foldSeries } from './streamed-aggregate.ts';
import type { Timeline } from './timeline.ts';

/** The beginning of an evaluation, to be given to the evaluation of the same expression at the same time as `prepared`. */
export class Preparation {
  readonly expr: Expr;
  readonly timeMs: number;
  /** The evaluation as far as it got. */
  readonly run: Run;
  readonly timeline: Timeline;

  constructor(expr: Expr, timeMs: number, context: EvalContext) {
    this.expr = expr;
    this.timeMs = timeMs;
    this.timeline = { startMs: timeMs, stepMs: 0, count: 1 };
    this.run = new Run(context, this.timeline, timeMs);
    this.run.findSummaryReaders(expr);
  }
}

/**
 * Does what takes long of an evaluation at one moment, yielding after every few thousand series. In between samples may be stored;
 * they are no part of the answer unless they are older than the moment. @throws {QueryError}
 */
export function* prepareInstant(expr: Expr, timeMs: number, context: EvalContext): Generator<void, Preparation> {
  const preparation = new Preparation(expr, timeMs, context);
  const { run, timeline } = preparation;
  for (const aggregate of aggregatesOf(expr)) {
    run.prepared.set(aggregate, yield* foldSeries(run, aggregate, timeline));
  }
  return preparation;
}

/** The aggregations that are evaluated at the very moment: those of subqueries are at others. */
function aggregatesOf(expr: Expr): Aggregate[] {
  const found: Aggregate[] = [];
  visit(expr, (node) => {
    if (node.kind === 'aggregate') found.push(node);
    return node.kind !== 'subquery';
  });
  return found;
}
