import type { AlertRouter, Delivery, RuleEngine } from '@tillwatch/alerting';
import { incidentKind, overview, type TillwatchConfig } from '@tillwatch/checkout';
import { alertName, type Clock, type Logger, type Querier } from '@tillwatch/model';
import type { Scraper } from '@tillwatch/scrape';
import type { Tsdb } from '@tillwatch/tsdb';
import type { LiveAlert, LiveDelivery, LiveDemo, LivePromotion, LiveState, LiveTarget } from '@tillwatch/web/api';
import { VERSION } from './build-info.ts';

/** How often the page gets a new state while somebody looks. */
const PERIOD_MS = 2_000;

/** The demo's part of the page. */
export interface DemoFeed {
  /** What the page shows of the demo; may ask the shop. */
  state(): Promise<LiveDemo | null>;
  /** Breaks (`active`) or heals the shop. Rejects with an `Error` whose message can be shown. */
  setFault(name: string, active: boolean): Promise<void>;
}

export interface LiveFeedOptions {
  readonly querier: Querier;
  readonly checkout: () => TillwatchConfig | undefined;
  readonly rules: RuleEngine;
  readonly router: AlertRouter;
  readonly scraper: Scraper;
  readonly tsdb: Pick<Tsdb, 'trouble'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly demo?: DemoFeed | undefined;
}

/** The state of the watch for pages that look on. It is computed only while somebody looks, once for all of them. */
export interface LiveFeed {
  /** Calls `listener` with the state now and then about every two seconds, until the returned function is called. */
  subscribe(listener: (state: LiveState) => void): () => void;
  current(): Promise<LiveState>;
  stop(): void;
}

export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const { clock, logger } = options;
  const listeners = new Set<(state: LiveState) => void>();
  let loop: AbortController | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const state = await readState(options);
        for (const listener of listeners) listener(state);
      } catch (error) {
        logger.error('the live state could not be computed', { err: (error as Error).message });
      }
      await clock.sleep(PERIOD_MS, signal).catch(() => undefined);
    }
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (loop === undefined) {
        loop = new AbortController();
        void run(loop.signal);
      } else {
        // The loop is asleep: a newcomer does not wait for its next round.
        readState(options).then(
          (state) => listeners.has(listener) && listener(state),
          () => undefined,
        );
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        loop?.abort();
        loop = undefined;
      };
    },
    current: () => readState(options),
    stop() {
      loop?.abort();
      listeners.clear();
    },
  };
}

async function readState({
  querier,
  checkout,
  rules,
  router,
  scraper,
  tsdb,
  clock,
  demo,
}: LiveFeedOptions): Promise<LiveState> {
  const nowMs = clock.nowMs();
  const config = checkout();
  const [shown, demoState] = await Promise.all([
    config === undefined
      ? {
          value: null,
          error: 'The engine runs on standard files alone: there is no tillwatch.yaml that describes a shop.',
        }
      : overview({ querier, config, nowMs }).then(
          (value) => ({ value, error: '' }),
          (error: unknown) => ({ value: null, error: (error as Error).message }),
        ),
    demo?.state() ?? null,
  ]);
  return {
    nowMs,
    version: VERSION,
    shop: {
      name: config?.shop.name ?? '',
      currency: config?.shop.currency ?? '',
      timezone: config?.shop.timezone ?? 'UTC',
      language: config?.shop.language ?? 'en',
    },
    promotion: config === undefined ? null : livePromotion(config, nowMs),
    overview: shown.value,
    overviewError: shown.error,
    alerts: liveAlerts(rules),
    deliveries: router.deliveries(50).map(liveDelivery),
    targets: liveTargets(scraper),
    storeTrouble: tsdb.trouble() ?? null,
    demo: demoState,
  };
}

/** The promotion that is live, or whose check is under way; of several the one that comes first. */
function livePromotion({ promotions, readiness }: TillwatchConfig, nowMs: number): LivePromotion | null {
  const next = promotions.find(({ fromMs, toMs }) => fromMs - readiness.beforeMs <= nowMs && nowMs < toMs);
  if (next === undefined) return null;
  const { name, fromMs, toMs, expectedFactor } = next;
  return { name, phase: nowMs < fromMs ? 'ahead' : 'live', fromMs, toMs, expectedFactor };
}

function liveAlerts(rules: RuleEngine): LiveAlert[] {
  const alerts: LiveAlert[] = [];
  for (const group of rules.groups()) {
    for (const rule of group.rules) {
      // A promotion is no trouble; the page tells of it by itself.
      if (rule.type !== 'alerting' || rule.name === 'CheckoutPromotion') continue;
      for (const alert of rule.alerts) {
        alerts.push({
          name: rule.name,
          trouble: incidentKind(rule.name) ?? rule.name,
          state: alert.state,
          severity: alert.labels.severity ?? '',
          labels: alert.labels,
          summary: alert.annotations.summary ?? '',
          runbookUrl: alert.annotations.runbook_url ?? '',
          activeAtMs: alert.activeAtMs,
          value: Number.isFinite(alert.value) ? alert.value : null,
        });
      }
    }
  }
  const rank = (alert: LiveAlert) => (alert.state === 'firing' ? 0 : 2) + (alert.severity === 'page' ? 0 : 1);
  return alerts.sort((a, b) => rank(a) - rank(b) || a.activeAtMs - b.activeAtMs).slice(0, 200);
}

function liveDelivery(delivery: Delivery): LiveDelivery {
  return {
    id: delivery.id,
    receiver: delivery.receiver,
    integration: delivery.integration,
    state: delivery.state,
    status: delivery.status,
    title: delivery.title,
    alerts: [...new Set(delivery.alerts.map(alertName))],
    attempts: delivery.attempts,
    lastError: delivery.lastError ?? '',
    createdAtMs: delivery.createdAtMs,
    deliveredAtMs: delivery.deliveredAtMs ?? null,
  };
}

function liveTargets(scraper: Scraper): LiveTarget[] {
  const targets: LiveTarget[] = [];
  for (const target of scraper.targets().slice(0, 500)) {
    if (target.state !== 'active') continue;
    targets.push({
      job: target.scrapePool,
      instance: target.labels.get('instance'),
      health: target.health,
      lastError: target.lastError,
      lastScrapeMs: target.lastScrapeMs ?? null,
      seriesDropped: target.seriesDropped,
    });
  }
  return targets;
}
