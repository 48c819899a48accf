import { Labels, type Querier } from '@tillwatch/model';
import { evaluateInstant, evaluateRange, parse } from '@tillwatch/promql';
import { expect, test } from 'vitest';
import { findEnd, findOnset, startOfFailures, startOfRun } from '../src/incident/onset.ts';
import { GrowingStore } from './support/growing-store.ts';
import { testConfig } from './support/watch.ts';

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

/** A shop that is scraped every ten seconds for an hour, and is not there between two minutes. */
function absentShop(fromMinute: number, toMinute: number, leavesSamples: boolean): Querier {
  const store = new GrowingStore();
  for (let atMs = 0; atMs <= 3_600_000; atMs += 10_000) {
    const isDown = atMs > fromMinute * 60_000 && atMs < toMinute * 60_000;
    if (isDown && !leavesSamples) continue;
    store.append(Labels.of({ __name__: 'up', job: 'shop', instance: 'a' }), atMs, isDown ? 0 : 1);
  }
  const exprOf = (text: string) => {
    const result = parse(text);
    if (!result.ok) throw new Error(result.problems[0]?.message);
    return result.expr;
  };
  return {
    async instant(text, atMs) {
      const { value } = evaluateInstant(exprOf(text), atMs, { queryable: store });
      return value.type === 'vector' ? value.samples : [];
    },
    async range(text, startMs, endMs, stepMs) {
      return evaluateRange(exprOf(text), { startMs, endMs, stepMs }, { queryable: store }).series;
    },
  };
}

test.for([
  ['answers with failures', true],
  ['is gone without a sample', false],
] as const)('a shop that %s is down from its last good scrape to its next one', async ([, leavesSamples]) => {
  const querier = absentShop(20, 32, leavesSamples);
  const config = testConfig();
  const sinceMs = await findOnset(querier, config, 'shop-down', 26 * 60_000);
  expect(Math.abs(sinceMs - 20 * 60_000)).toBeLessThanOrEqual(10_000);
  const endMs = await findEnd(querier, config, 'shop-down', sinceMs, 38 * 60_000);
  expect(Math.abs(endMs - 32 * 60_000)).toBeLessThanOrEqual(15_000);
});
