import { isStaleAt, Labels, Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const UP = Labels.of({ __name__: 'up' });
const OTHER = Labels.of({ __name__: 'other' });
const WINDOW_MS = 1_000;

function openStore(outOfOrderWindowMs: number, dir = temporaryDirectory()) {
  const clock = new ManualClock(0);
  const store = openForWriting(dir, { retentionMs: 1e12, outOfOrderWindowMs, clock });
  onTestFinished(() => store.close());
  return { dir, clock, store };
}

async function append(
  store: Tsdb,
  samples: readonly (readonly [labels: Labels, timestampMs: number, value: number])[],
) {
  const batch = store.batch();
  const taken = samples.map(([labels, timestampMs, value]) => batch.append(labels, timestampMs, value));
  await batch.commit();
  return taken;
}

function read(store: Tsdb, name: string, fromMs = 0, toMs = 1e12): [number, number][] {
  const [series] = [...store.select([new Matcher('__name__', '=', name)], fromMs, toMs)];
  return series === undefined
    ? []
    : Array.from(series.timestampsMs, (timestampMs, i) => [timestampMs, series.values[i]!]);
}

describe('a sample that is older than the newest of its series', () => {
  test('is refused and counted without a window, as it always was', async () => {
    const { store } = openStore(0);
    expect(await append(store, [[UP, 2000, 2]])).toEqual([true]);
    expect(await append(store, [[UP, 1500, 1]])).toEqual([false]);
    expect(store.stats()).toMatchObject({ outOfOrderSamples: 1, samplesAppended: 1 });
  });

  test('is put in its place within the window; an equal one is no news, another value at its time is refused', async () => {
    const { store, clock, dir } = openStore(WINDOW_MS);
    await append(store, [[UP, 2000, 2]]);
    expect(await append(store, [[UP, 1500, 1.5]])).toEqual([true]);
    expect(
      await append(store, [
        [UP, 1500, 1.5],
        [UP, 1500, 7],
        [UP, 1000, 1],
        [UP, 999, 9],
      ]),
    ).toEqual([true, false, true, false]);
    expect(read(store, 'up')).toEqual([
      [1000, 1],
      [1500, 1.5],
      [2000, 2],
    ]);
    expect(read(store, 'up', 1200, 1800)).toEqual([[1500, 1.5]]);
    expect(store.stats()).toMatchObject({ samplesAppended: 3, outOfOrderSamples: 2 });
    await store.close();
    const again = openForWriting(dir, { retentionMs: 1e12, clock });
    expect(read(again, 'up')).toHaveLength(3);
    await again.close();
  });

  test('is judged by the newest sample of all series', async () => {
    const { store } = openStore(WINDOW_MS);
    await append(store, [
      [UP, 2000, 2],
      [OTHER, 5000, 5],
    ]);
    expect(await append(store, [[UP, 1900, 1]])).toEqual([false]);
    // Newer than all of its series is in order, whatever others have.
    expect(await append(store, [[UP, 2100, 3]])).toEqual([true]);
  });

  test('is not doubled when two batches bring it at once: the first counts', async () => {
    const { store } = openStore(WINDOW_MS);
    await append(store, [[UP, 2000, 2]]);
    const [first, second] = [store.batch(), store.batch()];
    expect([first.append(UP, 1500, 1), second.append(UP, 1500, 7)]).toEqual([true, true]);
    await Promise.all([first.commit(), second.commit()]);
    expect(read(store, 'up')).toEqual([
      [1500, 1],
      [2000, 2],
    ]);
    expect(store.stats()).toMatchObject({ samplesAppended: 2, outOfOrderSamples: 1 });
  });

  test('finds what is packed already, is seen by readers beside it, and may be older than all', async () => {
    const { store, dir, clock } = openStore(1e9);
    for (let i = 1; i <= 300; i++) await append(store, [[UP, 1000 * i, i]]);
    store.maintain();
    expect(store.stats().packedTimelines).toBeGreaterThan(0);
    const reader = await openTsdb(dir, { retentionMs: 1e12, readOnly: true, clock });
    onTestFinished(() => reader.close());
    expect(read(reader, 'up')).toHaveLength(300);
    expect(
      await append(store, [
        [UP, 5000, 5],
        [UP, 5000, 6],
        [UP, 5500, 5.5],
        [UP, 1, 0],
      ]),
    ).toEqual([true, false, true, true]);
    for (const one of [store, reader]) {
      expect(read(one, 'up')).toHaveLength(302);
      expect(read(one, 'up', 0, 6000).slice(0, 2)).toEqual([
        [1, 0],
        [1000, 1],
      ]);
      expect([...one.selectLabels([new Matcher('__name__', '=', 'up')], 5400, 5600)].map(String)).toEqual([String(UP)]);
      expect(one.labelValues('__name__', 0, 500)).toEqual(['up']);
    }
  });

  test('goes when it is older than the retention', async () => {
    const { store, clock } = openStore(1e9);
    for (let i = 1; i <= 600; i++) await append(store, [[UP, 1000 * i, i]]);
    await append(store, [
      [UP, 1500, 1.5],
      [UP, 500_500, 500.5],
    ]);
    store.maintain();
    await clock.advance(1_000_000);
    store.configure({ retentionMs: 700_000, outOfOrderWindowMs: 1e9 });
    store.maintain();
    const times = read(store, 'up').map(([timestampMs]) => timestampMs);
    expect(times).not.toContain(1500);
    expect(times).toContain(500_500);
  });
});

test('many late samples take several rows, and all of them come back, markers of the series among them', async () => {
  const { store, dir, clock } = openStore(1e9);
  await append(store, [[UP, 1e6, 1]]);
  const batch = store.batch();
  batch.append(UP, 2e6, 1);
  batch.appendStale(UP, 3e6);
  await batch.commit();
  for (let i = 0; i < 500; i++) await append(store, [[UP, 3e6 - 1 - i * 7919, i / 3]]);
  for (const one of [store, await openTsdb(dir, { retentionMs: 1e12, readOnly: true, clock })]) {
    const [series] = [...one.select([], 0, 1e12)];
    const late = [...series!.timestampsMs].filter((timestampMs) => timestampMs % 1e6 !== 0);
    expect(late).toEqual(
      Array.from({ length: 379 }, (_, i) => 3e6 - 1 - i * 7919)
        .filter((t) => t >= 0)
        .reverse(),
    );
    expect(isStaleAt(series!.values, series!.timestampsMs.indexOf(3e6))).toBe(true);
    if (one !== store) await one.close();
  }
});

interface Sample {
  readonly series: number;
  readonly timeMs: number;
  readonly value: number;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  series: fc.nat(2),
  timeMs: fc.integer({ min: 0, max: 120 }),
  value: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double()),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(sample, { minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom('pack' as const, 'reopen' as const) },
);

test('the store is a map of samples, whatever comes in whatever order', async () => {
  const root = temporaryDirectory();
  const sets = [UP, OTHER, Labels.of({ __name__: 'third' })];
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 10, 40, 1000), async (steps, windowMs) => {
      const dir = `${root}/${runs++}`;
      const clock = new ManualClock(0);
      const options = { retentionMs: 1e12, outOfOrderWindowMs: windowMs, clock };
      let store = openForWriting(dir, options);
      const reader = await openTsdb(dir, { ...options, readOnly: true });
      const model = sets.map(() => new Map<number, number>());
      let newestMs = Number.NEGATIVE_INFINITY;
      try {
        for (const one of steps) {
          if (one === 'pack') {
            await clock.advance(3 * 3_600_000);
            store.maintain();
          } else if (one === 'reopen') {
            await store.close();
            store = openForWriting(dir, options);
          } else {
            const batch = store.batch();
            const taken = one.map(({ series, timeMs, value }) => batch.append(sets[series]!, timeMs, value));
            const expected = one.map(({ series, timeMs, value }) => {
              const known = model[series]!;
              const same = known.get(timeMs);
              const isNewest = timeMs >= Math.max(...known.keys());
              if (!isNewest && timeMs < newestMs - windowMs) return false;
              if (same !== undefined) return (isNewest || windowMs > 0) && Object.is(same, value);
              if (!isNewest && windowMs === 0) return false;
              known.set(timeMs, value);
              return true;
            });
            expect(taken).toEqual(expected);
            await batch.commit();
            newestMs = Math.max(...model.flatMap((known) => [...known.keys()]));
          }
          for (const [i, known] of model.entries()) {
            const sorted = [...known].sort(([a], [b]) => a - b);
            const name = sets[i]!.metricName;
            for (const from of [store, reader]) {
              expect(read(from, name)).toEqual(sorted);
              expect(read(from, name, 30, 70)).toEqual(sorted.filter(([timeMs]) => timeMs >= 30 && timeMs <= 70));
            }
          }
        }
      } finally {
        await reader.close();
        await store.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
