import { compareLabels, type Histogram, type Labels } from '@tillwatch/model';
import { type Binary, isComparisonOp, type VectorMatching } from '../parse/ast.ts';
import { changesMeaning, compare, isTrimOp, operate } from './binary.ts';
import { type Column, type HistogramSteps, newColumn, newHistogramSteps, withoutMetadata } from './column.ts';
import { operateWithHistogram } from './histogram-operators.ts';
import { failExecution, type Run } from './run.ts';
import { groupByMatch, matchingLabels } from './signature.ts';

/**
 * Arithmetic and comparisons between two vectors. Partners and the labels of results are found once for all steps; at each
 * step only what has a value there counts, for partners and for doubles alike.
 */
export function evaluateMatched(
  run: Run,
  expr: Binary,
  lhs: readonly Column[],
  rhs: readonly Column[],
  steps: number,
): readonly Column[] {
  return new Matcher(run, expr, steps).run(lhs, rhs);
}

class Matcher {
  readonly #run: Run;
  readonly #expr: Binary;
  readonly #matching: VectorMatching;
  readonly #steps: number;
  readonly #out = new Map<string, Target>();
  /** Is the left side the one with one series per group? Then sides are swapped while partners are sought. */
  readonly #isSwapped: boolean;

  constructor(run: Run, expr: Binary, steps: number) {
    this.#run = run;
    this.#expr = expr;
    this.#matching = expr.matching!;
    this.#steps = steps;
    this.#isSwapped = this.#matching.card === 'one-to-many';
  }

