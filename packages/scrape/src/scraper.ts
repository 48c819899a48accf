import type { PrometheusConfig } from '@tillwatch/config';
import type { Appendable, Clock, ExemplarSink, Labels, Logger, SeriesCensus } from '@tillwatch/model';
import type { Mechanism } from './discovery/discoverer.ts';
import { withoutCredentials } from './http/http-client.ts';
import type { Environment } from './http/proxy.ts';
import { Turns } from './loop/turns.ts';
import { ScrapePool } from './scrape-pool.ts';
import { DEFAULT_SERIES_LIMITS, SeriesAdmission, type SeriesLimits } from './series-limits.ts';

/** What a scraper runs on. */
export interface ScraperOptions {
  readonly config: PrometheusConfig;
  readonly appendable: Appendable;
  /** Which series there are in the store, so that those are never taken for new. Without it there is no limit over all targets. */
  readonly census?: SeriesCensus | undefined;
  /** Default: `DEFAULT_SERIES_LIMITS`. */
  readonly limits?: SeriesLimits | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where `proxy_from_environment` finds `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly environment?: Environment | undefined;
  /** Takes the exemplars of pages; they are passed over when not given. */
  readonly exemplars?: ExemplarSink | undefined;
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
      /** Series of the last page that were left out because there are too many. */
      readonly seriesDropped: number;
      /** The same summed up over all scrapes since the start. */
      readonly seriesDroppedTotal: number;
    }
  | { readonly state: 'dropped'; readonly scrapePool: string; readonly discoveredLabels: Labels };

/** What a job is doing, beyond its targets. */
export interface ScrapePoolStatus {
  readonly name: string;
  /** Targets that were found, before relabelling. */
  readonly discovered: number;
  /** Those that relabelling dropped, remembered or not. */
  readonly dropped: number;
  /** How looking for targets went since the start, one entry for each entry of the config that looks for some. */
  readonly searches: readonly {
    readonly mechanism: Mechanism;
    readonly refreshes: number;
    readonly failures: number;
  }[];
}

/** What a target says about one of its metrics. */
export interface MetricMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  /** The labels of the target that says so. */
  readonly target: Labels;
}

/** Scrapes until it is stopped. */
export interface Scraper {
  /** Starts the loops. Each target has its own times within its interval, the same after every start. */
  start(): void;
  /** Stops the loops, giving up scrapes that are under way. No series are ended: the next start goes on with them. */
  stop(): Promise<void>;
  /** Goes over to another config. Targets that stay keep their times and caches; the series of those that go are ended. */
  apply(config: PrometheusConfig, limits?: SeriesLimits): Promise<void>;
  /** All jobs, in the order of the config. */
  pools(): ScrapePoolStatus[];
  /** All targets by job: active ones, then those that relabelling dropped. */
  targets(): TargetStatus[];
  metadata(): MetricMetadata[];
}

/**
 * Scrapes the targets of a prometheus.yml into a store, as Prometheus 3 does. One scrape is one batch; a store that is slow
 * or refuses is logged and tried again at the next round.
 */
export function createScraper({ config, census, limits, environment = {}, ...rest }: ScraperOptions): Scraper {
  const admission = new SeriesAdmission(limits ?? DEFAULT_SERIES_LIMITS, census);
  const ports = { ...rest, environment, admission, turns: new Turns() };
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
    async apply(next, nextLimits = admission.limits) {
      admission.limits = nextLimits;
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
    pools: () =>
      Array.from(pools.values(), (pool) => ({
        name: pool.config.jobName,
        discovered: pool.discoveredCount,
        dropped: pool.droppedCount,
        searches: pool.discoveryStats,
      })),
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
