// What the sentinel would have said: the one of production, told the times of the past one after the other, over samples that are
// read ahead a few hours at a time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createSentinel,
  queryableReader,
  type Selector,
  type SentinelReader,
  type SentinelSample,
  type TillwatchConfig,
} from '@tillwatch/checkout';
import {
  compareLabels,
  compareText,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
} from '@tillwatch/model';
import { sentinelSettings } from '../sentinel/sentinel-settings.ts';
import type { NeededSeries } from './rule-needs.ts';
import { SampleSpool, type SpoolSeries } from './spool/sample-spool.ts';

/** What a sentinel is led through. */
export interface SentinelPastOptions {
  readonly config: TillwatchConfig;
  readonly queryable: Queryable;
  /** It has learned what lies before this, and looks from here on. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  /** The metrics of the sentinel that are kept. */
  readonly metrics: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
  /** 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

const AHEAD_MS = 3 * 3_600_000;
const TICKS_PER_TURN = 200;

/** The metrics of the sentinel that these series are chosen from, by name. */
export function sentinelMetrics(series: readonly NeededSeries[]): ReadonlySet<string> {
  const names = series.flatMap(({ matchers }) =>
    matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=').map(({ value }) => value),
  );
  return new Set(names.filter((name) => /^tillwatch_(incident|evidence|sentinel)(_|$)/.test(name)));
}

/**
 * Leads a sentinel through the past and gives what it publishes, in a spool that the caller closes; series that it no longer
 * publishes end with a staleness marker. Rejects with the reason of `signal` when it is aborted.
 */
export async function sentinelPast(options: SentinelPastOptions): Promise<SampleSpool> {
  const { config, queryable, fromMs, toMs, intervalMs, metrics, signal, onProgress } = options;
  const sentinel = createSentinel({ ...sentinelSettings(config), reader: readingAhead(queryable, signal) });
  const spool = new SampleSpool();
  try {
    await sentinel.learn(fromMs);
    const keep = keeper(spool, metrics);
    let ticks = 0;
    for (let atMs = Math.ceil((fromMs + 1) / intervalMs) * intervalMs; atMs <= toMs; atMs += intervalMs) {
      await sentinel.tick(atMs);
      keep(sentinel.samples(), atMs);
      if (++ticks % TICKS_PER_TURN !== 0) continue;
      onProgress?.((atMs - fromMs) / (toMs - fromMs));
      await nextTurn();
      signal?.throwIfAborted();
    }
    return spool;
  } catch (error) {
    spool.close();
    throw error;
  }
}

function keeper(
  spool: SampleSpool,
  metrics: ReadonlySet<string>,
): (samples: readonly SentinelSample[], atMs: number) => void {
  let published = new Map<string, SpoolSeries>();
  return (samples, atMs) => {
    const now = new Map<string, SpoolSeries>();
    for (const { labels, value } of samples) {
      if (!metrics.has(labels.metricName)) continue;
      const series = published.get(labels.key) ?? spool.series(labels);
      series.append(atMs, value);
      now.set(labels.key, series);
    }
    for (const [key, series] of published) if (!now.has(key)) series.end(atMs);
    published = now;
  };
}

/** Where a series was read to. */
interface Cursor {
  readonly series: Series;
  next: number;
}

/** Reads a past of which nothing changes, each sample once: a look costs what is new. */
function readingAhead(queryable: Queryable, signal: AbortSignal | undefined): SentinelReader {
  const learning = queryableReader(queryable);
  let untilMs = Number.NEGATIVE_INFINITY;
  let cursors: Cursor[] = [];
  return {
    async read(selectors, fromMs, toMs, stepMs) {
      signal?.throwIfAborted();
      if (stepMs !== undefined) return learning.read(selectors, fromMs, toMs, stepMs);
      const found = taken(cursors, toMs);
      if (toMs <= untilMs) return found;
      const sinceMs = Math.max(fromMs, untilMs);
      untilMs = toMs + AHEAD_MS;
      cursors = selectors.flatMap((selector) => copied(queryable, selector, sinceMs + 1, untilMs));
      return [...found, ...taken(cursors, toMs)];
    },
  };
}

function copied(queryable: Queryable, selector: Selector, fromMs: number, toMs: number): Cursor[] {
  const cursors: Cursor[] = [];
  for (const { labels, timestampsMs, values } of queryable.select(selector, fromMs, toMs)) {
    cursors.push({ series: { labels, timestampsMs: timestampsMs.slice(), values: values.slice() }, next: 0 });
  }
  return cursors;
}

/** The samples up to `toMs` that were not taken before. */
function taken(cursors: readonly Cursor[], toMs: number): Series[] {
  const found: Series[] = [];
  for (const cursor of cursors) {
    const { labels, timestampsMs, values } = cursor.series;
    const from = cursor.next;
    let to = from;
    while (to < timestampsMs.length && timestampsMs[to]! <= toMs) to++;
    if (to === from) continue;
    cursor.next = to;
    found.push({ labels, timestampsMs: timestampsMs.subarray(from, to), values: values.subarray(from, to) });
  }
  return found;
}

/** A past in which some metrics come from elsewhere: what it has of them itself is hidden. */
export class PastWith implements Queryable {
  readonly #past: Queryable;
  readonly #added: Queryable;
  readonly #metrics: ReadonlySet<string>;

  constructor(past: Queryable, added: Queryable, metrics: ReadonlySet<string>) {
    this.#past = past;
    this.#added = added;
    this.#metrics = metrics;
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const added = [...this.#added.select(matchers, fromMs, toMs)];
    let next = 0;
    for (const series of this.#past.select(matchers, fromMs, toMs)) {
      if (this.#metrics.has(series.labels.metricName)) continue;
      for (; next < added.length && compareLabels(added[next]!.labels, series.labels) < 0; next++) yield added[next]!;
      yield series;
    }
    for (; next < added.length; next++) yield added[next]!;
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    const added = [...this.#added.selectLabels(matchers, fromMs, toMs)];
    const past = [...this.#past.selectLabels(matchers, fromMs, toMs)];
    const all = [...added, ...past.filter((labels) => !this.#metrics.has(labels.metricName))];
    yield* all.sort(compareLabels);
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return union(this.#past.labelNames(fromMs, toMs), this.#added.labelNames(fromMs, toMs));
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return union(this.#past.labelValues(name, fromMs, toMs), this.#added.labelValues(name, fromMs, toMs));
  }
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort(compareText);
}
