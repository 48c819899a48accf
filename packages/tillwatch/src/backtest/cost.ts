import { type Replay, replayRules } from '@tillwatch/alerting';
import { costOfAlerts, type Loss, type TillwatchConfig } from '@tillwatch/checkout';
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

/** An incident with its price. */
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
const OUTCOMES = 'checkout_outcomes_total';
const COUNTERS: readonly string[] = ['checkout_attempts_total', OUTCOMES, 'checkout_order_value_total'];

/** What must be there for costs to be measured, beside what rules read. */
export function costNeeds(): NeededSeries[] {
  return [...COUNTERS, 'http_requests_total', 'up'].map((metric) => ({
    matchers: [new Matcher(METRIC_NAME, '=', metric)],
    reachMs: USUAL_MS,
    alerts: [],
  }));
}

/** Measures what incidents cost; none has a cost where no checkouts are counted. */
export async function priceIncidents(
  incidents: readonly Incident[],
  options: PricingOptions,
): Promise<PricedIncident[]> {
  const mapping = mappingGroups(options.groups);
  const isCounted = mapping.length > 0 || hasOutcomes(options);
  const priced: PricedIncident[] = [];
  for (const [i, incident] of incidents.entries()) {
    options.signal?.throwIfAborted();
    const cost = isCounted && i < MOST_PRICED ? await costOf(incident, mapping, options) : undefined;
    priced.push({ ...incident, cost });
    options.onProgress?.((i + 1) / incidents.length);
  }
  return priced;
}

async function costOf(
  incident: Incident,
  mapping: readonly RuleGroup[],
  { shop, queryable, toMs, evaluationIntervalMs, signal }: PricingOptions,
): Promise<IncidentCost> {
  const { sinceMs } = incident;
  const untilMs = Math.max(sinceMs + MINUTE_MS, Math.min(incident.untilMs ?? toMs, toMs));
  const toldMs = Math.min(untilMs, Math.max(sinceMs + MINUTE_MS, incident.told[0]?.atMs ?? incident.firedAtMs));
  const past = await mapped(mapping, queryable, {
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

function mappingGroups(groups: readonly RuleGroup[]): RuleGroup[] {
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => rule.kind === 'recording' && COUNTERS.includes(rule.record)),
    }))
    .filter(({ rules }) => rules.length > 0);
}

async function mapped(
  groups: readonly RuleGroup[],
  queryable: Queryable,
  options: { fromMs: number; toMs: number; evaluationIntervalMs: number; signal: AbortSignal | undefined },
): Promise<Queryable> {
  if (groups.length === 0) return queryable;
  const replay: Replay = await replayRules({ ...options, groups, queryable });
  return replay.queryable;
}

function hasOutcomes({ queryable, startMs, toMs }: PricingOptions): boolean {
  const isOutcomes = new Matcher(METRIC_NAME, '=', OUTCOMES);
  for (const _ of queryable.selectLabels([isOutcomes], startMs, toMs)) return true;
  return false;
}
