import {
  compareLabels,
  compareText,
  type Labels,
  type Matcher,
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
  readonly #pending = new Map<string, Pending>();

  constructor(base: Queryable) {
    this.#base = base;
  }

  add(labels: Labels, timestampMs: number, value: number): void {
    this.#pending.set(labels.key, { labels, timestampMs, value, isStale: false });
  }

  addStale(labels: Labels, timestampMs: number): void {
    this.#pending.set(labels.key, { labels, timestampMs, value: Number.NaN, isStale: true });
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const fresh = this.#matching(matchers, fromMs, toMs);
    if (fresh.length === 0) {
      yield* this.#base.select(matchers, fromMs, toMs);
      return;
    }
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
    return [...this.#pending.values()]
      .filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs)
      .filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels)))
      .sort((a, b) => compareLabels(a.labels, b.labels));
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
