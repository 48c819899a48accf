import { Labels, Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ByteWriter } from '../src/codec/bytes.ts';
import { HeadSeries } from '../src/head/series.ts';
import { openImport } from '../src/import/open-import.ts';
import { openTsdb } from '../src/index.ts';
import { openForWriting, type WritingOptions } from '../src/open-tsdb.ts';
import { IdSet } from '../src/resting/id-set.ts';
import { RestingGroup, writeGroup } from '../src/resting/resting-group.ts';
import { RestingTable } from '../src/resting/resting-table.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const START_MS = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const POD = { __name__: 'orders_total', region: 'eu' };
const OLD = [1, 2, 3].map((i) => Labels.of({ ...POD, pod: `old-${i}` }));
const NEW = Labels.of({ ...POD, pod: 'new' });

/** A store in which three series got samples for ten seconds, and then no more while another one went on for hours. */
async function openStore(options: Partial<WritingOptions> = {}) {
  const dir = temporaryDirectory();
  const clock = new ManualClock(START_MS);
  const all = { retentionMs: 24 * HOUR_MS, clock, fewestResting: 1, ...options };
  let store = openForWriting(dir, all);
  onTestFinished(() => store.close());
  const append = async (value: number, ...series: Labels[]) => {
    const batch = store.batch();
    const taken = series.map((labels) => batch.append(labels, clock.nowMs(), value));
    await batch.commit();
    return taken;
  };
  for (let i = 1; i <= 10; i++) {
    await clock.advance(1000);
    await append(i, ...OLD, NEW);
  }
  /** Lets all rest that got nothing since, and gives the new one a sample. */
  const letRest = async (value: number) => {
    await clock.advance(3 * HOUR_MS);
    store.maintain();
    await clock.advance(1000);
    await append(value, NEW);
  };
  const reopen = async () => {
    await store.close();
    store = openForWriting(dir, all);
  };
  await letRest(11);
  return { dir, clock, append, letRest, reopen, store: () => store };
}

