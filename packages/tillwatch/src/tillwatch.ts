import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AlertRouter, createAlertRouter, createRuleEngine, type RuleEngine } from '@tillwatch/alerting';
import { createPromotionDesk, type TillwatchConfig, type WatchState } from '@tillwatch/checkout';
import { type AlertmanagerConfig, readAlertmanagerConfig } from '@tillwatch/config';
import {
  type AlertEnricher,
  type Clock,
  invariant,
  type Logger,
  Matcher,
  type SteadyClock,
  steadyClock,
  systemClock,
} from '@tillwatch/model';
import { createScraper, type Scraper } from '@tillwatch/scrape';
import { ExemplarRing, openTsdb, type StoreLimits, type Tsdb } from '@tillwatch/tsdb';
import type { Configuration, LoadResult } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { OriginTest } from './http/api-routes.ts';
import { prometheusFlags } from './http/flags.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import type { LastReload } from './http/status-routes.ts';
import { createLiveFeed, type DemoFeed, type LiveFeed } from './live-feed.ts';
import { countDamage } from './query/damage.ts';
import { inlineQueries } from './query/queries.ts';
import { localQuerier, QueryEngine } from './query/query-engine.ts';
import { workerQuerier } from './query/worker-querier.ts';
import { QUERY_WORKER, workerQueries } from './query/worker-queries.ts';
import { createSelfMetrics } from './self-metrics.ts';
import { createEmbeddedSentinel } from './sentinel/embedded-sentinel.ts';
import type { SentinelLoop } from './sentinel/sentinel-loop.ts';
import { createShopBriefings, type ShopBriefings } from './shop-briefings.ts';

/** What a process watches: the standard files, and what the shop said in tillwatch.yaml when it runs from one. */
export interface Setup {
  readonly configuration: Configuration;
  readonly checkout: TillwatchConfig | undefined;
}

export interface TillwatchOptions {
  /** Reads the configuration; called at start and at every reload. */
  readonly load: () => Promise<LoadResult<Setup>>;
  /** The folder of the embedded store. Made when it is not there. */
  readonly dataDir: string;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** How long samples are kept where prometheus.yml does not say it. */
  readonly retentionMs: number;
  /** What counts more than prometheus.yml, because it was said on the command line. */
  readonly retention?:
    | { readonly retentionMs?: number | undefined; readonly retentionBytes?: number | undefined }
    | undefined;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Where `proxy_from_environment` finds its proxies. Default: nowhere. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The URL under which people reach the page; links in messages start with it. Default: where it listens. */
  readonly externalUrl?: string | undefined;
  /** Pages of which other origins may read the API; of none when not given. */
  readonly corsOrigin?: OriginTest | undefined;
  /** The demo's switchboard for the page. */
  readonly demo?: DemoFeed | undefined;
}

/** One watching process. */
export interface Tillwatch {
  /** Resolves when everything runs and `/-/ready` answers 200. Rejects with `ConfigurationError` and leaves nothing running. */
  start(): Promise<void>;
  /** Where it listens, with the port that was picked. */
  url(): string;
  /** Reads the configuration anew and applies all of it, or nothing when a problem is an error. Returns what was found. */
  reload(): Promise<LoadResult<Setup>>;
  /** The delivery half, for commands that need it (test messages). */
  router(): AlertRouter;
  /** Ends everything, last started first ended. What was stored or is owed stays in the store. */
  stop(): Promise<void>;
}

interface Running {
  readonly tsdb: Tsdb;
  readonly exemplars: ExemplarRing;
  readonly router: AlertRouter;
  readonly rules: RuleEngine;
  readonly scraper: Scraper;
  readonly http: HttpServer;
  readonly live: LiveFeed;
  readonly briefings: ShopBriefings;
  setup: Setup;
  /** There when the watch runs from a tillwatch.yaml: on bare standard files nobody says what a checkout is. */
  sentinel: SentinelLoop | undefined;
}

