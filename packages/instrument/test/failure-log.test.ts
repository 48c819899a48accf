import { expect, test } from 'vitest';
import type { FailureLine } from '../src/index.ts';
import { series, shop } from './support.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

test('a failed attempt is one line with everything one asks first', async () => {
  const { checkout, lines, advance } = shop();
  const attempt = checkout.start({ channel: 'web', region: 'eu', value: 59.9, traceparent: PARENT });
  const work = attempt.step('payment', { provider: 'stripe', method: 'card' }, async () => {
    advance(250);
    throw Object.assign(new Error('card 4242424242424242 of jane@example.com'), { code: 'ECONNRESET' });
  });
  await work.catch(() => attempt.fail());
  expect(lines).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'checkout failed',
      attempt_id: attempt.id,
      step: 'payment',
      provider: 'stripe',
      method: 'card',
      reason: 'connection_reset',
      class: 'technical',
      channel: 'web',
      region: 'eu',
      version: 'v7',
      amount: 59.9,
      currency: 'EUR',
      duration_ms: 250,
      trace_id: TRACE,
    },
  ]);
  expect(attempt.id).toMatch(/^[0-9a-f-]{36}$/);
});

test('nothing personal gets into a line or a label, wherever it is put', async () => {
  const { checkout, lines } = shop();
  const card = '4242 4242 4242 4242';
  const mail = 'jane.doe@example.com';
  for (const secret of [card, card.replaceAll(' ', ''), mail]) {
    const attempt = checkout.start({
      channel: secret,
      region: secret,
      version: secret,
      method: secret,
      currency: secret,
      traceparent: secret,
    });
    const info = { step: secret, provider: secret, reason: `declined ${secret}`, error: new Error(secret) };
    await attempt
      .step(secret, { provider: secret }, () => Promise.reject(Object.assign(new Error(secret), { code: secret })))
      .catch(() => {});
    attempt.fail(info);
    checkout.start().fail(Object.assign(new Error(secret), { code: secret, name: secret }));
  }
  const written = JSON.stringify(lines) + (await checkout.metrics());
  expect(lines).toHaveLength(6);
  expect(written).not.toMatch(/4242|jane|example\.com/i);
});

test('successes and abandonments write nothing', () => {
  const { checkout, lines } = shop();
  checkout.start().succeed();
  checkout.start().abandon();
  expect(lines).toEqual([]);
});

test('a pino logger gets the fields and the constant message, by level', () => {
  const calls: [string, FailureLine, string][] = [];
  const log = {
    info: (fields: FailureLine, message: string) => void calls.push(['info', fields, message]),
    warn: (fields: FailureLine, message: string) => void calls.push(['warn', fields, message]),
  };
  const { checkout } = shop({ log });
  checkout.start().fail({ reason: 'card_declined' });
  checkout.start().fail({ reason: 'provider_error' });
  expect(calls.map(([level, { reason }, message]) => [level, reason, message])).toEqual([
    ['info', 'card_declined', 'checkout failed'],
    ['warn', 'provider_error', 'checkout failed'],
  ]);
  expect(calls[0]?.[1]).not.toHaveProperty('msg');
});

test.for([
  [PARENT, undefined, TRACE],
  [undefined, TRACE.toUpperCase(), TRACE],
  [PARENT, 'f'.repeat(32), TRACE],
  ['00-zz', 'f'.repeat(32), 'f'.repeat(32)],
  [undefined, 'jane@example.com', undefined],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined, undefined],
] as const)('trace id of header %s and tracer %s is %s', ([traceparent, current, expected]) => {
  const { checkout, lines } = shop({ traceId: () => current });
  checkout.start({ traceparent }).fail();
  expect(lines[0]?.trace_id).toBe(expected);
});

test('what the shop gave us may throw; the customer never sees it', async () => {
  const boom = () => {
    throw new Error('boom');
  };
  const { checkout } = shop({ log: boom, classify: boom, traceId: boom });
  const attempt = checkout.start();
  await attempt.step('payment', () => Promise.reject(new Error('x'))).catch(() => {});
  attempt.fail();
  const after = await series(checkout);
  expect(after.get('instrument_errors_total{kind="log"}')).toBe(1);
  expect(after.get('instrument_errors_total{kind="classify"}')).toBe(1);
  expect(after.get('instrument_errors_total{kind="trace_id"}')).toBe(1);
});

test('classify decides first, and what it leaves open the default decides', async () => {
  const { checkout, lines } = shop({
    classify: (error) => (error instanceof RangeError ? { class: 'customer', reason: 'Too Many!' } : undefined),
  });
  for (const error of [new RangeError(), new TypeError()]) checkout.start().fail(error);
  expect(lines.map((line) => `${line.class} ${line.reason}`)).toEqual([
    'customer too_many',
    'technical internal_error',
  ]);
});
