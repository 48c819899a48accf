import { describe, expect, test } from 'vitest';
import type { Weather } from './support/random-shop.ts';
import { Watch } from './support/watch.ts';

interface Fault {
  readonly name: string;
  readonly weather: Weather;
  readonly alert: string;
  readonly labels?: Record<string, string>;
  readonly withinSeconds: number;
  readonly attemptsPerMinute?: number;
}

const provider = { step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' };

describe('a fault pages within two minutes, with its part named', () => {
  test.for<Fault>([
    {
      name: 'provider outage',
      weather: { failing: { share: 1, ...provider } },
      alert: 'CheckoutErrorRateHigh',
      labels: { provider: 'acme-pay', step: 'payment' },
      withinSeconds: 60,
    },
    {
      name: 'provider outage, overall',
      weather: { failing: { share: 1, ...provider } },
      alert: 'CheckoutSuccessRateLow',
      withinSeconds: 60,
    },
    {
      name: 'a third of a provider',
      weather: { failing: { share: 0.3, ...provider } },
      alert: 'CheckoutErrorRateHigh',
      labels: { step: 'payment' },
      withinSeconds: 120,
    },
    {
      name: 'region outage',
      weather: { failing: { share: 0.8, step: 'shipping', reason: 'quote_failed', region: 'us' } },
      alert: 'CheckoutErrorRateHigh',
      labels: { region: 'us', step: 'shipping' },
      withinSeconds: 100,
    },
    {
      name: 'stock errors in a promotion',
      weather: { traffic: 5, failing: { share: 0.3, step: 'cart', reason: 'stock' } },
      alert: 'CheckoutSuccessRateLow',
      withinSeconds: 100,
    },
    {
      name: 'broken page: no error anywhere',
      weather: { attempts: { web: 0.02, app: 0.02 } },
      alert: 'CheckoutAttemptsStopped',
      labels: { slice: 'all' },
      withinSeconds: 90,
    },
    {
      name: 'one channel silent',
      weather: { attempts: { app: 0 } },
      alert: 'CheckoutAttemptsStopped',
      labels: { channel: 'app' },
      withinSeconds: 120,
    },
    { name: 'shop down', weather: { isDown: true }, alert: 'CheckoutTargetDown', withinSeconds: 60 },
    {
      name: 'slow steps',
      weather: { stepSeconds: 6 },
      alert: 'CheckoutLatencyHigh',
      labels: { step: 'payment' },
      withinSeconds: 120,
    },
    { name: 'slow database', weather: { querySeconds: 4 }, alert: 'DatabaseSlow', withinSeconds: 110 },
    {
      name: 'provider outage in a small shop',
      weather: { failing: { share: 1, ...provider } },
      alert: 'CheckoutSuccessRateLow',
      withinSeconds: 240,
      attemptsPerMinute: 10,
    },
  ])('$name: $alert', ({ weather, alert, labels = {}, withinSeconds, attemptsPerMinute = 90 }) => {
    const watch = new Watch({ seed: 7, attemptsPerMinute });
    watch.run(6);
    expect(watch.fired.map((one) => one.alert)).toEqual([]);
    const brokenAtMs = watch.nowMs;
    watch.run(withinSeconds / 60, weather);
    const page = watch
      .pages()
      .find(
        (one) => one.alert === alert && Object.entries(labels).every(([name, value]) => one.labels.get(name) === value),
      );
    expect(page, JSON.stringify(watch.fired.map((one) => one.labels))).toBeDefined();
    expect(page!.firedAtMs).toBeGreaterThan(brokenAtMs);
  });
});

describe('nobody is woken', () => {
  test.for<[string, number, Weather]>([
    ['in a healthy shop', 90, {}],
    ['in a healthy small shop', 8, {}],
    ['in a promotion: eight times the traffic', 90, { traffic: 8 }],
    ['in the evening', 90, { traffic: 0.4 }],
    ['when stolen cards are tested', 90, { cardTesting: 2 }],
    ['at night, by a few failures among few orders', 0.3, { failing: { share: 0.1, ...provider } }],
  ])('%s', ([, attemptsPerMinute, weather]) => {
    const watch = new Watch({ seed: 11, attemptsPerMinute });
    watch.run(8);
    watch.run(10, weather);
    // What follows is part of it: a promotion ends, thieves give up.
    watch.run(6);
    expect(watch.pages().map((one) => one.labels.toRecord())).toEqual([]);
  });

  test('by a hiccup of a provider that heals itself', () => {
    const watch = new Watch({ seed: 5, attemptsPerMinute: 400 });
    watch.run(5);
    watch.run(0.5, { failing: { share: 0.4, ...provider } });
    watch.run(6);
    expect(watch.pages().map((one) => one.labels.toRecord())).toEqual([]);
  });
});

test('stolen cards are told about without waking anybody', () => {
  const watch = new Watch({ seed: 11, attemptsPerMinute: 90 });
  watch.run(5);
  watch.run(4, { cardTesting: 2 });
  expect(watch.fired.map(({ alert, labels }) => [alert, labels.get('severity')])).toEqual([
    ['CheckoutDeclinesHigh', 'inform'],
  ]);
});

test('one incident is over once: pages end within four minutes and do not come back', () => {
  const watch = new Watch({ seed: 7, attemptsPerMinute: 90 });
  watch.run(6);
  watch.run(4, { failing: { share: 1, ...provider } });
  const healedAtMs = watch.nowMs;
  watch.run(10);
  for (const page of watch.pages()) {
    expect(page.firedAtMs).toBeLessThanOrEqual(healedAtMs);
    expect(page.endedAtMs).toBeLessThanOrEqual(healedAtMs + 4 * 60_000);
  }
});

test('a fault that comes and goes is one incident', () => {
  const watch = new Watch({ seed: 7, attemptsPerMinute: 90 });
  watch.run(6);
  for (let i = 0; i < 4; i++) {
    watch.run(1.5, { failing: { share: 1, ...provider } });
    watch.run(6);
  }
  const whole = watch
    .pages()
    .filter(({ alert, labels }) => alert === 'CheckoutErrorRateHigh' && labels.get('slice') === 'all');
  // The first return is news; after that it stays until nothing has failed for the long window.
  expect(whole.length).toBe(2);
  watch.run(12);
  expect(whole.every(({ endedAtMs }) => endedAtMs !== undefined)).toBe(true);
});

test.for<[number, number]>([
  [90, 5],
  [10, 14],
])('pages about a version end when it is rolled back, at %d attempts a minute within %d minutes', ([rate, minutes]) => {
  const watch = new Watch({ seed: 7, attemptsPerMinute: rate });
  watch.run(6);
  watch.shop.versions = [
    ['v1', 0.6],
    ['v2', 0.4],
  ];
  watch.run(6, { failing: { share: 1, step: 'shipping', reason: 'internal_error', version: 'v2' } });
  expect(watch.pages().map(({ labels }) => labels.get('version'))).toContain('v2');
  watch.shop.versions = [['v1', 1]];
  const healedAtMs = watch.nowMs;
  watch.run(minutes + 1);
  for (const page of watch.pages()) expect(page.endedAtMs).toBeLessThanOrEqual(healedAtMs + minutes * 60_000);
});