/** Introduces the rooms to each other: the one place where scraping, storing, rules and delivery meet. */
export function createTillwatch(options: TillwatchOptions): Tillwatch {
  const { logger } = options;
  const machineClock =
    options.clock === undefined
      ? steadyClock(systemClock, undefined, (byMs) => {
          logger.warn('the clock of the machine was set back; going on from the time it was', {
            bySeconds: byMs / 1000,
          });
        })
      : undefined;
  const clock = options.clock ?? (machineClock as Clock);
  const stops: (() => Promise<void> | void)[] = [];
  let running: Running | undefined;
  let lastReload: LastReload = { isSuccess: true, successAtMs: 0 };

  async function start(): Promise<void> {
    invariant(running === undefined, 'started twice');
    const { value: setup, problems } = await options.load();
    if (setup === undefined) throw new ConfigurationError(problems);
    try {
      running = await startAll(setup);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async function startAll(setup: Setup): Promise<Running> {
    const { configuration, checkout } = setup;
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const tsdb = await openTsdb(options.dataDir, { ...storeLimits(setup), clock, logger });
    stops.push(() => tsdb.close());
    if (machineClock !== undefined) goOnFromNewest(machineClock, tsdb, logger);

    const exemplars = new ExemplarRing(configuration.prometheus.storage.maxExemplars);
    const http = await createHttpServer({ listen: options.listen, logger });
    stops.push(() => http.stop());
    const externalUrl = options.externalUrl ?? http.url();

    const engine = new QueryEngine(tsdb);
    // Sources that run unbuilt have no compiled worker, and a thread cannot be given a clock that is turned by hand.
    const queries = countDamage(
      machineClock !== undefined && existsSync(QUERY_WORKER)
        ? workerQueries({ dataDir: options.dataDir, retentionMs: options.retentionMs, logger })
        : inlineQueries(engine, tsdb),
    );
    stops.push(() => queries.close());
    const querier = localQuerier(engine);

    const promotions =
      checkout === undefined
        ? undefined
        : createPromotionDesk({
            querier: workerQuerier(queries),
            config: () => running?.setup.checkout ?? checkout,
            clock,
            pageUrl: externalUrl,
            watch: () => watchState(router, rules),
          });
    const briefings = createShopBriefings({ querier, ledger: tsdb, clock, logger, pageUrl: externalUrl }, checkout);
    stops.push(() => briefings.stop());
    const router = createAlertRouter({
      config: configuration.alertmanager ?? quietAlertmanager(),
      templates: configuration.templates,
      ledger: tsdb,
      clock,
      logger,
      externalUrl,
      ...(checkout === undefined ? {} : { enricher: firstOf(promotions, briefings.enricher) }),
    });
    const rules = createRuleEngine({
      groups: configuration.ruleFiles,
      queryable: tsdb,
      store: tsdb,
      clock,
      logger,
      externalLabels: configuration.prometheus.global.externalLabels,
      externalUrl,
      evaluationIntervalMs: configuration.prometheus.global.evaluationIntervalMs,
      onAlerts(alerts) {
        promotions?.prepare(alerts);
        router.accept(alerts);
      },
    });
    const scraper = createScraper({
      config: configuration.prometheus,
      appendable: tsdb,
      census: tsdb,
      limits: checkout?.limits,
      exemplars,
      clock,
      logger,
      environment: options.environment,
    });

    const live = createLiveFeed({
      querier,
      checkout: () => running?.setup.checkout ?? checkout,
      rules,
      router,
      scraper,
      tsdb,
      clock,
      logger,
      demo: options.demo,
    });
    stops.push(() => live.stop());
    const startedAtMs = clock.nowMs();
    lastReload = { isSuccess: true, successAtMs: startedAtMs };
    await http.serve({
      queries,
      clock,
      rules,
      router,
      scraper,
      live,
      promotions,
      startedAtMs,
      retentionMs: () => storeLimits(running?.setup ?? setup).retentionMs,
      exemplars,
      externalUrl,
      corsOrigin: options.corsOrigin,
      prometheusConfig: () => (running?.setup ?? setup).configuration.prometheus,
      flags: () => prometheusFlags({ ...options, ...storeLimits(running?.setup ?? setup), externalUrl }),
      corruptionCount: () => tsdb.stats().quarantines.length,
      lastReload: () => lastReload,
      selfMetrics: createSelfMetrics({
        tsdb,
        exemplars,
        rules,
        router,
        scraper,
        lastReload: () => lastReload,
        logStats: briefings.logStats,
        chunksLeftOut: () => queries.chunksLeftOut(),
        clockAheadMs: () => machineClock?.aheadMs() ?? 0,
      }),
      reload,
      demo: options.demo,
    });

    router.start();
    stops.push(() => router.stop());
    rules.start();
    stops.push(() => rules.stop());
    scraper.start();
    stops.push(() => scraper.stop());
    const sentinel = startSentinel(tsdb, checkout);
    stops.push(() => (running?.sentinel ?? sentinel)?.stop());
    http.ready();
    logger.info('started', { url: http.url(), data: options.dataDir });
    return { tsdb, exemplars, router, rules, scraper, http, live, briefings, setup, sentinel };
  }

  function startSentinel(store: Tsdb, config: TillwatchConfig | undefined): SentinelLoop | undefined {
    if (config === undefined) return undefined;
    const sentinel = createEmbeddedSentinel({ config, store, clock, logger });
    sentinel.start();
    return sentinel;
  }

  function storeLimits({ configuration }: Setup): StoreLimits {
    const { storage } = configuration.prometheus;
    return {
      retentionMs: options.retention?.retentionMs ?? storage.retentionMs ?? options.retentionMs,
      retentionBytes: options.retention?.retentionBytes ?? storage.retentionBytes,
    };
  }

  async function reload(): Promise<LoadResult<Setup>> {
    invariant(running !== undefined, 'reload before start');
    const result = await options.load();
    if (result.value === undefined) {
      lastReload = { ...lastReload, isSuccess: false };
      logger.warn('reload refused; the previous configuration keeps running', { problems: result.problems.length });
      return result;
    }
    const { configuration } = result.value;
    running.setup = result.value;
    running.tsdb.configure(storeLimits(result.value));
    running.exemplars.resize(configuration.prometheus.storage.maxExemplars);
    await running.router.apply(configuration.alertmanager ?? quietAlertmanager(), configuration.templates);
    await running.rules.apply(configuration.ruleFiles);
    await running.scraper.apply(configuration.prometheus, result.value.checkout?.limits);
    await running.briefings.apply(result.value.checkout);
    // It learns anew what the new configuration calls a checkout.
    await running.sentinel?.stop();
    running.sentinel = startSentinel(running.tsdb, result.value.checkout);
    lastReload = { isSuccess: true, successAtMs: clock.nowMs() };
    logger.info('reloaded');
    return result;
  }

  async function stop(): Promise<void> {
    for (let end = stops.pop(); end !== undefined; end = stops.pop()) {
      try {
        await end();
      } catch (error) {
        logger.error('a part did not stop cleanly', { err: (error as Error).message });
      }
    }
    running = undefined;
  }

  const started = (): Running => {
    invariant(running !== undefined, 'not started');
    return running;
  };
  return { start, reload, stop, url: () => started().http.url(), router: () => started().router };
}

/** A clock that was set back by more than this while nothing ran was wrong before. */
const MOST_AHEAD_MS = 86_400_000;

/**
 * Where the machine's clock was set back while nothing ran, goes on from the last scrape: what is older than the newest sample of its
 * series is not stored.
 */
function goOnFromNewest(clock: SteadyClock, tsdb: Tsdb, logger: Logger): void {
  const nowMs = clock.nowMs();
  let newestMs = nowMs;
  for (const { timestampsMs } of tsdb.select(
    [new Matcher('__name__', '=', 'up')],
    nowMs + 1,
    Number.MAX_SAFE_INTEGER,
  )) {
    newestMs = Math.max(newestMs, timestampsMs.at(-1)!);
  }
  const byMs = newestMs - nowMs;
  if (byMs > MOST_AHEAD_MS) {
    logger.error('the store has samples from the future: what is older is not stored. Set the clock, or start afresh', {
      days: byMs / 86_400_000,
    });
  } else if (byMs > 0) {
    clock.notBefore(newestMs + 1);
    logger.warn('the clock of the machine was set back; going on from the last scrape', { bySeconds: byMs / 1000 });
  }
}

/** The briefing of the first who has one. */
function firstOf(...enrichers: readonly (AlertEnricher | undefined)[]): AlertEnricher {
  return {
    async brief(notification) {
      for (const enricher of enrichers) {
        const briefing = await enricher?.brief(notification);
        if (briefing !== undefined) return briefing;
      }
      return undefined;
    },
  };
}

/** What the check before a promotion wants to know about the watch itself. */
function watchState(router: AlertRouter, rules: RuleEngine): WatchState {
  return {
    receivers: router
      .receivers()
      .flatMap(({ name: receiver, integrations }) =>
        integrations.map(({ integration, lastDeliveredAtMs }) => ({ receiver, integration, lastDeliveredAtMs })),
      ),
    failingRules: rules
      .groups()
      .flatMap((group) => group.rules)
      .filter(({ health }) => health === 'err')
      .map(({ name, lastError }) => ({ rule: name, error: lastError })),
  };
}

/** Without an alertmanager.yml, alerts are shown and nobody is told. */
function quietAlertmanager(): AlertmanagerConfig {
  const text = 'route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n';
  const { config } = readAlertmanagerConfig({ file: 'built-in alertmanager.yml', text });
  invariant(config !== undefined, 'the built-in alertmanager.yml does not load');
  return config;
}
