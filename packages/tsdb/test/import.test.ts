import { Labels } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openImport } from '../src/import/open-import.ts';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const NOW_MS = 1_790_000_000_000;
const START_MS = 1_750_000_000_000;
const STALE = 0x7ff0_0000_0000_0002n;
const NAN = 0x7ff8_0000_0000_0000n;
const DAY_MS = 86_400_000;
const clock = () => new ManualClock(NOW_MS);
const options = () => ({ retentionMs: 30 * DAY_MS, clock: clock() });

type Contents = Record<string, [timestampMs: number, bits: bigint][]>;

/** Everything in the store, as a reader sees it. */
async function contents(dir: string): Promise<Contents> {
  const tsdb = await openTsdb(dir, { ...options(), readOnly: true });
  const all: Contents = {};
  for (const { labels, timestampsMs, values } of tsdb.select([], 0, 1e15)) {
    const bits = new BigUint64Array(values.slice().buffer);
    all[String(labels)] = Array.from(timestampsMs, (at, i) => [at, bits[i]!]);
  }
  await tsdb.close();
  return all;
}

function bitsOf(value: number): bigint {
  return Number.isNaN(value) ? NAN : new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}

function imported(dir: string, samples: Iterable<readonly [Labels, timestampMs: number, value: number | 'stale']>) {
  const store = openImport(dir, clock());
  for (const [labels, timestampMs, value] of samples) {
    const series = store.series(labels);
    const isTaken = value === 'stale' ? series.appendStale(timestampMs) : series.append(timestampMs, value);
    expect(isTaken).toBe(true);
  }
  return store.close();
}

const counter = (name: string, instance = 'a') => Labels.of({ __name__: name, instance });

/** One sample every 15 s, `count` of them from `from` on. */
function* steady(labels: Labels, from: number, count: number) {
  for (let i = 0; i < count; i++) yield [labels, START_MS + 15_000 * (from + i), 3 * (from + i)] as const;
}

test('history is written as chunks that series share the timestamps of', async () => {
  const dir = temporaryDirectory();
  const counts = imported(dir, [...steady(counter('a_total'), 0, 5_000), ...steady(counter('b_total'), 0, 5_000)]);
  expect(counts).toEqual({ stored: 10_000, repeated: 0, conflicting: 0 });

  const tsdb = await openTsdb(dir, { ...options(), readOnly: true });
  const [a, b] = [...tsdb.select([], START_MS, NOW_MS)].map(({ timestampsMs }) => timestampsMs);
  expect(a).toHaveLength(5_000);
  expect(b).toBe(a);
  expect(tsdb.stats()).toMatchObject({ seriesCount: 2, headSamples: 0 });
  expect(tsdb.stats().packedTimelines).toBeLessThan(20);
  await tsdb.close();
});

test('what is imported again is not stored twice, and another value does not replace what is there', async () => {
  const dir = temporaryDirectory();
  imported(dir, steady(counter('a_total'), 0, 1_000));
  const before = await contents(dir);
  expect(imported(dir, steady(counter('a_total'), 0, 1_000))).toMatchObject({ stored: 0, repeated: 1_000 });
  expect(imported(dir, [[counter('a_total'), START_MS + 15_000, 99]])).toMatchObject({ stored: 0, conflicting: 1 });
  expect(await contents(dir)).toEqual(before);
  // The end of what was broken off, and more.
  expect(imported(dir, steady(counter('a_total'), 900, 200))).toMatchObject({ stored: 100, repeated: 100 });
});

test('samples between those of a chunk are stored beside it', async () => {
  const dir = temporaryDirectory();
  imported(dir, steady(counter('a_total'), 0, 100));
  const between = [1, 2, 20, 1_000].map((s) => [counter('a_total'), START_MS + 1_000 * s, s] as const);
  expect(imported(dir, between)).toEqual({ stored: 4, repeated: 0, conflicting: 0 });
  expect(imported(dir, between)).toEqual({ stored: 0, repeated: 4, conflicting: 0 });
  const [found] = Object.values(await contents(dir));
  expect(found!.slice(0, 5).map(([at]) => (at - START_MS) / 1_000)).toEqual([0, 1, 2, 15, 20]);
  expect(found).toHaveLength(104);
});

