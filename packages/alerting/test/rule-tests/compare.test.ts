import fc from 'fast-check';
import { expect, test } from 'vitest';
import { difference, sameNumber } from '../../src/rule-tests/compare.ts';

test.for<[number, number, boolean, boolean]>([
  [1, 1, false, true],
  [Number.NaN, Number.NaN, false, true],
  [Number.NaN, 1, true, false],
  [0, -0, false, true],
  [3, 2.9999999999999996, true, true],
  [3, 2.9999999999999996, false, false],
  [3, 2.9999999999999987, true, false],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, false, true],
  [Number.POSITIVE_INFINITY, Number.MAX_VALUE, true, false],
  [Number.MIN_VALUE, 0, true, true],
  [Number.MIN_VALUE, -Number.MIN_VALUE, true, false],
  [-3, -2.9999999999999996, true, true],
])('%d and %d, fuzzy %s: %s', ([a, b, fuzzy, expected]) => {
  expect(sameNumber(a, b, fuzzy)).toBe(expected);
  expect(sameNumber(b, a, fuzzy)).toBe(expected);
});

test('what two lists have in common is taken away one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), fc.array(fc.nat(5)), (expected, got) => {
      const { missing, surplus } = difference(expected, got, (a, b) => a === b);
      const count = (list: readonly number[], n: number) => list.filter((one) => one === n).length;
      for (let n = 0; n <= 5; n++) {
        expect(count(expected, n) - count(missing, n)).toBe(count(got, n) - count(surplus, n));
        expect(Math.min(count(missing, n), count(surplus, n))).toBe(0);
      }
    }),
  );
});
