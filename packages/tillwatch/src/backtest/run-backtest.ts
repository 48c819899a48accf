import { type PastNotification, type ReplayFailure, replayRouting, replayRules } from '@tillwatch/alerting';
import type { TillwatchConfig } from '@tillwatch/checkout';
import type { AlertmanagerConfig } from '@tillwatch/config';
import { type Matcher, METRIC_NAME } from '@tillwatch/model';
import { mappedCounters, type PricedIncident, priceIncidents } from './cost.ts';
import { type FiredAlert, type Incident, incidentsOf, pageTest, withMessages } from './incidents.ts';
import { ruleNeeds, textOf } from './rule-needs.ts';
import type { RuleSet } from './rule-set.ts';
import { PastWith, sentinelMetrics, sentinelPast } from './sentinel-past.ts';
import type { BacktestSource } from './sources/source.ts';

/** What is played on what. */
export interface BacktestOptions {
  readonly rules: RuleSet;
  readonly source: BacktestSource;
  /** Who is told; `undefined`: nobody is routed to. */
  readonly routing: AlertmanagerConfig | undefined;
  /** What costs are measured with; `undefined`: they are not. */
  readonly shop: TillwatchConfig | undefined;
  /** The shop that the sentinel watches; `undefined`: it is not replayed, and the past has what it said or not. */
  readonly sentinel: TillwatchConfig | undefined;
  /** What happens from here to there is in the result. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The first evaluation: before `fromMs`, so that rules know by then what they would have known. */
  readonly startMs: number;
  readonly evaluationIntervalMs: number;
  readonly signal?: AbortSignal | undefined;
  /** 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** What would have happened. */
export interface Backtest {
  readonly rules: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly startMs: number;
  readonly alerts: readonly FiredAlert[];
  /** By the time of firing. */
  readonly incidents: readonly PricedIncident[];
  readonly notifications: readonly PastNotification[];
  /** Messages each week that would have woken the receiver who gets most of them. Without routing: incidents that page. */
  readonly pagesPerWeek: number;
  readonly failures: readonly ReplayFailure[];
  /** Metrics (or selectors that name none) that rules read and the source has not got, with the alerts that depend on them. */
  readonly missing: readonly { readonly selector: string; readonly alerts: readonly string[] }[];
  readonly currency: string;
}

const WEEK_MS = 7 * 86_400_000;
const REPLAY_SHARE = 0.9;
const SENTINEL_SHARE = 0.4;
/** An incident that began before is known as such after this long. */
const SENTINEL_LEAD_MS = 3_600_000;

/**
 * Replays rules over the past and routes what fires, as if both had been running; where rules read what the sentinel says, it is
 * led through the past before. Rejects with the reason of `signal` when it is aborted.
 */
export async function runBacktest(options: BacktestOptions): Promise<Backtest> {
  const { rules, source, sentinel } = options;
  const metrics = sentinelMetrics(ruleNeeds(rules.groups).series);
  if (metrics.size === 0 || sentinel === undefined) return replayed(options, 0);
  const past = await sentinelPast({
    config: sentinel,
    queryable: await mappedCounters(rules.groups, source.queryable, {
      fromMs: options.startMs,
      toMs: options.toMs,
      evaluationIntervalMs: options.evaluationIntervalMs,
      signal: options.signal,
    }),
    // What it has to know it learns from the time before.
    fromMs: Math.max(options.startMs, options.fromMs - SENTINEL_LEAD_MS),
    toMs: options.toMs,
    intervalMs: options.evaluationIntervalMs,
    metrics,
    signal: options.signal,
    onProgress: (share) => options.onProgress?.(SENTINEL_SHARE * share),
  });
  try {
    const queryable = new PastWith(source.queryable, past, metrics);
    return await replayed({ ...options, source: { ...source, queryable } }, SENTINEL_SHARE);
  } finally {
    past.close();
  }
}

async function replayed(options: BacktestOptions, doneShare: number): Promise<Backtest> {
  const onProgress = (share: number) => options.onProgress?.(doneShare + (1 - doneShare) * share);
  const { rules, source, routing, fromMs, toMs, startMs, signal } = options;
  const isPage = pageTest(rules.groups);
  const replay = await replayRules({
    groups: rules.groups,
    queryable: source.queryable,
    fromMs: startMs,
    toMs,
    evaluationIntervalMs: options.evaluationIntervalMs,
    externalLabels: rules.externalLabels,
    keepRecorded: false,
    signal,
    onProgress: ({ doneMs, totalMs }) => onProgress((REPLAY_SHARE * doneMs) / Math.max(1, totalMs)),
  });
  const fired = replay.alerts.map((alert) => ({ ...alert, routedLabels: rules.externalLabels.merge(alert.labels) }));
  const { notifications, quiet } =
    routing === undefined
      ? { notifications: [], quiet: [] }
      : await replayRouting({
          config: routing,
          alerts: fired.map((alert) => ({ ...alert, labels: alert.routedLabels })),
          untilMs: toMs,
          evaluationIntervalMs: options.evaluationIntervalMs,
          signal,
        });
  const alerts = withMessages(fired, notifications, quiet, isPage).filter(
    ({ resolvedAtMs = Number.POSITIVE_INFINITY }) => resolvedAtMs > fromMs,
  );
  const inTime = notifications.filter(({ atMs }) => atMs >= fromMs);
  const found = incidentsOf(alerts);
  const incidents =
    options.shop === undefined
      ? found.map((incident) => ({ ...incident, cost: undefined }))
      : await priceIncidents(found, {
          ...options,
          shop: options.shop,
          groups: rules.groups,
          queryable: source.queryable,
          onProgress: (share) => onProgress(REPLAY_SHARE + (1 - REPLAY_SHARE) * share),
        });
  onProgress(1);
  return {
    rules: rules.name,
    fromMs,
    toMs,
    startMs,
    alerts,
    incidents,
    notifications: inTime,
    pagesPerWeek: pages(incidents, inTime, routing !== undefined, isPage) / ((toMs - fromMs) / WEEK_MS),
    failures: replay.failures,
    missing: missing(rules, source, startMs, toMs),
    currency: options.shop?.shop.currency ?? '',
  };
}

/** Messages that wake: the first of a group, and those that tell of new alerts; of the receiver that gets most of them. */
function pages(
  incidents: readonly Incident[],
  notifications: readonly PastNotification[],
  isRouted: boolean,
  isPage: (labels: PastNotification['groupLabels']) => boolean,
): number {
  if (!isRouted) return incidents.filter((one) => one.isPage).length;
  const woken = new Map<string, number>();
  for (const { reason, firing, receiver } of notifications) {
    const isNews = reason === 'first notification' || reason === 'new alerts in group';
    if (isNews && firing.some(({ labels }) => isPage(labels))) woken.set(receiver, (woken.get(receiver) ?? 0) + 1);
  }
  return Math.max(0, ...woken.values());
}

/** By metric, where one is named: that there are no failures is no gap. */
function missing({ groups }: RuleSet, source: BacktestSource, fromMs: number, toMs: number): Backtest['missing'] {
  const gaps = new Map<string, Set<string>>();
  for (const { matchers, reachMs, alerts } of ruleNeeds(groups).series) {
    const metric = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=');
    if (has(source, metric === undefined ? matchers : [metric], fromMs - reachMs, toMs)) continue;
    const selector = metric?.value ?? textOf(matchers);
    gaps.set(selector, new Set([...(gaps.get(selector) ?? []), ...alerts]));
  }
  return [...gaps].sort().map(([selector, alerts]) => ({ selector, alerts: [...alerts].sort() }));
}

function has({ queryable }: BacktestSource, matchers: readonly Matcher[], fromMs: number, toMs: number): boolean {
  for (const _ of queryable.selectLabels(matchers, fromMs, toMs)) return true;
  return false;
}
