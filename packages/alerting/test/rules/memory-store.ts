import {
  type Appendable,
  type Batch,
  compareLabels,
  compareText,
  isStaleAt,
  type Labels,
  type Ledger,
  type Matcher,
  type Queryable,
  type Series,
  StoreError,
  writeStaleAt,
} from '@tillwatch/model';

interface Stored {
  readonly labels: Labels;
  readonly samples: { readonly timestampMs: number; readonly value: number; readonly isStale: boolean }[];
}

/** A store in memory with the promises of the real one: a batch is visible as a whole after its commit, or not at all. */
export class MemoryStore implements Appendable, Ledger, Queryable {
  readonly #series = new Map<string, Stored>();
  readonly #shelves = new Map<string, Map<string, string>>();
  /** How many of the next commits fail. */
  failingCommits = 0;
  /** Are failing commits held in memory, as the real store does when the disk is full? */
  isHolding = false;
  commits = 0;

  batch(): Batch {
    const work: (() => void)[] = [];
    const pending = new Map<string, number>();
    const add = (labels: Labels, timestampMs: number, value: number, isStale: boolean): boolean => {
      const last = pending.get(labels.key) ?? this.#series.get(labels.key)?.samples.at(-1)?.timestampMs;
      if (last !== undefined && last >= timestampMs) return false;
      pending.set(labels.key, timestampMs);
      work.push(() => {
        const stored = this.#series.get(labels.key) ?? { labels, samples: [] };
        stored.samples.push({ timestampMs, value, isStale });
        this.#series.set(labels.key, stored);
      });
      return true;
    };
    return {
      append: (labels, timestampMs, value) => add(labels, timestampMs, value, false),
      appendStale: (labels, timestampMs) => void add(labels, timestampMs, Number.NaN, true),
      put: (shelf, key, document) => {
        const text = JSON.stringify(document);
        work.push(() => void this.#shelf(shelf).set(key, text));
      },
      remove: (shelf, key) => void work.push(() => void this.#shelf(shelf).delete(key)),
      commit: async () => {
        await Promise.resolve();
        if (this.failingCommits > 0) {
          this.failingCommits--;
          if (this.isHolding) for (const step of work) step();
          throw new StoreError('full', 'the disk is full', { isHeld: this.isHolding });
        }
        for (const step of work) step();
        this.commits++;
      },
    };
  }

  get(shelf: string, key: string): unknown {
    const text = this.#shelf(shelf).get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return [...this.#shelf(shelf)].sort(([a], [b]) => compareText(a, b)).map(([key, text]) => [key, JSON.parse(text)]);
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    for (const { labels, samples } of this.#matching(matchers)) {
      const inRange = samples.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs);
      if (inRange.length === 0) continue;
      const values = Float64Array.from(inRange, (sample) => sample.value);
      inRange.forEach((sample, i) => {
        if (sample.isStale) writeStaleAt(values, i);
      });
      yield { labels, timestampsMs: Float64Array.from(inRange, (sample) => sample.timestampMs), values };
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const series of this.select(matchers, fromMs, toMs)) yield series.labels;
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const names = [...this.selectLabels([], fromMs, toMs)].flatMap((labels) => labels.names());
    return [...new Set(names)].sort(compareText);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = [...this.selectLabels([], fromMs, toMs)].map((labels) => labels.get(name));
    return [...new Set(values.filter((value) => value !== ''))].sort(compareText);
  }

  /** Everything there is of the series that match, as text: `1@60000 stale@120000`. */
  dump(text: string): string | undefined {
    for (const series of this.select([], 0, Number.MAX_SAFE_INTEGER)) {
      if (series.labels.toString() !== text) continue;
      return [...series.values]
        .map((value, i) => `${isStaleAt(series.values, i) ? 'stale' : value}@${series.timestampsMs[i]}`)
        .join(' ');
    }
    return undefined;
  }

  /** Stores samples of one series at once, for the inputs of a test. */
  load(labels: Labels, samples: Iterable<readonly [timestampMs: number, value: number | 'stale']>): void {
    const stored = this.#series.get(labels.key) ?? { labels, samples: [] };
    for (const [timestampMs, value] of samples) {
      stored.samples.push({ timestampMs, value: value === 'stale' ? Number.NaN : value, isStale: value === 'stale' });
    }
    this.#series.set(labels.key, stored);
  }

  #shelf(name: string): Map<string, string> {
    const shelf = this.#shelves.get(name) ?? new Map<string, string>();
    this.#shelves.set(name, shelf);
    return shelf;
  }

  #matching(matchers: readonly Matcher[]): Stored[] {
    return [...this.#series.values()]
      .filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels)))
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }
}