function valuesOf(store: Tsdb, fromMs = 0, toMs = START_MS + 24 * HOUR_MS): Record<string, number[]> {
  const found = Array.from(store.select([new Matcher('region', '=', 'eu')], fromMs, toMs), ({ labels, values }) => [
    labels.get('pod'),
    [...values],
  ]);
  return Object.fromEntries(found) as Record<string, number[]>;
}

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('series that get no samples any more', () => {
  test('are not in memory, and found in every way by those who look back far enough', async () => {
    const { dir, store, clock, reopen } = await openStore();
    const check = (queryable: Tsdb) => {
      expect(queryable.stats()).toMatchObject({ seriesCount: 1, restingSeriesCount: 3 });
      expect(queryable.seriesCount()).toBe(1);
      expect(queryable.hasSeries(OLD[0]!)).toBe(false);
      expect(valuesOf(queryable)).toEqual({ 'old-1': TEN, 'old-2': TEN, 'old-3': TEN, new: [...TEN, 11] });
      expect(valuesOf(queryable, START_MS + 9_500, START_MS + 10_000)).toEqual({
        'old-1': [10],
        'old-2': [10],
        'old-3': [10],
        new: [10],
      });
      expect(valuesOf(queryable, START_MS + 10_001)).toEqual({ new: [11] });
      const nowMs = clock.nowMs();
      expect(queryable.labelValues('pod', 0, nowMs)).toEqual(['new', 'old-1', 'old-2', 'old-3']);
      expect(queryable.labelValues('pod', START_MS + 10_001, nowMs)).toEqual(['new']);
      expect(queryable.labelNames(0, nowMs)).toEqual(['__name__', 'pod', 'region']);
      const matchers = [new Matcher('pod', '=~', 'old-[12]'), new Matcher('none', '=', '')];
      expect([...queryable.selectLabels(matchers, 0, nowMs)].map(({ key }) => key)).toEqual([OLD[0]!.key, OLD[1]!.key]);
      const counters = [...queryable.selectCounters!(matchers, 0, nowMs)];
      expect(counters).toHaveLength(2);
    };
    check(store());
    const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
    onTestFinished(() => reader.close());
    check(reader);
    await reopen();
    check(store());
    check(reader);
  });

  test('go on where they were when they come back, for everybody', async () => {
    const { dir, store, clock, append, letRest, reopen } = await openStore();
    const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
    onTestFinished(() => reader.close());
    const expectEverywhere = async (expected: Record<string, number[]>, counts: object) => {
      expect(valuesOf(reader)).toEqual(expected);
      expect(reader.stats()).toMatchObject(counts);
      expect(valuesOf(store())).toEqual(expected);
      expect(store().stats()).toMatchObject(counts);
      await reopen();
      expect(valuesOf(store())).toEqual(expected);
      expect(store().stats()).toMatchObject(counts);
      expect(valuesOf(reader)).toEqual(expected);
    };
    expect(valuesOf(reader)).toMatchObject({ 'old-2': TEN });
    await clock.advance(1000);
    expect(await append(12, OLD[1]!)).toEqual([true]);
    const back = { 'old-1': TEN, 'old-2': [...TEN, 12], 'old-3': TEN, new: [...TEN, 11] };
    await expectEverywhere(back, { seriesCount: 2, restingSeriesCount: 2 });
    // Once more: what it had when it rested for the first time is not the last that is known of it.
    await letRest(13);
    await letRest(14);
    const later = { ...back, new: [...TEN, 11, 13, 14] };
    await expectEverywhere(later, { seriesCount: 1, restingSeriesCount: 3 });
    const midMs = START_MS + 3 * HOUR_MS;
    expect(valuesOf(store(), midMs, midMs + HOUR_MS)).toEqual({ 'old-2': [12], new: [11] });
    expect(valuesOf(reader, midMs, midMs + HOUR_MS)).toEqual({ 'old-2': [12], new: [11] });
    await append(15, OLD[1]!, OLD[2]!);
    await expectEverywhere(
      { ...later, 'old-2': [...TEN, 12, 15], 'old-3': [...TEN, 15] },
      { seriesCount: 3, restingSeriesCount: 1 },
    );
  });

  test('a sample that is not newer than what they have is judged by it', async () => {
    const { store, clock } = await openStore({ outOfOrderWindowMs: 12 * HOUR_MS });
    const batch = store().batch();
    expect(batch.append(OLD[0]!, START_MS + 10_000, 10)).toBe(true);
    expect(batch.append(OLD[0]!, START_MS + 10_000, 11)).toBe(false);
    expect(batch.append(OLD[1]!, START_MS + 9_500, 9.5)).toBe(true);
    await batch.commit();
    expect(valuesOf(store())).toMatchObject({ 'old-1': TEN, 'old-2': [1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5, 10] });
    await clock.advance(3 * HOUR_MS);
    store().maintain();
    expect(store().stats()).toMatchObject({ seriesCount: 0, restingSeriesCount: 4 });
    expect(valuesOf(store())).toMatchObject({ 'old-2': [1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5, 10] });
  });

  test('get history that is imported, older and newer, and rest again', async () => {
    const { dir, store, clock, letRest, reopen } = await openStore();
    await store().close();
    const history = openImport(dir, clock);
    const series = history.series(OLD[0]!);
    series.append(START_MS - HOUR_MS, -1);
    series.append(START_MS + HOUR_MS, 100);
    expect(history.close()).toEqual({ stored: 2, repeated: 0, conflicting: 0 });
    await reopen();
    const expected = { 'old-1': [-1, ...TEN, 100], 'old-2': TEN, 'old-3': TEN };
    expect(valuesOf(store())).toMatchObject(expected);
    expect(store().stats().restingSeriesCount).toBe(2);
    await letRest(12);
    expect(store().stats().restingSeriesCount).toBe(3);
    expect(valuesOf(store())).toMatchObject(expected);
    expect(valuesOf(store(), START_MS + 11_000, START_MS + HOUR_MS)).toEqual({ 'old-1': [100] });
  });

  test('are deleted when all of their samples are, with what was noted of them', async () => {
    const { dir, store, clock, append, letRest } = await openStore({ retentionMs: 13 * HOUR_MS });
    const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
    onTestFinished(() => reader.close());
    expect(valuesOf(reader)).toMatchObject({ 'old-2': TEN });
    await append(12, OLD[1]!);
    for (let value = 13; value <= 16; value++) await letRest(value);
    // The first three hours are gone.
    const expected = { 'old-2': [12], new: [11, 13, 14, 15, 16] };
    expect(valuesOf(store())).toEqual(expected);
    expect(valuesOf(reader)).toEqual(expected);
    expect(store().stats()).toMatchObject({ seriesCount: 1, restingSeriesCount: 1 });
    const db = new Database(`${dir}/tillwatch.db`, { readonly: true });
    onTestFinished(() => void db.close());
    const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    // The groups are that of the one which rests, and that in which the new one was until its last sample came.
    expect([count('series'), count('resting'), count('roused')]).toEqual([2, 2, 2]);
    // One that comes back after that is a new one.
    await append(17, OLD[0]!);
    expect(valuesOf(store())).toEqual({ ...expected, 'old-1': [17] });
  });

  test('few of them stay in memory until there are more', async () => {
    const { store } = await openStore({ fewestResting: 5 });
    expect(store().stats()).toMatchObject({ seriesCount: 4, restingSeriesCount: 0 });
  });

  test('a group that was damaged on the disk is left out, and that is said; at the next start the file is salvaged', async () => {
    const { dir, store, reopen } = await openStore();
    const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS });
    onTestFinished(() => reader.close());
    const db = new Database(`${dir}/tillwatch.db`);
    db.exec('UPDATE resting SET crc = crc + 1');
    db.close();
    expect(Object.keys(valuesOf(reader))).toEqual(['new']);
    expect(reader.chunksLeftOut()).toBe(1);
    await reopen();
    expect(store().stats().quarantines).toHaveLength(1);
    expect(valuesOf(store())).toEqual({ 'old-1': TEN, 'old-2': TEN, 'old-3': TEN, new: [...TEN, 11] });
  });
});

