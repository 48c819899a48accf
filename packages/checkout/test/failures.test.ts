import type { Ledger } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { type FailureExample, RecentFailures, readFailureLine } from '../src/index.ts';

const line = {
  level: 'warn',
  time: '2026-03-03T14:05:09.120Z',
  msg: 'checkout failed',
  attempt_id: 'b7d1c2',
  step: 'payment',
  provider: 'acme-pay',
  method: 'card',
  reason: 'provider_timeout',
  class: 'technical',
  channel: 'web',
  region: 'eu',
  version: 'v7',
  amount: 59.9,
  currency: 'EUR',
  duration_ms: 5012,
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
};

describe('a failure line', () => {
  const expected: FailureExample = {
    atMs: Date.UTC(2026, 2, 3, 14, 5, 9, 120),
    step: 'payment',
    provider: 'acme-pay',
    method: 'card',
    reason: 'provider_timeout',
    reasonClass: 'technical',
    channel: 'web',
    region: 'eu',
    version: 'v7',
    amount: 59.9,
    currency: 'EUR',
    attemptId: 'b7d1c2',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };

  test.for<[string, string]>([
    ['JSON', JSON.stringify(line)],
    ['JSON behind a prefix of whoever collects logs', `shop-1  | ${JSON.stringify(line)}`],
    ['pino with the time as a number', JSON.stringify({ ...line, time: Date.UTC(2026, 2, 3, 14, 5, 9, 120) })],
    [
      'logfmt',
      Object.entries(line)
        .map(([key, value]) => `${key}=${/ /.test(String(value)) ? JSON.stringify(value) : value}`)
        .join(' '),
    ],
  ])('is read as %s', ([, text]) => {
    expect(readFailureLine(text, 0)).toEqual(expected);
  });

  test('without a time happened now, and what is missing is not known', () => {
    const bare = { msg: 'checkout failed', reason: 'internal_error', class: 'technical' };
    expect(readFailureLine(JSON.stringify(bare), 77)).toMatchObject({
      atMs: 77,
      reason: 'internal_error',
      step: undefined,
      traceId: undefined,
    });
  });

  test.for<[string, Record<string, unknown>]>([
    ['an e-mail address', { provider: 'anna@example.com', step: 'Anna Muster' }],
    ['a card number', { provider: '4111111111111111', attempt_id: '4111111111111111', step: 'x'.repeat(101) }],
    ['another shape', { provider: { name: 'x' }, step: 7, trace_id: 'none', amount: 'much', currency: 'euros' }],
  ])('loses %s', ([, wrong]) => {
    const example = readFailureLine(JSON.stringify({ ...line, ...wrong }), 0);
    expect(example?.provider).toBeUndefined();
    expect(example?.step).toBeUndefined();
    expect(JSON.stringify(example)).not.toMatch(/anna|411111/i);
  });

  test.for<[string, string]>([
    ['another message', JSON.stringify({ ...line, msg: 'listening' })],
    ['a message about one', JSON.stringify({ msg: 'it says: checkout failed', reason: 'x', class: 'technical' })],
    ['no reason', JSON.stringify({ ...line, reason: undefined })],
    ['an unknown class', JSON.stringify({ ...line, class: 'odd' })],
    ['half a line', JSON.stringify(line).slice(0, 60)],
    ['a list', '[1] checkout failed {'],
    ['nothing', ''],
  ])('is not %s', ([, text]) => {
    expect(readFailureLine(text, 0)).toBeUndefined();
  });
});

describe('the last failures', () => {
  let id = 0;
  const example = (atMs: number, rest: Partial<FailureExample> = {}): FailureExample => ({
    ...(readFailureLine(JSON.stringify(line), 0) as FailureExample),
    attemptId: `a${id++}`,
    atMs,
    ...rest,
  });
  const ask = (failures: RecentFailures, labels: Record<string, string> = {}, limit = 5) =>
    failures.last({ sinceMs: 0, untilMs: 1_000, labels, limit });

  test('of every kind are kept, however many there are of one', () => {
    const failures = new RecentFailures();
    failures.add(example(1, { reason: 'internal_error', step: 'confirm' }));
    for (let atMs = 2; atMs < 500; atMs++) failures.add(example(atMs));
    const told = ask(failures, {}, 3);
    expect(told.map(({ atMs }) => atMs)).toEqual([499, 498, 1]);
  });

  test('are those of the part at fault, in its time', () => {
    const failures = new RecentFailures();
    failures.add(example(5));
    failures.add(example(6, { provider: 'nordbank' }));
    failures.add(example(7, { provider: undefined }));
    failures.add(example(2_000));
    expect(ask(failures, { provider: 'acme-pay' }).map(({ atMs }) => atMs)).toEqual([7, 5]);
  });

  test('are technical, and each is told once', () => {
    const failures = new RecentFailures();
    failures.add(example(5, { reasonClass: 'customer' }));
    const twice = example(6);
    failures.add(twice);
    failures.add(twice);
    expect(ask(failures)).toEqual([twice]);
  });

  test('survive a restart, and a store that refuses gets them the next time', async () => {
    const kept = new Map<string, unknown>();
    let isFull = true;
    const ledger: Ledger = {
      batch: () => {
        const puts: (() => void)[] = [];
        return {
          append: () => true,
          appendStale: () => {},
          put: (_shelf, key, document) => void puts.push(() => kept.set(key, structuredClone(document))),
          remove: (_shelf, key) => void puts.push(() => kept.delete(key)),
          commit: async () => {
            if (isFull) throw new Error('full');
            for (const put of puts) put();
          },
        };
      },
      get: (_shelf, key) => kept.get(key),
      entries: () => [...kept],
    };
    const failures = new RecentFailures(ledger);
    for (let i = 0; i < 120; i++) failures.add(example(i, { reason: `reason_${i}` }));
    await expect(failures.save()).rejects.toThrow('full');
    isFull = false;
    await failures.save();
    expect(kept.size).toBe(100);
    const after = new RecentFailures(ledger);
    expect(ask(after, {}, 200)).toEqual(ask(failures, {}, 200));
    after.add(example(900, { reason: 'newest' }));
    await after.save();
    expect(kept.size).toBe(100);
    expect([...kept.keys()]).toContain('payment newest acme-pay');
  });
});
