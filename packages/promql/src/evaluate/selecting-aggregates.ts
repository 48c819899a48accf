import type { Aggregate } from '../parse/ast.ts';
import { type Column, hasAny, type Value } from './column.ts';
import type { Group } from './grouping.ts';
import { labelsShare } from './labels-hash.ts';
import { goNumber } from './quantile.ts';
import { failExecution, type Run } from './run.ts';

/** `topk` and `bottomk`: at each step the k largest (smallest) series of each group, with all their labels. */
export function topOf(run: Run, expr: Aggregate, groups: readonly Group[], k: Float64Array, steps: number): Value {
  const isTop = expr.op === 'topk';
  const kept = new Selection(groups, steps);
  const order: Column[] = [];
  for (let step = 0; step < steps; step++) {
    const limit = limitAt(expr, k, step);
    for (const group of groups) {
      run.tick(expr.span);
      const best = limit < 1 ? [] : largest(group, step, limit, isTop);
      for (const column of best) kept.keep(column, step);
      if (steps === 1) order.push(...best);
    }
  }
  if (steps !== 1) return { kind: 'vector', columns: kept.columns() };
  return { kind: 'vector', columns: order.map((column) => kept.of(column)), isOrdered: true };
}

/** `limitk`: at each step the first k series of each group. */
export function limitTo(run: Run, expr: Aggregate, groups: readonly Group[], k: Float64Array, steps: number): Value {
  const kept = new Selection(groups, steps);
  for (let step = 0; step < steps; step++) {
    const limit = limitAt(expr, k, step);
    for (const group of groups) {
      run.tick(expr.span);
      let taken = 0;
      for (const member of group.members) {
        if (taken >= limit) break;
        if (member.present[step] === 0) continue;
        kept.keep(member, step);
        taken++;
      }
    }
  }
  return { kind: 'vector', columns: kept.columns() };
}

/**
 * `limit_ratio`: a fixed share of the series, chosen by a hash of their labels, so that a series stays chosen; a negative
 * ratio chooses exactly what `1 + ratio` leaves out.
 */
export function limitRatio(
  run: Run,
  expr: Aggregate,
  groups: readonly Group[],
  ratios: Float64Array,
  steps: number,
): Value {
  const kept = new Selection(groups, steps);
  const shares = new Map<Column, number>();
  for (const group of groups) for (const member of group.members) shares.set(member, labelsShare(member.labels));
  for (let step = 0; step < steps; step++) {
    const ratio = ratioAt(run, expr, ratios[step]!);
    for (const [member, share] of shares) {
      if (member.present[step] === 0) continue;
      if (ratio >= 0 ? share < ratio : share >= 1 + ratio) kept.keep(member, step);
    }
  }
  return { kind: 'vector', columns: kept.columns() };
}

function limitAt(expr: Aggregate, k: Float64Array, step: number): number {
  const limit = k[step]!;
  if (Number.isNaN(limit)) failExecution('Parameter value is NaN', expr.param!.span);
  if (Math.abs(limit) >= 2 ** 63) failExecution(`Scalar value ${goNumber(limit)} overflows int64`, expr.param!.span);
  return Math.trunc(limit);
}

function ratioAt(run: Run, expr: Aggregate, ratio: number): number {
  if (Number.isNaN(ratio)) failExecution('Ratio value is NaN', expr.param!.span);
  const capped = Math.max(-1, Math.min(1, ratio));
  if (capped !== ratio) {
    const text = `ratio value should be between -1 and 1, got ${goNumber(ratio)}, capping to ${capped}`;
    run.annotations.warn(text, expr.param!.span);
  }
  return capped;
}

/** The k best of a group at a step, best first; among equals the earlier one, NaN after every number. */
function largest(group: Group, step: number, k: number, isTop: boolean): Column[] {
  const there = group.members.filter((member) => member.present[step] === 1);
  const direction = isTop ? -1 : 1;
  there.sort((a, b) => {
    const x = a.values[step]!;
    const y = b.values[step]!;
    if (x !== x || y !== y) return (x !== x ? 1 : 0) - (y !== y ? 1 : 0);
    return x === y ? 0 : (x < y ? -1 : 1) * direction;
  });
  return there.slice(0, k);
}

/** Columns of which only some steps are kept. */
class Selection {
  readonly #present = new Map<Column, Uint8Array>();

  constructor(groups: readonly Group[], steps: number) {
    for (const group of groups) for (const member of group.members) this.#present.set(member, new Uint8Array(steps));
  }

  keep(column: Column, step: number): void {
    this.#present.get(column)![step] = 1;
  }

  of(column: Column): Column {
    return { ...column, present: this.#present.get(column)! };
  }

  columns(): Column[] {
    return [...this.#present.keys()].map((column) => this.of(column)).filter(hasAny);
  }
}
