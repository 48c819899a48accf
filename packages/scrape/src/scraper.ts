import type { PrometheusConfig } from '@tillwatch/config';
import type { Appendable, Clock, Labels, Logger } from '@tillwatch/model';
import { withoutCredentials } from './http/fetch-page.ts';
import { ScrapePool } from './scrape-pool.ts';

export interface ScraperOptions {
  readonly config: PrometheusConfig;
  readonly appendable: Appendable;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A target that is scraped, or one that relabelling dropped. */
export type TargetStatus =
  | {
      readonly state: 'active';
      readonly scrapePool: string;
      readonly labels: Labels;
      readonly discoveredLabels: Labels;
      /** Without user and password. */
      readonly scrapeUrl: string;
      readonly health: 'up' | 'down' | 'unknown';
      /** '' when the last scrape succeeded. */
      readonly lastError: string;
      /** `undefined` before the first scrape. */
      readonly lastScrapeMs: number | undefined;
      readonly lastScrapeDurationMs: number;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | { readonly state: 'dropped'; readonly scrapePool: string; readonly discoveredLabels: Labels };

/** What a target says about one of its metrics. */
export interface MetricMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  /** The labels of the target that says so. */
  readonly target: Labels;
}

export interface Scraper {
  /** Starts the loops. Each target has its own times within its interval, the same after every start. */
  start(): void;
  /** Stops the loops, giving up scrapes that are under way. No series are ended: the next start goes on with them. */
  stop(): Promise<void>;
  /** Goes over to another config. Targets that stay keep their times and caches; the series of those that go are ended. */
  apply(config: PrometheusConfig): Promise<void>;
  /** All targets by job: active ones, then those that relabelling dropped. */
  targets(): TargetStatus[];
  metadata(): MetricMetadata[];
}

/**
 * Scrapes the targets of a prometheus.yml into a store, as Prometheus 3 does. One scrape is one batch; a store that is slow
 * or refuses is logged and tried again at the next round.
 */
export function createScraper({ config, ...ports }: ScraperOptions): Scraper {
  const pools = new Map<string, ScrapePool>();
  let isStarted = false;
  for (const job of config.scrapeConfigs) pools.set(job.jobName, new ScrapePool(job, ports));
  return {
    start() {
      isStarted = true;
      for (const pool of pools.values()) pool.start();
    },
    async stop() {
      isStarted = false;
      await Promise.all([...pools.values()].map((pool) => pool.stop(false)));
      pools.clear();
    },
    async apply(next) {
      const wanted = new Set(next.scrapeConfigs.map((job) => job.jobName));
      const gone = [...pools].filter(([name]) => !wanted.has(name));
      for (const [name] of gone) pools.delete(name);
      const changes = next.scrapeConfigs.map(async (job) => {
        const pool = pools.get(job.jobName);
        if (pool !== undefined) return pool.apply(job);
        const fresh = new ScrapePool(job, ports);
        pools.set(job.jobName, fresh);
        if (isStarted) fresh.start();
      });
      await Promise.all([...changes, ...gone.map(([, pool]) => pool.stop(true))]);
    },
    targets: () => [...pools.values()].flatMap(statusOf),
    metadata: () => [...pools.values()].flatMap(metadataOf),
  };
}

function statusOf(pool: ScrapePool): TargetStatus[] {
  const scrapePool = pool.config.jobName;
  const active = Array.from(pool.loops, ({ target, status }): TargetStatus => {
    const { labels, discoveredLabels, url, intervalMs, timeoutMs } = target;
    const scrapeUrl = withoutCredentials(url);
    return { state: 'active', scrapePool, labels, discoveredLabels, scrapeUrl, intervalMs, timeoutMs, ...status };
  });
  const dropped = pool.dropped.map(
    (discoveredLabels): TargetStatus => ({ state: 'dropped', scrapePool, discoveredLabels }),
  );
  return [...active, ...dropped];
}

function metadataOf(pool: ScrapePool): MetricMetadata[] {
  return Array.from(pool.loops).flatMap(({ target, metadata }) =>
    Array.from(metadata.entries(), ([metric, entry]) => ({ metric, ...entry, target: target.labels })),
  );
}
