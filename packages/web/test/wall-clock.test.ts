import { expect, test } from 'vitest';
import { fromWallClock, toWallClock } from '../src/series/wall-clock.ts';

test.for<[zone: string, ms: number, clock: string]>([
  ['UTC', Date.UTC(2026, 10, 29, 0, 5, 9), '2026-11-29T00:05:09'],
  ['Europe/Berlin', Date.UTC(2026, 10, 29, 0, 5, 9), '2026-11-29T01:05:09'],
  ['Europe/Berlin', Date.UTC(2026, 6, 1, 22, 30), '2026-07-02T00:30:00'],
  ['America/New_York', Date.UTC(2026, 10, 1, 12), '2026-11-01T07:00:00'],
  ['Asia/Kolkata', Date.UTC(2026, 0, 1), '2026-01-01T05:30:00'],
])('clocks in %s', ([zone, ms, clock]) => {
  expect(toWallClock(ms, zone)).toBe(clock);
  expect(fromWallClock(clock, zone)).toBe(ms);
});

test('a browser leaves full minutes without seconds', () => {
  expect(fromWallClock('2026-11-29T01:05', 'Europe/Berlin')).toBe(Date.UTC(2026, 10, 29, 0, 5));
});

test('an hour that comes twice is one of the two, and one that is skipped is close by', () => {
  const twice = fromWallClock('2026-10-25T02:30:00', 'Europe/Berlin')!;
  expect([Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)]).toContain(twice);
  const skipped = fromWallClock('2026-03-29T02:30:00', 'Europe/Berlin')!;
  expect([Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 2, 29, 1, 30)]).toContain(skipped);
});

test.for(['', 'now', '2026-13-45T99:00', '2026-11-29'])('%j is no time', (text) => {
  expect(fromWallClock(text, 'UTC')).toBeUndefined();
});
