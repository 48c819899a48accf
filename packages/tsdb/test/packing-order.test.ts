import { isStaleAt, Labels, Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openTsdb } from '../src/index.ts';
import { openForWriting } from '../src/open-tsdb.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const START_MS = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const MOVED = Labels.of({ __name__: 'orders_total', shop: 'moved' });
const STAYED = Labels.of({ __name__: 'orders_total', shop: 'stayed' });
const moved = [new Matcher('shop', '=', 'moved')];

/** A counter that goes on by one a second, for some seconds in one batch with another series and then by itself. */
async function openStore(clock = new ManualClock(START_MS)) {
  const dir = temporaryDirectory();
  const store = openForWriting(dir, { retentionMs: 24 * HOUR_MS, clock });
  onTestFinished(() => store.close());
  const append = async (second: number, ...all: Labels[]) => {
    await clock.advance(1000);
    const batch = store.batch();
    for (const labels of all) batch.append(labels, START_MS + second * 1000, second);
    await batch.commit();
  };
  return { dir, store, clock, append };
}

function valuesOf(store: Tsdb, fromMs = 0): number[] {
  return Array.from(store.select(moved, fromMs, START_MS + HOUR_MS), ({ values }) => [...values]).flat();
}

/** What a counter reads between its first and its last sample. */
function riseOf(store: Tsdb): number | undefined {
  for (const found of store.selectCounters!(moved, 0, START_MS + HOUR_MS)) {
    if (!('changes' in found)) return undefined;
    const change = new Float64Array(1);
    found.changes(Int32Array.of(0), Int32Array.of(found.timestampsMs.length), new Float64Array(1), change);
    return change[0];
  }
  return undefined;
}

test('what a series has in an older set of series is packed before what it has in a newer one', async () => {
  const { store, dir, clock, append } = await openStore();
  for (let second = 1; second <= 10; second++) await append(second, MOVED, STAYED);
  await append(11, STAYED);
  for (let second = 12; second <= 200; second++) await append(second, MOVED);
  const seconds = [...Array.from({ length: 10 }, (_, i) => i + 1), ...Array.from({ length: 189 }, (_, i) => i + 12)];
  expect(valuesOf(store)).toEqual(seconds);
  expect(riseOf(store)).toBe(199);
  store.maintain();
  expect(valuesOf(store)).toEqual(seconds);
  expect(riseOf(store)).toBe(199);
  const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
  onTestFinished(() => reader.close());
  expect(valuesOf(reader)).toEqual(seconds);
  expect(riseOf(reader)).toBe(199);
  // The other series goes on where it is.
  await append(201, MOVED, STAYED);
  expect(valuesOf(store).at(-1)).toBe(201);
});

test('what was packed is read from memory while it is new, and from the file afterwards', async () => {
  const { store, dir, clock, append } = await openStore();
  for (let second = 1; second <= 300; second++) await append(second, MOVED);
  const seconds = Array.from({ length: 300 }, (_, i) => i + 1);
  const told = () => ({ values: valuesOf(store), rise: riseOf(store), packed: store.stats().packedTimelines });
  for (let i = 0; i < 20; i++) await clock.advance(1000);
  expect(told()).toEqual({ values: seconds, rise: 299, packed: 0 });
  // In the file it is packed all the same.
  const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
  onTestFinished(() => reader.close());
  expect(reader.stats().packedTimelines).toBe(2);
  expect(valuesOf(reader)).toEqual(seconds);
  for (let i = 0; i < 340; i++) await clock.advance(1000);
  expect(told()).toEqual({ values: seconds, rise: 299, packed: 2 });
  await append(700, MOVED);
  expect(valuesOf(store)).toEqual([...seconds, 700]);
  expect(riseOf(store)).toBe(699);
});

test('a reader that has not looked for a while does not miss what came before something was packed', async () => {
  const { store, dir, clock, append } = await openStore();
  for (let second = 1; second <= 20; second++) await append(second, STAYED);
  const reader = await openTsdb(dir, { readOnly: true, retentionMs: HOUR_MS, clock });
  onTestFinished(() => reader.close());
  expect(valuesOf(reader)).toEqual([]);
  for (let second = 21; second <= 200; second++) await append(second, STAYED, MOVED);
  store.maintain();
  const seconds = Array.from({ length: 180 }, (_, i) => i + 21);
  expect(valuesOf(reader)).toEqual(seconds);
  expect(riseOf(reader)).toBe(179);
  for (const found of reader.select([new Matcher('shop', '=', 'stayed')], 0, START_MS + HOUR_MS)) {
    expect(found.values).toHaveLength(200);
  }
});

/** What happens in a second: to a target (it fails, or a tenth of its series gets other names), or somebody reads. */
const event = fc.oneof(
  { weight: 30, arbitrary: fc.constant('nothing' as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail', 'rename'), target: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.constantFrom('first', 'second', 'writer') },
);

test('whoever reads, and whenever, sees everything in its order, whatever was packed and let go of meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 400, maxLength: 900 }), async (events) => {
      const clock = new ManualClock(START_MS);
      const dir = temporaryDirectory();
      const options = { retentionMs: 24 * HOUR_MS, clock };
      const store = openForWriting(dir, { ...options, packSliceMs: 0.01 });
      const open = () => openTsdb(dir, { ...options, readOnly: true });
      const readers = { writer: store, first: await open(), second: await open() };
      const written = new Map<string, (number | 'stale')[]>();
      const generations = [0, 0, 0];

      const scrape = async (second: number, target: number, hasFailed: boolean) => {
        const batch = store.batch();
        for (let i = 0; i < 20; i++) {
          const generation = i % 10 === 0 ? generations[target] : 0;
          const labels = Labels.of({ __name__: 'x', target: String(target), i: String(i), of: String(generation) });
          const known = written.get(labels.key) ?? [];
          written.set(labels.key, known);
          const isReport = i === 1;
          if (hasFailed && !isReport) {
            if (known.length === 0) continue;
            batch.appendStale(labels, START_MS + second * 1000);
            known.push('stale');
          } else {
            batch.append(labels, START_MS + second * 1000, second);
            known.push(second);
          }
        }
        await batch.commit();
      };
      const expectAll = (tsdb: Tsdb) => {
        const seen = new Map<string, (number | 'stale')[]>();
        for (const { labels, values } of tsdb.select([], 0, START_MS + HOUR_MS)) {
          seen.set(
            labels.key,
            Array.from(values, (value, i) => (isStaleAt(values, i) ? 'stale' : value)),
          );
        }
        expect(seen).toEqual(written);
      };

      for (const [second, happens] of events.entries()) {
        await clock.advance(1000);
        const isAbout = (kind: string, target: number) =>
          typeof happens === 'object' && happens.kind === kind && happens.target === target;
        for (const target of generations.keys()) {
          if (isAbout('rename', target)) generations[target]!++;
          await scrape(second + 1, target, isAbout('fail', target));
        }
        if (typeof happens === 'string' && happens !== 'nothing') expectAll(readers[happens]);
      }
      for (const tsdb of Object.values(readers)) expectAll(tsdb);
      for (const tsdb of Object.values(readers)) await tsdb.close();
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 120_000);
