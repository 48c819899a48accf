import { formatDuration, type Querier } from '@tillwatch/model';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { Expected } from './estimate-loss.ts';
import { readTallies, summed, type WindowTally } from './tally.ts';

/** Healthy time before trouble. */
export interface Usual {
  readonly all: WindowTally;
  /** One standard deviation, as a share, by which orders per attempt and per page view wander within half an hour, beyond chance. */
  readonly conversionDrift: number;
  readonly viewDrift: number;
}

const HALF_HOUR_MS = 30 * 60_000;
const HALF_HOURS = 12;
const DAY_MS = 86_400_000;
/** The onset of trouble is an estimate too: what lies just before it may be part of it. */
const GUARD_MS = 2 * 60_000;
/** Drift is believed to be so large until the shop's own half-hours say otherwise. */
const PRIOR = { conversion: 0.012, view: 0.04 } as const;
/** A day is unlike the days before by about this much. */
const UNLIKE_DAYS = 0.1;
const LEAST_ORDERS = 20;
const DAYS = 7;
/** The level of today is taken from so many times the recent past. */
const LEVEL_PASTS = 3;

/** What the six hours before `sinceMs` counted, without the half-hours in which something else was wrong. */
export async function readUsual(querier: Querier, config: TillwatchConfig, sinceMs: number): Promise<Usual> {
  const fromMs = sinceMs - GUARD_MS - HALF_HOURS * HALF_HOUR_MS;
  const tallies = await readTallies(querier, config, { fromMs, widthMs: HALF_HOUR_MS, count: HALF_HOURS }, false);
  const healthy = tallies.filter((tally) => {
    const failed = tally.failedPaying + tally.failedElsewhere;
    return failed < 5 || failed <= 3 * config.objectives.errorRate * (failed + tally.orders);
  });
  const used = healthy.length > 0 ? healthy : tallies;
  return {
    all: summed(used),
    conversionDrift: drift(used, ({ attempts }) => attempts, PRIOR.conversion),
    viewDrift: drift(used, ({ pageViews }) => pageViews, PRIOR.view),
  };
}

/**
 * The drift beyond chance by the method of moments, weighed with what is usual in shops by how much each is worth: a shop with
 * few orders cannot tell drift from chance.
 */
function drift(tallies: readonly WindowTally[], base: (tally: WindowTally) => number, prior: number): number {
  const all = summed(tallies);
  const ratio = all.orders / Math.max(1e-9, base(all));
  let excess = 0;
  let weight = 0;
  let windows = 0;
  for (const tally of tallies) {
    const expected = ratio * base(tally);
    if (expected < 1) continue;
    excess += (tally.orders - expected) ** 2 - expected * (1 + ratio);
    weight += expected ** 2;
    windows++;
  }
  if (windows < 2) return Math.SQRT2 * prior;
  const chance = (1 + ratio) / Math.sqrt(weight / windows);
  const trustInMeasured = windows / (2 * (chance + prior ** 2) ** 2);
  const trustInPrior = 1 / prior ** 4;
  const square = ((excess / weight) * trustInMeasured + prior ** 2 * trustInPrior) / (trustInMeasured + trustInPrior);
  // The mean of the past wanders as well: half-hours differ less from their own mean than the next hour does.
  return Math.SQRT2 * Math.sqrt(Math.max((prior / 2) ** 2, square));
}

/** Orders to be expected of so many page views; `undefined` where too few were seen to know. */
export function demandByViews({ all, viewDrift }: Usual, pageViews: number): Expected | undefined {
  if (all.pageViews < LEAST_ORDERS || all.orders < 1) return undefined;
  const mean = (all.orders / all.pageViews) * pageViews;
  return { mean, deviation: mean * Math.hypot(viewDrift, 1 / Math.sqrt(all.orders)) };
}

/**
 * Orders to be expected by the clock in `(fromMs, untilMs]`: those of the hours up to `levelUntilMs`, changed as they changed at
 * this time on each of the last seven days. A watch that knows no such day expects that things go on as they were.
 * `undefined`: no orders before either.
 */
