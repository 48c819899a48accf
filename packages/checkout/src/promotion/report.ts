import { type Alert, alertName, formatDuration, Labels, type Querier, type RangeSeries } from '@tillwatch/model';
import type { Estimate } from '../impact/estimate-loss.ts';
import { measureLoss } from '../impact/measure-loss.ts';
import { isUnseen, weightiest } from '../incident/incident-kind.ts';
import { findEnd, findOnset } from '../incident/onset.ts';
import { counted, orderMoney } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';

/** A figure of the promotion beside what is usual and what was planned; `null` is not known. */
export interface ReportFigure {
  readonly during: number | null;
  readonly usual: number | null;
  /** What is usual times the expected factor. */
  readonly expected: number | null;
}

/** A time of trouble within a promotion: pages that fired one after the other. */
export interface ReportIncident {
  readonly fromMs: number;
  /** `null` while it goes on. */
  readonly toMs: number | null;
  /** The alert that says most of it, and all that fired. */
  readonly alert: string;
  readonly alerts: readonly string[];
  /** Whole orders. */
  readonly lostOrders: Estimate;
  /** Major units of the shop's currency. */
  readonly lostMoney: Estimate;
}

/** One moment of a promotion. */
export interface ReportMoment {
  readonly atMs: number;
  readonly value: number;
}

/** What came of a promotion. Plain JSON. */
export interface PromotionReport {
  readonly atMs: number;
  /** Until when the figures are: the end, or now. */
  readonly untilMs: number;
  readonly isOver: boolean;
  /** What `usual` is: the same hours of an earlier week, or the pace of the time before; `null` when nothing is known. */
  readonly basis: 'week-before' | 'time-before' | null;
  readonly orders: ReportFigure;
  /** Major units of the shop's currency. */
  readonly money: ReportFigure;
  readonly attempts: ReportFigure;
  /** Shares of technical outcomes, 0 to 1; `usual` is that of the time before. */
  readonly successRate: { readonly during: number | null; readonly usual: number | null; readonly objective: number };
  /** Attempts as a multiple of the usual. */
  readonly reachedFactor: number | null;
  readonly expectedFactor: number;
  /** The most orders in a minute. */
  readonly peak: ReportMoment | null;
  /** The lowest success rate of a window with enough checkouts. */
  readonly worst: ReportMoment | null;
  /** The highest p95 of a step, seconds. */
  readonly slowest: (ReportMoment & { readonly step: string }) | null;
  readonly incidents: readonly ReportIncident[];
  /** Orders a minute over the time, for a small chart. */
  readonly timeline: { readonly timestampsMs: readonly number[]; readonly values: readonly (number | null)[] };
}

const WEEK_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;
/** Further back than this nothing is compared. */
const MOST_WEEKS = 5;
/** A pace measured over less than this is chance. */
const LEAST_PAST_MS = 5 * 60_000;
const CHART_POINTS = 240;
/** Pages with less than this between them are one incident. */
const SAME_INCIDENT_MS = 5 * 60_000;
/** A promotion with more incidents than this has been told enough about. */
const MOST_INCIDENTS = 50;
const MOST_STEPS = 5_000;

/** Measures what came of a promotion until now. Reads the series of the generated rules and of the shop. */
export async function measureReport(
  querier: Querier,
  config: TillwatchConfig,
  promotion: Promotion,
  nowMs: number,
): Promise<PromotionReport> {
  const { fromMs, toMs, expectedFactor } = promotion;
  const untilMs = Math.max(fromMs + 1_000, Math.min(toMs, nowMs));
  const [during, usual, before, moments, incidents] = await Promise.all([
    readTotals(querier, config, fromMs, untilMs),
    readUsual(querier, config, promotion, untilMs),
    successRate(querier, Math.max(DAY_MS / 24, Math.min(DAY_MS, untilMs - fromMs)), fromMs),
    readMoments(querier, config, fromMs, untilMs),
    readIncidents(querier, config, fromMs, untilMs, nowMs),
  ]);
  const planned = meanFactor(promotion, untilMs);
  const figure = (value: number | undefined, was: number | undefined): ReportFigure => ({
    during: value ?? null,
    usual: was ?? null,
    expected: was === undefined ? null : was * planned,
  });
  const { attempts } = during;
  return {
    atMs: nowMs,
    untilMs,
    isOver: nowMs >= toMs,
    basis: usual?.basis ?? null,
    orders: figure(during.orders, usual?.orders),
    money: figure(during.money, usual?.money),
    attempts: figure(attempts, usual?.attempts),
    successRate: {
      during: (await successRate(querier, untilMs - fromMs, untilMs)) ?? null,
      usual: before ?? null,
      objective: config.objectives.successRate,
    },
    reachedFactor:
      attempts === undefined || usual === undefined || usual.attempts <= 0 ? null : attempts / usual.attempts,
    expectedFactor,
    ...moments,
    incidents,
  };
}

