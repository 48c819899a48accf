import type { Registry } from 'prom-client';
import { InstrumentError } from '../instrument-error.ts';
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

const NO_LABELS: LabelSet = Object.freeze({});

/** One label set of a histogram. */
export class HistogramCell {
  readonly labels: LabelSet;
  /** Observations per bucket, not cumulative; the last one is `+Inf`. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: Float64Array;

  constructor(labels: LabelSet, bounds: Float64Array) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts one value, in the unit of the metric. A value that is not a finite number is ignored. */
  observe(value: number): void {
    if (!(value < Infinity && value > -Infinity)) return;
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i++;
    this.counts[i]! += 1;
    this.sum += value;
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
  }
}

/** A histogram with classic buckets whose cells are resolved once. */
export class Histogram implements Family {
  name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator: Aggregator = 'sum';
  readonly labelNames: readonly string[];
  readonly #bounds: Float64Array;
  readonly #tree: LabelTree<HistogramCell>;
  /** Per cell the lines up to their value: one per bucket, `+Inf`, sum, count. */
  readonly #prefixes: string[][] = [];

  constructor(name: string, help: string, labelNames: readonly string[], buckets: readonly number[], limit: Limit) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.#bounds = Float64Array.from(checkedBuckets(name, buckets));
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
    return this.#tree.cells.length * (this.#bounds.length + 3);
  }

  /** The cell of these label values, in the order of `labelNames`; it starts empty and is exposed from now on. */
  cell(...values: readonly string[]): HistogramCell {
    return this.#tree.resolve(values);
  }

  async get(): Promise<CollectedMetric> {
    return this.#collected((cell, own) => ({ labels: { ...own, ...cell.labels } }));
  }

  async getForPromString(): Promise<CollectedMetric> {
    return this.#collected((cell, own) => ({ labels: own, sharedLabels: cell.labels }));
  }

  render(): string {
    let text = header(this);
    const cells = this.#tree.cells;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      const prefixes = this.#prefixes[i]!;
      let cumulative = 0;
      let b = 0;
      for (; b < cell.counts.length; b++) {
        cumulative += cell.counts[b]!;
        text += `${prefixes[b]!}${cumulative}\n`;
      }
      text += `${prefixes[b]!}${formatValue(cell.sum)}\n${prefixes[b + 1]!}${cumulative}\n`;
    }
    return text;
  }

  reset(): void {
    for (const cell of this.#tree.cells) cell.reset();
  }

  #create(values: readonly string[]): HistogramCell {
    const labels = labelSet(this.labelNames, values);
    const inside = formatLabelSet(labels);
    const rest = inside === '' ? '' : `,${inside}`;
    const braces = inside === '' ? '' : `{${inside}}`;
    this.#prefixes.push([
      ...Array.from(this.#bounds, (bound) => `${this.name}_bucket{le="${bound}"${rest}} `),
      `${this.name}_bucket{le="+Inf"${rest}} `,
      `${this.name}_sum${braces} `,
      `${this.name}_count${braces} `,
    ]);
    return new HistogramCell(labels, this.#bounds);
  }

  #collected(
    place: (cell: HistogramCell, own: Readonly<Record<string, string | number>>) => Omit<Sample, 'value'>,
  ): CollectedMetric {
    const values: Sample[] = [];
    for (const cell of this.#tree.cells) {
      let cumulative = 0;
      for (let b = 0; b < cell.counts.length; b++) {
        cumulative += cell.counts[b]!;
        const le = this.#bounds[b] ?? '+Inf';
        values.push({ ...place(cell, { le }), value: cumulative, metricName: `${this.name}_bucket` });
      }
      values.push({ ...place(cell, NO_LABELS), value: cell.sum, metricName: `${this.name}_sum` });
      values.push({ ...place(cell, NO_LABELS), value: cumulative, metricName: `${this.name}_count` });
    }
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }
}

/**
 * The histogram `name` of `registry`: the one that is there (with the buckets it has), or a new one.
 * Throws `InstrumentError` if the name is taken or `buckets` do not ascend.
 */
export function histogram(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  buckets: readonly number[],
  limit: Limit = roomy,
): Histogram {
  return registered(
    registry,
    name,
    (metric) => metric instanceof Histogram,
    () => new Histogram(name, help, labelNames, buckets, limit),
  );
}

function checkedBuckets(name: string, buckets: readonly number[]): readonly number[] {
  const ascending = buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!));
  if (!ascending || buckets.length === 0 || buckets.length > 100) {
    throw new InstrumentError(
      `the buckets of "${name}" must be 1 to 100 ascending finite numbers: ${buckets.join(', ')}`,
    );
  }
  return buckets;
}
