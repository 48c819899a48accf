import type { Registry } from 'prom-client';
import {
  type Aggregator,
  type CollectedMetric,
  type Family,
  formatLabelSet,
  formatValue,
  header,
  type LabelSet,
  labelSet,
  registered,
  type Sample,
} from './family.ts';
import { foldAll, LabelTree, type Limit, roomy } from './label-tree.ts';

/** One series of a counter. Add to it with `cell.value += n`, n ≥ 0: there is nothing faster, and nothing to check. */
export interface CounterCell {
  /** The running total. */
  value: number;
  readonly labels: LabelSet;
}

const NO_LABELS: LabelSet = Object.freeze({});

/** A counter whose cells are resolved once and then added to directly. */
export class Counter implements Family {
  name: string;
  readonly help: string;
  readonly type = 'counter';
  readonly aggregator: Aggregator = 'sum';
  readonly labelNames: readonly string[];
  readonly #tree: LabelTree<CounterCell>;
  /** The line of each cell up to its value; same order as the cells. */
  readonly #prefixes: string[] = [];

  constructor(name: string, help: string, labelNames: readonly string[], limit: Limit) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.#tree = new LabelTree({
      depth: labelNames.length,
      maxCells: limit.maxCells,
      create: (values) => this.#create(values),
      fold: foldAll(labelNames, limit.keep),
      onFold: () => limit.onFold(name),
    });
    if (labelNames.length === 0) this.cell();
  }

  get seriesCount(): number {
    return this.#tree.cells.length;
  }

  /** The cell of these label values, in the order of `labelNames`; it starts at 0 and is exposed from now on. */
  cell(...values: readonly string[]): CounterCell {
    return this.#tree.resolve(values);
  }

  async get(): Promise<CollectedMetric> {
    return this.#collected(this.#tree.cells.map(({ labels, value }) => ({ labels, value })));
  }

  async getForPromString(): Promise<CollectedMetric> {
    return this.#collected(
      this.#tree.cells.map(({ labels, value }) => ({ labels: NO_LABELS, sharedLabels: labels, value })),
    );
  }

  render(): string {
    let text = header(this);
    const cells = this.#tree.cells;
    for (let i = 0; i < cells.length; i++) text += `${this.#prefixes[i]!}${formatValue(cells[i]!.value)}\n`;
    return text;
  }

  reset(): void {
    for (const cell of this.#tree.cells) cell.value = 0;
  }

  #create(values: readonly string[]): CounterCell {
    const labels = labelSet(this.labelNames, values);
    const inside = formatLabelSet(labels);
    this.#prefixes.push(inside === '' ? `${this.name} ` : `${this.name}{${inside}} `);
    return { value: 0, labels };
  }

  #collected(values: Sample[]): CollectedMetric {
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }
}

/** The counter `name` of `registry`: the one that is there, or a new one. Throws `InstrumentError` if the name is taken. */
export function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  limit: Limit = roomy,
): Counter {
  return registered(
    registry,
    name,
    (metric) => metric instanceof Counter,
    () => new Counter(name, help, labelNames, limit),
  );
}