  run(lhs: readonly Column[], rhs: readonly Column[]): readonly Column[] {
    const [manySide, oneSide] = this.#isSwapped ? [rhs, lhs] : [lhs, rhs];
    const many = groupByMatch(manySide, this.#matching);
    const one = groupByMatch(oneSide, this.#matching);
    // With group_right Prometheus swaps the sides before it fills: fill_left always fills the side of the many.
    const { fillLeft: fillMany, fillRight: fillOne } = this.#matching;

    for (const [key, group] of one) {
      const single = this.#singleOf(group, many.has(key) || fillMany !== undefined);
      const partners = many.get(key) ?? [];
      const matched = new Uint8Array(this.#steps);
      for (const column of partners) this.#combine(column, single, fillOne, matched);
      if (fillMany !== undefined) this.#fillMissing(partners, group, fillMany);
    }
    for (const [key, group] of many) {
      if (one.has(key)) continue;
      const matched = new Uint8Array(this.#steps);
      if (fillOne !== undefined) for (const column of group) this.#combine(column, undefined, fillOne, matched);
    }
    return [...this.#out.values()]
      .filter(({ column }) => column.present.includes(1))
      .map(({ column, histograms }) => (histograms === undefined ? column : { ...column, histograms }));
  }

  /** For each step the one column of the group with a value there, as an index into the group; -1 for none. */
  #singleOf(group: readonly Column[], isUsed: boolean): OneSide {
    const index = new Int32Array(this.#steps).fill(-1);
    for (const [i, { present }] of group.entries()) {
      for (let k = 0; k < this.#steps; k++) {
        if (present[k] === 0) continue;
        if (index[k] !== -1 && isUsed) this.#failManyToMany(group[index[k]!]!, group[i]!);
        index[k] = i;
      }
    }
    return { group, index };
  }

  #failManyToMany(a: Column, b: Column): never {
    const group = matchingLabels(a.labels, this.#matching);
    const side = this.#isSwapped ? 'left' : 'right';
    const message =
      `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
      `[${[a, b]
        .sort((x, y) => compareLabels(x.labels, y.labels))
        .map(describe)
        .join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`;
    const hint = 'aggregate that side, or match on more labels';
    return failExecution(message, this.#expr.span, hint);
  }

  #combine(many: Column, one: OneSide | undefined, fillOne: number | undefined, matched: Uint8Array): void {
    this.#run.tick(this.#expr.span);
    this.#markMatched(many, one, fillOne !== undefined, matched);
    if (one === undefined || fillOne !== undefined) this.#combineFilled(many, one, fillOne as number);
    for (const [i, partner] of one?.group.entries() ?? []) {
      const target = this.#target(many, partner);
      for (let k = 0; k < this.#steps; k++) {
        if (many.present[k] === 0 || one!.index[k] !== i) continue;
        this.#put(target, k, sampleAt(many, k), sampleAt(partner, k));
      }
    }
  }

  /** One to one, two series of the left must not find the same partner, whatever a comparison makes of them. */
  #markMatched(many: Column, one: OneSide | undefined, isFilled: boolean, matched: Uint8Array): void {
    if (this.#matching.card !== 'one-to-one') return;
    for (let k = 0; k < this.#steps; k++) {
      if (many.present[k] === 0 || (!isFilled && (one?.index[k] ?? -1) === -1)) continue;
      if (matched[k] === 1) this.#failMultiple();
      matched[k] = 1;
    }
  }

  /** Steps at which the one side is missing and a value stands in for it. */
  #combineFilled(many: Column, one: OneSide | undefined, fill: number): void {
    const standIn: Column = { ...many, labels: matchingLabels(many.labels, this.#matching), dropName: false };
    const target = this.#target(many, standIn);
    for (let k = 0; k < this.#steps; k++) {
      if (many.present[k] === 1 && (one?.index[k] ?? -1) === -1) this.#put(target, k, sampleAt(many, k), fill);
    }
  }

  /** Steps at which the many side is missing altogether and a value stands in for it. */
  #fillMissing(partners: readonly Column[], group: readonly Column[], fill: number): void {
    for (const one of group) {
      const standIn: Column = { ...one, labels: matchingLabels(one.labels, this.#matching), dropName: false };
      const target = this.#target(standIn, one);
      for (let k = 0; k < this.#steps; k++) {
        if (one.present[k] === 0 || partners.some((partner) => partner.present[k] === 1)) continue;
        this.#put(target, k, fill, sampleAt(one, k));
      }
    }
  }

  #put(target: Target, step: number, many: number | Histogram, one: number | Histogram): void {
    const { op, returnBool } = this.#expr;
    const [left, right] = this.#isSwapped ? [one, many] : [many, one];
    if (typeof left === 'object' || typeof right === 'object' || isTrimOp(op)) {
      this.#putHistogram(target, step, operateWithHistogram(this.#run, this.#expr, left, right));
      return;
    }
    const isFilter = isComparisonOp(op) && !returnBool;
    if (isFilter && !compare(op, left, right)) return;
    const { column } = target;
    if (column.present[step] === 1) this.#failMultiple();
    column.values[step] = isFilter ? left : operate(op, left, right);
    column.present[step] = 1;
  }

  #putHistogram(target: Target, step: number, result: number | Histogram | undefined): void {
    if (result === undefined) return;
    const { column } = target;
    if (column.present[step] === 1) this.#failMultiple();
    column.present[step] = 1;
    if (typeof result === 'number') column.values[step] = result;
    else {
      target.histograms ??= newHistogramSteps(this.#steps);
      target.histograms[step] = result;
    }
  }

  #failMultiple(): never {
    if (this.#matching.card === 'one-to-one') {
      const hint = 'add group_left or group_right for the side with more series, or aggregate it';
      const message = 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)';
      return failExecution(message, this.#expr.span, hint);
    }
    const message = 'multiple matches for labels: grouping labels must ensure unique matches';
    return failExecution(message, this.#expr.span);
  }

  /** The result column for a pair; pairs with equal result labels share it, so that doubles are seen where they meet. */
  #target(many: Column, one: Column): Target {
    const { labels, dropName } = this.#resultLabels(many, one);
    let target = this.#out.get(labels.key);
    if (target === undefined) {
      target = { column: newColumn(labels, this.#steps, dropName) };
      this.#out.set(labels.key, target);
    }
    return target;
  }

  #resultLabels(many: Column, one: Column): { labels: Labels; dropName: boolean } {
    const { card, on, labels: names, include } = this.#matching;
    const isDropped = changesMeaning(this.#expr);
    let labels = isDropped && !this.#run.isNameRemovalDelayed ? withoutMetadata(many.labels) : many.labels;
    const dropName = (isDropped && this.#run.isNameRemovalDelayed) || many.dropName;
    if (card === 'one-to-one') return { labels: on ? labels.keep(names) : labels.without(names), dropName };
    for (const name of include) labels = labels.with(name, one.labels.get(name));
    return { labels, dropName };
  }
}

interface OneSide {
  readonly group: readonly Column[];
  readonly index: Int32Array;
}

interface Target {
  readonly column: Column;
  histograms?: HistogramSteps;
}

function sampleAt(column: Column, step: number): number | Histogram {
  return column.histograms?.[step] ?? column.values[step]!;
}

/** A label set as Prometheus's errors show it: the name among the other labels. */
function describe({ labels }: Column): string {
  return `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
}
