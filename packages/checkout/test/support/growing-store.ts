import {
  compareLabels,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';

interface Growing {
  readonly labels: Labels;
  timestampsMs: Float64Array;
  values: Float64Array;
  length: number;
}

/** Series in memory that are appended to sample by sample, as a watch does; cheap enough for hours of a simulated shop. */
export class GrowingStore implements Queryable {
  readonly #byName = new Map<string, Map<string, Growing>>();

  append(labels: Labels, timestampMs: number, value: number | 'stale'): void {
    const name = labels.metricName;
    let family = this.#byName.get(name);
    if (family === undefined) {
      family = new Map();
      this.#byName.set(name, family);
    }
    let series = family.get(labels.key);
    if (series === undefined) {
      series = { labels, timestampsMs: new Float64Array(64), values: new Float64Array(64), length: 0 };
      family.set(labels.key, series);
    }
    if (series.length === series.values.length) {
      series.timestampsMs = grown(series.timestampsMs);
      const values = grown(series.values);
      series.values = values;
    }
    series.timestampsMs[series.length] = timestampMs;
    if (value === 'stale') writeStaleAt(series.values, series.length);
    else series.values[series.length] = value;
    series.length++;
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const exact = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=');
    const families = exact === undefined ? [...this.#byName.values()] : [this.#byName.get(exact.value)];
    const found = families
      .flatMap((family) => [...(family?.values() ?? [])])
      .filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels)))
      .sort((a, b) => compareLabels(a.labels, b.labels));
    for (const { labels, timestampsMs, values, length } of found) {
      const from = lowerBound(timestampsMs, length, fromMs);
      const to = lowerBound(timestampsMs, length, toMs + 0.5);
      if (to > from) yield { labels, timestampsMs: timestampsMs.subarray(from, to), values: values.subarray(from, to) };
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const { labels } of this.select(matchers, fromMs, toMs)) yield labels;
  }

  labelNames(): string[] {
    throw new Error('not needed here');
  }

  labelValues(): string[] {
    throw new Error('not needed here');
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(array.length * 2);
  bigger.set(array);
  return bigger;
}

function lowerBound(sorted: Float64Array, length: number, at: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
