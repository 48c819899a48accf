import { expect, test } from 'vitest';
import { type CheckoutOptions, InstrumentError } from '../src/index.ts';
import { series, shop, sorted } from './support.ts';

const LANE = 'channel="app",region="us",version="v7"';

test.for([
  `checkout_attempts_total{${LANE}}`,
  `checkout_outcomes_total{outcome="success",step="confirm",provider="paypal",method="wallet",${LANE}}`,
  `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="provider_error",step="payment",provider="stripe",method="card",${LANE}}`,
  `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="unknown",step="payment",provider="stripe",method="card",${LANE}}`,
  `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="db_timeout",step="confirm",${LANE}}`,
  `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="out_of_sync",step="cart",${LANE}}`,
  `checkout_outcomes_total{outcome="failure",reason_class="customer",reason="card_declined",step="payment",provider="paypal",method="card",${LANE}}`,
  `checkout_outcomes_total{outcome="abandoned",step="shipping",${LANE}}`,
  'checkout_order_value_total{currency="EUR",outcome="failure",provider="stripe",channel="app",region="us"}',
  'checkout_order_value_total{currency="EUR",outcome="abandoned",channel="app",region="us"}',
  'checkout_payments_captured_total{provider="stripe"}',
  'checkout_orders_placed_total{provider="paypal"}',
  'checkout_step_duration_seconds_count{step="payment",provider="stripe",outcome="failure"}',
  'checkout_duration_seconds_count{outcome="abandoned"}',
  'checkout_double_endings_total',
  'instrument_errors_total{kind="log"}',
])('exists as 0 before anything happens: %s', async (key) => {
  const { checkout } = shop({ reasons: { cart: ['out_of_sync'] } });
  expect((await series(checkout)).get(sorted(key))).toBe(0);
});

test('no series has an empty label', async () => {
  const { checkout } = shop({ channels: [], regions: [], methods: [], providers: [] });
  const text = await checkout.metrics();
  expect(text).toContain('checkout_attempts_total{version="v7"} 0');
  expect(text).toContain('checkout_outcomes_total{outcome="success",step="confirm",version="v7"} 0');
  expect(text).not.toContain('=""');
});

test('providers belong to their steps and methods', async () => {
  const providers = ['stripe', { name: 'dhl', steps: ['shipping'] }, { name: 'paypal', methods: ['wallet'] }];
  const keys = [...(await series(shop({ providers }).checkout)).keys()].filter((key) =>
    key.startsWith('checkout_outcomes'),
  );
  const some = (...parts: string[]) => keys.some((key) => parts.every((part) => key.includes(part)));
  expect(some('provider="dhl"', 'step="shipping"', 'provider_error')).toBe(true);
  expect(some('provider="dhl"', 'step="payment"')).toBe(false);
  expect(some('provider="dhl"', 'outcome="success"')).toBe(false);
  expect(some('provider="paypal"', 'method="card"')).toBe(false);
  expect(some('provider="stripe"', 'method="card"')).toBe(true);
});

test('a large shop stays within the budget, and the more important tiers come first', async () => {
  const regions = Array.from({ length: 30 }, (_, i) => `r${i}`);
  const keys = [...(await series(shop({ regions, maxInitialSeries: 700 }).checkout)).keys()];
  const outcomes = keys.filter((key) => key.startsWith('checkout_outcomes_total'));
  expect(outcomes.length).toBeLessThanOrEqual(700);
  expect(outcomes.filter((key) => key.includes('outcome="success"'))).toHaveLength(30 * 2 * 4);
  expect(outcomes.filter((key) => key.includes('provider_error'))).toHaveLength(30 * 2 * 4);
  expect(outcomes.some((key) => key.includes('outcome="abandoned"'))).toBe(false);
});

test.for<[Partial<CheckoutOptions>, RegExp]>([
  [{ steps: [] }, /steps is empty/],
  [{ steps: ['a', 'a'] }, /names "a" twice/],
  [{ paymentStep: 'pay' }, /paymentStep names the step "pay", which is none of cart, shipping/],
  [{ providers: [{ name: 'dhl', steps: ['ship'] }] }, /"dhl" names the step "ship"/],
  [{ reasons: { nowhere: ['x'] } }, /"nowhere"/],
  [{ version: ' ' }, /version is empty/],
  [{ currency: 'euro' }, /"euro" is not a code/],
  [{ timeoutMs: -1 }, /timeoutMs must be a positive number: -1/],
  [{ stepBuckets: [1, 1] }, /ascending/],
])('a mistake in the options is told when the shop starts (%#)', ([options, message]) => {
  expect(() => shop(options)).toThrow(InstrumentError);
  expect(() => shop(options)).toThrow(message);
});
