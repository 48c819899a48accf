import type { Aggregate } from '../parse/ast.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import {
  type Column,
  expectScalar,
  expectString,
  expectVector,
  floatsOf,
  newColumn,
  type Value,
  vectorOf,
} from './column.ts';
import { countValues } from './count-values.ts';
import { type FoldOp, newFold } from './folds.ts';
import { type Group, groupColumns } from './grouping.ts';
import { withHistogramSums } from './histogram-aggregates.ts';
import { incrementalMean } from './incremental-mean.ts';
import { evaluateNode } from './node.ts';
import { quantileOf, quantileWarning } from './quantile.ts';
import type { Run } from './run.ts';
import { limitRatio, limitTo, topOf } from './selecting-aggregates.ts';
import { aggregateSeries } from './streamed-aggregate.ts';
import type { Timeline } from './timeline.ts';

/** Evaluates an aggregation: groups are formed once, then each is folded column by column. */
export function evaluateAggregate(run: Run, expr: Aggregate, timeline: Timeline): Value {
  const streamed = run.prepared.has(expr) ? run.prepared.get(expr) : aggregateSeries(run, expr, timeline);
  if (streamed !== undefined) return streamed;
  const param = expr.param === undefined ? undefined : evaluateNode(run, expr.param, timeline);
  const samples = expectVector(evaluateNode(run, expr.expr, timeline));
  const columns = HANDLE_HISTOGRAMS.has(expr.op) ? samples : floatsOf(samples, () => noteIgnored(run, expr));
  if (expr.op === 'count_values')
    return vectorOf(countValues(run, expr, expectString(param!), columns, timeline.count));

  const groups = groupColumns(run, expr, columns, expr.span);
  switch (expr.op) {
    case 'topk':
    case 'bottomk':
      return topOf(run, expr, groups, expectScalar(param!), timeline.count);
    case 'limitk':
      return limitTo(run, expr, groups, expectScalar(param!), timeline.count);
    case 'limit_ratio':
      return limitRatio(run, expr, groups, expectScalar(param!), timeline.count);
    case 'quantile':
      return vectorOf(quantile(run, expr, groups, expectScalar(param!)));
    default:
      break;
  }
  const foldGroup = FOLDS[expr.op];
  run.countSamples(groups.length * timeline.count, expr.span);
  return vectorOf(
    groups.map((group) => {
      const column = foldGroup(group, timeline.count);
      const { op } = expr;
      const isMixed =
        (op === 'sum' || op === 'avg') && group.members.some(({ histograms }) => histograms !== undefined);
      return isMixed ? withHistogramSums(run, expr, op, group, column) : column;
    }),
  );
}

/** Aggregations that take histograms as they are, or count them; the others pass over them and say so. */
const HANDLE_HISTOGRAMS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'group',
  'count_values',
  'limitk',
  'limit_ratio',
]);

function noteIgnored(run: Run, expr: Aggregate): void {
  run.annotations.info(HISTOGRAM_NOTES.ignoredInAggregation(expr.op), expr.expr.span);
}

type GroupFold = (group: Group, steps: number) => Column;

const FOLDS: Readonly<Record<FoldOp | 'avg' | 'stddev' | 'stdvar', GroupFold>> = {
  sum: (group, steps) => fold('sum', group, steps),
  avg: average,
  min: (group, steps) => fold('min', group, steps),
  max: (group, steps) => fold('max', group, steps),
  count: (group, steps) => fold('count', group, steps),
  group: (group, steps) => fold('group', group, steps),
  stddev: (group, steps) => variance(group, steps, Math.sqrt),
  stdvar: (group, steps) => variance(group, steps, (value) => value),
};

function fold(op: FoldOp, { labels, dropName, members }: Group, steps: number): Column {
  const folding = newFold(op, labels, steps, dropName);
  for (const { values, present } of members) folding.add(values, present);
  return folding.finish();
}

function average(group: Group, steps: number): Column {
  const column = fold('sum', group, steps);
  const counts = fold('count', group, steps).values;
  for (let k = 0; k < steps; k++) {
    const total = column.values[k]!;
    const isOverflown = Math.abs(total) === Number.POSITIVE_INFINITY;
    column.values[k] = isOverflown ? incrementalMean(valuesAt(group, k)) : total / counts[k]!;
  }
  return column;
}

/** The values of a group at one step, in the order of its members. */
function valuesAt(group: Group, step: number): Float64Array {
  const values = new Float64Array(group.members.length);
  let there = 0;
  for (const member of group.members) if (member.present[step] === 1) values[there++] = member.values[step]!;
  return values.subarray(0, there);
}

function variance(group: Group, steps: number, finish: (variance: number) => number): Column {
  const column = newColumn(group.labels, steps, group.dropName);
  const counts = new Float64Array(steps);
  const means = new Float64Array(steps);
  for (const member of group.members) {
    for (let k = 0; k < steps; k++) {
      if (member.present[k] === 0) continue;
      const value = member.values[k]!;
      const delta = value - means[k]!;
      counts[k] = counts[k]! + 1;
      means[k] = means[k]! + delta / counts[k]!;
      column.values[k] = column.values[k]! + delta * (value - means[k]!);
      column.present[k] = 1;
    }
  }
  for (let k = 0; k < steps; k++) column.values[k] = finish(column.values[k]! / counts[k]!);
  return column;
}

function quantile(run: Run, expr: Aggregate, groups: readonly Group[], q: Float64Array): Column[] {
  if (groups.length > 0) {
    for (const value of q) {
      const warning = quantileWarning(value);
      if (warning !== undefined) run.annotations.warn(warning, expr.param!.span);
    }
  }
  return groups.map((group) => {
    run.tick(expr.span);
    const column = newColumn(group.labels, q.length, group.dropName);
    for (let k = 0; k < q.length; k++) {
      const values = valuesAt(group, k);
      if (values.length === 0) continue;
      column.values[k] = quantileOf(q[k]!, values);
      column.present[k] = 1;
    }
    return column;
  });
}
