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
