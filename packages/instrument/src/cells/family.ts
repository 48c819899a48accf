import type { Metric, Registry } from 'prom-client';
import { InstrumentError } from '../instrument-error.ts';

/**
 * Metrics whose values live in cells of ours.
 *
 * prom-client builds a key from the label names and values on every call. Here a label set is resolved once to a cell,
 * the cell is kept by whoever counts, and counting is an addition. On a scrape the registry asks the family for its
 * values like it asks any metric of its own, so there is one `/metrics` for the shop's metrics and ours.
 */

/** Labels as they are exposed: those with an empty value are left out, as Prometheus itself would do. */
export type LabelSet = Readonly<Record<string, string>>;

/** How prom-client joins the values of several workers of a cluster. */
export type Aggregator = 'sum' | 'first';

/** One line of the exposition in prom-client's own terms. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
  /** prom-client writes these labels once and remembers the text: what makes its own rendering of our metrics quick. */
  readonly sharedLabels?: LabelSet;
}

/** What a prom-client registry reads from a metric. */
export interface CollectedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: Aggregator;
  readonly values: Sample[];
}

/** A metric of ours, as a prom-client registry and our own exposition see it. */
export interface Family {
  name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: Aggregator;
  readonly labelNames: readonly string[];
  /** How many series this family exposes. */
  readonly seriesCount: number;
  /** All values in JSON form: what `getMetricsAsJSON()` and the aggregation of a cluster use. */
  get(): Promise<CollectedMetric>;
  /** All values in the form from which prom-client writes text. */
  getForPromString(): Promise<CollectedMetric>;
  /** The exposition of this family in the text format 0.0.4, with HELP and TYPE. */
  render(): string;
  /** Sets every cell to zero. Cells stay valid. */
  reset(): void;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * Returns what `registry` holds under `name` if `isOurs` accepts it; otherwise makes it, registers it and returns it.
 * Two instruments of one registry thus count into the same cells. Throws `InstrumentError` when the name is bad, or
 * taken by a metric that is not ours.
 */
export function registered<F extends Family>(
  registry: Registry,
  name: string,
  isOurs: (metric: unknown) => metric is F,
  create: () => F,
): F {
  if (!METRIC_NAME.test(name)) throw new InstrumentError(`"${name}" is not a metric name`);
  const existing: unknown = registry.getSingleMetric(name);
  if (isOurs(existing)) return existing;
  if (existing !== undefined) {
    throw new InstrumentError(`the registry already has a metric "${name}" that is not of this package`);
  }
  const family = create();
  // prom-client types what it registers by its own classes; what it uses is the shape of `Family`.
  registry.registerMetric(family as unknown as Metric);
  return family;
}

/** The labels of one cell without the empty ones. `values` are in the order of `names`. */
export function labelSet(names: readonly string[], values: readonly string[]): LabelSet {
  const labels: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const value = values[i] ?? '';
    if (value !== '') labels[names[i]!] = value;
  }
  return Object.freeze(labels);
}

/** `channel="web",region="eu"`: the inside of the braces, escaped. */
export function formatLabelSet(labels: LabelSet): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabelValue(value)}"`)
    .join(',');
}

/** The two comment lines that open a family. */
export function header(family: Pick<Family, 'name' | 'help' | 'type'>): string {
  const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n`;
}

/** A value as the text format writes it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