interface Totals {
  readonly orders: number | undefined;
  readonly money: number | undefined;
  readonly attempts: number | undefined;
}

async function readTotals(querier: Querier, config: TillwatchConfig, fromMs: number, toMs: number): Promise<Totals> {
  const window = formatDuration(Math.max(1_000, Math.round((toMs - fromMs) / 1_000) * 1_000));
  const one = async (expr: string) => finite((await querier.instant(expr, toMs))[0]?.value);
  const [orders, money, attempts] = await Promise.all([
    one(`sum(${counted('checkout_outcomes_total{outcome="success"}', window)})`),
    one(orderMoney(config.shop, (selector) => `(${counted(selector, window)})`)),
    one(`sum(${counted('checkout_attempts_total', window)})`),
  ]);
  return { orders, money, attempts };
}

interface UsualTotals {
  readonly basis: 'week-before' | 'time-before';
  readonly orders: number | undefined;
  readonly money: number | undefined;
  readonly attempts: number;
}

/** The same hours of the latest week that was watched and had no promotion; else the pace of the day before, or of what there is of it. */
async function readUsual(
  querier: Querier,
  config: TillwatchConfig,
  { fromMs, toMs }: Promotion,
  untilMs: number,
): Promise<UsualTotals | undefined> {
  const firstWeek = Math.max(1, Math.ceil((toMs - fromMs) / WEEK_MS));
  for (let week = firstWeek; week <= MOST_WEEKS; week++) {
    const [from, until] = [fromMs - week * WEEK_MS, untilMs - week * WEEK_MS];
    if (config.promotions.some((one) => one.fromMs < until && from < one.toMs + one.rampMs)) continue;
    if (!(await isWatched(querier, from, until))) continue;
    const { attempts, ...totals } = await readTotals(querier, config, from, until);
    if (attempts !== undefined && attempts > 0) return { basis: 'week-before', attempts, ...totals };
  }
  const pastMs = Math.min(DAY_MS, await watchedMs(querier, fromMs));
  if (pastMs < LEAST_PAST_MS) return undefined;
  const { attempts, orders, money } = await readTotals(querier, config, fromMs - pastMs, fromMs);
  if (attempts === undefined || attempts <= 0) return undefined;
  const scale = (untilMs - fromMs) / pastMs;
  const scaled = (value: number | undefined) => (value === undefined ? undefined : value * scale);
  return { basis: 'time-before', attempts: attempts * scale, orders: scaled(orders), money: scaled(money) };
}

/** Was something scraped at the beginning, in the middle and at the end? */
async function isWatched(querier: Querier, fromMs: number, toMs: number): Promise<boolean> {
  const moments = [fromMs, (fromMs + toMs) / 2, toMs].map(Math.round);
  const seen = await Promise.all(moments.map((atMs) => querier.instant('count(up == 1)', atMs)));
  return seen.every((samples) => samples.length > 0);
}

/** For how much of the day before `atMs` something was scraped. */
async function watchedMs(querier: Querier, atMs: number): Promise<number> {
  const minutes = (await querier.instant('count_over_time((count(up == 1))[1d:1m])', atMs))[0]?.value ?? 0;
  return minutes * 60_000;
}

async function successRate(querier: Querier, spanMs: number, atMs: number): Promise<number | undefined> {
  const window = formatDuration(Math.max(1_000, Math.round(spanMs / 1_000) * 1_000));
  const failed = `(sum(${counted('checkout_outcomes_total{outcome="failure",reason_class="technical"}', window)}) or vector(0))`;
  const succeeded = `sum(${counted('checkout_outcomes_total{outcome="success"}', window)})`;
  return finite((await querier.instant(`${succeeded} / (${succeeded} + ${failed} > 0)`, atMs))[0]?.value);
}

async function readMoments(
  querier: Querier,
  config: TillwatchConfig,
  fromMs: number,
  untilMs: number,
): Promise<Pick<PromotionReport, 'peak' | 'worst' | 'slowest' | 'timeline'>> {
  const { unit, pair, unitMinutes } = windowsFor(config);
  const step = (points: number, leastMs: number) =>
    Math.max(leastMs, Math.ceil((untilMs - fromMs) / points / 1_000) * 1_000);
  const fineMs = step(MOST_STEPS, 60_000);
  const [orders, rates, steps, chart] = await Promise.all([
    querier.range(`checkout:orders:increase${unit} / ${unitMinutes}`, fromMs, untilMs, fineMs),
    querier.range(
      `checkout:success_ratio:${pair}{slice="all"} and checkout:finished:increase${pair}{slice="all"} >= ${config.objectives.minimumEvents}`,
      fromMs,
      untilMs,
      fineMs,
    ),
    querier.range(`max by (step) (checkout:step_seconds:p95_${unit})`, fromMs, untilMs, fineMs),
    querier.range(
      `avg_over_time(checkout:orders:increase${unit}[${formatDuration(step(CHART_POINTS, 60_000))}]) / ${unitMinutes}`,
      fromMs,
      untilMs,
      step(CHART_POINTS, 60_000),
    ),
  ]);
  const slowest = steps
    .map((series) => ({ step: series.labels.get('step'), moment: extreme(series, Math.max) }))
    .filter((one): one is { step: string; moment: ReportMoment } => one.moment !== null)
    .sort((a, b) => b.moment.value - a.moment.value)[0];
  return {
    peak: extreme(orders[0], Math.max),
    worst: extreme(rates[0], Math.min),
    slowest: slowest === undefined ? null : { ...slowest.moment, step: slowest.step },
    timeline: {
      timestampsMs: [...(chart[0]?.timestampsMs ?? [])],
      values: [...(chart[0]?.values ?? [])].map((value) => finite(value) ?? null),
    },
  };
}

