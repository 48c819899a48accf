import { describe, expect, test } from 'vitest';
import { burnPairs, isReachable } from '../../src/objectives/burn-pairs.ts';

const DAY = 86_400_000;

test.for([
  // Site Reliability Workbook, table 5-8.
  ['30 days', 30, [14.4, 6, 3, 1]],
  ['28 days', 28, [13.44, 5.6, 2.8, 1]],
  ['a week', 7, [3.36, 1.4, 1, 1]],
  // Windows as long as the budget's own say no more than what is left of it.
  ['a day', 1, [1, 1]],
] as const)('of %s', ([, days, rates]) => {
  expect(burnPairs(days * DAY).map(({ rate }) => rate)).toEqual(rates);
});

test('the short window is a twelfth of the long one', () => {
  for (const { longMs, shortMs } of burnPairs(30 * DAY)) expect(shortMs).toBe(longMs / 12);
});

describe('a rate that cannot be reached', () => {
  test.for([
    [0.999, 14.4, true],
    [0.95, 14.4, true],
    // Everything fails, and the budget burns ten times as fast as it may.
    [0.9, 14.4, false],
    [0.9, 6, true],
  ] as const)('target %f at %f: %s', ([target, rate, reachable]) => {
    const [pair] = burnPairs(30 * DAY);
    expect(isReachable({ ...pair!, rate }, target)).toBe(reachable);
  });
});
