import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import type { Attempt, FailureInfo } from '../src/index.ts';
import { growth, series, shop, sorted } from './support.ts';

const LANE = 'channel="web",region="eu",version="v7"';

/** Runs `act` on a fresh attempt and returns the counters that grew. */
async function grownBy(act: (attempt: Attempt) => unknown): Promise<Record<string, number>> {
  const { checkout } = shop();
  const before = await series(checkout);
  const attempt = checkout.start({ channel: 'web', region: 'eu', value: 50 });
  await act(attempt);
  return growth(before, await series(checkout));
}

const fails = (error: unknown) => async (): Promise<never> => {
  throw error;
};
const declined = (code: string) => Object.assign(new Error('no'), { code });

describe('a success', () => {
  test('is counted at the last step, with the provider and method of the payment', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('cart', () => 1);
      await attempt.step('shipping', { provider: 'dhl' }, () => 1);
      await attempt.step('payment', { provider: 'stripe', method: 'card', captures: true }, async () => 1);
      await attempt.step('confirm', { provider: 'mailer' }, () => 1);
      attempt.succeed({ orderValue: 49.5 });
    });
    expect(grown).toEqual({
      [sorted(`checkout_attempts_total{${LANE}}`)]: 1,
      [sorted(`checkout_outcomes_total{outcome="success",step="confirm",provider="stripe",method="card",${LANE}}`)]: 1,
      'checkout_order_value_total{channel="web",currency="EUR",outcome="success",provider="stripe",region="eu"}': 49.5,
      'checkout_payments_captured_total{provider="stripe"}': 1,
      'checkout_orders_placed_total{provider="stripe"}': 1,
      'checkout_step_duration_seconds_count{outcome="success",step="cart"}': 1,
      'checkout_step_duration_seconds_count{outcome="success",provider="dhl",step="shipping"}': 1,
      'checkout_step_duration_seconds_count{outcome="success",provider="stripe",step="payment"}': 1,
      'checkout_step_duration_seconds_count{outcome="success",provider="mailer",step="confirm"}': 1,
      'checkout_duration_seconds_count{outcome="success"}': 1,
    });
  });

  test('is worth what it was at the start, unless told otherwise', async () => {
    const grown = await grownBy((attempt) => attempt.succeed({ provider: 'paypal', method: 'wallet' }));
    expect(
      grown['checkout_order_value_total{channel="web",currency="EUR",outcome="success",provider="paypal",region="eu"}'],
    ).toBe(50);
  });

  test('returns what the step returns and observes its time in seconds', async () => {
    const { checkout, advance } = shop();
    const result = await checkout.start().step('payment', { provider: 'stripe' }, async () => {
      advance(1500);
      return 'paid';
    });
    expect(result).toBe('paid');
    const after = await series(checkout);
    const labels = 'outcome="success",provider="stripe",step="payment"';
    expect(after.get(`checkout_step_duration_seconds_sum{${labels}}`)).toBe(1.5);
    expect(after.get(sorted(`checkout_step_duration_seconds_bucket{le="1",${labels}}`))).toBe(0);
    expect(after.get(sorted(`checkout_step_duration_seconds_bucket{le="2.5",${labels}}`))).toBe(1);
  });
});