const text = fc.oneof(fc.constantFrom('a', 'b', 'job', 'ü', '🛒', '"\\'), fc.string({ unit: 'binary', maxLength: 4 }));
const labelSet = fc
  .dictionary(text, text, { maxKeys: 5 })
  .map((record) => Labels.of(Object.fromEntries(Object.entries(record).filter(([name, value]) => name && value))));

test('a group is what was written, whatever the labels, and finds what matchers say', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ labels: labelSet, id: fc.integer({ min: 1, max: 2 ** 40 }), lastMs: fc.double({ noNaN: true }) }),
        {
          maxLength: 30,
        },
      ),
      fc.array(fc.tuple(text, fc.constantFrom('=', '!='), fc.oneof(text, fc.constant(''))), { maxLength: 2 }),
      (all, parts) => {
        const series = all.map(({ labels, id, lastMs }) => {
          const one = new HeadSeries(labels);
          one.id = id;
          one.last = { timestampMs: lastMs, low: 0, high: 0 };
          return one;
        });
        const writer = new ByteWriter();
        writeGroup(writer, series);
        const group = RestingGroup.read(writer.finish());
        expect([...group.ids]).toEqual(series.map((one) => one.id));
        expect([...group.lastMs]).toEqual(all.map(({ lastMs }) => lastMs));
        series.forEach(({ labels }, row) => {
          expect(group.labelsOf(row).flat).toEqual(labels.flat);
          for (const name of [...labels.names(), 'none']) expect(group.valueOf(row, name)).toBe(labels.get(name));
        });
        expect([...group.labelNames()].sort()).toEqual(
          [...new Set(all.flatMap(({ labels }) => [...labels.names()]))].sort(),
        );
        const matchers = parts.map(([name, op, value]) => new Matcher(name, op as '=', value));
        const wanted = all.flatMap(({ labels }, row) =>
          matchers.every((matcher) => matcher.matchesLabels(labels)) ? [row] : [],
        );
        expect([...group.find(matchers)]).toEqual(wanted);
      },
    ),
  );
});

test('bytes that are no group are refused as damage', () => {
  const writer = new ByteWriter();
  writeGroup(
    writer,
    OLD.map((labels, i) => Object.assign(new HeadSeries(labels), { id: i + 1 })),
  );
  const body = writer.finish();
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
      const damaged = isCut ? body.slice(0, at) : body.with(at, byte);
      try {
        const group = RestingGroup.read(damaged);
        for (let row = 0; row < group.length; row++) group.labelsOf(row);
      } catch (cause) {
        expect((cause as Error).name).toBe('DamagedBytes');
      }
    }),
  );
});

test('the table of places and the set of ids are what they say', () => {
  const place = fc.record({ number: fc.integer({ min: 1, max: 4 }), row: fc.nat(40) });
  fc.assert(
    fc.property(
      fc.array(fc.record({ place, hash: fc.constantFrom(0, 1, 63, 64, 0xffff_ffff), isAdded: fc.boolean() })),
      (steps) => {
        const table = new RestingTable();
        const ids = new IdSet();
        const model = new Set<string>();
        for (const { place, hash, isAdded } of steps) {
          const key = `${hash} ${place.number} ${place.row}`;
          const id = place.number * 41 + place.row;
          if (isAdded && !model.has(key)) {
            table.add(hash, place);
            model.add(key);
            ids.add(id);
          } else if (!isAdded) {
            table.delete(hash, place);
            model.delete(key);
            ids.delete(id);
          }
          expect(ids.has(id)).toBe(isAdded);
          const next = ids.nextAbsent(42);
          expect(ids.has(next)).toBe(false);
          for (let one = 42; one < next; one++) expect(ids.has(one)).toBe(true);
        }
        for (const hash of [0, 1, 63, 64, 0xffff_ffff]) {
          const found = Array.from(table.get(hash), ({ number, row }) => `${hash} ${number} ${row}`);
          expect(found.sort()).toEqual([...model].filter((key) => key.startsWith(`${hash} `)).sort());
        }
      },
    ),
  );
});
