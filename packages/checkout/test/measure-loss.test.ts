import { Labels, type Querier, type VectorSample } from '@tillwatch/model';
import { type Expr, evaluateInstant, evaluateRange, parse } from '@tillwatch/promql';
import { expect, test } from 'vitest';
import type { Estimate } from '../src/impact/estimate-loss.ts';
import { measureLoss } from '../src/impact/measure-loss.ts';
import { measureRecovery } from '../src/impact/measure-recovery.ts';
import { GrowingStore } from './support/growing-store.ts';
import { testConfig } from './support/watch.ts';

const MINUTE_MS = 60_000;
const INTERVAL_MS = 10_000;
const PAST_MS = 60 * MINUTE_MS;
const ATTEMPTS_A_MINUTE = 100;
const CONVERSION = 0.74;
const ORDERS_A_MINUTE = ATTEMPTS_A_MINUTE * CONVERSION;

/** What is wrong with the shop. */
interface Weather {
  /** Shares of the usual attempts and page views. */
  readonly attempts?: number;
  readonly traffic?: number;
  /** Share of the attempts that fail at payment, for good. */
  readonly failing?: number;
  readonly isDown?: boolean;
}

const TARGET = { job: 'shop', instance: 'shop-1:3000' };
const COUNTERS = {
  views: { __name__: 'http_requests_total', route: '/checkout', code: '200' },
  attempts: { __name__: 'checkout_attempts_total' },
  orders: { __name__: 'checkout_outcomes_total', outcome: 'success' },
  declined: { __name__: 'checkout_outcomes_total', outcome: 'failure', reason_class: 'customer', step: 'payment' },
  failed: { __name__: 'checkout_outcomes_total', outcome: 'failure', reason_class: 'technical', step: 'payment' },
  value: { __name__: 'checkout_order_value_total', currency: 'EUR' },
} as const;

/** A shop without chance, whose history can be asked. */
class Past implements Querier {
  readonly #store = new GrowingStore();
  readonly #counters: readonly { readonly name: keyof typeof COUNTERS; readonly labels: Labels; value: number }[];
  readonly #parsed = new Map<string, Expr>();
  nowMs = Date.UTC(2026, 2, 3, 10);

  constructor(without?: keyof typeof COUNTERS) {
    this.#counters = Object.entries(COUNTERS)
      .filter(([name]) => name !== without)
      .map(([name, labels]) => ({
        name: name as keyof typeof COUNTERS,
        labels: Labels.of({ ...labels, ...TARGET }),
        value: 0,
      }));
    this.run(180);
  }

  run(minutes: number, weather: Weather = {}): number {
    const { attempts = 1, traffic = 1, failing = 0, isDown = false } = weather;
    const started = (ATTEMPTS_A_MINUTE * attempts * traffic * INTERVAL_MS) / MINUTE_MS;
    const added = {
      views: (ATTEMPTS_A_MINUTE * 1.8 * traffic * INTERVAL_MS) / MINUTE_MS,
      attempts: started,
      orders: started * CONVERSION * (1 - failing),
      declined: started * 0.05 * (1 - failing),
      failed: started * 0.79 * failing,
      value: started * CONVERSION * (1 - failing) * 60,
    };
    for (let rounds = (minutes * MINUTE_MS) / INTERVAL_MS; rounds > 0; rounds--) {
      this.nowMs += INTERVAL_MS;
      this.#store.append(Labels.of({ __name__: 'up', ...TARGET }), this.nowMs, isDown ? 0 : 1);
      for (const counter of this.#counters) {
        if (!isDown) counter.value += added[counter.name];
        this.#store.append(counter.labels, this.nowMs, isDown ? 'stale' : counter.value);
      }
    }
    return this.nowMs;
  }

