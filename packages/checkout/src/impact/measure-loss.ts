import { formatDuration, type Querier } from '@tillwatch/model';
import type { Periods } from '../diagnosis/diagnose.ts';
import { alternatives, counted, quoted } from '../plan/expressions.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type Counts, estimateLoss, type Loss } from './estimate-loss.ts';

/**
 * Counts what came and what came before, and estimates what was lost between `sinceMs` and `untilMs`. With `byClock` page
 * views say nothing about demand, because nobody reaches the pages or nobody counts them.
 */
export async function measureLoss(
  querier: Querier,
  config: TillwatchConfig,
  periods: Periods,
  byClock: boolean,
): Promise<Loss> {
  const { sinceMs, untilMs, pastMs } = periods;
  const durationMs = Math.max(1_000, Math.round((untilMs - sinceMs) / 1_000) * 1_000);
  const during = formatDuration(durationMs);
  const past = formatDuration(pastMs);
  const [now, before, failedNow, failedBefore, value] = await Promise.all([
    counts(querier, config, during, untilMs, durationMs),
    counts(querier, config, past, sinceMs, pastMs),
    failureRate(querier, during, untilMs),
    failureRate(querier, past, sinceMs),
    orderValue(querier, config, sinceMs),
  ]);
  return estimateLoss({
    now: byClock ? { ...now, durationMs, pageViews: undefined } : now,
    before,
    extraFailures: failedNow.failed - failedNow.finished * failedBefore.rate,
    averageOrderValue: value ?? config.shop.averageOrderValue,
  });
}

async function counts(
  querier: Querier,
  { journey }: TillwatchConfig,
  window: string,
  atMs: number,
  durationMs: number,
): Promise<Counts> {
  const routes = quoted(alternatives(journey.pageRoutes));
  const views = `http_requests_total{route=~${routes},code=~"2..|3..",method=~"|GET"}`;
  const [orders, attempts, pageViews, seen] = await Promise.all([
    one(querier, `sum(${counted('checkout_outcomes_total{outcome="success"}', window)})`, atMs),
    one(querier, `sum(${counted('checkout_attempts_total', window)})`, atMs),
    one(querier, `sum(increase(${views}[${window}]))`, atMs),
    one(querier, `max(count_over_time(up[${window}:15s])) * 15`, atMs),
  ]);
  return {
    // A watch that began a moment ago has not seen the whole window.
    durationMs: Math.min(durationMs, (seen ?? durationMs / 1_000) * 1_000),
    orders: orders ?? 0,
    attempts: attempts ?? 0,
    pageViews,
  };
}

async function failureRate(
  querier: Querier,
  window: string,
  atMs: number,
): Promise<{ failed: number; finished: number; rate: number }> {
  const finishedSeries = 'checkout_outcomes_total{outcome=~"success|failure",reason_class=~"|technical"}';
  const failedSeries = 'checkout_outcomes_total{outcome="failure",reason_class="technical"}';
  const [failed = 0, finished = 0] = await Promise.all([
    one(querier, `sum(${counted(failedSeries, window)})`, atMs),
    one(querier, `sum(${counted(finishedSeries, window)})`, atMs),
  ]);
  return { failed, finished, rate: finished > 0 ? failed / finished : 0 };
}

/** The mean value of an order in the six hours before, when there were enough of them to have a mean. */
async function orderValue(querier: Querier, { shop }: TillwatchConfig, atMs: number): Promise<number | undefined> {
  const money = `sum(increase(checkout_order_value_total{outcome=~"|success",currency=~${quoted(`|${shop.currency}`)}}[6h]))`;
  const orders = 'sum(increase(checkout_outcomes_total{outcome="success"}[6h]))';
  const value = await one(querier, `${money} / (${orders} >= 5)`, atMs);
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

async function one(querier: Querier, expr: string, atMs: number): Promise<number | undefined> {
  return (await querier.instant(expr, atMs))[0]?.value;
}
