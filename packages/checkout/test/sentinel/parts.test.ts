import { Labels, type Series } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { AboveTest } from '../../src/sentinel/above-test.ts';
import { BelowTest } from '../../src/sentinel/below-test.ts';
import { CounterBook } from '../../src/sentinel/counter-book.ts';
import { LevelCap } from '../../src/sentinel/level-cap.ts';
import { MinuteRing } from '../../src/sentinel/minute-ring.ts';
import { OddsBaseline } from '../../src/sentinel/odds-baseline.ts';
import { Recovery } from '../../src/sentinel/recovery.ts';
import { ScrapeWatch } from '../../src/sentinel/scrape-watch.ts';
import { ShareBaseline } from '../../src/sentinel/share-baseline.ts';
import { TrafficTest } from '../../src/sentinel/traffic-test.ts';

const BIN_MS = 15_000;

describe('AboveTest', () => {
  test('sums the log likelihood ratios since the onset', () => {
    const cusum = new AboveTest([0.5], 60_000);
    cusum.add(0, 100, 0.01, BIN_MS, 0);
    expect(cusum.verdict().total).toBe(0);
    cusum.add(3, 4, 0.01, 2 * BIN_MS, BIN_MS);
    const { total, onsetMs, events, all } = cusum.verdict();
    expect(total).toBeCloseTo(3 * Math.log(50) + Math.log(0.5 / 0.99), 10);
    expect({ onsetMs, events, all }).toEqual({ onsetMs: BIN_MS, events: 3, all: 4 });
  });

  test('tells a hiccup, which is over within the guard, from a trouble that goes on', () => {
    const cusum = new AboveTest([0.5], 60_000);
    for (let bin = 1; bin <= 4; bin++) cusum.add(5, 10, 0.01, bin * BIN_MS, (bin - 1) * BIN_MS);
    expect(cusum.verdict().outside).toBeCloseTo(0, 9);
    cusum.add(5, 10, 0.01, 5 * BIN_MS, 4 * BIN_MS);
    expect(cusum.verdict().outside).toBeCloseTo(cusum.verdict().total / 5, 9);
  });

  test('a reset forgets everything', () => {
    const cusum = new AboveTest([0.1, 0.5], 60_000);
    cusum.add(5, 5, 0.01, BIN_MS, 0);
    cusum.reset();
    expect(cusum.peak()).toBe(0);
    expect(cusum.verdict()).toMatchObject({ total: 0, outside: 0 });
  });
});

test('BelowTest: what moves both counts cancels out, what is missing adds up', () => {
  const cusum = new BelowTest([0.03, 0.5], 30_000);
  for (let bin = 1; bin <= 50; bin++)
    cusum.add(50 * (bin % 7), 100 * (bin % 7), 0.5, 0.1, bin * BIN_MS, (bin - 1) * BIN_MS);
  expect(cusum.verdict().total).toBe(0);
  cusum.add(0, 40, 0.5, 0.1, 51 * BIN_MS, 50 * BIN_MS);
  // Forty times nothing where one in 0.31 was to be expected, against 0.015 that are left.
  expect(cusum.verdict().total).toBeCloseTo(40 * Math.log(1.45 / 1.015), 9);
  expect(cusum.verdict().events).toBe(20);
});

describe('CounterBook', () => {
  const series = (name: string, samples: readonly (readonly [number, number])[], instance = 'a'): Series => ({
    labels: Labels.of({ __name__: name, job: 'shop', instance }),
    timestampsMs: Float64Array.from(samples, ([atMs]) => atMs),
    values: Float64Array.from(samples, ([, value]) => value),
  });
  const book = (most = 100) =>
    new CounterBook(
      (labels) => labels.metricName,
      () => {},
      most,
    );
  const increases = (from: CounterBook<string>, one: Series) => {
    const found: number[] = [];
    from.take(one, (_, increase) => void found.push(increase));
    return found;
  };

  test.for([
    ['the first sample says nothing', [[1, 7]], [0]],
    [
      'a rise is an increase',
      [
        [1, 7],
        [2, 9],
        [3, 9],
      ],
      [0, 2, 0],
    ],
    [
      'a counter that fell has restarted at zero',
      [
        [1, 7],
        [2, 3],
      ],
      [0, 3],
    ],
    [
      'what is no number or negative is passed over',
      [
        [1, 7],
        [2, Number.NaN],
        [3, -1],
        [4, 8],
      ],
      [0, 1],
    ],
    [
      'a time that is not after the last is passed over',
      [
        [5, 7],
        [5, 9],
        [4, 9],
        [6, 10],
      ],
      [0, 3],
    ],
  ] as const)('%s', ([, samples, expected]) => {
    expect(increases(book(), series('c', samples))).toEqual(expected);
  });

  test('a series that appears on a target that was scraped before counts from zero', () => {
    const known = book();
    known.scraped(Labels.of({ __name__: 'up', job: 'shop', instance: 'a' }), 1);
    expect(
      increases(
        known,
        series('failures', [
          [2, 3],
          [3, 4],
        ]),
      ),
    ).toEqual([3, 1]);
    expect(increases(known, series('failures', [[2, 3]], 'b'))).toEqual([0]);
  });

  test('the same sample again is no increase', () => {
    const known = book();
    increases(
      known,
      series('c', [
        [1, 7],
        [2, 9],
      ]),
    );
    expect(
      increases(
        known,
        series('c', [
          [1, 7],
          [2, 9],
          [3, 10],
        ]),
      ),
    ).toEqual([1]);
  });

  test('too many series: what hardly rises makes room for what is new', () => {
    const full = book(2);
    increases(full, series('junk', [[1, 1]]));
    increases(
      full,
      series('busy', [
        [1, 1],
        [2, 2],
        [3, 3],
        [200_000, 4],
      ]),
    );
    increases(full, series('new', [[200_001, 1]]));
    expect(full.size).toBe(2);
    expect(increases(full, series('new', [[200_002, 5]]))).toEqual([4]);
    expect(increases(full, series('junk', [[200_003, 1]]))).toEqual([]);
    expect(full.dropped).toBe(1);
  });
});

