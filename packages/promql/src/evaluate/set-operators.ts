import type { Binary } from '../parse/ast.ts';
import { type Column, hasAny, mergeEqual } from './column.ts';
import { failSameLabels } from './run.ts';
import { groupByMatch, matchingLabels } from './signature.ts';

/** `and`, `or`, `unless`: which series stay at a step depends on which partners are there at that step. */
export function evaluateSetOperation(
  expr: Binary,
  lhs: readonly Column[],
  rhs: readonly Column[],
  steps: number,
): readonly Column[] {
  const matching = expr.matching!;
  if (expr.op === 'or') {
    const taken = presenceByMatch(lhs, expr, steps);
    const added = rhs.map((column) => masked(column, taken.get(matchingLabels(column.labels, matching).key), false));
    const all = [...lhs, ...added].filter(hasAny);
    return mergeEqual(all, () => failSameLabels(expr.span));
  }
  const partners = presenceByMatch(rhs, expr, steps);
  const keepsMatched = expr.op === 'and';
  return lhs
    .map((column) => masked(column, partners.get(matchingLabels(column.labels, matching).key), keepsMatched))
    .filter(hasAny);
}

/** For each match group, the steps at which at least one of its series has a value. */
function presenceByMatch(columns: readonly Column[], expr: Binary, steps: number): Map<string, Uint8Array> {
  const presence = new Map<string, Uint8Array>();
  for (const [key, group] of groupByMatch(columns, expr.matching!)) {
    const any = new Uint8Array(steps);
    for (const { present } of group) for (let k = 0; k < steps; k++) any[k] = any[k]! | present[k]!;
    presence.set(key, any);
  }
  return presence;
}

/** The column at the steps where its partner's presence is as wanted. */
function masked(column: Column, partner: Uint8Array | undefined, wanted: boolean): Column {
  if (partner === undefined) return wanted ? { ...column, present: new Uint8Array(column.present.length) } : column;
  const present = column.present.map((there, k) => (there === 1 && (partner[k] === 1) === wanted ? 1 : 0));
  return { ...column, present };
}
