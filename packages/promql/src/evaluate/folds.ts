import type { Labels } from '@tillwatch/model';
import { type Column, newColumn } from './column.ts';

/** What an aggregation makes of a group: its members are added one by one, step by step. */
export interface Fold {
  /** Adds the numbers of one member; as in `Column`, `present[k]` says whether there is one at step k. */
  add(values: Float64Array, present: Uint8Array): void;
  /** The aggregate of what was added. Nothing can be added after that. */
  finish(): Column;
}

/** Aggregations that need no more than one pass over their members. */
export type FoldOp = 'sum' | 'count' | 'group' | 'min' | 'max';

/** Begins the aggregate of a group that is to have these labels. */
export function newFold(op: FoldOp, labels: Labels, steps: number, dropName: boolean): Fold {
  const column = newColumn(labels, steps, dropName);
  switch (op) {
    case 'sum':
      return new Sum(column);
    case 'count':
      return new Count(column);
    case 'group':
      return new Group(column);
    case 'min':
      return new Extreme(column, -1);
    case 'max':
      return new Extreme(column, 1);
  }
}

/** Each sum with the rounding errors beside it (Neumaier): the hot loop of most dashboards. */
class Sum implements Fold {
  readonly #column: Column;
  readonly #errors: Float64Array;

  constructor(column: Column) {
    this.#column = column;
    this.#errors = new Float64Array(column.values.length);
  }

  add(values: Float64Array, present: Uint8Array): void {
    const { values: sums, present: found } = this.#column;
    const errors = this.#errors;
    for (let k = 0; k < sums.length; k++) {
      if (present[k] === 0) continue;
      const value = values[k]!;
      const before = sums[k]!;
      const after = before + value;
      if (after - after !== 0) errors[k] = 0;
      else
        errors[k] =
          errors[k]! + (Math.abs(before) >= Math.abs(value) ? before - after + value : value - after + before);
      sums[k] = after;
      found[k] = 1;
    }
  }

  finish(): Column {
    const { values: sums } = this.#column;
    for (let k = 0; k < sums.length; k++) sums[k] = sums[k]! + this.#errors[k]!;
    return this.#column;
  }
}

class Count implements Fold {
  readonly #column: Column;

  constructor(column: Column) {
    this.#column = column;
  }

  add(_: Float64Array, present: Uint8Array): void {
    const { values: counts, present: found } = this.#column;
    for (let k = 0; k < counts.length; k++) {
      if (present[k] === 0) continue;
      counts[k] = counts[k]! + 1;
      found[k] = 1;
    }
  }

  finish(): Column {
    return this.#column;
  }
}

class Group implements Fold {
  readonly #column: Column;

  constructor(column: Column) {
    this.#column = column;
  }

  add(_: Float64Array, present: Uint8Array): void {
    const { values, present: found } = this.#column;
    for (let k = 0; k < values.length; k++) {
      if (present[k] === 0) continue;
      values[k] = 1;
      found[k] = 1;
    }
  }

  finish(): Column {
    return this.#column;
  }
}

/** The smallest (`sign` -1) or largest (1) number. */
class Extreme implements Fold {
  readonly #column: Column;
  readonly #sign: 1 | -1;

  constructor(column: Column, sign: 1 | -1) {
    this.#column = column;
    this.#sign = sign;
  }

  add(values: Float64Array, present: Uint8Array): void {
    const { values: bests, present: found } = this.#column;
    const isLargest = this.#sign === 1;
    for (let k = 0; k < bests.length; k++) {
      if (present[k] === 0) continue;
      const value = values[k]!;
      const best = bests[k]!;
      // NaN gives way to every number.
      if (found[k] === 0 || (isLargest ? value > best : value < best) || best !== best) bests[k] = value;
      found[k] = 1;
    }
  }

  finish(): Column {
    return this.#column;
  }
}