test('older history goes before what a process wrote, and is kept although it is older than the retention', async () => {
  const dir = temporaryDirectory();
  const labels = counter('a_total');
  const tsdb = openForWriting(dir, options());
  for (let i = 0; i < 5; i++) {
    const batch = tsdb.batch();
    batch.append(labels, NOW_MS + 1_000 * i, i);
    await batch.commit();
  }
  await tsdb.close();
  imported(dir, steady(labels, 100, 100));
  imported(dir, steady(labels, 0, 100));

  const again = openForWriting(dir, options());
  again.maintain();
  const [series] = again.select([], 0, 1e15);
  expect(series!.timestampsMs).toHaveLength(205);
  expect([...series!.timestampsMs]).toEqual([...series!.timestampsMs].sort((x, y) => x - y));
  // It goes on from the newest sample.
  const batch = again.batch();
  expect(batch.append(labels, NOW_MS + 4_000, 9)).toBe(false);
  expect(batch.append(labels, NOW_MS + 5_000, 5)).toBe(true);
  await batch.commit();
  await again.close();

  const later = openForWriting(dir, { retentionMs: 30 * DAY_MS, clock: new ManualClock(NOW_MS + 31 * DAY_MS) });
  later.maintain();
  // What was written last is in memory yet.
  expect([...later.select([], 0, 1e15)].flatMap(({ timestampsMs }) => [...timestampsMs])).toEqual([NOW_MS + 5_000]);
  await later.close();
});

test('a store that a process writes to is refused, and so is one that is damaged', async () => {
  const dir = temporaryDirectory();
  const tsdb = openForWriting(dir, options());
  expect(() => openImport(dir, clock())).toThrow(/is in use by another Tillwatch/);
  await tsdb.close();
  imported(dir, steady(counter('a_total'), 0, 10));
  const db = new Database(`${dir}/tillwatch.db`);
  db.exec('UPDATE series SET crc = 1');
  db.close();
  expect(() => openImport(dir, clock())).toThrow(/start "tillwatch up" on it once/);
});

test('blocks of history in any order, some of them twice, become one history', async () => {
  const values = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 1e6 }) },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, 'stale' as const) },
  );
  const series = fc.array(fc.option(values, { nil: undefined, freq: 8 }), { minLength: 40, maxLength: 40 });
  const blocks = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(series, { minLength: 1, maxLength: 4 }),
      blocks,
      blocks,
      fc.constantFrom(1_000, 15_000, 3_600_000),
      fc.boolean(),
      async (histories, first, second, stepMs, isTimeMajor) => {
        const dir = temporaryDirectory();
        const expected: Contents = {};
        let stored = 0;
        for (const block of [...first, ...second]) {
          const samples = histories.flatMap((history, i) =>
            history.slice(10 * block, 10 * block + 10).flatMap((value, k) => {
              if (value === undefined) return [];
              const labels = counter('h_total', String(i));
              const timestampMs = START_MS + stepMs * (10 * block + k);
              const known = expected[String(labels)] ?? [];
              expected[String(labels)] = known;
              if (!known.some(([at]) => at === timestampMs)) {
                known.push([timestampMs, value === 'stale' ? STALE : bitsOf(value)]);
                stored++;
              }
              return [[labels, timestampMs, value] as const];
            }),
          );
          if (isTimeMajor) samples.sort((a, b) => a[1] - b[1]);
          const counts = imported(dir, samples);
          expect(counts.conflicting).toBe(0);
          expect(counts.stored + counts.repeated).toBe(samples.length);
        }
        for (const [key, known] of Object.entries(expected)) {
          known.sort((a, b) => a[0] - b[0]);
          if (known.length === 0) delete expected[key];
        }
        const found = await contents(dir);
        expect(found).toEqual(expected);
        expect(Object.values(found).reduce((sum, { length }) => sum + length, 0)).toBe(stored);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