function extreme(series: RangeSeries | undefined, choose: (a: number, b: number) => number): ReportMoment | null {
  let found: ReportMoment | null = null;
  series?.timestampsMs.forEach((atMs, i) => {
    const value = series.values[i] as number;
    if (!Number.isFinite(value)) return;
    if (found === null || choose(found.value, value) !== found.value) found = { atMs, value };
  });
  return found;
}

/** When pages fired, joined where they follow each other, with what each time cost. */
async function readIncidents(
  querier: Querier,
  config: TillwatchConfig,
  fromMs: number,
  untilMs: number,
  nowMs: number,
): Promise<ReportIncident[]> {
  const stepMs = Math.max(15_000, Math.ceil((untilMs - fromMs) / MOST_STEPS / 1_000) * 1_000);
  const firing = await querier.range(
    'count by (alertname) (ALERTS{journey="checkout",severity="page",alertstate="firing"})',
    fromMs,
    untilMs,
    stepMs,
  );
  const spans = firing
    .flatMap(({ labels, timestampsMs, values }) =>
      spansOf(
        [...timestampsMs].filter((_, i) => Number.isFinite(values[i])),
        stepMs,
      ).map((span) => ({
        ...span,
        alert: labels.get('alertname'),
      })),
    )
    .sort((a, b) => a.fromMs - b.fromMs);
  const joined: { fromMs: number; toMs: number; alerts: Set<string> }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.fromMs - last.toMs <= SAME_INCIDENT_MS) {
      last.toMs = Math.max(last.toMs, span.toMs);
      last.alerts.add(span.alert);
    } else joined.push({ fromMs: span.fromMs, toMs: span.toMs, alerts: new Set([span.alert]) });
  }
  const incidents: ReportIncident[] = [];
  // One after the other: each asks a good deal.
  for (const { fromMs: firedAtMs, toMs: resolvedAtMs, alerts } of joined.slice(0, MOST_INCIDENTS)) {
    const weighty = weightiest([...alerts].map((name) => namedAlert(name)));
    const goesOn = resolvedAtMs >= nowMs - stepMs;
    const sinceMs = weighty === undefined ? firedAtMs : await findOnset(querier, config, weighty.kind, firedAtMs);
    const endMs =
      goesOn || weighty === undefined
        ? resolvedAtMs
        : await findEnd(querier, config, weighty.kind, sinceMs, resolvedAtMs);
    const periods = { sinceMs, untilMs: Math.max(sinceMs + 1_000, endMs), pastMs: config.objectives.comparedWithMs };
    const { orders, money } = await measureLoss(
      querier,
      config,
      periods,
      weighty !== undefined && isUnseen(weighty.kind),
    );
    incidents.push({
      fromMs: sinceMs,
      toMs: goesOn ? null : periods.untilMs,
      alert: weighty === undefined ? ([...alerts][0] ?? '') : alertName(weighty.alert),
      alerts: [...alerts].sort(),
      lostOrders: orders,
      lostMoney: money,
    });
  }
  return incidents;
}

function namedAlert(name: string): Alert {
  const labels = Labels.of({ alertname: name });
  return { labels, annotations: Labels.empty, startsAtMs: 0, endsAtMs: 0, generatorUrl: '' };
}

function spansOf(timestampsMs: readonly number[], stepMs: number): { fromMs: number; toMs: number }[] {
  const spans: { fromMs: number; toMs: number }[] = [];
  for (const atMs of timestampsMs) {
    const last = spans.at(-1);
    if (last !== undefined && atMs - last.toMs <= stepMs) last.toMs = atMs;
    else spans.push({ fromMs: atMs, toMs: atMs });
  }
  return spans;
}

/** The expected factor, averaged over the promotion until `untilMs`: it rises over the ramp. */
function meanFactor({ fromMs, rampMs, expectedFactor }: Promotion, untilMs: number): number {
  const lasted = untilMs - fromMs;
  if (lasted <= 0) return 1;
  const rising = Math.min(lasted, rampMs);
  const missing = rampMs === 0 ? 0 : rising - rising ** 2 / (2 * rampMs);
  return 1 + (expectedFactor - 1) * (1 - missing / lasted);
}

function finite(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}
