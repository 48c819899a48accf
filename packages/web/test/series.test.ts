import { expect, test } from 'vitest';
import { sparklinePath } from '../src/charts/sparkline.tsx';
import { alignToGrid, spansOf, stepFor } from '../src/series/range-answer.ts';

const grid = { startSeconds: 100, endSeconds: 140, stepSeconds: 10 };

test('series lie on the grid, a gap stays a gap, and what is no number is one too', () => {
  const answer = {
    result: [
      {
        metric: { step: 'payment' },
        values: [
          [100, '1'],
          [120, '3'],
          [130, 'NaN'],
          [140, '+Inf'],
        ] as [number, string][],
      },
      { metric: { step: 'cart' }, values: [[110, '0.5']] as [number, string][] },
    ],
  };
  expect(alignToGrid(answer, grid, (metric) => metric.step ?? '', 2)).toEqual({
    seconds: [100, 110, 120, 130, 140],
    lines: [
      { name: 'payment', values: [2, null, 6, null, null] },
      { name: 'cart', values: [null, 1, null, null, null] },
    ],
  });
});

test('spans join neighbours and keep what is apart apart', () => {
  const answer = {
    result: [
      {
        metric: {},
        values: [
          [10, '1'],
          [20, '1'],
          [40, '1'],
          [100, '1'],
        ] as [number, string][],
      },
    ],
  };
  expect(spansOf(answer, 10)).toEqual([
    [10, 40],
    [100, 100],
  ]);
});

test.for([
  [900, 5],
  [3_600, 15],
  [86_400, 600],
  [604_800, 3_600],
] as const)('a range of %d s has steps of %d s', ([range, step]) => {
  expect(stepFor(range)).toBe(step);
});

test('a sparkline lifts the pen at a gap, and is nothing without values', () => {
  const timestampsMs = [0, 10, 20, 30];
  expect(sparklinePath({ timestampsMs, values: [1, 2, null, 1] }, 30, 20)).toBe('M0.0 18.0L10.0 2.0M30.0 18.0');
  expect(sparklinePath({ timestampsMs, values: [null, null, null, null] }, 30, 20)).toBe('');
});
