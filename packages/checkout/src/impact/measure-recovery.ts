import { formatDuration, type Querier } from '@tillwatch/model';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type Estimate, interval } from './estimate-loss.ts';
import type { Loss } from './measure-loss.ts';
import { demandByClock } from './usual.ts';

/** Orders beyond the usual since trouble ended: customers who came back. Whole orders; money in major units of the shop's currency. */
export interface Recovery {
  readonly orders: Estimate;
  readonly money: Estimate;
}

/** Sooner after the end nothing can be told from chance. */
const SOONEST_MS = 2 * 60_000;
/** Later than this whoever buys does so for other reasons. */
const LATEST_MS = 2 * 3_600_000;

/**
 * Compares the orders since `endMs` with what the clock lets expect from the level before `sinceMs`: page views would not show
 * it, since customers who come back look at pages too. At most what was lost. `undefined`: too early, or nothing to compare with.
 */
export async function measureRecovery(
  querier: Querier,
  config: TillwatchConfig,
  times: { readonly sinceMs: number; readonly endMs: number; readonly nowMs: number; readonly pastMs: number },
  loss: Loss,
): Promise<Recovery | undefined> {
  const { sinceMs, endMs, pastMs } = times;
  const untilMs = Math.min(times.nowMs, endMs + LATEST_MS);
  if (untilMs - endMs < SOONEST_MS) return undefined;
  const window = formatDuration(Math.round((untilMs - endMs) / 1_000) * 1_000);
  const [came, expected] = await Promise.all([
    querier.instant(`sum(increase(checkout_outcomes_total{outcome="success"}[${window}]))`, untilMs),
    demandByClock(querier, config, { levelUntilMs: sinceMs, fromMs: endMs, untilMs, pastMs }),
  ]);
  if (expected === undefined || came[0] === undefined) return undefined;
  const surplus = came[0].value - expected.mean;
  const most = loss.orders.high;
  const { low, mid, high } = interval({
    mean: surplus,
    deviation: Math.hypot(expected.deviation, Math.sqrt(Math.max(1, expected.mean))),
  });
  const orders = { low: Math.min(low, most), mid: Math.min(mid, most), high: Math.min(high, most) };
  const worth = loss.orders.mid > 0 ? loss.money.mid / loss.orders.mid : 0;
  return { orders, money: { low: orders.low * worth, mid: orders.mid * worth, high: orders.high * worth } };
}
