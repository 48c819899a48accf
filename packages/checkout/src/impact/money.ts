import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { Estimate } from './estimate-loss.ts';
import type { WindowTally } from './tally.ts';

/** An amount in a currency for which the shop has given no rate. */
export interface OtherMoney {
  /** ISO 4217. */
  readonly currency: string;
  /** Major units of `currency`. */
  readonly money: Estimate;
}

/** What orders are worth. */
interface Worth {
  /** Major units of the shop's currency, other currencies with a rate converted; 0 when the value of an order is unknown. */
  readonly money: Estimate;
  /** Currencies without a rate, kept apart, largest amount first. */
  readonly otherMoney: readonly OtherMoney[];
}

/** Says what so many lost orders are worth. */
export type Pricing = (orders: Estimate) => Worth;

/** A mean needs so many orders. */
const ENOUGH_ORDERS = 5;
/** The currencies of what is missing are seen only where so many orders are missing, and so large a share of all. */
const SEEN_LOSS = { orders: 20, share: 0.1 } as const;
const NOTHING: Estimate = { low: 0, mid: 0, high: 0 };

/**
 * Prices orders at the mean value of the healthy time, currency by currency. Where much is missing, the currencies in which money
 * stayed away say whose orders these were: when one region is out, its currency carries the loss.
 */
export function pricing(
  { shop }: Pick<TillwatchConfig, 'shop'>,
  usual: WindowTally,
  now: WindowTally,
  lostOrders: number,
): Pricing {
  const perOrder = new Map<string, number>();
  // A watch that is as young as the trouble knows only the orders that still come.
  const known = usual.orders >= ENOUGH_ORDERS ? usual : now;
  for (const [currency, amount] of known.orders >= ENOUGH_ORDERS ? known.value : []) {
    if (amount > 0) add(perOrder, currency === '' ? shop.currency : currency, amount / known.orders);
  }
  if (perOrder.size === 0 && shop.averageOrderValue !== undefined) perOrder.set(shop.currency, shop.averageOrderValue);

  const shares = sharesOfLoss(perOrder, shop.rates, shop.currency, now, lostOrders);
  return (orders) => {
    let money = NOTHING;
    const otherMoney: OtherMoney[] = [];
    for (const [currency, value] of perOrder) {
      const amount = scaled(orders, value * (shares.get(currency) ?? 1));
      const rate = currency === shop.currency ? 1 : shop.rates[currency];
      if (rate === undefined) otherMoney.push({ currency, money: amount });
      else money = plus(money, scaled(amount, rate));
    }
    return { money, otherMoney: otherMoney.sort((a, b) => b.money.mid - a.money.mid) };
  };
}

/** How much of the loss falls on each currency, 1 being its usual share. */
function sharesOfLoss(
  perOrder: ReadonlyMap<string, number>,
  rates: Readonly<Record<string, number>>,
  shopCurrency: string,
  now: WindowTally,
  lostOrders: number,
): ReadonlyMap<string, number> {
  const expectedOrders = now.orders + lostOrders;
  if (perOrder.size < 2 || lostOrders < SEEN_LOSS.orders || lostOrders < SEEN_LOSS.share * expectedOrders) {
    return new Map();
  }
  const seen = new Map<string, number>();
  for (const [currency, amount] of now.value) add(seen, currency === '' ? shopCurrency : currency, amount);
  const worth = (currency: string) => (perOrder.get(currency) ?? 0) * (rates[currency] ?? 1);
  const all = [...perOrder.keys()].reduce((sum, currency) => sum + worth(currency), 0);
  const missing = [...perOrder].map(([currency, value]) => {
    const orders = Math.max(0, expectedOrders - (seen.get(currency) ?? 0) / value);
    return [currency, orders] as const;
  });
  const mean = missing.reduce((sum, [currency, orders]) => sum + (worth(currency) / all) * orders, 0);
  return mean <= 0 ? new Map() : new Map(missing.map(([currency, orders]) => [currency, orders / mean]));
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function scaled({ low, mid, high }: Estimate, factor: number): Estimate {
  return { low: low * factor, mid: mid * factor, high: high * factor };
}

function plus(a: Estimate, b: Estimate): Estimate {
  return { low: a.low + b.low, mid: a.mid + b.mid, high: a.high + b.high };
}