export async function demandByClock(
  querier: Querier,
  config: TillwatchConfig,
  times: {
    readonly levelUntilMs: number;
    readonly fromMs: number;
    readonly untilMs: number;
    readonly pastMs: number;
  },
): Promise<Expected | undefined> {
  const { levelUntilMs, fromMs, untilMs, pastMs } = times;
  const durationMs = untilMs - fromMs;
  const levelMs = LEVEL_PASTS * pastMs;
  const [level, last, seen, days] = await Promise.all([
    querier.instant(ordersIn(levelMs), levelUntilMs),
    querier.instant(ordersIn(pastMs), levelUntilMs),
    querier.instant(`max(count_over_time(up[${window(pastMs)}:15s])) * 15`, levelUntilMs),
    daysBefore(querier, { levelUntilMs, untilMs, levelMs, durationMs }),
  ]);
  const surge = (spanMs: number) =>
    promotionFactor(config, fromMs, untilMs) / promotionFactor(config, levelUntilMs - spanMs, levelUntilMs);
  const levelThen = days.reduce((sum, day) => sum + day.level, 0);
  const ordersThen = days.reduce((sum, day) => sum + day.orders, 0);
  const levelNow = level[0]?.value ?? 0;
  if (levelThen >= LEAST_ORDERS && ordersThen > 0 && levelNow >= 1) {
    const mean = levelNow * (ordersThen / levelThen) * surge(levelMs);
    const deviation = mean * Math.hypot(unlikeness(days), 1 / Math.sqrt(levelNow), 1 / Math.sqrt(ordersThen));
    return { mean, deviation };
  }
  const before = last[0]?.value ?? 0;
  const seenMs = Math.min(pastMs, (seen[0]?.value ?? pastMs / 1_000) * 1_000);
  if (before <= 0 || seenMs <= 0) return undefined;
  const mean = (before / seenMs) * durationMs * surge(pastMs);
  return { mean, deviation: mean * Math.hypot(2 * UNLIKE_DAYS, 1 / Math.sqrt(before)) };
}

interface Day {
  /** Orders in the hours that the level is taken from, and in the time that is asked about. */
  readonly level: number;
  readonly orders: number;
}

async function daysBefore(
  querier: Querier,
  times: {
    readonly levelUntilMs: number;
    readonly untilMs: number;
    readonly levelMs: number;
    readonly durationMs: number;
  },
): Promise<Day[]> {
  const daily = async (expr: string, atMs: number) => {
    const [series] = await querier.range(expr, atMs - DAYS * DAY_MS, atMs - DAY_MS, DAY_MS);
    const byDay = new Map<number, number>();
    for (const [i, timestampMs] of [...(series?.timestampsMs ?? [])].entries()) {
      byDay.set(Math.round((atMs - timestampMs) / DAY_MS), series?.values[i] as number);
    }
    return byDay;
  };
  const [orders, levels] = await Promise.all([
    daily(ordersIn(times.durationMs), times.untilMs),
    daily(ordersIn(times.levelMs), times.levelUntilMs),
  ]);
  return [...levels].flatMap(([day, level]) => (level >= 1 ? [{ level, orders: orders.get(day) ?? 0 }] : []));
}

/** By how much, as a share, one day differs from the others beyond chance; with few days mostly what is usual in shops. */
function unlikeness(days: readonly Day[]): number {
  const shape = days.reduce((sum, { orders }) => sum + orders, 0) / days.reduce((sum, { level }) => sum + level, 0);
  const excess = days.reduce((sum, { orders, level }) => {
    const chance = 1 / level + 1 / Math.max(1, orders);
    return sum + Math.max(0, (orders / level / shape - 1) ** 2 - chance);
  }, 0);
  return Math.sqrt((excess + 4 * UNLIKE_DAYS ** 2) / (days.length + 4));
}

function ordersIn(ms: number): string {
  return `sum(increase(checkout_outcomes_total{outcome="success"}[${window(ms)}]))`;
}

function window(ms: number): string {
  return formatDuration(Math.max(1_000, Math.round(ms / 1_000) * 1_000));
}

/** How many times the usual traffic the calendar expects between two moments, on average; overlapping promotions multiply. */
function promotionFactor({ promotions }: TillwatchConfig, fromMs: number, untilMs: number): number {
  return promotions.reduce((factor, promotion) => {
    const covered = Math.min(untilMs, promotion.toMs) - Math.max(fromMs, promotion.fromMs);
    const share = Math.max(0, covered) / Math.max(1, untilMs - fromMs);
    return factor * (1 + (promotion.expectedFactor - 1) * share);
  }, 1);
}
