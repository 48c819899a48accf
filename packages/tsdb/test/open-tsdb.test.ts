import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isStaleAt, Labels, Matcher, StoreError } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTsdb } from '../src/index.ts';
import { openForWriting } from '../src/open-tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const HOUR_MS = 3_600_000;
const OPTIONS = { retentionMs: 24 * HOUR_MS, clock: new ManualClock(0) };
const UP = Labels.of({ __name__: 'up', job: 'shop' });
const up = [new Matcher('__name__', '=', 'up')];

test('directory and file are for their owner alone', async () => {
  const dir = join(temporaryDirectory(), 'data');
  const store = await openTsdb(dir, OPTIONS);
  const batch = store.batch();
  batch.append(UP, 1, 1);
  await batch.commit();
  const modes = ['', 'tillwatch.db', 'tillwatch.db-wal'].map((name) => statSync(join(dir, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o600, 0o600]);
  await store.close();
});

describe('a directory that cannot be used is refused with a reason', () => {
  test('in use by this process', async () => {
    const dir = temporaryDirectory();
    const store = await openTsdb(dir, OPTIONS);
    await expect(openTsdb(dir, OPTIONS)).rejects.toThrow(`in use by another Tillwatch (process ${process.pid})`);
    await store.close();
    await (await openTsdb(dir, OPTIONS)).close();
  });

  test('in use by another process; readers are welcome', async () => {
    const dir = temporaryDirectory();
    const store = await openTsdb(dir, OPTIONS);
    const script = `import('${new URL('../src/index.ts', import.meta.url)}').then(async ({ openTsdb }) => {
      const write = await openTsdb(process.argv[1], { retentionMs: 1e9 }).catch((error) => error.message);
      const reader = await openTsdb(process.argv[1], { retentionMs: 1e9, readOnly: true });
      console.log(JSON.stringify([write, reader.stats().seriesCount]));
    })`;
    const flags = ['--conditions=tillwatch-source', '--import', 'tsx', '--input-type=module', '-e', script, dir];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(JSON.parse(stdout)).toEqual([
      expect.stringContaining(`in use by another Tillwatch (process ${process.pid})`),
      0,
    ]);
    await store.close();
  });

  test('written by a newer version', async () => {
    const dir = temporaryDirectory();
    await (await openTsdb(dir, OPTIONS)).close();
    const db = new Database(join(dir, 'tillwatch.db'));
    db.pragma('user_version = 999');
    db.exec("UPDATE meta SET value = 999 WHERE name = 'version'");
    db.close();
    await expect(openTsdb(dir, OPTIONS)).rejects.toThrow(/newer Tillwatch \(store version 999, this one knows \d+\)/);
  });

  test('another program’s database', async () => {
    const dir = temporaryDirectory();
    otherDatabase(join(dir, 'tillwatch.db'));
    const failure: unknown = await openTsdb(dir, OPTIONS).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ reason: 'io', message: expect.stringMatching(/not one of Tillwatch/) });
  });

  test('nothing there to read', async () => {
    await expect(openTsdb(temporaryDirectory(), { ...OPTIONS, readOnly: true })).rejects.toThrow(
      'there is no store in',
    );
  });
});

test('samples and documents of a batch are seen together, after the commit and not before', async () => {
  const store = await openStore();
  const batch = store.batch();
  expect(batch.append(UP, 1000, 1)).toBe(true);
  batch.put('alerts', 'b', { state: 'firing' });
  batch.put('alerts', 'a', [1, null]);
  expect([[...store.select(up, 0, 1e9)], store.entries('alerts')]).toEqual([[], []]);
  await batch.commit();
  expect([...store.select(up, 0, 1e9)]).toMatchObject([{ labels: UP, values: Float64Array.of(1) }]);
  expect(store.entries('alerts')).toEqual([
    ['a', [1, null]],
    ['b', { state: 'firing' }],
  ]);
  const next = store.batch();
  next.remove('alerts', 'a');
  next.remove('alerts', 'never there');
  await next.commit();
  expect([store.get('alerts', 'a'), store.get('alerts', 'b')]).toEqual([undefined, { state: 'firing' }]);
});

test('a batch is used once; a closed store takes and gives nothing', async () => {
  const store = await openStore();
  const batch = store.batch();
  await batch.commit();
  await expect(batch.commit()).rejects.toThrow('committed already');
  const late = store.batch();
  late.append(UP, 1, 1);
  await store.close();
  await expect(late.commit()).rejects.toMatchObject({ reason: 'closed' });
  expect(() => [...store.select(up, 0, 1)]).toThrow(StoreError);
});

test('what overtakes a batch on its way is refused and counted, the rest is stored', async () => {
  const store = await openStore();
  const [slow, fast] = [store.batch(), store.batch()];
  slow.append(UP, 1000, 1);
  slow.append(Labels.of({ __name__: 'other' }), 1000, 1);
  fast.append(UP, 2000, 2);
  await Promise.all([fast.commit(), slow.commit()]);
  expect([...store.select(up, 0, 1e9)].map(({ values }) => [...values])).toEqual([[2]]);
  expect(store.stats()).toMatchObject({ seriesCount: 2, samplesAppended: 2, outOfOrderSamples: 1, commits: 2 });
});

