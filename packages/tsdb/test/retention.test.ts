import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const STEP_MS = 15_000;
const SERIES = Array.from({ length: 60 }, (_, i) => Labels.of({ __name__: 'noise', i: String(i) }));

/** A store with `rounds` rounds of values that compress badly. Its maintenance runs when it is told to, or when `waits` is turned. */
async function filled(rounds: number, retentionBytes?: number) {
  const dir = temporaryDirectory();
  const waits = new ManualClock(0);
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, sleep: (ms: number, signal?: AbortSignal) => waits.sleep(ms, signal) };
  const store = openForWriting(dir, { retentionMs: 1e12, retentionBytes, clock });
  onTestFinished(() => store.close());
  const write = async (count: number) => {
    const commits: Promise<void>[] = [];
    for (let round = 0; round < count; round++) {
      nowMs += STEP_MS;
      const batch = store.batch();
      for (const [i, labels] of SERIES.entries()) batch.append(labels, nowMs, Math.round(Math.sin(nowMs + i) * 5_000));
      batch.put('alerts', 'newest', nowMs);
      commits.push(batch.commit());
      if (round % 20 === 19) await Promise.all(commits.splice(0));
    }
    await Promise.all(commits);
  };
  await write(rounds);
  return { dir, clock, waits, store, write };
}

function spanOf({ store, clock }: Pick<Awaited<ReturnType<typeof filled>>, 'store' | 'clock'>) {
  const found = Array.from(store.select([], 0, 1e12), ({ timestampsMs }) => [...timestampsMs]);
  expect(found).toHaveLength(SERIES.length);
  for (const times of found) {
    // Without gaps up to the newest.
    expect(times.at(-1)).toBe(clock.nowMs());
    expect(times).toEqual(Array.from(times, (_, i) => times[0]! + i * STEP_MS));
  }
  return found[0]!.length;
}

test('a store that is larger than it may be loses its oldest samples, and the file becomes smaller', async () => {
  const limit = 200_000;
  const bench = await filled(2500);
  const { dir, store, write } = bench;
  store.maintain();
  expect(spanOf(bench)).toBe(2500);
  expect(store.stats().bytesOnDisk).toBeGreaterThan(2 * limit);

  store.configure({ retentionMs: 1e12, retentionBytes: limit });
  store.maintain();
  const size = statSync(join(dir, 'tillwatch.db')).size;
  expect(size).toBeLessThanOrEqual(limit);
  expect(store.stats().bytesOnDisk).toBeLessThanOrEqual(limit);
  const kept = spanOf(bench);
  expect(kept).toBeLessThan(1500);
  // Not more than necessary.
  expect(size).toBeGreaterThan(limit / 3);
  expect(kept).toBeGreaterThan(400);
  expect(store.get('alerts', 'newest')).toBe(bench.clock.nowMs());

  await write(600);
  store.maintain();
  expect(store.stats().bytesOnDisk).toBeLessThanOrEqual(limit);
  expect(spanOf(bench)).toBeGreaterThan(400);
});

test('while somebody reads nobody waits, and nothing more is deleted because the log cannot be emptied', async () => {
  const limit = 200_000;
  const bench = await filled(2500);
  const { dir, store } = bench;
  store.maintain();
  const reader = await openTsdb(dir, { readOnly: true, retentionMs: 1e12 });
  onTestFinished(() => reader.close());
  const read = reader.select([], 0, 1e12)[Symbol.iterator]();
  read.next();
  store.configure({ retentionMs: 1e12, retentionBytes: limit });
  // Waiting would take seconds each time.
  for (let i = 0; i < 3; i++) store.maintain();
  const kept = spanOf(bench);
  expect(kept).toBeLessThan(1500);
  expect(kept).toBeGreaterThan(400);
  while (read.next().done !== true);
  store.maintain();
  expect(store.stats().bytesOnDisk).toBeLessThanOrEqual(limit);
  expect(spanOf(bench)).toBeGreaterThan(400);
});

test('by itself, as it grows', async () => {
  const limit = 300_000;
  const bench = await filled(1000, limit);
  await bench.waits.advance(60_000);
  expect(bench.store.stats().bytesOnDisk).toBeLessThanOrEqual(limit);
  await bench.write(500);
  expect(bench.store.stats().bytesOnDisk).toBeGreaterThan(limit);
  await bench.waits.advance(60_000);
  expect(bench.store.stats().bytesOnDisk).toBeLessThanOrEqual(limit);
  expect(spanOf(bench)).toBeGreaterThan(500);
});

test('a limit below what is not packed yet deletes all that is, and nothing else', async () => {
  const bench = await filled(1000);
  bench.store.maintain();
  bench.store.configure({ retentionMs: 1e12, retentionBytes: 1 });
  bench.store.maintain();
  expect(bench.store.stats().packedTimelines).toBe(0);
  const kept = spanOf(bench);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(150);
});

test('what the time limit deletes is given back to the disk when it is much', async () => {
  const bench = await filled(2500);
  const { store, clock } = bench;
  store.maintain();
  const before = store.stats().bytesOnDisk;
  store.configure({ retentionMs: 500 * STEP_MS });
  store.maintain();
  expect(store.stats().bytesOnDisk).toBeLessThan(before / 2);
  expect(clock.nowMs() - store.stats().minTimeMs!).toBeLessThan(700 * STEP_MS);
});
