import {
  compareLabels,
  type Histogram,
  type Labels,
  type Matcher,
  type Queryable,
  type Series,
} from '@tillwatch/model';
import type { EvalContext } from '@tillwatch/promql';
import { type Column, type Columns, columnsOf, evaluateColumns, type TickFailures, type Ticks } from './columns.ts';
import type { Hoisted, Leaf } from './hoist.ts';
import type { ReplayStore } from './replay-store.ts';
import type { ReplayedRule } from './replayed-rule.ts';

/** The values of an expression's leaves over one slice, and a store that answers for them. */
export class LeafValues {
  readonly #ticks: Ticks;
  readonly #columns = new Map<string, Columns>();

  private constructor(ticks: Ticks) {
    this.#ticks = ticks;
  }

  /** Evaluates the leaves in order, those that hold others after them. */
  static evaluate(
    { leaves }: Hoisted,
    rule: ReplayedRule,
    ticks: Ticks,
    store: ReplayStore,
    context: Omit<EvalContext, 'queryable'>,
    failures: TickFailures,
  ): LeafValues {
    const values = new LeafValues(ticks);
    const queryable = new WithLeaves(store.everything(), (id) => values.#series(id));
    const count = ticks.readMs.length;
    for (const leaf of leaves) {
      const columns =
        leaf.kind === 'selector'
          ? columnsOf(newest(leaf, rule, ticks, store), count)
          : evaluateColumns(leaf.expr, ticks, { ...context, queryable }, failures);
      const series = [...columns.series].sort((a, b) => compareLabels(a.labels, b.labels));
      values.#columns.set(leaf.id, { ...columns, series });
    }
    return values;
  }

  /** The columns of the leaf that is the whole expression. */
  get whole(): Columns {
    return [...this.#columns.values()].at(-1)!;
  }

  isEmpty(id: string, tick: number): boolean {
    return this.#columns.get(id)?.any[tick] === 0;
  }

  /** The leaves as they are at one tick, in front of what else can be read then. */
  at(tick: number, behind: Queryable): Queryable {
    return new WithLeaves(behind, (id) => this.#seriesAt(id, tick));
  }

  *#series(id: string): Iterable<Series> {
    for (const { labels, values, histograms } of this.#columns.get(id)?.series ?? []) {
      yield seriesOf(labels, this.#ticks.readMs, values, histograms);
    }
  }

  *#seriesAt(id: string, tick: number): Iterable<Series> {
    const timestampsMs = this.#ticks.readMs.subarray(tick, tick + 1);
    for (const { labels, values, present, histograms } of this.#columns.get(id)?.series ?? []) {
      if (present[tick] === 0) continue;
      yield seriesOf(labels, timestampsMs, values.subarray(tick, tick + 1), histograms && [histograms[tick]]);
    }
  }
}

function newest({ expr }: Leaf, rule: ReplayedRule, ticks: Ticks, store: ReplayStore): Column[] {
  return expr.kind === 'vectorSelector' ? store.newest(rule, expr.matchers, expr.offsetMs, ticks) : [];
}

function seriesOf(
  labels: Labels,
  timestampsMs: Float64Array,
  values: Float64Array,
  histograms: (Histogram | undefined)[] | undefined,
): Series {
  return histograms === undefined ? { labels, timestampsMs, values } : { labels, timestampsMs, values, histograms };
}

/** A store that answers selectors of leaves with their columns, and all others as it did. */
class WithLeaves implements Queryable {
  readonly #behind: Queryable;
  readonly #leaf: (id: string) => Iterable<Series>;

  constructor(behind: Queryable, leaf: (id: string) => Iterable<Series>) {
    this.#behind = behind;
    this.#leaf = leaf;
  }

  select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const id = matchers[0]?.value ?? '';
    return id.startsWith('\u0000leaf') ? this.#leaf(id) : this.#behind.select(matchers, fromMs, toMs);
  }

  selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    return this.#behind.selectLabels(matchers, fromMs, toMs);
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return this.#behind.labelNames(fromMs, toMs);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return this.#behind.labelValues(name, fromMs, toMs);
  }
}
