import { compareLabels } from '@tillwatch/model';
import type { Call } from '../parse/ast.ts';
import { type Column, floatsOf, type Value } from './column.ts';
import type { Run } from './run.ts';
import type { Timeline } from './timeline.ts';

/** `sort`, `sort_desc`: the order of an instant query's answer; NaN comes last either way. Histograms have no order: they are left out. */
export function sortByValue(run: Run, call: Call, columns: readonly Column[], timeline: Timeline): Value {
  const numbers = floatsOf(columns);
  if (warnOfRange(run, call, timeline)) return { kind: 'vector', columns: numbers };
  const direction = call.func === 'sort' ? 1 : -1;
  const sorted = [...numbers].sort((a, b) => compareNumbers(a.values[0]!, b.values[0]!, direction));
  return { kind: 'vector', columns: sorted, isOrdered: true };
}

/** `sort_by_label`, `sort_by_label_desc`: the order by the named labels, numbers in them by their size; then by all labels. */
export function sortByLabels(
  run: Run,
  call: Call,
  columns: readonly Column[],
  names: readonly string[],
  timeline: Timeline,
): Value {
  if (warnOfRange(run, call, timeline)) return { kind: 'vector', columns };
  const direction = call.func === 'sort_by_label' ? 1 : -1;
  const sorted = [...columns].sort((a, b) => {
    for (const name of names) {
      const order = compareNatural(a.labels.get(name), b.labels.get(name));
      if (order !== 0) return order * direction;
    }
    return compareLabels(a.labels, b.labels) * direction;
  });
  return { kind: 'vector', columns: sorted, isOrdered: true };
}

function warnOfRange(run: Run, call: Call, timeline: Timeline): boolean {
  if (timeline.count === 1 && run.query.stepMs === 0) return false;
  run.annotations.warn('sort is ineffective for range queries since results are always ordered by labels', call.span);
  return true;
}

function compareNumbers(a: number, b: number, direction: number): number {
  if (a !== a || b !== b) return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
  return a === b ? 0 : (a < b ? -1 : 1) * direction;
}

/** Compares runs of digits as numbers and everything else by code point. */
function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D/gu) ?? [];
  const right = b.match(/\d+|\D/gu) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i]!;
    const y = right[i]!;
    if (x === y) continue;
    const isNumeric = /^\d/.test(x) && /^\d/.test(y);
    const difference = isNumeric ? BigInt(x) - BigInt(y) : BigInt(x.codePointAt(0)! - y.codePointAt(0)!);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    return x.length - y.length;
  }
  return left.length - right.length;
}
