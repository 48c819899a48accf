import {
  type PastNotification,
  type Replay,
  type ReplayFailure,
  replayRouting,
  replayRules,
} from '@tillwatch/alerting';
import { costOfAlerts, type Loss, type TillwatchConfig } from '@tillwatch/checkout';
import type { AlertmanagerConfig } from '@tillwatch/config';
import { Matcher, METRIC_NAME, type Queryable } from '@tillwatch/model';
import { localQuerier, QueryEngine } from '../query/query-engine.ts';
import { type FiredAlert, type Incident, incidentsOf, pageTest, withMessages } from './incidents.ts';
import { ruleNeeds, textOf } from './rule-needs.ts';
import type { RuleSet } from './rule-set.ts';
import type { BacktestSource } from './sources/source.ts';

/** What is played on what. */
export interface BacktestOptions {
  readonly rules: RuleSet;
  readonly source: BacktestSource;
  /** Who is told; `undefined`: nobody is routed to. */
  readonly routing: AlertmanagerConfig | undefined;
  /** What costs are measured with; `undefined`: they are not. */
  readonly shop: TillwatchConfig | undefined;
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

/** What an incident cost. Estimates, as in the messages of an incident. */
export interface IncidentCost {
  /** From the beginning to the end. */
  readonly whole: Loss;
  /** From the beginning until somebody was told, or until it fired where nobody is. */
  readonly untilTold: Loss;
  /** What one more minute without help cost at that time. */
  readonly ordersPerMinute: number;
  /** In the shop's currency. */
  readonly moneyPerMinute: number;
}

/** An incident with its price. */
export interface PricedIncident extends Incident {
  /** `undefined`: not measured. */
  readonly cost: IncidentCost | undefined;
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
/** Costs are measured for so many incidents, the first ones: beyond, the rules are the matter and not the money. */
const MOST_PRICED = 200;
/** How long after firing the minute is measured where nobody is told. */
const MINUTE_MS = 60_000;
/** Before an incident, so much is needed to know what was usual. */
const USUAL_MS = 8 * 3_600_000;
const REPLAY_SHARE = 0.9;
const PRICED_METRICS = ['checkout_attempts_total', 'checkout_outcomes_total', 'checkout_order_value_total'];

/**
 * Replays rules over the past and routes what fires, as if both had been running. Rejects with the reason of `signal` when it
 * is aborted.
 */
export async function runBacktest(options: BacktestOptions): Promise<Backtest> {
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
    onProgress: ({ doneMs, totalMs }) => options.onProgress?.((REPLAY_SHARE * doneMs) / Math.max(1, totalMs)),
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
  const incidents = await priced(incidentsOf(alerts), options);
  options.onProgress?.(1);
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

async function priced(incidents: readonly Incident[], options: BacktestOptions): Promise<PricedIncident[]> {
  const { shop, source, toMs, signal } = options;
  const isMeasured = shop !== undefined && hasOrders(options);
  const result: PricedIncident[] = [];
  for (const [i, incident] of incidents.entries()) {
    signal?.throwIfAborted();
    const cost = isMeasured && i < MOST_PRICED ? await costOf(incident, shop, source.queryable, options) : undefined;
    result.push({ ...incident, cost });
    options.onProgress?.(REPLAY_SHARE + ((1 - REPLAY_SHARE) * (i + 1)) / incidents.length);
  }
  return result;

  async function costOf(
    incident: Incident,
    config: TillwatchConfig,
    past: Queryable,
    { rules }: BacktestOptions,
  ): Promise<IncidentCost> {
    const { sinceMs } = incident;
    const untilMs = Math.max(sinceMs + MINUTE_MS, Math.min(incident.untilMs ?? toMs, toMs));
    const toldMs = Math.min(untilMs, Math.max(sinceMs + MINUTE_MS, incident.told[0]?.atMs ?? incident.firedAtMs));
    const queryable = await withMappedCounters(rules, past, sinceMs - USUAL_MS, untilMs, options.evaluationIntervalMs);
    const querier = localQuerier(new QueryEngine(queryable));
    const labels = incident.alerts.map((alert) => alert.labels);
    const pastMs = config.objectives.comparedWithMs;
    const whole = await costOfAlerts(querier, config, labels, { sinceMs, untilMs, pastMs });
    const untilTold =
      toldMs === untilMs ? whole : await costOfAlerts(querier, config, labels, { sinceMs, untilMs: toldMs, pastMs });
    return {
      whole,
      untilTold,
      ordersPerMinute: untilTold.ordersPerHour.mid / 60,
      moneyPerMinute: untilTold.moneyPerHour.mid / 60,
    };
  }
}

/** Shops with other names have recording rules that give theirs the names that costs are measured by: those run once more. */
async function withMappedCounters(
  { groups }: RuleSet,
  past: Queryable,
  fromMs: number,
  toMs: number,
  evaluationIntervalMs: number,
): Promise<Queryable> {
  const mapping = groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => rule.kind === 'recording' && PRICED_METRICS.includes(rule.record)),
    }))
    .filter(({ rules }) => rules.length > 0);
  if (mapping.length === 0) return past;
  const replay: Replay = await replayRules({ groups: mapping, queryable: past, fromMs, toMs, evaluationIntervalMs });
  return replay.queryable;
}

function hasOrders({ rules, source, startMs, toMs }: BacktestOptions): boolean {
  const isRecorded = rules.groups.some((group) =>
    group.rules.some((rule) => rule.kind === 'recording' && rule.record === 'checkout_outcomes_total'),
  );
  return isRecorded || has(source, [new Matcher(METRIC_NAME, '=', 'checkout_outcomes_total')], startMs, toMs);
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
