import fc from 'fast-check';
import { expect, test } from 'vitest';
import { followingEvaluation, groupOffsetMs, nextEvaluationMs } from '../../src/rules/schedule.ts';

test('evaluations lie on a grid that the name of the group decides', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: 1000, max: 600_000 }), fc.string(), (nowMs, intervalMs, name) => {
      const offsetMs = groupOffsetMs('rules.yml', name, intervalMs);
      const nextMs = nextEvaluationMs(nowMs, intervalMs, offsetMs);
      expect(offsetMs).toBeLessThan(intervalMs);
      expect(nextMs).toBeGreaterThan(nowMs);
      expect(nextMs - nowMs).toBeLessThanOrEqual(intervalMs);
      expect((nextMs - offsetMs) % intervalMs).toBe(0);
    }),
  );
});

test('groups of different names have different offsets', () => {
  const offsets = ['checkout', 'payment', 'http', 'database'].map((name) => groupOffsetMs('rules.yml', name, 60_000));
  expect(new Set(offsets).size).toBe(4);
});

test.for([
  ['in time', 10, { atMs: 60, missed: 0 }],
  ['just as the next is due', 60, { atMs: 60, missed: 0 }],
  ['one and a half intervals later', 90, { atMs: 60, missed: 0 }],
  ['two intervals later', 120, { atMs: 120, missed: 1 }],
  ['five intervals later', 310, { atMs: 300, missed: 4 }],
] as const)('an evaluation that is over %s', ([, nowMs, expected]) => {
  expect(followingEvaluation(0, nowMs, 60)).toEqual(expected);
});