test('a NaN that happens to have the bits of a marker is not one; appendStale writes one', async () => {
  const store = await openStore();
  const disguised = new Float64Array(BigUint64Array.of(0x7ff0_0000_0000_0002n).buffer)[0]!;
  const batch = store.batch();
  batch.append(UP, 1, disguised);
  batch.appendStale(UP, 2);
  await batch.commit();
  const [series] = [...store.select(up, 0, 10)];
  expect([isStaleAt(series!.values, 0), isStaleAt(series!.values, 1)]).toEqual([false, true]);
});

test('series of one scrape share their timestamps, from head and from chunks', async () => {
  const store = openForWriting(temporaryDirectory(), OPTIONS);
  onTestFinished(() => store.close());
  for (let i = 0; i < 400; i++) {
    const batch = store.batch();
    for (let s = 0; s < 5; s++) batch.append(Labels.of({ __name__: 'up', s: String(s) }), 1000 * i, i * s);
    await batch.commit();
  }
  store.maintain();
  expect(store.stats()).toMatchObject({ packedTimelines: expect.any(Number), headSamples: expect.any(Number) });
  expect(store.stats().packedTimelines).toBeGreaterThan(1);
  const found = Array.from(store.select(up, 50_000, 395_000), ({ timestampsMs, values }) => {
    return { timestampsMs, values: values.slice() };
  });
  expect(found).toHaveLength(5);
  expect(new Set(found.map(({ timestampsMs }) => timestampsMs)).size).toBe(1);
  expect([...found[3]!.values.subarray(0, 3)]).toEqual([150, 153, 156]);
  expect(found[3]!.values).toHaveLength(346);
});

test('while a timeline is being packed everything is there, once, for everybody', async () => {
  const dir = temporaryDirectory();
  const options = { ...OPTIONS, packSliceMs: 0 };
  let store = openForWriting(dir, options);
  const reader = await openTsdb(dir, { ...OPTIONS, readOnly: true });
  const series = Array.from({ length: 30 }, (_, s) => Labels.of({ __name__: 'up', s: String(s).padStart(2, '0') }));
  for (let i = 0; i < 170; i++) {
    const batch = store.batch();
    series.forEach((labels, s) => {
      // Some come late, some miss rounds.
      if (i >= s && i % (s + 2) !== 1) batch.append(labels, 1000 * i, i * s);
    });
    await batch.commit();
  }
  const content = (from: typeof reader) =>
    Array.from(from.select([], 0, 1e9), ({ labels, timestampsMs, values }) => `${labels} ${timestampsMs} ${values}`);
  const expected = content(store);
  expect(expected).toHaveLength(30);
  for (let slice = 0; slice < 40; slice++) {
    store.maintain(1);
    expect(content(store)).toEqual(expected);
    expect(content(reader)).toEqual(expected);
    if (slice === 2) {
      await store.close();
      store = openForWriting(dir, options);
    }
  }
  expect(store.stats().packedTimelines).toBeGreaterThan(0);
  await reader.close();
  await store.close();
});

test('retention deletes what is old, and series that have nothing left', async () => {
  const clock = new ManualClock(0);
  const dir = temporaryDirectory();
  const options = { retentionMs: 24 * HOUR_MS, clock };
  const store = openForWriting(dir, options);
  const gone = Labels.of({ __name__: 'gone' });
  for (let i = 0; i < 300; i++) {
    await clock.advance(15 * 60_000);
    const batch = store.batch();
    batch.append(UP, clock.nowMs(), i);
    if (i < 20) batch.append(gone, clock.nowMs(), i);
    await batch.commit();
    if (i % 8 === 0) store.maintain();
  }
  await clock.advance(3 * HOUR_MS);
  store.maintain();
  const { minTimeMs, maxTimeMs, seriesCount } = store.stats();
  expect(seriesCount).toBe(1);
  expect(maxTimeMs).toBe(300 * 15 * 60_000);
  expect(clock.nowMs() - minTimeMs!).toBeLessThan(30 * HOUR_MS);
  expect(store.labelValues('__name__', 0, clock.nowMs())).toEqual(['up']);
  await store.close();
  const again = openForWriting(dir, options);
  expect(again.stats()).toMatchObject({ seriesCount: 1, minTimeMs, maxTimeMs });
  const batch = again.batch();
  batch.append(gone, clock.nowMs(), 1);
  await batch.commit();
  expect([...again.select([new Matcher('__name__', '=', 'gone')], 0, clock.nowMs())]).toHaveLength(1);
  await again.close();
});

async function openStore() {
  const store = await openTsdb(temporaryDirectory(), OPTIONS);
  onTestFinished(() => store.close());
  return store;
}

function otherDatabase(file: string): void {
  const db = new Database(file);
  db.exec('CREATE TABLE t (x)');
  db.close();
}