describe('a failure', () => {
  const failedStep = async (attempt: Attempt, error: unknown, info?: FailureInfo | Error) => {
    const thrown = await attempt.step('payment', { provider: 'stripe', method: 'card' }, fails(error)).catch((e) => e);
    expect(thrown).toBe(error);
    attempt.fail(info);
  };
  const at = 'step="payment",provider="stripe",method="card"';
  const refused = new Error('refused');

  test.for<[name: string, act: (attempt: Attempt) => unknown, labels: string]>([
    [
      'takes everything from the step that threw',
      (a) => failedStep(a, declined('ECONNREFUSED')),
      `reason_class="technical",reason="connection_refused",${at}`,
    ],
    [
      'knows declines from failures',
      (a) => failedStep(a, declined('insufficient_funds')),
      `reason_class="customer",reason="insufficient_funds",${at}`,
    ],
    [
      'knows the error of the step again',
      (a) => failedStep(a, refused, refused),
      `reason_class="technical",reason="unknown",${at}`,
    ],
    [
      'classifies another error',
      (a) => failedStep(a, refused, declined('fraudulent')),
      `reason_class="fraud",reason="fraudulent",${at}`,
    ],
    [
      'lets a reason overrule',
      (a) => failedStep(a, refused, { reason: 'card_declined' }),
      `reason_class="customer",reason="card_declined",${at}`,
    ],
    [
      'lets a class overrule',
      (a) => failedStep(a, refused, { class: 'fraud' }),
      `reason_class="fraud",reason="unknown",${at}`,
    ],
    [
      'of another step does not inherit',
      (a) => failedStep(a, declined('ECONNREFUSED'), { step: 'shipping', reason: 'quote_failed' }),
      'reason_class="technical",reason="quote_failed",step="shipping",method="card"',
    ],
    [
      'without any step',
      (a) => a.fail({ step: 'cart', reason: 'Out Of Stock!' }),
      'reason_class="technical",reason="out_of_stock",step="cart"',
    ],
    ['without anything', (a) => a.fail(), 'reason_class="technical",reason="unknown"'],
    [
      'of a class that does not exist is technical',
      (a) => a.fail({ step: 'cart', class: 'odd' as 'fraud' }),
      'reason_class="technical",reason="unknown",step="cart"',
    ],
    [
      'reports a refusal that was returned',
      async (a) => {
        const result = await a.step(
          'payment',
          {
            provider: 'stripe',
            method: 'card',
            refused: (r: { code?: string }) => (r.code ? { reason: r.code } : undefined),
          },
          () => ({ code: 'authentication_required' }),
        );
        expect(result).toEqual({ code: 'authentication_required' });
        a.fail();
      },
      `reason_class="action_required",reason="authentication_required",${at}`,
    ],
  ])('%s', async ([, act, labels]) => {
    const grown = await grownBy(act);
    const outcomes = Object.keys(grown).filter((key) => key.startsWith('checkout_outcomes_total'));
    expect(outcomes).toEqual([sorted(`checkout_outcomes_total{outcome="failure",${labels},${LANE}}`)]);
    const money = Object.entries(grown).filter(([key]) => /order_value.*outcome="failure"/.test(key));
    expect(money.map(([, value]) => value)).toEqual([50]);
  });

  test('a step that succeeds later makes it forgotten', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('payment', { provider: 'stripe' }, fails(new Error())).catch(() => {});
      await attempt.step('payment', { provider: 'paypal' }, () => 1);
      attempt.fail({ step: 'confirm' });
    });
    expect(
      grown[
        sorted(
          `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="unknown",step="confirm",${LANE}}`,
        )
      ],
    ).toBe(1);
  });

  test('a decline is no technical failure of the step either', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('payment', { provider: 'stripe' }, fails(declined('card_declined'))).catch(() => {});
      await attempt.step('payment', { provider: 'stripe' }, fails(declined('ETIMEDOUT'))).catch(() => {});
    });
    const name = 'checkout_step_duration_seconds_count';
    expect(grown[`${name}{outcome="declined",provider="stripe",step="payment"}`]).toBe(1);
    expect(grown[`${name}{outcome="failure",provider="stripe",step="payment"}`]).toBe(1);
  });

  test('a payment without an order is seen', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('payment', { provider: 'stripe', captures: true }, () => 1);
      await attempt.step('confirm', fails(declined('40P01'))).catch(() => {});
      attempt.fail();
    });
    expect(grown['checkout_payments_captured_total{provider="stripe"}']).toBe(1);
    expect(grown['checkout_orders_placed_total{provider="stripe"}']).toBeUndefined();
    expect(
      grown[
        sorted(
          `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="db_deadlock",step="confirm",${LANE}}`,
        )
      ],
    ).toBe(1);
  });
});

