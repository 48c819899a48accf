import { type ReplayOptions, replayRules } from '@tillwatch/alerting';
import { costOfAlerts, type Loss, onsetOfAlerts, type TillwatchConfig } from '@tillwatch/checkout';
import type { RuleGroup } from '@tillwatch/config';
import { Matcher, METRIC_NAME, type Queryable } from '@tillwatch/model';
import { localQuerier, QueryEngine } from '../query/query-engine.ts';
import type { Incident } from './incidents.ts';
import type { NeededSeries } from './rule-needs.ts';

/** What an incident cost. Estimates, as in the messages of an incident. */
interface IncidentCost {
  /** From the beginning to the end. */
  readonly whole: Loss;
  /** From the beginning until somebody was told, or until it fired where nobody is. */
  readonly untilTold: Loss;
  /** What one more minute without help cost at that time. */
  readonly ordersPerMinute: number;
  /** In the shop's currency. */
  readonly moneyPerMinute: number;
}

/** An incident with its price; where it has one, it begins when the trouble began. */
export interface PricedIncident extends Incident {
  /** `undefined`: not measured. */
  readonly cost: IncidentCost | undefined;
}

/** What costs are measured with. */
export interface PricingOptions {
  readonly shop: TillwatchConfig;
  readonly queryable: Queryable;
  /** Rules that give series of other names those that costs are measured by run once more. */
  readonly groups: readonly RuleGroup[];
  readonly startMs: number;
  readonly toMs: number;
  readonly evaluationIntervalMs: number;
  readonly signal?: AbortSignal | undefined;
  /** 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Costs are measured for so many incidents, the first ones: beyond, the rules are the matter and not the money. */
const MOST_PRICED = 200;
const MINUTE_MS = 60_000;
/** Before an incident, so much is needed to know what was usual. */
const USUAL_MS = 8 * 3_600_000;
/** Before an incident, so much is needed to find when it began. */
const ONSET_MS = 3 * 3_600_000;
const OUTCOMES = 'checkout_outcomes_total';
const COUNTERS: readonly string[] = ['checkout_attempts_total', OUTCOMES, 'checkout_order_value_total'];
/** What the sentinel reads beside these. */
const FOR_SENTINEL: readonly string[] = ['process_start_time_seconds', 'checkout_step_duration_seconds_bucket'];
const LEARN_MS = 8 * 86_400_000;

/** What must be there for costs to be measured, and for the sentinel to look at, beside what rules read. */
export function costNeeds(hasSentinel: boolean): NeededSeries[] {
  const metrics = [...COUNTERS, 'http_requests_total', 'up', ...(hasSentinel ? FOR_SENTINEL : [])];
  return metrics.map((metric) => ({
    matchers: [new Matcher(METRIC_NAME, '=', metric)],
    reachMs: hasSentinel ? LEARN_MS : USUAL_MS,
    alerts: [],
  }));
}

/**
 * Measures what incidents cost, from when the trouble began: rules notice it some time later. None has a cost where no checkouts are
 * counted.
 */
export async function priceIncidents(
  incidents: readonly Incident[],
  options: PricingOptions,
): Promise<PricedIncident[]> {
  const isCounted = mappingGroups(options.groups).length > 0 || hasOutcomes(options);
  const priced: PricedIncident[] = [];
  for (const [i, incident] of incidents.entries()) {
    options.signal?.throwIfAborted();
    if (isCounted && i < MOST_PRICED) {
      const sinceMs = Math.min(incident.sinceMs, await onsetOf(incident, options));
      priced.push({ ...incident, sinceMs, cost: await costOf({ ...incident, sinceMs }, options) });
    } else priced.push({ ...incident, cost: undefined });
    options.onProgress?.((i + 1) / incidents.length);
  }
  return priced;
}

/**
 * The past with the counters of the checkout that these rules record from series of other names: shops that count under their own
 * names are understood by those.
 */
export async function mappedCounters(
  groups: readonly RuleGroup[],
  queryable: Queryable,
  options: Pick<ReplayOptions, 'fromMs' | 'toMs' | 'evaluationIntervalMs' | 'signal'>,
): Promise<Queryable> {
  const mapping = mappingGroups(groups);
  return mapping.length === 0 ? queryable : (await replayRules({ ...options, groups: mapping, queryable })).queryable;
}

/** What the rules record is no longer there, so they run once more for the hours before. */
async function onsetOf(
  { firedAtMs, alerts }: Incident,
  { shop, queryable, groups, evaluationIntervalMs, signal }: PricingOptions,
): Promise<number> {
  const recording = onlyRecording(groups, () => true);
  if (recording.length === 0) return firedAtMs;
  const times = { fromMs: firedAtMs - ONSET_MS, toMs: firedAtMs, evaluationIntervalMs, signal };
  const { queryable: past } = await replayRules({ ...times, groups: recording, queryable });
  const labels = alerts.map((alert) => alert.labels);
  return onsetOfAlerts(localQuerier(new QueryEngine(past)), shop, labels, firedAtMs);
}

async function costOf(
  incident: Incident,
  { shop, queryable, groups, toMs, evaluationIntervalMs, signal }: PricingOptions,
): Promise<IncidentCost> {
  const { sinceMs } = incident;
  const untilMs = Math.max(sinceMs + MINUTE_MS, Math.min(incident.untilMs ?? toMs, toMs));
  const toldMs = Math.min(untilMs, Math.max(sinceMs + MINUTE_MS, incident.told[0]?.atMs ?? incident.firedAtMs));
  const past = await mappedCounters(groups, queryable, {
    fromMs: sinceMs - USUAL_MS,
    toMs: untilMs,
    evaluationIntervalMs,
    signal,
  });
  const querier = localQuerier(new QueryEngine(past));
  const labels = incident.alerts.map((alert) => alert.labels);
  const measure = (endMs: number) =>
    costOfAlerts(querier, shop, labels, { sinceMs, untilMs: endMs, pastMs: shop.objectives.comparedWithMs });
  const whole = await measure(untilMs);
  const untilTold = toldMs === untilMs ? whole : await measure(toldMs);
  return {
    whole,
    untilTold,
    ordersPerMinute: untilTold.ordersPerHour.mid / 60,
    moneyPerMinute: untilTold.moneyPerHour.mid / 60,
  };
}

function hasOutcomes({ queryable, startMs, toMs }: PricingOptions): boolean {
  const isOutcomes = new Matcher(METRIC_NAME, '=', OUTCOMES);
  for (const _ of queryable.selectLabels([isOutcomes], startMs, toMs)) return true;
  return false;
}

function mappingGroups(groups: readonly RuleGroup[]): RuleGroup[] {
  return onlyRecording(groups, (record) => COUNTERS.includes(record));
}

function onlyRecording(groups: readonly RuleGroup[], isWanted: (record: string) => boolean): RuleGroup[] {
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => rule.kind === 'recording' && isWanted(rule.record)),
    }))
    .filter(({ rules }) => rules.length > 0);
}
