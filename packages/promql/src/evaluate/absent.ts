import { Labels } from '@tillwatch/model';
import type { Call, Expr } from '../parse/ast.ts';
import { expectVector, newColumn, type Value, vectorOf } from './column.ts';
import { evaluateNode } from './node.ts';
import { evaluateRange } from './range-vector.ts';
import type { Run } from './run.ts';
import { withoutStale } from './select.ts';
import type { Timeline } from './timeline.ts';
import { WindowFinder } from './windows.ts';

/** `absent()`: 1 at the steps where the argument has no series. */
export function evaluateAbsent(run: Run, call: Call, timeline: Timeline): Value {
  const there = new Uint8Array(timeline.count);
  for (const { present } of expectVector(evaluateNode(run, call.args[0]!, timeline))) {
    for (let k = 0; k < timeline.count; k++) there[k] = there[k]! | present[k]!;
  }
  return ones(call, there);
}

/** `absent_over_time()`: 1 at the steps whose window has no sample of any series. */
export function evaluateAbsentOverTime(run: Run, call: Call, timeline: Timeline): Value {
  const { series, times, rangeMs } = evaluateRange(run, call.args[0]!, timeline);
  const finder = new WindowFinder(times, rangeMs);
  const there = new Uint8Array(timeline.count);
  for (const one of series) {
    run.tick(call.span);
    const { lo, hi } = finder.find(withoutStale(one).timestampsMs);
    for (let k = 0; k < timeline.count; k++) if (hi[k]! > lo[k]!) there[k] = 1;
  }
  return ones(call, there);
}

function ones(call: Call, there: Uint8Array): Value {
  const column = newColumn(labelsOfAbsent(call.args[0]!), there.length);
  column.values.fill(1);
  for (let k = 0; k < there.length; k++) column.present[k] = there[k] === 1 ? 0 : 1;
  return vectorOf(column.present.includes(1) ? [column] : []);
}

/** What can be said of a series that is not there: the labels that the selector gives exactly one value to. */
function labelsOfAbsent(expr: Expr): Labels {
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (selector.kind !== 'vectorSelector') return Labels.empty;
  const values = new Map<string, string>();
  const doubtful = new Set<string>();
  for (const { name, op, value } of selector.matchers) {
    if (name === '__name__') continue;
    if (op === '=' && !values.has(name) && !doubtful.has(name)) values.set(name, value);
    else doubtful.add(name);
  }
  return Labels.from([...values].filter(([name]) => !doubtful.has(name)));
}
