import { type CounterSeries, Labels, type Series } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openImport } from '../src/import/open-import.ts';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const START_MS = 1_750_000_000_000;
const STEP_MS = 15_000;

/** A series as its kinds of steps say: how it goes on from each sample to the next. */
type Step = 'same' | 'small' | 'large' | 'odd' | 'reset' | 'gap' | 'nan' | 'stale';

const step = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom<Step>('same', 'small', 'small', 'small') },
  { weight: 2, arbitrary: fc.constantFrom<Step>('large', 'gap') },
  { weight: 1, arbitrary: fc.constantFrom<Step>('reset', 'odd') },
);

function* samplesOf(steps: readonly Step[]): Iterable<[timestampMs: number, value: number | 'stale']> {
  let value = 0;
  let at = START_MS;
  for (const [i, next] of steps.entries()) {
    at += STEP_MS;
    if (next === 'gap') continue;
    if (next === 'small') value += (i * 7) % 5;
    if (next === 'large') value += 1e7 + i;
    if (next === 'odd') value += 0.1 + i / 7;
    if (next === 'reset') value = i % 3;
    yield [at, next === 'stale' ? 'stale' : next === 'nan' ? Number.NaN : value];
  }
}

/** What `changes` promises, from the samples themselves. */
function changesOf({ values }: Series, lo: number, hi: number): [first: number, change: number] {
  let lost = 0;
  for (let i = lo + 1; i < hi; i++) if (values[i]! < values[i - 1]!) lost += values[i - 1]!;
  return [values[lo]!, values[hi - 1]! - values[lo]! + lost];
}

/** Compares counters with the samples that `select` gives for the same time. Returns how many were told as counters. */
function compare(tsdb: Tsdb, fromMs: number, toMs: number, width: number, stride: number): number {
  const all: Series[] = [];
  for (const series of tsdb.select([], fromMs, toMs)) all.push({ ...series, values: series.values.slice() });
  let counters = 0;
  let at = 0;
  for (const found of tsdb.selectCounters!([], fromMs, toMs)) {
    const series = all[at++]!;
    expect(found.labels.key).toBe(series.labels.key);
    expect(found.timestampsMs).toEqual(series.timestampsMs);
    if (!('changes' in found)) {
      expect(new BigUint64Array(found.values.slice().buffer)).toEqual(new BigUint64Array(series.values.buffer));
      continue;
    }
    counters++;
    compareWindows(found, series, width, stride);
  }
  expect(at).toBe(all.length);
  // What was read is kept, and tells the same as the file.
  const keys = Array.from(tsdb.selectLabels([], fromMs, toMs), ({ key }) => key);
  expect(keys).toEqual(all.map(({ labels }) => labels.key));
  return counters;
}

function compareWindows(found: CounterSeries, series: Series, width: number, stride: number): void {
  const { length } = series.values;
  const starts = Array.from({ length: Math.ceil(length / stride) }, (_, k) => k * stride);
  const lo = Int32Array.from(starts);
  const hi = Int32Array.from(starts, (start) => Math.min(length, start + width));
  expectChanges(found, series, lo, hi);
  // The same for a window by itself, as rules ask.
  const middle = lo.length >> 1;
  expectChanges(found, series, lo.slice(middle, middle + 1), hi.slice(middle, middle + 1));
}

function expectChanges(found: CounterSeries, series: Series, lo: Int32Array, hi: Int32Array): void {
  const first = new Float64Array(lo.length).fill(-1);
  const change = new Float64Array(lo.length).fill(-1);
  found.changes(lo, hi, first, change);
  // Sums of large values are rounded, however small what is left of them.
  const rounding = series.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 1e-14;
  for (let k = 0; k < lo.length; k++) {
    const [wantedFirst, wantedChange] = hi[k]! - lo[k]! < 2 ? [-1, -1] : changesOf(series, lo[k]!, hi[k]!);
    expect(first[k]).toBe(wantedFirst);
    const tolerance = 1e-9 * Math.max(1, Math.abs(wantedChange)) + rounding;
    expect(Math.abs(change[k]! - wantedChange)).toBeLessThanOrEqual(tolerance);
  }
}

test('counters are told what their samples say, from history, chunks and head', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 300, maxLength: 1_200 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 2, max: 700 }),
      fc.integer({ min: 1, max: 90 }),
      fc.nat(1_200),
      async (histories, width, stride, from) => {
        const dir = temporaryDirectory();
        const clock = new ManualClock(START_MS);
        const live = 250;
        const store = openImport(dir, clock);
        const labels = histories.map((_, i) => Labels.of({ __name__: 'h_total', i: String(i) }));
        for (const [i, history] of histories.entries()) {
          const series = store.series(labels[i]!);
          for (const [at, value] of samplesOf(history.slice(0, -live))) series.append(at, value as number);
        }
        store.close();

        const writer = openForWriting(dir, { retentionMs: 1e15, clock });
        const reader = await openTsdb(dir, { retentionMs: 1e15, clock, readOnly: true });
        const fromMs = START_MS + from * STEP_MS;
        const toMs = START_MS + 1_200 * STEP_MS;
        compare(reader, fromMs, toMs, width, stride);
        const rest = histories.map((history) => new Map(samplesOf(history)));
        for (let k = 0; k < 1_300; k += 50) {
          const batch = writer.batch();
          for (let at = START_MS + k * STEP_MS; at < START_MS + (k + 50) * STEP_MS; at += STEP_MS) {
            for (const [i, samples] of rest.entries()) {
              const value = samples.get(at);
              if (value !== undefined) batch.append(labels[i]!, at, value as number);
            }
          }
          await batch.commit();
          if (k % 300 === 0) writer.maintain();
        }
        // What was kept of the first time is completed at both ends.
        for (const tsdb of [reader, writer]) {
          expect(compare(tsdb, START_MS, toMs, width, stride)).toBe(histories.length);
          compare(tsdb, fromMs, toMs, width, stride);
        }
        await reader.close();
        await writer.close();
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);

test.for(['nan', 'stale'] as const)('a series with %s is given as it is', async (odd) => {
  const dir = temporaryDirectory();
  const clock = new ManualClock(START_MS);
  const store = openImport(dir, clock);
  const steps: Step[] = Array.from({ length: 600 }, (_, i) => (i === 300 ? odd : 'small'));
  const series = store.series(Labels.of({ __name__: 'h_total' }));
  for (const [at, value] of samplesOf(steps)) {
    if (value === 'stale') series.appendStale(at);
    else series.append(at, value);
  }
  store.close();
  const tsdb = await openTsdb(dir, { retentionMs: 1e15, clock, readOnly: true });
  expect(compare(tsdb, START_MS, START_MS + 1e9, 10, 10)).toBe(0);
  expect(compare(tsdb, START_MS, START_MS + 100 * STEP_MS, 10, 10)).toBe(1);
  await tsdb.close();
});
