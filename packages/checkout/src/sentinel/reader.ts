import { Matcher, METRIC_NAME, type Queryable, type Series } from '@tillwatch/model';

/** Matchers that choose series; one selector names one metric. */
export type Selector = readonly Matcher[];

/** Where the sentinel gets samples from: the embedded store, or any Prometheus-compatible API. */
export interface SentinelReader {
  /**
   * Every series that one of `selectors` chooses, with its samples in (`fromMs`, `toMs`], oldest first. Samples that were handed out
   * before may come again. With `stepMs` they may be thinned to one per step. Series come selector by selector, in the order given.
   * Rejects when the store cannot be asked: the sentinel then knows nothing of that time, and says so.
   */
  read(selectors: readonly Selector[], fromMs: number, toMs: number, stepMs?: number): Promise<Iterable<Series>>;
}

/** Reads from a store in this process. The arrays of a series are valid until the next one is requested. */
export function queryableReader(queryable: Queryable): SentinelReader {
  return {
    async read(selectors, fromMs, toMs) {
      return selectAll(queryable, selectors, fromMs, toMs);
    },
  };
}

function* selectAll(queryable: Queryable, selectors: readonly Selector[], fromMs: number, toMs: number) {
  // Timestamps are whole milliseconds, so what comes after `fromMs` begins one later.
  for (const selector of selectors) yield* queryable.select(selector, fromMs + 1, toMs);
}

/** Chooses the series of a metric, of the given jobs if there are any. */
export function metricSelector(metric: string, jobs: readonly string[], ...more: Matcher[]): Selector {
  const name = new Matcher(METRIC_NAME, '=', metric);
  if (jobs.length === 0) return [name, ...more];
  const escaped = jobs.map((job) => job.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&'));
  return [name, new Matcher('job', '=~', escaped.join('|')), ...more];
}
