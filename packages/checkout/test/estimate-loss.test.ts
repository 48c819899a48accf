import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateLoss } from '../src/impact/estimate-loss.ts';

const HOUR = 3_600_000;
const before = { durationMs: HOUR, orders: 600, attempts: 900, pageViews: 1_800 };

test.for([
  ['half of the orders are missing for six minutes', { orders: 30, pageViews: 180 }, 25, 30],
  ['in a promotion five times as many were to be expected', { orders: 150, pageViews: 900 }, 120, 150],
  ['nothing is lost in the evening', { orders: 30, pageViews: 90 }, 0, 0],
  ['with failures that hardly show in the orders, these count', { orders: 60, pageViews: 180 }, 12, 9],
] as const)('%s', ([, seen, extraFailures, orders]) => {
  const now = { durationMs: HOUR / 10, attempts: 90, ...seen };
  const loss = estimateLoss({ now, before, extraFailures, averageOrderValue: 50 });
  expect(loss.orders.mid).toBe(orders);
  expect(loss.money.mid).toBe(orders * 50);
  expect(loss.ordersPerHour.mid).toBe(orders * 10);
});

test('without page views the clock says what was to be expected', () => {
  const now = { durationMs: HOUR / 10, orders: 0, attempts: 0, pageViews: undefined };
  expect(estimateLoss({ now, before, extraFailures: 0, averageOrderValue: 50 }).orders.mid).toBe(60);
});

test('money is zero when the value of an order is unknown, and orders are told all the same', () => {
  const now = { durationMs: HOUR / 10, orders: 0, attempts: 0, pageViews: undefined };
  const loss = estimateLoss({ now, before, extraFailures: 0, averageOrderValue: undefined });
  expect([loss.orders.mid, loss.money.mid, loss.moneyPerHour.mid]).toEqual([60, 0, 0]);
});

test('orders are whole, nothing is negative, and the middle lies between the ends', () => {
  const count = fc.double({ min: 0, max: 1e6, noNaN: true });
  const counts = fc.record({
    durationMs: fc.integer({ min: 0, max: HOUR }),
    orders: count,
    attempts: count,
    pageViews: fc.option(count, { nil: undefined }),
  });
  fc.assert(
    fc.property(counts, counts, fc.double({ min: -1e4, max: 1e6, noNaN: true }), (now, past, extraFailures) => {
      const loss = estimateLoss({ now, before: past, extraFailures, averageOrderValue: 49.9 });
      for (const { low, mid, high } of [loss.orders, loss.money, loss.ordersPerHour, loss.moneyPerHour]) {
        expect(low).toBeGreaterThanOrEqual(0);
        expect(mid).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(mid);
      }
      for (const value of Object.values(loss.orders)) expect(Number.isInteger(value)).toBe(true);
    }),
  );
});
