import { Counter as PromCounter, Histogram as PromHistogram, Registry } from 'prom-client';
import { bench, describe } from 'vitest';
import { counter } from '../src/cells/counter.ts';
import { histogram } from '../src/cells/histogram.ts';
import { DURATION_BUCKETS, STEP_BUCKETS } from '../src/checkout/options.ts';
import { instrumentCheckout } from '../src/index.ts';
import { expose } from '../src/serve/expose.ts';

const LABELS = ['channel', 'region', 'provider', 'outcome'];

describe('a counter with 4 labels', () => {
  const plain = new PromCounter({ name: 'plain_total', help: 'h', labelNames: LABELS, registers: [new Registry()] });
  const ours = counter(new Registry(), 'ours_total', 'h', LABELS);
  const cell = ours.cell('web', 'eu', 'stripe', 'success');
  bench('prom-client', () => plain.inc({ channel: 'web', region: 'eu', provider: 'stripe', outcome: 'success' }, 1));
  bench('ours, resolved at each call', () => {
    ours.cell('web', 'eu', 'stripe', 'success').value += 1;
  });
  bench('ours, held', () => {
    cell.value += 1;
  });
});

describe('a histogram with 2 labels', () => {
  const labelNames = ['step', 'provider'];
  const plain = new PromHistogram({
    name: 'p',
    help: 'h',
    labelNames,
    buckets: [...STEP_BUCKETS],
    registers: [new Registry()],
  });
  const bound = plain.labels({ step: 'payment', provider: 'stripe' });
  const ours = histogram(new Registry(), 'o', 'h', labelNames, STEP_BUCKETS);
  const cell = ours.cell('payment', 'stripe');
  bench('prom-client', () => plain.observe({ step: 'payment', provider: 'stripe' }, 0.2));
  bench('prom-client, held', () => bound.observe(0.2));
  bench('ours, resolved at each call', () => ours.cell('payment', 'stripe').observe(0.2));
  bench('ours, held', () => cell.observe(0.2));
});

/** Measured by the hundred, since the bench's own awaiting costs as much as half an attempt. */
describe('100 attempts: start, 4 steps, succeed', () => {
  const hundred = async (run: () => Promise<void>) => {
    for (let i = 0; i < 100; i++) await run();
  };
  const plain = plainCheckout();
  const ours = instrumentCheckout({
    steps: ['cart', 'shipping', 'payment', 'confirm'],
    providers: ['stripe', 'paypal'],
    methods: ['visa', 'wallet'],
    channels: ['web', 'app'],
    regions: ['eu', 'us'],
    version: 'v1',
    currency: 'EUR',
    processMetrics: false,
  });
  const work = () => Promise.resolve(1);
  const payment = { provider: 'stripe', method: 'visa', captures: true };
  bench('the four calls alone', () =>
    hundred(async () => {
      for (let i = 0; i < 4; i++) await work();
    }),
  );
  bench('prom-client', () => hundred(() => plain(work)));
  bench('ours', () =>
    hundred(async () => {
      const attempt = ours.start({ channel: 'web', region: 'eu', value: 59.9 });
      await attempt.step('cart', work);
      await attempt.step('shipping', work);
      await attempt.step('payment', payment, work);
      await attempt.step('confirm', work);
      attempt.succeed({ orderValue: 59.9 });
    }),
  );
});

describe('rendering 10 000 series', () => {
  const plainRegistry = new Registry();
  const plain = new PromCounter({ name: 'many_total', help: 'h', labelNames: LABELS, registers: [plainRegistry] });
  const registry = new Registry();
  const ours = counter(registry, 'many_total', 'h', LABELS, { maxCells: 20_000, onFold: () => {} });
  for (let i = 0; i < 10_000; i++) {
    const [channel, region, provider] = [`c${i % 10}`, `r${i % 100}`, `p${i}`];
    plain.inc({ channel, region, provider, outcome: 'success' }, i);
    ours.cell(channel, region, provider, 'success').value += i;
  }
  counter(registry, 'small_total', 'h');
  bench('prom-client', async () => void (await plainRegistry.metrics()));
  bench('ours, by our handler', async () => void (await expose(registry)));
  bench("ours, by prom-client's registry", async () => void (await registry.metrics()));
});

/** The same metrics as a careful developer would write them with prom-client. */
function plainCheckout(): (work: () => Promise<number>) => Promise<void> {
  const registers = [new Registry()];
  const count = (name: string, labelNames: string[]) => new PromCounter({ name, help: 'h', labelNames, registers });
  const attempts = count('checkout_attempts_total', ['channel', 'region', 'version']);
  const outcomes = count('checkout_outcomes_total', [
    ...['outcome', 'reason_class', 'reason', 'step', 'provider', 'method', 'channel', 'region', 'version'],
  ]);
  const value = count('checkout_order_value_total', ['currency', 'outcome', 'provider', 'channel', 'region']);
  const captured = count('checkout_payments_captured_total', ['provider']);
  const placed = count('checkout_orders_placed_total', ['provider']);
  const steps = new PromHistogram({
    ...{ name: 'checkout_step_duration_seconds', help: 'h', labelNames: ['step', 'provider', 'outcome'] },
    ...{ buckets: [...STEP_BUCKETS], registers },
  });
  const duration = new PromHistogram({
    ...{ name: 'checkout_duration_seconds', help: 'h', labelNames: ['outcome'] },
    ...{ buckets: [...DURATION_BUCKETS], registers },
  });
  const timed = async (step: string, provider: string, work: () => Promise<number>) => {
    const end = steps.startTimer({ step, provider });
    try {
      const result = await work();
      end({ outcome: 'success' });
      return result;
    } catch (error) {
      end({ outcome: 'failure' });
      throw error;
    }
  };
  return async (work) => {
    const lane = { channel: 'web', region: 'eu' };
    const end = duration.startTimer();
    attempts.inc({ ...lane, version: 'v1' });
    await timed('cart', '', work);
    await timed('shipping', '', work);
    await timed('payment', 'stripe', work);
    captured.inc({ provider: 'stripe' });
    await timed('confirm', '', work);
    outcomes.inc({ outcome: 'success', step: 'confirm', provider: 'stripe', method: 'visa', ...lane, version: 'v1' });
    placed.inc({ provider: 'stripe' });
    value.inc({ currency: 'EUR', outcome: 'success', provider: 'stripe', ...lane }, 59.9);
    end({ outcome: 'success' });
  };
}