describe('the end of an attempt', () => {
  test.for<[string, (attempt: Attempt) => void]>([
    ['succeed', (attempt) => attempt.succeed()],
    ['fail', (attempt) => attempt.fail()],
    ['abandon', (attempt) => attempt.abandon()],
  ])('comes once: %s after the end is counted and ignored', async ([, again]) => {
    const grown = await grownBy((attempt) => {
      attempt.succeed();
      again(attempt);
    });
    expect(grown.checkout_double_endings_total).toBe(1);
    expect(Object.keys(grown).filter((key) => key.startsWith('checkout_outcomes_total'))).toHaveLength(1);
    expect(grown['checkout_duration_seconds_count{outcome="success"}']).toBe(1);
  });

  test('abandoned at the last step begun, without provider and method', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('payment', { provider: 'stripe', method: 'card' }, () => 1);
      attempt.abandon();
    });
    expect(grown[sorted(`checkout_outcomes_total{outcome="abandoned",step="payment",${LANE}}`)]).toBe(1);
    expect(grown['checkout_order_value_total{channel="web",currency="EUR",outcome="abandoned",region="eu"}']).toBe(50);
  });

  test('comes by itself after the timeout without a sign of life', async () => {
    const { checkout, advance } = shop({ timeoutMs: 60_000 });
    const silent = checkout.start({ channel: 'web', region: 'eu', value: 20 });
    const alive = checkout.start({ channel: 'web', region: 'eu' });
    await silent.step('shipping', () => 1);
    advance(40_000);
    alive.touch();
    advance(19_999);
    expect(checkout.expire()).toBe(0);
    advance(1);
    expect(checkout.expire()).toBe(1);
    expect([silent.ended, alive.ended]).toEqual([true, false]);
    const after = await series(checkout);
    expect(after.get(sorted(`checkout_outcomes_total{outcome="abandoned",step="shipping",${LANE}}`))).toBe(1);
    expect(after.get('checkout_duration_seconds_sum{outcome="abandoned"}')).toBe(0);
    expect(after.get('checkout_attempts_open')).toBe(1);
  });

  test('a forgotten fail() hides no outage', async () => {
    const { checkout, advance, lines } = shop({ timeoutMs: 1000 });
    const attempt = checkout.start({ channel: 'web', region: 'eu' });
    await attempt.step('payment', { provider: 'stripe' }, fails(declined('ETIMEDOUT'))).catch(() => {});
    const refused = checkout.start({ channel: 'web', region: 'eu' });
    await refused.step('payment', { provider: 'stripe' }, fails(declined('card_declined'))).catch(() => {});
    advance(1000);
    expect(checkout.expire()).toBe(2);
    const after = await series(checkout);
    const at = `step="payment",provider="stripe",${LANE}`;
    expect(
      after.get(
        sorted(`checkout_outcomes_total{outcome="failure",reason_class="technical",reason="provider_timeout",${at}}`),
      ),
    ).toBe(1);
    expect(after.get(sorted(`checkout_outcomes_total{outcome="abandoned",step="payment",${LANE}}`))).toBe(1);
    expect(lines.map(({ reason }) => reason)).toEqual(['provider_timeout']);
  });

  test('a scrape ends what is over', async () => {
    const { checkout, advance } = shop({ timeoutMs: 1000 });
    checkout.start();
    advance(5000);
    expect((await series(checkout)).get('checkout_attempts_open')).toBe(0);
  });

  test('open attempts are bounded: the longest silent one gives way', () => {
    const { checkout } = shop({ maxOpenAttempts: 2 });
    const [a, b] = [checkout.start(), checkout.start()];
    a.touch();
    const third = checkout.start();
    expect([a.ended, b.ended, third.ended]).toEqual([false, true, false]);
  });
});

describe('an attempt of several requests', () => {
  test('is found by its id until it ends', () => {
    const { checkout } = shop();
    const attempt = checkout.start();
    expect(checkout.find(attempt.id)).toBe(attempt);
    attempt.abandon();
    expect(checkout.find(attempt.id)).toBeUndefined();
    expect(checkout.find('nobody')).toBeUndefined();
  });

  test('late money is counted all the same', async () => {
    const grown = await grownBy(async (attempt) => {
      await attempt.step('payment', { provider: 'stripe' }, () => 1);
      attempt.abandon();
      attempt.paymentCaptured();
      attempt.paymentCaptured('paypal');
    });
    expect(grown['checkout_payments_captured_total{provider="stripe"}']).toBe(1);
    expect(grown['checkout_payments_captured_total{provider="paypal"}']).toBe(1);
  });
});

test.for([[Number.NaN], [-5], [Number.POSITIVE_INFINITY], ['12' as unknown as number]])(
  'a value of %s is worth nothing and is counted as an error',
  async ([value]) => {
    const { checkout } = shop();
    checkout.start({ channel: 'web', region: 'eu', value }).succeed({ orderValue: value });
    const after = await series(checkout);
    expect(after.get('instrument_errors_total{kind="value"}')).toBe(2);
    expect([...after].filter(([key]) => key.startsWith('checkout_order_value')).every(([, v]) => v === 0)).toBe(true);
  },
);

test('a judge that throws does not undo what was done', async () => {
  const { checkout } = shop();
  const refused = () => {
    throw new Error('bug');
  };
  await expect(
    checkout.start().step('payment', { provider: 'stripe', refused, captures: true }, () => 7),
  ).resolves.toBe(7);
  const after = await series(checkout);
  expect(after.get('instrument_errors_total{kind="classify"}')).toBe(1);
  expect(after.get('checkout_payments_captured_total{provider="stripe"}')).toBe(1);
});

test('two checkouts of one registry count into the same metrics', async () => {
  const register = new Registry();
  const first = shop({ register }).checkout;
  const second = shop({ register, version: 'v8' }).checkout;
  first.start({ channel: 'web', region: 'eu' });
  second.start({ channel: 'web', region: 'eu' });
  const after = await series(first);
  expect(after.get('checkout_attempts_total{channel="web",region="eu",version="v7"}')).toBe(1);
  expect(after.get('checkout_attempts_total{channel="web",region="eu",version="v8"}')).toBe(1);
  // Both are counted, whichever was set up first.
  expect(after.get('checkout_attempts_open')).toBe(2);
});
