import {
  type CounterSeries,
  compareLabels,
  compareText,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';

/** A sample that is not stored yet. */
interface Pending {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  readonly isStale: boolean;
}

/**
 * A store as the later rules of a group see it: with what the earlier rules of the same evaluation are about to write. The
 * samples of one evaluation become durable together, so until then they exist only here.
 */
export class Overlay implements Queryable {
  readonly #base: Queryable;
  /** By metric name, and then by the key of the labels: most rules ask for what no rule has written. */
  readonly #pending = new Map<string, Map<string, Pending>>();
  /** There only when the store tells counters. */
  readonly selectCounters?: NonNullable<Queryable['selectCounters']>;

  constructor(base: Queryable) {
    this.#base = base;
    if (base.selectCounters !== undefined) {
      this.selectCounters = (matchers, fromMs, toMs) => this.#selectCounters(matchers, fromMs, toMs);
    }
  }

  add(labels: Labels, timestampMs: number, value: number): void {
    this.#put({ labels, timestampMs, value, isStale: false });
  }

  addStale(labels: Labels, timestampMs: number): void {
    this.#put({ labels, timestampMs, value: Number.NaN, isStale: true });
  }

  #put(pending: Pending): void {
    const { labels } = pending;
    const { metricName } = labels;
    const named = this.#pending.get(metricName);
    if (named === undefined) this.#pending.set(metricName, new Map([[labels.key, pending]]));
    else named.set(labels.key, pending);
  }

  select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const fresh = this.#matching(matchers, fromMs, toMs);
    return fresh.length === 0
      ? this.#base.select(matchers, fromMs, toMs)
      : this.#overlaid(fresh, matchers, fromMs, toMs);
  }

  #selectCounters(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<CounterSeries | Series> {
    const fresh = this.#matching(matchers, fromMs, toMs);
    const stored = fresh.length === 0 ? this.#base.selectCounters?.(matchers, fromMs, toMs) : undefined;
    return stored ?? this.#overlaid(fresh, matchers, fromMs, toMs);
  }

  *#overlaid(fresh: readonly Pending[], matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    let next = 0;
    for (const series of this.#base.select(matchers, fromMs, toMs)) {
      for (; next < fresh.length; next++) {
        const order = compareLabels((fresh[next] as Pending).labels, series.labels);
        if (order >= 0) break;
        yield seriesOf(undefined, fresh[next] as Pending);
      }
      const same = fresh[next];
      if (same?.labels.equals(series.labels) === true) {
        next++;
        yield seriesOf(series, same);
      } else yield series;
    }
    for (const pending of fresh.slice(next)) yield seriesOf(undefined, pending);
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    const stored = [...this.#base.selectLabels(matchers, fromMs, toMs)];
    const keys = new Set(stored.map((labels) => labels.key));
    const added = this.#matching(matchers, fromMs, toMs).map((pending) => pending.labels);
    yield* [...stored, ...added.filter((labels) => !keys.has(labels.key))].sort(compareLabels);
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const added = this.#matching([], fromMs, toMs).flatMap((pending) => pending.labels.names());
    return union(this.#base.labelNames(fromMs, toMs), added);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const added = this.#matching([], fromMs, toMs).map((pending) => pending.labels.get(name));
    return union(
      this.#base.labelValues(name, fromMs, toMs),
      added.filter((value) => value !== ''),
    );
  }

  #matching(matchers: readonly Matcher[], fromMs: number, toMs: number): Pending[] {
    const found: Pending[] = [];
    for (const pending of this.#candidates(matchers)) {
      const { labels, timestampMs } = pending;
      if (timestampMs < fromMs || timestampMs > toMs) continue;
      if (matchers.every((matcher) => matcher.matchesLabels(labels))) found.push(pending);
    }
    return found.length < 2 ? found : found.sort((a, b) => compareLabels(a.labels, b.labels));
  }

  #candidates(matchers: readonly Matcher[]): Iterable<Pending> {
    const named = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=');
    if (named !== undefined) return this.#pending.get(named.value)?.values() ?? [];
    return [...this.#pending.values()].flatMap((pending) => [...pending.values()]);
  }
}

function union(stored: readonly string[], added: readonly string[]): string[] {
  return [...new Set([...stored, ...added])].sort(compareText);
}

/** The stored samples with the pending one behind them, or in place of one that is not older. */
function seriesOf(stored: Series | undefined, pending: Pending): Series {
  let kept = stored?.timestampsMs.length ?? 0;
  while (kept > 0 && (stored?.timestampsMs[kept - 1] as number) >= pending.timestampMs) kept--;
  const timestampsMs = new Float64Array(kept + 1);
  const values = new Float64Array(kept + 1);
  if (stored !== undefined) {
    timestampsMs.set(stored.timestampsMs.subarray(0, kept));
    // Copies bits, so that staleness markers stay what they are.
    values.set(stored.values.subarray(0, kept));
  }
  timestampsMs[kept] = pending.timestampMs;
  values[kept] = pending.value;
  if (pending.isStale) writeStaleAt(values, kept);
  return { labels: pending.labels, timestampsMs, values };
}
