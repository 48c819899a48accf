import { instrumentCheckout } from '@tillwatch/instrument';
import { expect, test } from 'vitest';
import { BoundedMap } from '../src/providers/bounded-map.ts';
import { type CheckoutSession, Sessions } from '../src/shop/sessions.ts';

function session(id: string, lastSeenMs: number, isBusy = false): CheckoutSession {
  const checkout = instrumentCheckout({
    ...{ steps: ['cart'], providers: [], version: '1', currency: 'EUR', processMetrics: false },
  });
  checkout.stop();
  return {
    id,
    attempt: checkout.start(),
    release: { version: '1', arrange: (quote) => quote },
    cart: new Map(),
    ...{ region: 'eu', channel: 'web', subtotalCents: 1 },
    ...{ address: undefined, rates: [], rate: undefined, payment: undefined },
    ...{ next: 'cart', isBusy, lastSeenMs },
  };
}

test('gives up those who have been silent, but not those who wait for us', () => {
  const lost: string[] = [];
  const sessions = new Sessions(1000, ({ id }) => lost.push(id));
  sessions.add(session('silent', 0));
  sessions.add(session('busy', 0, true));
  sessions.add(session('fresh', 500));
  sessions.expire(1100);
  expect(lost).toEqual(['silent']);
  expect(sessions.size).toBe(2);
  expect(sessions.find('silent')).toBeUndefined();
});

test('BoundedMap lets go of the oldest', () => {
  const map = new BoundedMap<number>(2);
  expect([map.set('a', 1), map.set('b', 2), map.set('a', 3)]).toEqual([undefined, undefined, undefined]);
  expect(map.set('c', 4)).toBe(3);
  expect([...map.entries()]).toEqual([
    ['b', 2],
    ['c', 4],
  ]);
});