  async instant(text: string, atMs: number): Promise<readonly VectorSample[]> {
    const { value } = evaluateInstant(this.#expr(text), atMs, { queryable: this.#store });
    if (value.type === 'vector') return value.samples;
    return value.type === 'scalar' ? [{ labels: Labels.empty, timestampMs: atMs, value: value.value }] : [];
  }

  async range(text: string, startMs: number, endMs: number, stepMs: number) {
    return evaluateRange(this.#expr(text), { startMs, endMs, stepMs }, { queryable: this.#store }).series;
  }

  #expr(text: string): Expr {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const result = parse(text);
    if (!result.ok) throw new Error(`${result.problems[0]?.message} in ${text}`);
    this.#parsed.set(text, result.expr);
    return result.expr;
  }
}

function expectInside({ low, high }: Estimate, truth: number): void {
  expect(low).toBeLessThanOrEqual(truth);
  expect(high).toBeGreaterThanOrEqual(truth);
}

test.for<[string, Weather, number, boolean]>([
  ['customers who never begin', { attempts: 0 }, ORDERS_A_MINUTE, false],
  ['a third of them who never begin', { attempts: 0.7 }, 0.3 * ORDERS_A_MINUTE, false],
  ['a shop that is down', { isDown: true }, ORDERS_A_MINUTE, true],
  ['a shop in which nothing is wrong', {}, 0, false],
])('%s', async ([, weather, perMinute, byClock]) => {
  const past = new Past();
  const sinceMs = past.nowMs;
  const untilMs = past.run(20, weather);
  const loss = await measureLoss(past, testConfig(), { sinceMs, untilMs, pastMs: PAST_MS }, byClock);
  expectInside(loss.orders, 20 * perMinute);
  if (perMinute > 0) {
    expect(Math.abs(loss.orders.mid / (20 * perMinute) - 1)).toBeLessThan(0.15);
    expect(loss.ordersPerHour.mid / loss.orders.mid).toBeCloseTo(3, 0);
    expect(loss.money.mid / loss.orders.mid).toBeCloseTo(60, 0);
  }
});

test.for<[string, keyof typeof COUNTERS | undefined]>([
  ['are counted whether customers try again or not', undefined],
  ['are counted in a shop that counts no attempts', 'attempts'],
])('failures %s', async ([, without]) => {
  const past = new Past(without);
  const sinceMs = past.nowMs;
  const untilMs = past.run(20, { failing: 0.5 });
  const { orders, retried } = await measureLoss(past, testConfig(), { sinceMs, untilMs, pastMs: PAST_MS }, false);
  // Nobody of this shop tries again, which page views tell.
  expectInside(orders, 20 * 0.5 * ORDERS_A_MINUTE);
  expect(retried).toBeLessThan(0.4 * 20 * 0.5 * ORDERS_A_MINUTE);
});

test('without page views the clock says what was to be expected', async () => {
  const past = new Past();
  const config = testConfig((text) => text.replace('pageRoutes: [/checkout]', 'pageRoutes: [/elsewhere]'));
  const sinceMs = past.nowMs;
  const untilMs = past.run(15, { attempts: 0 });
  const { orders } = await measureLoss(past, config, { sinceMs, untilMs, pastMs: PAST_MS }, false);
  expectInside(orders, 15 * ORDERS_A_MINUTE);
  expect(orders.high - orders.low).toBeGreaterThan(300);
});

test('a promotion in the calendar raises what the clock lets expect', async () => {
  const past = new Past();
  const sinceMs = past.nowMs;
  const untilMs = past.run(10, { isDown: true });
  const promotion = `promotions: [{ name: Sale, from: ${new Date(sinceMs).toISOString()}, to: ${new Date(untilMs).toISOString()}, expectedFactor: 3 }]`;
  const config = testConfig((text) => text.replace('promotions: []', promotion));
  const { orders } = await measureLoss(past, config, { sinceMs, untilMs, pastMs: PAST_MS }, true);
  expect(orders.mid / (30 * ORDERS_A_MINUTE)).toBeGreaterThan(0.85);
  expect(orders.mid / (30 * ORDERS_A_MINUTE)).toBeLessThan(1.15);
});

test('customers who come back are told from chance, and never more than were lost', async () => {
  const came = async (traffic: number, minutes: number) => {
    const past = new Past();
    const config = testConfig();
    const sinceMs = past.nowMs;
    const endMs = past.run(10, { isDown: true });
    const loss = await measureLoss(past, config, { sinceMs, untilMs: endMs, pastMs: PAST_MS }, true);
    const nowMs = past.run(minutes, { traffic });
    return { loss, recovery: await measureRecovery(past, config, { sinceMs, endMs, nowMs, pastMs: PAST_MS }, loss) };
  };
  expect((await came(1, 1)).recovery).toBeUndefined();
  expect((await came(1, 15)).recovery?.orders.low).toBe(0);
  const many = await came(1.6, 15);
  expectInside(many.recovery!.orders, 15 * 0.6 * ORDERS_A_MINUTE);
  expect(many.recovery!.orders.low).toBeGreaterThan(100);
  const flood = await came(4, 15);
  expect(flood.recovery?.orders.mid).toBe(flood.loss.orders.high);
});
