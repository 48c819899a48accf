import {
  compareLabels,
  type Histogram,
  type Labels,
  type Matcher,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';
import { ResetHints } from './histogram/reset-hints.ts';

export { add as addHistograms, subtract as subtractHistograms } from './histogram/arithmetic.ts';
export { fromClassic } from './histogram/from-classic.ts';
export { compact as compactHistogram } from './histogram/layout.ts';
export { readHistogram, type WrittenHistogram } from './histogram/notation.ts';
export { ResetHints } from './histogram/reset-hints.ts';

/** A sample for a test: a number, a histogram, `stale` for the staleness marker, or `undefined` for none. */
export type TestValue = number | Histogram | 'stale' | undefined;

interface TestSample {
  readonly value: Exclude<TestValue, undefined>;
  readonly startTimestampMs: number;
}

/**
 * Series in memory, for tests of whatever reads a `Queryable`. Series with equal timestamps share the array. Histograms come
 * back as from a store: what they say about counter resets follows from the one before.
 */
export class MemoryQueryable implements Queryable {
  readonly #samples = new Map<string, { readonly labels: Labels; readonly byTime: Map<number, TestSample> }>();
  #sorted: Series[] | undefined;

  /** Adds samples, one every `stepMs` from `startMs` on. Samples of a series that is there already are put between its own. */
  add(
    labels: Labels,
    startMs: number,
    stepMs: number,
    values: readonly TestValue[],
    startTimestampsMs: readonly (number | undefined)[] = [],
  ): void {
    const { byTime } = this.#entry(labels);
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      byTime.set(startMs + i * stepMs, { value, startTimestampMs: startTimestampsMs[i] ?? 0 });
    }
  }

  /** Adds samples at the given times; a sample at a time that has one replaces it. */
  addSamples(labels: Labels, timestampsMs: ArrayLike<number>, values: ArrayLike<number | Histogram | 'stale'>): void {
    const { byTime } = this.#entry(labels);
    for (let i = 0; i < timestampsMs.length; i++) {
      byTime.set(timestampsMs[i]!, { value: values[i]!, startTimestampMs: 0 });
    }
  }

  clear(): void {
    this.#samples.clear();
    this.#sorted = undefined;
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    for (const series of this.#all()) {
      if (!matchers.every((matcher) => matcher.matchesLabels(series.labels))) continue;
      const part = cut(series, fromMs, toMs);
      if (part !== undefined) yield part;
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const { labels } of this.select(matchers, fromMs, toMs)) yield labels;
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return [...new Set([...this.selectLabels([], fromMs, toMs)].flatMap((labels) => labels.names()))].sort();
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = [...this.selectLabels([], fromMs, toMs)].map((labels) => labels.get(name));
    return [...new Set(values)].filter((value) => value !== '').sort();
  }

  #entry(labels: Labels): { readonly labels: Labels; readonly byTime: Map<number, TestSample> } {
    this.#sorted = undefined;
    let entry = this.#samples.get(labels.key);
    if (entry === undefined) {
      entry = { labels, byTime: new Map() };
      this.#samples.set(labels.key, entry);
    }
    return entry;
  }

  #all(): readonly Series[] {
    this.#sorted ??= shareTimestamps(
      [...this.#samples.values()]
        .filter(({ byTime }) => byTime.size > 0)
        .map(({ labels, byTime }) => toSeries(labels, byTime))
        .sort((a, b) => compareLabels(a.labels, b.labels)),
    );
    return this.#sorted;
  }
}

function toSeries(labels: Labels, byTime: ReadonlyMap<number, TestSample>): Series {
  const timestampsMs = Float64Array.from(byTime.keys()).sort();
  const values = new Float64Array(timestampsMs.length);
  const starts = new Float64Array(timestampsMs.length);
  const histograms: (Histogram | undefined)[] = [];
  const hints = new ResetHints();
  for (const [i, t] of timestampsMs.entries()) {
    const { value, startTimestampMs } = byTime.get(t)!;
    starts[i] = startTimestampMs;
    if (typeof value === 'object') {
      histograms[i] = hints.next(value);
      continue;
    }
    hints.interrupt();
    if (value === 'stale') writeStaleAt(values, i);
    else values[i] = value;
  }
  const all = histograms.length > 0 ? Array.from(values, (_, i) => histograms[i]) : undefined;
  return {
    labels,
    timestampsMs,
    values,
    ...(all === undefined ? {} : { histograms: all }),
    ...(starts.some((start) => start !== 0) ? { startTimestampsMs: starts } : {}),
  };
}

function shareTimestamps(all: readonly Series[]): Series[] {
  const known = new Map<string, Float64Array>();
  return all.map((series) => {
    const key = series.timestampsMs.join();
    const shared = known.get(key) ?? series.timestampsMs;
    known.set(key, shared);
    return { ...series, timestampsMs: shared };
  });
}

/** The part of a series in [from, to]. */
function cut(series: Series, fromMs: number, toMs: number): Series | undefined {
  const { timestampsMs, values, histograms, startTimestampsMs } = series;
  const from = timestampsMs.findIndex((t) => t >= fromMs);
  if (from === -1 || timestampsMs[from]! > toMs) return undefined;
  let to = timestampsMs.length;
  while (timestampsMs[to - 1]! > toMs) to--;
  if (from === 0 && to === timestampsMs.length) return series;
  return {
    labels: series.labels,
    timestampsMs: timestampsMs.subarray(from, to),
    values: values.subarray(from, to),
    histograms: histograms?.slice(from, to),
    startTimestampsMs: startTimestampsMs?.subarray(from, to),
  };
}