describe('ScrapeWatch', () => {
  const up = (samples: readonly (readonly [number, number])[], instance = 'a'): Series => ({
    labels: Labels.of({ __name__: 'up', job: 'shop', instance }),
    timestampsMs: Float64Array.from(samples, ([seconds]) => seconds * 1_000),
    values: Float64Array.from(samples, ([, value]) => value),
  });

  test('counts the intervals since any target answered', () => {
    const watch = new ScrapeWatch();
    watch.take(
      up([
        [0, 1],
        [30, 1],
        [60, 1],
        [90, 1],
        [120, 0],
        [150, 0],
      ]),
    );
    watch.take(
      up(
        [
          [10, 1],
          [40, 1],
          [70, 0],
        ],
        'b',
      ),
    );
    expect(watch.missed(180_000)).toBe(3);
    expect(watch.jobLabels()).toEqual({ job: 'shop' });
  });

  test('nothing is missed before anything answered, or while nobody looked', () => {
    const watch = new ScrapeWatch();
    expect(watch.missed(1e9)).toBe(0);
    watch.take(up([[0, 1]]));
    watch.resume(600_000);
    expect(watch.missed(600_000)).toBe(0);
  });
});

describe('what is usual', () => {
  test('a share is known two blocks late, and without what is suspect', () => {
    const usual = new ShareBaseline(1e12);
    usual.add(1, 100, 0);
    usual.add(90, 100, 1);
    usual.add(1, 100, 2);
    usual.settle(5, (index) => index === 1);
    expect(usual.share(0, 0)).toBeCloseTo(0.01, 6);
    usual.add(100, 100, 5);
    expect(usual.settle(6, () => false)).toBe(false);
  });

  test('events that come in clumps are told from those that do not', () => {
    const alone = new ShareBaseline(1e12);
    const clumped = new ShareBaseline(1e12);
    for (let block = 0; block < 400; block++) {
      alone.add(block % 2, 50, block);
      clumped.add(block % 8 === 0 ? 4 : 0, 50, block);
    }
    alone.settle(1_000, () => false);
    clumped.settle(1_000, () => false);
    expect(alone.dispersion).toBe(1);
    expect(clumped.dispersion).toBeGreaterThan(2);
  });

  test('odds follow the hour of the day', () => {
    const usual = new OddsBaseline();
    const atHour = (block: number) => Math.floor(block / 6) % 24;
    for (let block = 0; block < 8 * 144; block++) {
      usual.add(atHour(block) < 12 ? 100 : 300, 200, block);
      usual.settle(block, () => false);
    }
    const days = 8 * 144;
    usual.settle(days + 6 * 6, () => false);
    expect(usual.usual.odds).toBeGreaterThan(0);
    for (let block = days; block < days + 36; block++) {
      usual.add(100, 200, block);
      usual.settle(block, () => false);
    }
    expect(usual.usual.odds).toBeGreaterThan(0.4);
    expect(usual.usual.odds).toBeLessThan(0.6);
  });

  test('a handful of events says nothing', () => {
    const usual = new OddsBaseline();
    usual.add(10, 20, 0);
    usual.settle(5, () => false);
    expect(usual.usual.odds).toBeNaN();
  });
});

test('LevelCap: a surge counts up to a little more than the usual', () => {
  const cap = new LevelCap(3_600_000);
  for (let bin = 0; bin < 240; bin++) expect(cap.take(100, BIN_MS, BIN_MS)).toBe(100);
  let taken = 0;
  for (let bin = 0; bin < 8; bin++) taken += cap.take(1_000, BIN_MS, BIN_MS);
  expect(taken).toBeLessThan(0.4 * 8 * 1_000);
});

test('TrafficTest: the stop is evidence, a quarter of the traffic is none', () => {
  const traffic = new TrafficTest();
  let atMs = 0;
  const run = (bins: number, count: number) => {
    for (let bin = 0; bin < bins; bin++) {
      atMs += BIN_MS;
      traffic.add(count, BIN_MS, atMs, false);
    }
  };
  run(160, 40);
  run(20, 10);
  expect(traffic.evidence).toBe(0);
  run(8, 0);
  expect(traffic.evidence).toBeGreaterThan(13);
});

test('Recovery: over after calm and evidence, and not before', () => {
  const recovery = new Recovery(0);
  recovery.add(-3, 60_000);
  recovery.add(5, 120_000);
  expect(recovery.isOver(300_000, 270_000, 4)).toBe(false);
  expect(recovery.isOver(330_000, 270_000, 4)).toBe(true);
  expect(recovery.isOver(330_000, 270_000, 6)).toBe(false);
});

test('MinuteRing: counts since a minute, an hour back', () => {
  const ring = new MinuteRing();
  ring.add(5, 100);
  ring.add(7, 110);
  expect(ring.since(100, 110)).toBe(12);
  expect(ring.since(101, 110)).toBe(7);
  ring.add(1, 170);
  expect(ring.since(0, 170)).toBe(8);
});
