import type { Querier } from '@tillwatch/model';
import type { Periods } from '../diagnosis/diagnose.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type Estimate, type Expected, estimateLoss, type LostOrders } from './estimate-loss.ts';
import { type OtherMoney, pricing } from './money.ts';
import { readTallies, summed, type WindowTally, windowsOf } from './tally.ts';
import { demandByClock, demandByViews, readUsual, type Usual } from './usual.ts';

/** What trouble has cost. Orders are whole; money is in major units of the shop's currency, 0 when the value of an order is unknown. */
export interface Loss {
  readonly orders: Estimate;
  readonly money: Estimate;
  /** At the pace of the last quarter of an hour. */
  readonly ordersPerHour: Estimate;
  readonly moneyPerHour: Estimate;
  /** Money in currencies that `shop.rates` does not convert, kept apart. */
  readonly otherMoney: readonly OtherMoney[];
  /** Checkouts that ended in an order or a technical failure since the onset, and those of them that failed. */
  readonly sample: { readonly failed: number; readonly finished: number };
  /** Orders of customers who had failed and tried again with success meanwhile: not among the lost ones. */
  readonly retried: number;
}

const MOST_WINDOWS = 30;
const RECENT_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;

/**
 * Counts what came between `sinceMs` and `untilMs` and what came before, and estimates what was lost. With `byClock` neither
 * page views nor attempts say anything about demand, because nobody reaches the pages or nobody counts them.
 */
export async function measureLoss(
  querier: Querier,
  config: TillwatchConfig,
  { sinceMs, untilMs, pastMs }: Periods,
  byClock: boolean,
): Promise<Loss> {
  const windows = windowsOf(sinceMs, untilMs, windowsFor(config).unitMinutes * 60_000, MOST_WINDOWS);
  const [tallies, usual] = await Promise.all([
    readTallies(querier, config, windows, true),
    readUsual(querier, config, sinceMs),
  ]);
  const hasViews = usual.all.pageViews >= 1;
  const { fromMs } = windows;
  const clock =
    byClock || !hasViews
      ? await demandByClock(querier, config, { levelUntilMs: fromMs, fromMs, untilMs, pastMs })
      : undefined;

  const estimate = (some: readonly WindowTally[]): { tally: WindowTally; result: LostOrders } => {
    const tally = summed(some);
    const demand =
      clock === undefined ? demandByViews(usual, tally.pageViews) : shareOf(clock, some.length / tallies.length);
    return { tally, result: estimateLoss({ now: tally, ...usualFor(usual), demand, isUnseen: byClock }) };
  };
  const { tally, result } = estimate(tallies);
  const recentCount = Math.max(1, Math.min(tallies.length, Math.round(RECENT_MS / windows.widthMs)));
  const recent = recentCount === tallies.length ? result : estimate(tallies.slice(-recentCount)).result;
  const perHour = scaledToWhole(recent.lost, HOUR_MS / (recentCount * windows.widthMs));
  const price = pricing(config, usual.all, tally, result.lost.mid);
  return {
    orders: result.lost,
    ...price(result.lost),
    ordersPerHour: perHour,
    moneyPerHour: price(perHour).money,
    sample: sampleOf(tally),
    retried: result.retried,
  };
}

function sampleOf({ orders, failedPaying, failedElsewhere }: WindowTally): Loss['sample'] {
  const failed = failedPaying + failedElsewhere;
  return { failed, finished: failed + orders };
}

function usualFor({ all, conversionDrift }: Usual) {
  return { usual: all, conversionDrift };
}

function shareOf({ mean, deviation }: Expected, share: number): Expected {
  return { mean: mean * share, deviation: deviation * share };
}

function scaledToWhole({ low, mid, high }: Estimate, factor: number): Estimate {
  return { low: Math.floor(low * factor), mid: Math.round(mid * factor), high: Math.ceil(high * factor) };
}
