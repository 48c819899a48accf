import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDue, offsetOf, sampleTime } from '../src/loop/schedule.ts';

test('a target is due at the same place of each interval, never before it is asked', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 0, max: 2e12 }),
      (id, intervalMs, nowMs) => {
        const offsetMs = offsetOf(id, intervalMs);
        const dueMs = nextDue(nowMs, intervalMs, offsetMs);
        expect(offsetMs).toBeGreaterThanOrEqual(0);
        expect(offsetMs).toBeLessThan(intervalMs);
        expect(dueMs).toBeGreaterThanOrEqual(nowMs);
        expect(dueMs - nowMs).toBeLessThan(intervalMs);
        expect(nextDue(dueMs + 1, intervalMs, offsetMs)).toBe(dueMs + intervalMs);
      },
    ),
  );
});

test('targets spread over the interval', () => {
  const tenths = Array.from({ length: 1000 }, (_, i) => Math.floor(offsetOf(`target ${i}`, 10_000) / 1000));
  for (let tenth = 0; tenth < 10; tenth++) expect(tenths.filter((one) => one === tenth).length).toBeGreaterThan(60);
});

test.for([
  ['a little late: the appointed time', 1_004, 1_000],
  ['very late: the real time', 1_200, 1_200],
] as const)('%s', ([, nowMs, expected]) => {
  expect(sampleTime(1_000, nowMs, 10_000)).toBe(expected);
});
