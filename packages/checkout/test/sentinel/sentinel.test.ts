import { describe, expect, test } from 'vitest';
import { createSentinel, type Sentinel, type SentinelOptions } from '../../src/index.ts';
import {
  type Customer,
  HOUR_MS,
  MINUTE_MS,
  type ShopOptions,
  SimulatedShop,
  START_MS,
  usualCustomer,
} from './simulated-shop.ts';

const TICK_MS = 5_000;

/** An incident as the tests see it: minutes after the moment they look from. */
interface Told {
  readonly signal: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly from: number;
  to?: number;
}

interface Watch {
  readonly shop: SimulatedShop;
  readonly sentinel: Sentinel;
  /** Lets shop and sentinel run on, and tells the incidents of that time. */
  watch(minutes: number): Promise<Told[]>;
}

/** A shop that has run for some hours, and a sentinel that learned from them. */
async function watched(
  options: ShopOptions & { readonly learnedHours?: number; readonly sentinel?: Partial<SentinelOptions> },
): Promise<Watch> {
  const shop = new SimulatedShop(options);
  const beginMs = START_MS + (options.learnedHours ?? 6) * HOUR_MS;
  shop.runUntil(beginMs);
  const sentinel = createSentinel({ reader: shop, jobs: ['shop'], learnMs: 24 * HOUR_MS, ...options.sentinel });
  await sentinel.learn(beginMs);
  return {
    shop,
    sentinel,
    async watch(minutes) {
      const told: Told[] = [];
      const open = new Map<unknown, Told>();
      const fromMs = shop.nowMs;
      while (shop.nowMs < fromMs + minutes * MINUTE_MS) {
        shop.runUntil(shop.nowMs + TICK_MS);
        await sentinel.tick(shop.nowMs);
        const now = new Set<unknown>(sentinel.incidents());
        const at = (shop.nowMs - fromMs) / MINUTE_MS;
        for (const incident of sentinel.incidents()) {
          if (open.has(incident)) continue;
          const one: Told = { signal: incident.signal, labels: incident.labels, from: at };
          open.set(incident, one);
          told.push(one);
        }
        for (const [incident, one] of open) {
          if (now.has(incident)) continue;
          one.to = at;
          open.delete(incident);
        }
      }
      return told;
    },
  };
}

const BROKEN = { step: 'payment', reason: 'provider_timeout' } as const;
const LEARNED_MS = START_MS + 6 * HOUR_MS;

/** The usual customers, and from `fromMs` to `toMs` those that `trouble` makes of them. */
function troubled(fromMs: number, toMs: number, trouble: (usual: Customer, random: () => number) => Customer) {
  return (atMs: number, random: () => number): Customer => {
    const usual = { ...usualCustomer(atMs, random), ...payment(random) };
    return atMs >= fromMs && atMs < toMs ? trouble(usual, random) : usual;
  };
}

function payment(random: () => number): Customer {
  return random() < 0.6 ? { provider: 'nordpay', method: 'visa' } : { provider: 'walletco', method: 'wallet' };
}

const minutes = (n: number) => LEARNED_MS + n * MINUTE_MS;
const ofNordpay = (usual: Customer): Customer => (usual.provider === 'nordpay' ? { ...usual, fails: BROKEN } : usual);

