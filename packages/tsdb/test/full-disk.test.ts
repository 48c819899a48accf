import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Labels, type Logger, Matcher, SampleRow, type StoreError } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTsdb } from '../src/index.ts';
import { openForWriting } from '../src/open-tsdb.ts';
import { openWriter } from '../src/sqlite/database.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { TsdbWriter } from '../src/writer.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const SERIES = Array.from({ length: 500 }, (_, i) => Labels.of({ __name__: 'many', i: String(i) }));
const MINUTE_MS = 60_000;

/** A store whose file cannot grow further than `limit` allows. */
function limitedStore(mostHeldSamples?: number) {
  const dir = temporaryDirectory();
  const clock = new ManualClock(1e6);
  const db = openWriter(dir);
  const errors: string[] = [];
  const logger: Logger = { error: (message) => errors.push(message), warn() {}, info() {}, debug() {} };
  const store = new TsdbWriter({ db, lock: { release() {} }, retentionMs: 1e12, clock, logger, mostHeldSamples });
  onTestFinished(() => store.close());
  const pages = () => Number(db.pragma('page_count', { simple: true }));
  return {
    dir,
    clock,
    store,
    errors,
    fillUp: () => db.pragma(`max_page_count = ${pages() + 1}`),
    makeRoom: () => db.pragma(`max_page_count = ${pages() + 100_000}`),
  };
}

function fill(store: Tsdb, timestampMs: number): Promise<void> {
  const batch = store.batch();
  SERIES.forEach((labels, i) => {
    // Half of them are new every time, as when a shop is deployed.
    batch.append(i % 2 === 0 ? labels : labels.with('at', String(timestampMs)), timestampMs, i + 0.1);
  });
  batch.put('alerts', 'state', { timestampMs });
  return batch.commit();
}

function timesOf(store: Tsdb): number[] {
  const times = new Set<number>();
  let count = 0;
  for (const { timestampsMs, values, labels } of store.select([], 0, 1e12)) {
    for (const timestampMs of timestampsMs) times.add(timestampMs);
    for (const value of values) expect(value).toBe(Number(labels.get('i')) + 0.1);
    count += values.length;
  }
  expect(count).toBe(times.size * SERIES.length);
  return [...times].sort((a, b) => a - b);
}

describe('when the disk is full', () => {
  test('what cannot be stored is held in memory, seen by this process alone, and written when there is room', async () => {
    const { dir, clock, store, errors, fillUp, makeRoom } = limitedStore();
    await fill(store, 1000);
    const reader = await openTsdb(dir, { retentionMs: 1e12, readOnly: true, clock });
    onTestFinished(() => reader.close());
    fillUp();
    for (const timestampMs of [2000, 3000]) {
      const failure = await fill(store, timestampMs).catch((error: StoreError) => error);
      expect(failure).toMatchObject({ name: 'StoreError', reason: 'full', isHeld: true });
    }
    expect(store.stats()).toMatchObject({ trouble: 'full', heldSamples: 1000, failedCommits: 2, lostSamples: 0 });
    expect(errors).toEqual(['the store cannot be written; going on from memory']);
    expect(timesOf(store)).toEqual([1000, 2000, 3000]);
    expect(timesOf(reader)).toEqual([1000]);
    expect(store.get('alerts', 'state')).toEqual({ timestampMs: 3000 });
    expect(reader.get('alerts', 'state')).toEqual({ timestampMs: 1000 });

    makeRoom();
    await clock.advance(MINUTE_MS);
    expect(store.stats()).toMatchObject({ trouble: undefined, heldSamples: 0, samplesAppended: 1500 });
    await fill(store, 4000);
    for (const one of [store, reader]) expect(timesOf(one)).toEqual([1000, 2000, 3000, 4000]);
    expect(reader.get('alerts', 'state')).toEqual({ timestampMs: 4000 });
  });

  test('documents that still fit are stored, and not undone by older ones that were held', async () => {
    const { clock, store, fillUp, makeRoom } = limitedStore();
    await fill(store, 1000);
    fillUp();
    const small = store.batch();
    small.put('shelf', 'small', 1);
    const outcomes = await Promise.allSettled([fill(store, 2000), small.commit()]);
    expect(outcomes).toMatchObject([{ status: 'rejected', reason: { isHeld: true } }, { status: 'fulfilled' }]);
    const newer = store.batch();
    newer.put('alerts', 'state', 'newer');
    await newer.commit();
    expect(store.entries('alerts')).toEqual([['state', 'newer']]);
    makeRoom();
    await clock.advance(MINUTE_MS);
    expect(store.stats().heldSamples).toBe(0);
    expect(store.get('alerts', 'state')).toBe('newer');
    expect(timesOf(store)).toEqual([1000, 2000]);
  });

  test('memory is bounded: the oldest samples are given up, and counted', async () => {
    const { clock, store, fillUp, makeRoom } = limitedStore(5_000);
    fillUp();
    for (let minute = 1; minute <= 300; minute++) await fill(store, minute * 1000).catch(() => undefined);
    const { heldSamples, lostSamples, headSamples } = store.stats();
    expect([heldSamples, lostSamples]).toEqual([5_000, 145_000]);
    expect(headSamples).toBeLessThan(100_000);
    makeRoom();
    await clock.advance(MINUTE_MS);
    expect(timesOf(store)).toEqual(Array.from({ length: 10 }, (_, i) => (291 + i) * 1000));
    expect(store.stats()).toMatchObject({ heldSamples: 0, lostSamples: 145_000 });
  });

  test('rows of a target are held like single samples', async () => {
    const { clock, store, fillUp, makeRoom } = limitedStore();
    const row = new SampleRow(SERIES);
    const put = (timestampMs: number) => {
      const batch = store.batch();
      batch.appendRow?.(
        row,
        timestampMs,
        Float64Array.from(SERIES, (_, i) => i + 0.1),
      );
      return batch.commit();
    };
    await put(1000);
    await put(2000);
    fillUp();
    for (let round = 3; round <= 30; round++) await put(round * 1000).catch(() => undefined);
    expect(store.stats().heldSamples).toBeGreaterThan(20 * SERIES.length);
    expect(timesOf(store)).toHaveLength(30);
    makeRoom();
    await clock.advance(MINUTE_MS);
    await put(31_000);
    expect(store.stats()).toMatchObject({ trouble: undefined, heldSamples: 0, samplesAppended: 31 * SERIES.length });
    expect(timesOf(store)).toHaveLength(31);
  });

  test('closing writes what is held if it can, also after the clock was turned back', async () => {
    const { dir, store, fillUp, makeRoom } = limitedStore();
    fillUp();
    await fill(store, 1000).catch(() => undefined);
    makeRoom();
    await store.close();
    const again = openForWriting(dir, { retentionMs: 1e12, clock: new ManualClock(0) });
    onTestFinished(() => again.close());
    expect(timesOf(again)).toEqual([1000]);
  });
});

