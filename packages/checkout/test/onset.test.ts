import { expect, test } from 'vitest';
import { startOfFailures, startOfRun } from '../src/incident/onset.ts';

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

test.for<[string, (minute: number) => number, number | undefined]>([
  ['a sudden fault', (minute) => (minute < 50 ? 0 : 40), 50],
  // From the 20th minute on every minute one more of two thousand fails. Beyond 1.1 % a rate of 2 % is likelier than one of 0.5 %.
  ['a fault that creeps', (minute) => (minute < 20 ? 0.1 : (minute - 20) / 20), 42],
  ['a fault that flaps', (minute) => (minute >= 30 && minute % 8 < 3 ? 50 : 0), 32],
  ['an outage earlier in the day is another story', (minute) => (minute < 10 || minute > 50 ? 50 : 0), 51],
  ['failures as usual', () => 0.3, undefined],
  ['nothing', () => 0, undefined],
])('%s begins where failures start to speak for it', ([, failed, start]) => {
  const minutes = Array.from({ length: 60 }, (_, minute) => ({
    atMs: minute * 60_000,
    failed: failed(minute),
    finished: 100,
  }));
  const found = startOfFailures(minutes, 0.02);
  expect(found === undefined ? undefined : found / 60_000).toBe(start);
});

test('minutes without customers speak neither for nor against trouble', () => {
  const night = Array.from({ length: 60 }, (_, minute) => ({
    atMs: minute * 60_000,
    failed: minute % 20 === 0 ? 1 : 0,
    finished: minute % 20 === 0 ? 1 : 0,
  }));
  expect(startOfFailures(night, 0.02)).toBe(0);
});
