import { compareLabels, type Labels, type Matcher, type Queryable, type Series, writeStaleAt } from '@tillwatch/model';

/** A sample for a test: a number, `stale` for the staleness marker, or `undefined` for none. */
export type TestValue = number | 'stale' | undefined;

/** Series in memory, for tests of whatever reads a `Queryable`. Series with equal timestamps share the array. */
export class MemoryQueryable implements Queryable {
  readonly #series = new Map<string, Series>();
  #sorted: Series[] | undefined;

  /** Adds samples, one every `stepMs` from `startMs` on. Samples of a series that is there already are put between its own. */
  add(labels: Labels, startMs: number, stepMs: number, values: readonly TestValue[]): void {
    const timestamps: number[] = [];
    const kept: (number | 'stale')[] = [];
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      timestamps.push(startMs + i * stepMs);
      kept.push(value);
    }
    this.addSamples(labels, timestamps, kept);
  }

  /** Adds samples at the given times; a sample at a time that has one replaces it. */
  addSamples(labels: Labels, timestampsMs: ArrayLike<number>, values: ArrayLike<number | 'stale'>): void {
    const merged = new Map<number, number | Stale>();
    const before = this.#series.get(labels.key);
    for (const [i, t] of before?.timestampsMs.entries() ?? []) merged.set(t, { series: before!, index: i });
    for (let i = 0; i < timestampsMs.length; i++)
      merged.set(timestampsMs[i]!, values[i] === 'stale' ? STALE : (values[i] as number));
    this.#series.set(labels.key, toSeries(labels, merged));
    this.#sorted = undefined;
  }

  clear(): void {
    this.#series.clear();
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

  #all(): readonly Series[] {
    this.#sorted ??= shareTimestamps([...this.#series.values()].sort((a, b) => compareLabels(a.labels, b.labels)));
    return this.#sorted;
  }
}

/** A marker, or a sample to be copied bit by bit from an older array: a marker does not survive being a number. */
type Stale = { readonly series: Series; readonly index: number } | typeof STALE;
const STALE = 'stale';

function toSeries(labels: Labels, merged: ReadonlyMap<number, number | Stale>): Series {
  const timestampsMs = Float64Array.from([...merged.keys()].sort((a, b) => a - b));
  const values = new Float64Array(timestampsMs.length);
  for (const [i, t] of timestampsMs.entries()) {
    const value = merged.get(t)!;
    if (typeof value === 'number') values[i] = value;
    else if (value === STALE) writeStaleAt(values, i);
    else values.set(value.series.values.subarray(value.index, value.index + 1), i);
  }
  return { labels, timestampsMs, values };
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

/** The part of a series in [from, to]. Cuts of one array at the same places are one object too. */
function cut(series: Series, fromMs: number, toMs: number): Series | undefined {
  const { timestampsMs, values } = series;
  const from = timestampsMs.findIndex((t) => t >= fromMs);
  if (from === -1 || timestampsMs[from]! > toMs) return undefined;
  let to = timestampsMs.length;
  while (timestampsMs[to - 1]! > toMs) to--;
  if (from === 0 && to === timestampsMs.length) return series;
  return { labels: series.labels, timestampsMs: timestampsMs.subarray(from, to), values: values.subarray(from, to) };
}
