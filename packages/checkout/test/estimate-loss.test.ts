import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateLoss, type LossInputs, type Tally } from '../src/impact/estimate-loss.ts';

const nothing: Tally = { orders: 0, failedPaying: 0, failedElsewhere: 0, declined: 0, attempts: 0 };
/** Six healthy hours: seven of ten attempts become an order, one in fifteen payments is declined. */
const usual: Tally = { orders: 4_200, failedPaying: 6, failedElsewhere: 0, declined: 300, attempts: 6_000 };

function estimate(now: Partial<Tally>, rest: Partial<LossInputs> = {}) {
  return estimateLoss({
    now: { ...nothing, ...now },
    usual,
    conversionDrift: 0.015,
    demand: undefined,
    isUnseen: false,
    ...rest,
  });
}

const sure = (mean: number) => ({ mean, deviation: mean * 0.03 });

test.for<[string, Partial<Tally>, Partial<LossInputs>, number, number]>([
  ['nothing is wrong', { orders: 700, attempts: 1_000, declined: 50 }, { demand: sure(700) }, 0, 10],
  // 200 of 1,000 customers fail; 80 of them try again and 64 of these get through.
  ['failures that some retry', { orders: 615, failedPaying: 92, declined: 44, attempts: 1_040 }, {}, 40, 62],
  [
    'failures, seen in page views too',
    { orders: 615, failedPaying: 92, declined: 44, attempts: 1_040 },
    { demand: sure(665) },
    42,
    62,
  ],
  ['customers who give up without a failure', { orders: 500, attempts: 1_000, declined: 35 }, {}, 185, 215],
  ['customers who never begin', { orders: 20, attempts: 28 }, { demand: sure(700) }, 670, 690],
  ['nobody is seen', { orders: 0 }, { demand: sure(300), isUnseen: true }, 300, 300],
  ['cards are tried out', { orders: 700, attempts: 4_000, declined: 3_050 }, { demand: sure(700) }, 0, 10],
  // 300 customers fail and try five times each: 1,500 failures are 300 lost customers.
  [
    'customers who try again and again',
    { orders: 490, failedPaying: 1_500, declined: 35, attempts: 2_500 },
    { demand: sure(700) },
    180,
    330,
  ],
])('%s', ([, now, rest, from, to]) => {
  const { lost } = estimate(now, rest);
  expect(lost.mid).toBeGreaterThanOrEqual(from);
  expect(lost.mid).toBeLessThanOrEqual(to);
});

test('customers who got through at a second try are told apart', () => {
  const { lost, retried } = estimate({ orders: 615, failedPaying: 92, declined: 44, attempts: 1_040 });
  expect(retried).toBeGreaterThan(20);
  expect(retried).toBeLessThan(50);
  expect(lost.mid).toBeLessThan(92);
});

test('a shop that is not known yet counts its failures', () => {
  const { lost } = estimate({ orders: 10, failedPaying: 40, attempts: 60 }, { usual: nothing });
  expect(lost.low).toBeGreaterThan(5);
  expect(lost.high).toBeLessThanOrEqual(45);
});

test('what drifts more by itself is known less', () => {
  const now = { orders: 20, attempts: 28 };
  const width = (deviation: number) => {
    const { lost } = estimate(now, { demand: { mean: 700, deviation } });
    return lost.high - lost.low;
  };
  expect(width(70)).toBeGreaterThan(width(20));
});

test('orders are whole, nothing is negative, and the middle lies between the ends', () => {
  const count = fc.double({ min: 0, max: 1e6, noNaN: true });
  const tally = fc.record({
    orders: count,
    failedPaying: count,
    failedElsewhere: count,
    declined: count,
    attempts: count,
  });
  const demand = fc.option(fc.record({ mean: count, deviation: count }), { nil: undefined });
  fc.assert(
    fc.property(tally, tally, demand, fc.boolean(), (now, before, expected, isUnseen) => {
      const { lost, retried } = estimateLoss({
        now,
        usual: before,
        conversionDrift: 0.01,
        demand: expected,
        isUnseen,
      });
      expect(lost.low).toBeGreaterThanOrEqual(0);
      expect(lost.mid).toBeGreaterThanOrEqual(lost.low);
      expect(lost.high).toBeGreaterThanOrEqual(lost.mid);
      for (const value of [lost.low, lost.mid, lost.high, retried]) expect(Number.isInteger(value)).toBe(true);
      expect(retried).toBeGreaterThanOrEqual(0);
    }),
  );
});
