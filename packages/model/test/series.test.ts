import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStaleAt, writeStaleAt } from '../src/series.ts';

test('the staleness marker is told from every other NaN, also in the middle of a buffer', () => {
  const values = new Float64Array(new ArrayBuffer(64), 16, 4);
  values.set([1, Number.NaN, 3, Number.POSITIVE_INFINITY]);
  writeStaleAt(values, 2);
  expect([0, 1, 2, 3].map((i) => isStaleAt(values, i))).toEqual([false, false, true, false]);
  expect(values[2]).toBeNaN();
  const copy = values.slice();
  expect(isStaleAt(copy, 2)).toBe(true);
});

test('the marker has the bits that Prometheus gives it', () => {
  const values = new Float64Array(1);
  writeStaleAt(values, 0);
  expect(new BigUint64Array(values.buffer)[0]).toBe(0x7ff0000000000002n);
});

test('only these bits are the marker', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
      const written = new BigUint64Array([bits, 0x7ff0_0000_0000_0000n | (bits & 7n)]);
      const values = new Float64Array(written.buffer);
      for (const i of [0, 1]) expect(isStaleAt(values, i)).toBe(written[i] === 0x7ff0_0000_0000_0002n);
    }),
  );
});

test('beside the samples there is no marker', () => {
  expect(isStaleAt(new Float64Array(1), 1)).toBe(false);
  expect(isStaleAt(new Float64Array(0), 0)).toBe(false);
});
