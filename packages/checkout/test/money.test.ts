import { expect, test } from 'vitest';
import { pricing } from '../src/impact/money.ts';
import type { WindowTally } from '../src/impact/tally.ts';

function tally(orders: number, value: Record<string, number>): WindowTally {
  return {
    orders,
    failedPaying: 0,
    failedElsewhere: 0,
    declined: 0,
    attempts: 0,
    pageViews: 0,
    value: new Map(Object.entries(value)),
  };
}

function shop(rates: Record<string, number> = {}, averageOrderValue?: number) {
  return { shop: { currency: 'EUR', rates, averageOrderValue } } as Parameters<typeof pricing>[0];
}

const hundred = { low: 50, mid: 100, high: 150 };
/** 60 orders of 50 EUR and 40 of 50 USD. */
const both = tally(100, { EUR: 3_000, USD: 2_000 });

test('a lost order is worth a mean order, with the range of the orders', () => {
  const { money, otherMoney } = pricing(shop(), tally(10, { EUR: 500 }), tally(10, { EUR: 500 }), 100)(hundred);
  expect([money, otherMoney]).toEqual([{ low: 2_500, mid: 5_000, high: 7_500 }, []]);
});

test('a shop that names no currency counts in its own', () => {
  expect(pricing(shop(), tally(10, { '': 500 }), tally(10, {}), 1)(hundred).money.mid).toBe(5_000);
});

test('currencies without a rate are kept apart, others are converted', () => {
  const apart = pricing(shop(), both, both, 5)(hundred);
  expect(apart.money.mid).toBeCloseTo(3_000);
  expect(apart.otherMoney.map(({ currency, money }) => [currency, Math.round(money.mid)])).toEqual([['USD', 2_000]]);
  const together = pricing(shop({ USD: 0.5 }), both, both, 5)(hundred);
  expect(together.money.mid).toBeCloseTo(4_000);
  expect(together.otherMoney).toEqual([]);
});

test('when one region is out, its currency carries the loss', () => {
  // 100 orders were expected and 60 came, all of them in EUR.
  const { money, otherMoney } = pricing(shop(), both, tally(60, { EUR: 3_000 }), 40)({ low: 40, mid: 40, high: 40 });
  expect(money.mid).toBeLessThan(100);
  expect(otherMoney[0]?.money.mid).toBeCloseTo(2_000, -2);
});

test('the value of an order is what tillwatch.yaml says until orders were seen, and zero without that', () => {
  expect(pricing(shop({}, 60), tally(2, { EUR: 10 }), tally(0, {}), 1)(hundred).money.mid).toBe(6_000);
  expect(pricing(shop(), tally(2, { EUR: 10 }), tally(0, {}), 1)(hundred)).toEqual({
    money: { low: 0, mid: 0, high: 0 },
    otherMoney: [],
  });
});
