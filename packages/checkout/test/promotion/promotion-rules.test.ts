import { describe, expect, test } from 'vitest';
import { testConfig, Watch } from '../support/watch.ts';

/** The watch begins at 15:00 in Berlin, most promotions of these tests at 15:12. */
const START = Date.UTC(2026, 2, 3, 14, 0, 0);
const minute = (ms: number) => (ms - START) / 60_000;

function watchWith(promotion: string, attemptsPerMinute: number, only = /./): Watch {
  const config = testConfig((text) => text.replace('promotions: []', `promotions:\n  - ${promotion}\n`));
  return new Watch({ seed: 9, attemptsPerMinute, config, only });
}

const CALENDAR_ALONE = /^checkout:promotion:/;
const ORDERS_ALONE = /^checkout:(?:promotion|orders|finished_cells):|^CheckoutPromotion/;

async function valueAt(watch: Watch, expr: string, atMinute: number): Promise<number | undefined> {
  return (await watch.instant(expr, START + atMinute * 60_000))[0]?.value;
}

describe('the factor', () => {
  test('rises over the ramp, stays, falls after the end, and is 1 at other times', async () => {
    const watch = watchWith(
      '{ name: Sale, from: 2026-03-03T15:20, to: 2026-03-03T15:40, expectedFactor: 5, ramp: 4m }',
      1,
      CALENDAR_ALONE,
    );
    watch.run(50);
    const factor = (atMinute: number) => valueAt(watch, 'checkout:promotion:factor', atMinute);
    expect(await Promise.all([10, 20, 22, 24, 39, 42, 44, 48].map(factor))).toEqual([1, 1, 3, 5, 5, 3, 1, 1]);
  });

  test('of two that overlap is the larger', async () => {
    const watch = watchWith(
      '{ name: Week, from: 2026-03-03T15:05, to: 2026-03-03T15:30, expectedFactor: 2, ramp: 1m }\n  - { name: Day, from: 2026-03-03T15:10, to: 2026-03-03T15:20, expectedFactor: 6, ramp: 1m }',
      1,
      CALENDAR_ALONE,
    );
    watch.run(35);
    const factor = (atMinute: number) => valueAt(watch, 'checkout:promotion:factor', atMinute);
    expect(await Promise.all([8, 15, 25, 34].map(factor))).toEqual([2, 6, 2, 1]);
  });

  test('scales the past down when a promotion that it comes from is over, and never up', async () => {
    const watch = watchWith(
      '{ name: Sale, from: 2026-03-03T15:12, to: 2026-03-03T15:24, expectedFactor: 10, ramp: 1m }',
      60,
      ORDERS_ALONE,
    );
    watch.run(12);
    watch.run(12, { traffic: 10 });
    watch.run(4);
    expect(await valueAt(watch, 'checkout:promotion:scale', 13)).toBe(1);
    expect(await valueAt(watch, 'checkout:promotion:scale', 25)).toBeLessThan(0.3);
    const usual = await valueAt(watch, 'checkout:orders:before', 12);
    const afterwards = await valueAt(watch, 'checkout:orders:before', 27);
    expect(afterwards! / usual!).toBeGreaterThan(0.6);
    expect(afterwards! / usual!).toBeLessThan(1.6);
  });
});

describe('nobody is woken', () => {
  test.for([
    ['when thirty times the traffic comes and goes at once', 30],
    ['when the promotion brings nothing', 1],
  ] as const)('%s', { timeout: 180_000 }, ([, traffic]) => {
    const watch = watchWith(
      '{ name: Sale, from: 2026-03-03T15:12, to: 2026-03-03T15:20, expectedFactor: 30, ramp: 2m }',
      40,
    );
    watch.run(12);
    watch.run(8, { traffic });
    watch.run(8);
    expect(watch.pages().map(({ labels }) => labels.toRecord())).toEqual([]);
  });
});

describe('a promotion that nobody takes', () => {
  const SALE = '{ name: Sale, from: 2026-03-03T15:12, to: 2026-03-03T16:20, expectedFactor: 5, ramp: 2m }';
  const told = (watch: Watch) => watch.fired.filter(({ alert }) => alert === 'CheckoutPromotionNotTaking');

  test('informs once it is in full swing', () => {
    const watch = watchWith(SALE, 60, ORDERS_ALONE);
    watch.run(30);
    const [first, ...others] = told(watch);
    expect(others).toEqual([]);
    expect(first?.labels.toRecord()).toMatchObject({ severity: 'inform', area: 'promotion', promotion: 'Sale' });
    // Two minutes of ramp, ten to look at, two to be sure.
    expect(minute(first!.firedAtMs)).toBeGreaterThanOrEqual(26);
    expect(minute(first!.firedAtMs)).toBeLessThanOrEqual(28);
  });

  test('is none with half of the surge', () => {
    const watch = watchWith(SALE, 60, ORDERS_ALONE);
    watch.run(12);
    watch.run(18, { traffic: 3 });
    expect(told(watch)).toEqual([]);
  });

  test('is not told of a shop with too few orders to say', () => {
    const watch = watchWith(SALE, 1, ORDERS_ALONE);
    watch.run(30);
    expect(told(watch)).toEqual([]);
  });
});

describe('the guard on failures', () => {
  const SALE = '{ name: Sale, from: 2026-03-03T15:08, to: 2026-03-03T15:40, expectedFactor: 5, ramp: 1m }';
  const some = {
    traffic: 5,
    failing: { share: 0.25, step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' },
  };
  const firstPage = (watch: Watch, guard: string) =>
    watch.pages().find(({ alert, labels }) => alert === 'CheckoutErrorRateHigh' && labels.get('guard') === guard);

  test('is sharper while a promotion is on', () => {
    const watch = watchWith(SALE, 90);
    watch.run(8);
    watch.run(3, { traffic: 5 });
    watch.run(3, some);
    const sharp = firstPage(watch, 'promotion');
    const usual = firstPage(watch, '');
    expect(sharp).toBeDefined();
    expect(sharp!.firedAtMs).toBeLessThan(usual?.firedAtMs ?? Number.POSITIVE_INFINITY);
  });

  test('is not, at other times', () => {
    const watch = watchWith(SALE, 90);
    watch.run(4, { traffic: 5 });
    watch.run(3, some);
    expect(firstPage(watch, 'promotion')).toBeUndefined();
  });

  test('lets pass what fails now and then', () => {
    const watch = watchWith(SALE, 90);
    watch.run(8);
    watch.run(10, { traffic: 5, failing: { ...some.failing, share: 0.02 } });
    expect(firstPage(watch, 'promotion')).toBeUndefined();
  });
});