describe('what breaks is told', () => {
  test('a provider that is down: within two minutes, by its name, and when it is over', async () => {
    const { watch } = await watched({ attemptsPerMinute: 40, customer: troubled(minutes(10), minutes(30), ofNordpay) });
    const told = await watch(50);
    expect(told).toMatchObject([{ signal: 'failures', labels: { provider: 'nordpay', step: 'payment' } }]);
    expect(told[0]!.from).toBeGreaterThan(10);
    expect(told[0]!.from).toBeLessThan(12);
    expect(told[0]!.to).toBeGreaterThan(33);
    expect(told[0]!.to).toBeLessThan(36);
  });

  test('a shop with one provider, one region and no labels to tell parts by', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 20,
      without: ['provider', 'method', 'region', 'channel', 'version'],
      customer: troubled(minutes(5), minutes(40), (usual, random) =>
        random() < 0.5 ? { ...usual, fails: BROKEN } : usual,
      ),
    });
    const [first] = await watch(12);
    expect(first).toMatchObject({ signal: 'failures', labels: { step: 'payment' } });
    expect(first!.from).toBeLessThan(8);
  });

  test('failures of a kind that was never seen, in counters that appear with the first of them', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 2,
      bornAtZero: false,
      customer: (atMs, random) => ({ ...payment(random), ...(atMs >= minutes(5) ? { fails: BROKEN } : {}) }),
    });
    const [first] = await watch(20);
    expect(first).toMatchObject({ signal: 'failures' });
    expect(first!.from).toBeLessThan(10);
  });

  test('timeouts that are counted two minutes after the attempt', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(40), (usual) => ({
        ...ofNordpay(usual),
        ...(usual.provider === 'nordpay' ? { lateMs: 120_000 } : {}),
      })),
    });
    const told = await watch(20);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ from }) => from > 10)).toBe(true);
    expect(told[0]!.from).toBeLessThan(14);
  });

  test('checkouts that hang and never end', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(40), (usual) =>
        usual.provider === 'nordpay' ? { ...usual, hangs: true } : usual,
      ),
    });
    const [first] = await watch(20);
    expect(first).toMatchObject({ signal: 'missing_orders' });
    expect(first!.from).toBeLessThan(13);
  });

  test('customers who look at pages and cannot start a checkout', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(40), (usual) => ({ ...usual, starts: false })),
    });
    const told = await watch(20);
    expect(told).toMatchObject([{ signal: 'missing_attempts', labels: {} }]);
    expect(told[0]!.from).toBeLessThan(12);
  });

  test('nobody comes any more, although the shop answers', async () => {
    const { watch } = await watched({ attemptsPerMinute: (atMs) => (atMs >= minutes(40) ? 0 : 40) });
    const told = await watch(50);
    expect(told).toMatchObject([{ signal: 'missing_traffic' }]);
    expect(told[0]!.from).toBeLessThan(43);
  });

  test('a payment step that is slow at one provider', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(40), (usual) =>
        usual.provider === 'nordpay' ? { ...usual, seconds: 6 } : usual,
      ),
    });
    const told = await watch(20);
    expect(told).toMatchObject([{ signal: 'slow', labels: { step: 'payment', provider: 'nordpay' } }]);
    expect(told[0]!.from).toBeLessThan(13);
  });

  test('silence of every instance, and its end', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      isUp: (_, atMs) => atMs < minutes(10) || atMs > minutes(15),
    });
    const told = await watch(30);
    expect(told).toMatchObject([{ signal: 'silence', labels: { job: 'shop' } }]);
    expect(told[0]!.from).toBeLessThan(11);
    expect(told[0]!.to).toBeLessThan(21);
  });
});

describe('what is not broken wakes nobody', () => {
  test('half a day as usual', async () => {
    const { watch } = await watched({ attemptsPerMinute: 20 });
    expect(await watch(12 * 60)).toEqual([]);
  });

  test('a hiccup of a provider that heals itself', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 100,
      customer: troubled(minutes(10), minutes(10) + 35_000, (usual, random) =>
        random() < 0.4 ? ofNordpay(usual) : usual,
      ),
    });
    expect(await watch(30)).toEqual([]);
  });

  test('one customer who tries again and again', async () => {
    let tries = 0;
    const { watch } = await watched({
      attemptsPerMinute: 1,
      learnedHours: 48,
      sentinel: { learnMs: 48 * HOUR_MS },
      // One in sixty is in trouble, and comes back four times.
      customer: (_, random) => {
        if (tries > 0) tries--;
        else if (random() < 1 / 60) tries = 4;
        return tries > 0 ? { provider: 'nordpay', method: 'visa', fails: BROKEN } : payment(random);
      },
    });
    expect(await watch(12 * 60)).toEqual([]);
  });

  test('a promotion whose orders come minutes after their attempts', async () => {
    const { watch } = await watched({
      attemptsPerMinute: (atMs) => (atMs < minutes(10) ? 20 : Math.min(200, 20 + (atMs - minutes(10)) / 400)),
      customer: (atMs, random) => ({ ...usualCustomer(atMs, random), lateMs: 30_000 + 90_000 * random() }),
    });
    expect(await watch(60)).toEqual([]);
  });

  test('the end of a promotion', async () => {
    const { watch } = await watched({ attemptsPerMinute: (atMs) => (atMs < minutes(40) ? 160 : 20) });
    expect(await watch(90)).toEqual([]);
  });

  test('crawlers that read pages without buying', async () => {
    const { watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(60), (usual) => ({ ...usual, views: 8 })),
    });
    expect(await watch(40)).toEqual([]);
  });

  test('stolen cards that are tried out: told, but as what they are', async () => {
    const { watch } = await watched({
      attemptsPerMinute: (atMs) => (atMs >= minutes(10) && atMs < minutes(70) ? 120 : 40),
      customer: troubled(minutes(10), minutes(70), (usual, random) =>
        random() < 0.67
          ? {
              ...usual,
              views: 0,
              provider: 'nordpay',
              method: 'visa',
              fails: { step: 'payment', reason: 'fraud_suspected', reasonClass: 'fraud' },
            }
          : usual,
      ),
    });
    const told = await watch(90);
    expect(told).toMatchObject([{ signal: 'declines', labels: { provider: 'nordpay' } }]);
  });

  test.for([
    [
      'restarts of one instance after the other',
      { restarts: [0, 1].map((instance) => ({ instance, atMs: minutes(10 + instance) })) },
    ],
    [
      'scrapes that are missed here and there',
      { isUp: (instance: number, atMs: number) => (atMs / 15_000) % 40 > 1 || instance === 1 },
    ],
    ['scrapes once a minute', { scrapeMs: 60_000 }],
  ] as const)('%s', async ([, options]) => {
    const { watch } = await watched({ attemptsPerMinute: 40, ...options });
    expect(await watch(120)).toEqual([]);
  });
});

