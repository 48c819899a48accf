import { Labels, type Querier } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { overview } from '../src/index.ts';
import { testConfig, Watch } from './support/watch.ts';

const empty: Querier = { instant: async () => [], range: async () => [] };

function hasOnlyJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'object' && Object.values(value).every(hasOnlyJson);
}

test('without any data everything is unknown and nothing is invented', async () => {
  const view = await overview({ querier: empty, config: testConfig(), nowMs: 1_000_000 });
  expect(view).toMatchObject({
    verdict: { tone: 'unknown', sentence: 'No data yet: the shop has not been seen.' },
    successRate: { now: null, before: null, tone: 'unknown', sparkline: { timestampsMs: [], values: [] } },
    funnel: [],
    providers: [],
    failing: [],
    impact: null,
    staleSinceMs: null,
  });
});

describe('a shop', () => {
  const watch = new Watch({ seed: 3, attemptsPerMinute: 90 });
  watch.run(8);
  const healthyAtMs = watch.nowMs;
  watch.run(2, { failing: { share: 1, step: 'payment', reason: 'down', provider: 'nordbank' } });
  const brokenAtMs = watch.nowMs;
  const look = (nowMs: number) => overview({ querier: watch, config: watch.config, nowMs });

  test('that is healthy is green, with figures that fit together', async () => {
    const view = await look(healthyAtMs);
    expect(view.verdict.tone).toBe('good');
    expect(view.verdict.sentence).toMatch(/^Checkout works: (99\.\d|100)% of purchases succeed\.$/);
    expect(view.successRate.now! + view.errorRate.now!).toBeCloseTo(1);
    expect(view.attemptsPerMinute.now).toBeGreaterThan(60);
    expect(view.moneyPerMinute.now! / view.ordersPerMinute.now!).toBeCloseTo(60, -1);
    expect(view.moneyPerMinute.before! / view.ordersPerMinute.before!).toBeCloseTo(60, -1);
    expect(view.failing).toEqual([]);
    expect(view.impact).toBeNull();
    expect(view.ordersPerMinute.sparkline.timestampsMs).toHaveLength(view.ordersPerMinute.sparkline.values.length);
    expect(hasOnlyJson(view)).toBe(true);
  });

  test('that is broken is red and names the part', async () => {
    const view = await look(brokenAtMs);
    expect(view.verdict.tone).toBe('bad');
    expect(view.verdict.sentence).toMatch(
      /^Checkout is failing: only \d\d% of purchases succeed \(provider nordbank, step payment\)\.$/,
    );
    expect(view.failing[0]?.labels).toEqual({ provider: 'nordbank', step: 'payment' });
    expect(view.providers.find(({ provider }) => provider === 'nordbank')?.tone).toBe('bad');
    expect(view.providers.find(({ provider }) => provider === 'acme-pay')?.tone).toBe('good');
    expect(view.impact?.lostOrders.mid).toBeGreaterThan(10);
    expect(hasOnlyJson(view)).toBe(true);
  });

  test('loses customers step by step', async () => {
    const { funnel } = await look(healthyAtMs);
    expect(funnel.map(({ step }) => step)).toEqual(['cart', 'address', 'shipping', 'payment', 'confirm']);
    for (const [i, { entered }] of funnel.entries())
      expect(entered).toBeLessThanOrEqual(funnel[i - 1]?.entered ?? entered);
    const payment = funnel.find(({ step }) => step === 'payment')!;
    expect(payment.abandoned).toBeGreaterThan(payment.declined);
    expect(payment.p95Seconds).toBeLessThan(1);
  });

  test('of which nothing was heard for two minutes is shown as old', async () => {
    const view = await look(brokenAtMs + 120_000);
    expect(view.staleSinceMs).toBe(brokenAtMs);
    expect(view.verdict).toMatchObject({ tone: 'unknown', sentence: expect.stringMatching(/^No data since 15:10/) });
  });

  test('of which nothing was heard for an hour is still shown as old', async () => {
    expect((await look(brokenAtMs + 3_600_000)).staleSinceMs).not.toBeNull();
  });
});

test('one failed order at night is no reason for red', async () => {
  const watch = new Watch({ seed: 3, attemptsPerMinute: 0.2 });
  watch.run(20);
  watch.run(5, { failing: { share: 1, step: 'payment', reason: 'x' } });
  expect((await overview({ querier: watch, config: watch.config, nowMs: watch.nowMs })).verdict.tone).not.toBe('bad');
});

describe('a shop of several currencies', () => {
  const watch = new Watch({
    seed: 3,
    attemptsPerMinute: 90,
    config: testConfig((text) => text.replace('  # rates: { USD: 0.92 }', '  rates: { USD: 0.5 }')),
  });
  /** What came in by the minute beside the euros of the shop, up to now. */
  const sell = (fromMs: number, perMinute: Readonly<Record<string, number>>) => {
    for (const [currency, amount] of Object.entries(perMinute)) {
      const labels = Labels.of({ __name__: 'checkout_order_value_total', outcome: 'success', currency });
      for (let atMs = fromMs; atMs <= watch.nowMs; atMs += 10_000) {
        watch.store.append(labels, atMs, (amount * (atMs - startMs)) / 60_000);
      }
    }
  };
  const startMs = watch.nowMs;
  watch.run(8);
  sell(startMs, { USD: 1_000, CHF: 50, SEK: 80 });
  const healthyAtMs = watch.nowMs;
  watch.run(2, { failing: { share: 1, step: 'payment', reason: 'down', provider: 'nordbank' } });
  sell(healthyAtMs + 10_000, { USD: 1_000, CHF: 50, SEK: 80 });
  const look = (nowMs: number, config = watch.config) => overview({ querier: watch, config, nowMs });

  test('sees those with a rate in its own, and the others beside it', async () => {
    const [view, alone] = await Promise.all([look(healthyAtMs), look(healthyAtMs, testConfig())]);
    expect(view.moneyPerMinute.now! - alone.moneyPerMinute.now!).toBeCloseTo(500, 0);
    expect(view.otherMoneyPerMinute.map(({ currency }) => currency)).toEqual(['SEK', 'CHF']);
    expect(view.otherMoneyPerMinute[0]!.now).toBeCloseTo(80);
    expect(alone.otherMoneyPerMinute.map(({ currency }) => currency)).toEqual(['USD', 'SEK', 'CHF']);
  });

  test('is told its loss in every one of them', async () => {
    const { impact } = await look(watch.nowMs);
    expect(impact!.currency).toBe('EUR');
    expect(impact!.converted).toEqual([
      {
        currency: 'USD',
        money: {
          low: impact!.lostMoney.low / 0.5,
          mid: impact!.lostMoney.mid / 0.5,
          high: impact!.lostMoney.high / 0.5,
        },
      },
    ]);
    expect(impact!.otherMoney.map(({ currency }) => currency)).toEqual(['SEK', 'CHF']);
    expect(impact!.otherMoney[0]!.money.mid).toBeGreaterThan(impact!.otherMoney[1]!.money.mid);
  });
});