test('a mistake of ours in a batch is not held: it would fail for ever', async () => {
  const { store } = limitedStore();
  const batch = store.batch();
  batch.put('shelf', 'key', 1);
  // A document that is no text, which only a mistake could put there.
  (batch as unknown as { documents: { json: unknown }[] }).documents[0]!.json = {};
  const failure = await batch.commit().catch((error: StoreError) => error);
  expect(failure).toMatchObject({ isHeld: false });
  expect(store.stats()).toMatchObject({ trouble: undefined, heldSamples: 0 });
});

describe('a real disk', () => {
  test.skipIf(!canMount())(
    'a file system of 2 MB that is filled by somebody else (needs the right to mount)',
    async () => {
      const dir = join(temporaryDirectory(), 'disk');
      mkdirSync(dir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir]);
      onTestFinished(() => void execFileSync('umount', ['-l', dir]));
      const clock = new ManualClock(1e6);
      const data = join(dir, 'data');
      const store = openForWriting(data, { retentionMs: 1e12, clock });
      await fill(store, 1000);
      const ballast = join(dir, 'ballast');
      expect(() => writeFileSync(ballast, Buffer.alloc(4 * 2 ** 20))).toThrow('ENOSPC');
      let times = 1;
      let failure: unknown;
      while (failure === undefined && times < 200) {
        times++;
        failure = await fill(store, times * 1000).catch((error: unknown) => error);
      }
      expect(failure).toMatchObject({ reason: 'full', isHeld: true });
      expect(timesOf(store)).toHaveLength(times);
      rmSync(ballast);
      await clock.advance(MINUTE_MS);
      expect(store.stats()).toMatchObject({ trouble: undefined, heldSamples: 0 });
      await store.close();
      const again = openForWriting(data, { retentionMs: 1e12, clock });
      expect(timesOf(again)).toHaveLength(times);
      await again.close();
    },
  );

  test.skipIf(!canMount())('a file system that becomes read-only (needs the right to mount)', async () => {
    const dir = join(temporaryDirectory(), 'disk');
    mkdirSync(dir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dir]);
    onTestFinished(() => void execFileSync('umount', ['-l', dir]));
    const data = join(dir, 'data');
    const first = openForWriting(data, { retentionMs: 1e12, clock: new ManualClock(0) });
    await fill(first, 1000);
    await first.close();
    execFileSync('mount', ['-o', 'remount,ro', dir]);
    await expect(openTsdb(data, { retentionMs: 1e12 })).rejects.toMatchObject({ reason: 'read-only' });
    execFileSync('mount', ['-o', 'remount,rw', dir]);
    const again = openForWriting(data, { retentionMs: 1e12, clock: new ManualClock(0) });
    expect(timesOf(again)).toEqual([1000]);
    await again.close();
  });

  test.skipIf(process.getuid?.() === 0)('a directory without the right to write (not as root)', async () => {
    const dir = temporaryDirectory();
    chmodSync(dir, 0o500);
    await expect(openTsdb(dir, { retentionMs: 1e12 })).rejects.toMatchObject({ reason: 'read-only' });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('the data directory is a file', async () => {
    const file = join(temporaryDirectory(), 'data');
    writeFileSync(file, '');
    await expect(openTsdb(file, { retentionMs: 1e12 })).rejects.toMatchObject({ name: 'StoreError', reason: 'io' });
  });
});

test('a series that is known only from memory can be asked for and goes on after its labels are stored', async () => {
  const { clock, store, fillUp, makeRoom } = limitedStore();
  await fill(store, 1000);
  fillUp();
  await fill(store, 2000).catch(() => undefined);
  const fresh = [new Matcher('at', '=', '2000')];
  expect([...store.selectLabels(fresh, 0, 1e12)]).toHaveLength(250);
  makeRoom();
  await clock.advance(MINUTE_MS);
  const batch = store.batch();
  const labels = SERIES[1]!.with('at', '2000');
  expect(batch.append(labels, 2000, 1.1)).toBe(true);
  expect(batch.append(labels, 1999, 5)).toBe(false);
  expect(batch.append(labels, 2500, 1.1)).toBe(true);
  await batch.commit();
  const [series] = [...store.select([...fresh, new Matcher('i', '=', '1')], 0, 1e12)];
  expect([...series!.timestampsMs]).toEqual([2000, 2500]);
});

function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;
}
