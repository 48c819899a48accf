import { describe, expect, test } from 'vitest';
import {
  type Cart,
  CartCookie,
  EMPTY_CART,
  MAX_QUANTITY,
  readCookie,
  subtotalCents,
  withQuantity,
} from '../src/shop/cart.ts';

const cookie = new CartCookie('secret');
const cart: Cart = new Map([
  ['gipfel', 2],
  ['becher', 1],
]);

describe('CartCookie', () => {
  test('reads back what it wrote', () => {
    expect(cookie.read(cookie.write(cart))).toEqual(cart);
    expect(cookie.read(cookie.write(EMPTY_CART))).toEqual(EMPTY_CART);
  });

  test.for([
    ['nothing', undefined],
    ['an empty text', ''],
    ['no signature', 'gipfel*2'],
    ['a changed quantity', cookie.write(cart).replace('*2', '*9')],
    ['a signature by somebody else', new CartCookie('other').write(cart)],
    ['a signature of another length', `${cookie.write(cart)}x`],
    ['a signature that is no ASCII', 'gipfel*2~éééééééééééééééééééééé'],
  ] as const)('takes %s for an empty cart', ([, text]) => {
    expect(cookie.read(text)).toEqual(EMPTY_CART);
  });
});

describe('withQuantity', () => {
  test.for([
    ['adds an article', 'muehle', 3, 3],
    ['changes a quantity', 'gipfel', 1, 1],
    ['takes an article out', 'gipfel', 0, undefined],
    ['takes an article out for less than none', 'gipfel', -2, undefined],
    ['knows a limit', 'gipfel', 1e9, MAX_QUANTITY],
    ['ignores what is no number', 'gipfel', Number.NaN, 2],
    ['ignores an unknown article', '__proto__', 1, undefined],
  ] as const)('%s', ([, slug, quantity, after]) => {
    expect(withQuantity(cart, slug, quantity).get(slug)).toBe(after);
  });
});

test('subtotalCents adds up whole cents', () => {
  expect(subtotalCents(cart)).toBe(2 * 1290 + 1850);
});

test('readCookie finds one of several', () => {
  expect(readCookie('a=1; cart=x~y;b=2', 'cart')).toBe('x~y');
  expect(readCookie(undefined, 'cart')).toBeUndefined();
});
