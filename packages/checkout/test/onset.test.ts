import { expect, test } from 'vitest';
import { startOfRun } from '../src/incident/onset.ts';

test.for<[string, number[], number | undefined]>([
  ['a run at the end', [0, 0, 2, 3], 20],
  ['one exception is forgiven', [0, 2, 0, 2, 3], 10],
  ['two end it', [2, 0, 0, 2], 30],
  ['an earlier run does not count', [2, 2, 0, 0, 0, 2], 50],
  ['all of it', [1, 1], 0],
  ['over before the end', [2, 2, 0, 0], undefined],
  ['NaN is no trouble', [Number.NaN, Number.NaN, 2], 20],
  ['nothing', [], undefined],
])('%s', ([, values, start]) => {
  expect(
    startOfRun(
      values.map((_, i) => i * 10),
      values,
    ),
  ).toBe(start);
});
