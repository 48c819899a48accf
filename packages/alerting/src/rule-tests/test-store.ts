import {
  type Appendable,
  type Batch,
  compareLabels,
  compareText,
  type Histogram,
  type Labels,
  type Ledger,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';
import { ResetHints } from '@tillwatch/promql/testing';

/** One series with room for more samples. */
interface Growing {
  readonly labels: Labels;
  timestampsMs: Float64Array;
  values: Float64Array;
  /** As long as the samples, once there was a histogram. */
  histograms: (Histogram | undefined)[] | undefined;
  readonly hints: ResetHints;
  length: number;
}

/**
 * A store in memory for rules on a simulated clock. It keeps the promises of the real one: a batch is visible as a whole
 * after its commit, and samples of a series come with rising timestamps.
 */
export class TestStore implements Appendable, Ledger, Queryable {
  readonly #series = new Map<string, Growing>();
  /** The same by metric name, in label order. */
  readonly #byName = new Map<string, Growing[]>();
  readonly #shelves = new Map<string, Map<string, unknown>>();

  batch(): Batch {
    const work: (() => void)[] = [];
    const pending = new Map<string, number>();
    const add = (labels: Labels, timestampMs: number, value: number | 'stale'): boolean => {
      const last = pending.get(labels.key) ?? this.#lastMs(labels);
      if (last !== undefined && last >= timestampMs) return false;
      pending.set(labels.key, timestampMs);
      work.push(() => this.append(labels, timestampMs, value));
      return true;
    };
    return {
      append: add,
      appendStale: (labels, timestampMs) => void add(labels, timestampMs, 'stale'),
      put: (shelf, key, document) => void work.push(() => void this.#shelf(shelf).set(key, document)),
      remove: (shelf, key) => void work.push(() => void this.#shelf(shelf).delete(key)),
      commit: async () => {
        for (const step of work) step();
      },
    };
  }

  /** Stores one sample at once; one that is not newer than the last of its series is left out. */
  append(labels: Labels, timestampMs: number, value: number | 'stale' | Histogram): void {
    const series = this.#series.get(labels.key) ?? this.#open(labels);
    const { length } = series;
    if (length > 0 && series.timestampsMs[length - 1]! >= timestampMs) return;
    if (length === series.timestampsMs.length) grow(series);
    series.timestampsMs[length] = timestampMs;
    if (typeof value === 'object') {
      series.histograms ??= new Array<undefined>(length).fill(undefined);
      series.histograms[length] = series.hints.next(value);
    } else {
      series.hints.interrupt();
      if (value === 'stale') writeStaleAt(series.values, length);
      else series.values[length] = value;
      if (series.histograms !== undefined) series.histograms[length] = undefined;
    }
    series.length++;
  }

  get(shelf: string, key: string): unknown {
    return this.#shelf(shelf).get(key);
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return [...this.#shelf(shelf)].sort(([a], [b]) => compareText(a, b));
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    for (const { labels, timestampsMs, values, histograms, length } of this.#matching(matchers)) {
      const from = firstAtOrAfter(timestampsMs, length, fromMs);
      const to = firstAtOrAfter(timestampsMs, length, toMs + 1);
      if (from >= to) continue;
      const floats = { labels, timestampsMs: timestampsMs.subarray(from, to), values: values.subarray(from, to) };
      yield histograms === undefined ? floats : { ...floats, histograms: histograms.slice(from, to) };
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const { labels } of this.select(matchers, fromMs, toMs)) yield labels;
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const names = [...this.selectLabels([], fromMs, toMs)].flatMap((labels) => labels.names());
    return [...new Set(names)].sort(compareText);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = [...this.selectLabels([], fromMs, toMs)].map((labels) => labels.get(name));
    return [...new Set(values.filter((value) => value !== ''))].sort(compareText);
  }

  #matching(matchers: readonly Matcher[]): Growing[] {
    const named = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
    const candidates =
      named === undefined
        ? [...this.#series.values()].sort((a, b) => compareLabels(a.labels, b.labels))
        : (this.#byName.get(named.value) ?? []);
    return candidates.filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels)));
  }

  #open(labels: Labels): Growing {
    const series: Growing = {
      labels,
      timestampsMs: new Float64Array(16),
      values: new Float64Array(16),
      histograms: undefined,
      hints: new ResetHints(),
      length: 0,
    };
    this.#series.set(labels.key, series);
    const named = this.#byName.get(labels.metricName) ?? [];
    named.push(series);
    this.#byName.set(
      labels.metricName,
      named.sort((a, b) => compareLabels(a.labels, b.labels)),
    );
    return series;
  }

  #lastMs(labels: Labels): number | undefined {
    const series = this.#series.get(labels.key);
    return series === undefined ? undefined : series.timestampsMs[series.length - 1];
  }

  #shelf(name: string): Map<string, unknown> {
    const shelf = this.#shelves.get(name) ?? new Map<string, unknown>();
    this.#shelves.set(name, shelf);
    return shelf;
  }
}

function grow(series: Growing): void {
  const timestampsMs = new Float64Array(2 * series.length);
  timestampsMs.set(series.timestampsMs);
  const values = new Float64Array(2 * series.length);
  // Copies bits, so that staleness markers stay what they are.
  values.set(series.values);
  series.timestampsMs = timestampsMs;
  series.values = values;
}

function firstAtOrAfter(timestampsMs: Float64Array, length: number, atMs: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