describe('what it knows and what it does not', () => {
  test.for([
    ['nothing', 0, 20],
    ['an hour', 1, 2],
  ] as const)(
    'with %s of history it is quiet in good times and tells an outage',
    async ([, learnedHours, wellMinutes]) => {
      const from = START_MS + learnedHours * HOUR_MS + wellMinutes * MINUTE_MS;
      const { watch } = await watched({
        attemptsPerMinute: 30,
        learnedHours,
        customer: troubled(from, from + HOUR_MS, ofNordpay),
      });
      const told = await watch(wellMinutes + 10);
      expect(told[0]).toMatchObject({ signal: 'failures', labels: { provider: 'nordpay' } });
      expect(told[0]!.from).toBeGreaterThan(wellMinutes);
      expect(told[0]!.from).toBeLessThan(wellMinutes + 3);
    },
  );

  test('a trouble that began before the start is known after learning', async () => {
    const { sentinel } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(-20), minutes(60), ofNordpay),
    });
    expect(sentinel.incidents()).toMatchObject([{ signal: 'failures' }]);
  });

  test('a clock that goes back is passed over', async () => {
    const { shop, sentinel, watch } = await watched({ attemptsPerMinute: 40 });
    await watch(5);
    await sentinel.tick(shop.nowMs - 2 * MINUTE_MS);
    const passedOver = sentinel.samples().find(({ labels }) => labels.metricName.includes('passed_over'));
    expect(passedOver?.value).toBe(1);
    expect(await watch(30)).toEqual([]);
  });

  test('a clock that was an hour ahead and is set right: the sentinel learns anew and goes on', async () => {
    const { shop, sentinel, watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(10), minutes(60), ofNordpay),
    });
    await watch(5);
    await sentinel.tick(shop.nowMs + HOUR_MS);
    await sentinel.tick(shop.nowMs);
    const told = await watch(10);
    expect(told).toMatchObject([{ signal: 'failures', labels: { provider: 'nordpay' } }]);
    expect(told[0]!.from).toBeLessThan(8);
  });

  test('a store that does not answer is no silent shop, and what was missed is caught up with', async () => {
    const { shop, sentinel, watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(8), minutes(60), ofNordpay),
    });
    await watch(5);
    shop.failure = new Error('connection refused');
    for (let i = 0; i < 60; i++) {
      shop.runUntil(shop.nowMs + TICK_MS);
      await expect(sentinel.tick(shop.nowMs)).rejects.toThrow('connection refused');
    }
    shop.failure = undefined;
    const told = await watch(1);
    expect(told).toMatchObject([{ signal: 'failures', labels: { provider: 'nordpay' } }]);
  });

  test('a label that explodes neither fills the memory nor hides the rest', async () => {
    const { sentinel, watch } = await watched({
      attemptsPerMinute: 60,
      sentinel: { mostSlices: 60, mostSeries: 2_000 },
      learnedHours: 2,
      customer: (atMs, random) => {
        const usual = { ...usualCustomer(atMs, random), ...payment(random) };
        const exploded = {
          ...usual,
          fails: { step: 'payment', reason: `id-${Math.floor(random() * 1e6)}`, reasonClass: 'customer' },
        };
        if (atMs >= START_MS + 2 * HOUR_MS + 20 * MINUTE_MS) return ofNordpay(usual);
        return random() < 0.2 ? { ...exploded, region: `region-${Math.floor(random() * 1e6)}` } : usual;
      },
    });
    const told = await watch(24);
    const value = (name: string) =>
      sentinel.samples().find(({ labels }) => labels.metricName === name)?.value ?? Number.NaN;
    expect(value('tillwatch_sentinel_slices')).toBeLessThanOrEqual(60);
    expect(value('tillwatch_sentinel_series')).toBeLessThanOrEqual(2_000);
    expect(value('tillwatch_sentinel_slices_dropped_total')).toBeGreaterThan(0);
    expect(told.some(({ signal, from }) => signal === 'failures' && from > 20)).toBe(true);
  });

  test('publishes what is open, with its part and its value, and how the sentinel is', async () => {
    const { sentinel, watch } = await watched({
      attemptsPerMinute: 40,
      customer: troubled(minutes(1), minutes(60), ofNordpay),
    });
    await watch(6);
    const lines = sentinel.samples().map(({ labels }) => labels.toString());
    expect(lines).toContain('tillwatch_incident{method="visa", provider="nordpay", signal="failures", step="payment"}');
    expect(lines).toContain('tillwatch_sentinel_last_tick_timestamp_seconds');
    const incident = sentinel.samples().find(({ labels }) => labels.metricName === 'tillwatch_incident');
    expect(incident!.value).toBeGreaterThan(0.9);
  });
});
