import { Labels, Matcher, type Queryable } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { isBundle } from '../src/codec/bundle.ts';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import type { TsdbWriter } from '../src/writer.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const HOUR_MS = 3_600_000;
const SERIES = ['counter', 'gauge', 'sometimes'].map((name) => Labels.of({ __name__: name }));

/** Four samples, of which the third kind of series misses some; then they are old enough to be packed. */
async function fill(store: TsdbWriter, clock: ManualClock): Promise<void> {
  const batch = store.batch();
  for (let i = 0; i < 4; i++) {
    await clock.advance(60_000);
    const nowMs = clock.nowMs();
    batch.append(SERIES[0]!, nowMs, Math.floor(nowMs / 7_000));
    batch.append(SERIES[1]!, nowMs, Math.sin(nowMs));
    if (nowMs % 180_000 !== 0) batch.append(SERIES[2]!, nowMs, 1);
  }
  await batch.commit();
  await clock.advance(3 * HOUR_MS);
}

function content(queryable: Queryable, fromMs = 0, toMs = 1e12): string[] {
  return Array.from(queryable.select([], fromMs, toMs), ({ labels, timestampsMs, values }) => {
    return `${labels} ${timestampsMs} ${values}`;
  });
}

function rowsOf(dir: string): { chunks: number; bundles: number } {
  const db = new Database(`${dir}/tillwatch.db`, { readonly: true });
  const bodies = db.prepare<[], Buffer>('SELECT body FROM chunks').pluck().all();
  db.close();
  const bundles = bodies.filter((body) => isBundle(body)).length;
  return { bundles, chunks: bodies.length - bundles };
}

test('older chunks of a series become few rows, and everybody reads what was there before', async () => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(0);
  const options = { retentionMs: 1e12, clock, bundleBytes: 200 };
  // As a store without bundles has it.
  const plainDir = temporaryDirectory();
  const plainClock = new ManualClock(0);
  const plain = openForWriting(plainDir, { ...options, clock: plainClock, bundleBytes: 0 });
  let store = openForWriting(dir, options);
  const reader = await openTsdb(dir, { ...options, readOnly: true });
  for (let i = 0; i < 40; i++) {
    for (const [one, its] of [
      [store, clock],
      [plain, plainClock],
    ] as const) {
      await fill(one, its);
      one.maintain();
    }
    if (i % 13 === 0) {
      await store.close();
      store = openForWriting(dir, options);
    }
  }
  expect(rowsOf(plainDir)).toEqual({ chunks: 120, bundles: 0 });
  const { chunks, bundles } = rowsOf(dir);
  expect(bundles).toBeGreaterThan(5);
  expect(chunks + bundles).toBeLessThan(60);
  const endMs = clock.nowMs();
  for (const [fromMs, toMs] of [
    [0, endMs],
    [endMs / 2, endMs / 2 + 10 * HOUR_MS],
    [20 * HOUR_MS, 30 * HOUR_MS],
    [endMs - 4 * HOUR_MS, endMs],
  ] as const) {
    const expected = content(plain, fromMs, toMs);
    expect(expected).toHaveLength(3);
    expect(content(store, fromMs, toMs)).toEqual(expected);
    expect(content(reader, fromMs, toMs)).toEqual(expected);
    expect([...reader.selectLabels([], fromMs, toMs)]).toHaveLength(3);
  }
  await store.close();
  await plain.close();
  await reader.close();
});

test('bundles go with the retention, and what is opened again takes only newer samples', async () => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(0);
  const options = { retentionMs: 40 * HOUR_MS, clock, bundleBytes: 200 };
  const store = openForWriting(dir, options);
  for (let i = 0; i < 40; i++) {
    await fill(store, clock);
    store.maintain();
  }
  const { chunks, bundles } = rowsOf(dir);
  expect(bundles).toBeGreaterThan(0);
  // Of 40 timelines, 13 are left.
  expect(chunks + bundles).toBeLessThan(36);
  const { minTimeMs } = store.stats();
  expect(clock.nowMs() - minTimeMs!).toBeLessThan(50 * HOUR_MS);
  const before = content(store);
  const gauge = [new Matcher('__name__', '=', 'gauge')];
  const [newestMs] = Array.from(store.select(gauge, 0, 1e12), ({ timestampsMs }) => timestampsMs.at(-1)!);
  await store.close();

  const again = openForWriting(dir, options);
  expect(content(again)).toEqual(before);
  const batch = again.batch();
  expect(batch.append(SERIES[1]!, newestMs!, 7)).toBe(false);
  expect(batch.append(SERIES[1]!, newestMs! + 1, 7)).toBe(true);
  await batch.commit();
  await again.close();
});

/** A store as version 2 left it, with its file open. */
async function storeOfVersion2(dir: string, clock: ManualClock, options: { retentionMs: number; bundleBytes: number }) {
  const store = openForWriting(dir, { ...options, clock });
  await fill(store, clock);
  store.maintain();
  const expected = content(store);
  await store.close();
  const file = `${dir}/tillwatch.db`;
  const db = new Database(file);
  for (const table of ['series', 'rounds', 'timelines', 'chunks', 'documents']) {
    db.exec(`ALTER TABLE ${table} DROP COLUMN crc`);
  }
  db.exec(
    "DROP TABLE resting; DROP TABLE roused; DROP TABLE late; DELETE FROM meta WHERE name = 'version'; PRAGMA user_version = 2",
  );
  return { expected, file, db };
}

test('a store of version 2 becomes one of version 4 when it is written to, and keeps what is in it', async () => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(0);
  const options = { retentionMs: 1e12, clock, bundleBytes: 0 };
  const { expected, file, db } = await storeOfVersion2(dir, clock, options);
  db.close();
  await expect(openTsdb(dir, { ...options, readOnly: true })).rejects.toThrow('written by an older Tillwatch');
  const again = openForWriting(dir, options);
  expect(again.stats().quarantines).toEqual([]);
  expect(content(again)).toEqual(expected);
  await fill(again, clock);
  again.maintain();
  expect(content(again)).not.toEqual(expected);
  await again.close();
  const after = new Database(file);
  expect(after.pragma('user_version', { simple: true })).toBe(4);
  after.close();
});

test('so does one of version 3', async () => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(0);
  const options = { retentionMs: 1e12, clock };
  const store = openForWriting(dir, options);
  await fill(store, clock);
  store.maintain();
  const expected = content(store);
  await store.close();
  const db = new Database(`${dir}/tillwatch.db`);
  db.exec(
    "DROP TABLE resting; DROP TABLE roused; UPDATE meta SET value = 3 WHERE name = 'version'; PRAGMA user_version = 3",
  );
  db.close();
  await expect(openTsdb(dir, { ...options, readOnly: true })).rejects.toThrow('written by an older Tillwatch');
  const again = openForWriting(dir, { ...options, fewestResting: 1 });
  expect(content(again)).toEqual(expected);
  await clock.advance(400_000);
  again.maintain();
  expect(again.stats().restingSeriesCount).toBe(SERIES.length);
  expect(content(again)).toEqual(expected);
  await again.close();
});

test('a damaged store of version 2 is salvaged as well', async () => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(0);
  const options = { retentionMs: 1e12, clock, bundleBytes: 0 };
  const { expected, db } = await storeOfVersion2(dir, clock, options);
  // Labels that cannot be read are damage in a file without checksums, too.
  db.exec("INSERT INTO series (labels) VALUES ('[')");
  db.close();
  const again = openForWriting(dir, options);
  expect(again.stats().quarantines).toHaveLength(1);
  expect(content(again)).toEqual(expected);
  await again.close();
});
