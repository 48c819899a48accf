import { Labels } from '@tillwatch/model';
import { MemoryQueryable } from '@tillwatch/promql/testing';

/** Samples of one series, oldest first; `stale` is the staleness marker. */
export interface TestSeries {
  readonly labels: Labels;
  readonly timestampsMs: readonly number[];
  readonly values: readonly (number | 'stale')[];
}

/** When the random data begin, and how long they go on. */
export const DATA_START_MS = 1_700_000_000_000;
export const DATA_SPAN_MS = 3 * 3_600_000;

const SCRAPE_MS = 15_000;
const BOUNDS = ['0.1', '0.5', '1', '5', '+Inf'];

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Random series of every kind: counters with resets, gauges of both signs, classic histograms, sparse and constant series,
 * and series of NaN and infinities; with gaps, ends, new beginnings and staleness markers.
 *
 * Values are multiples of 1/8 of moderate size, so that sums are exact in whatever order they are made. Samples are never
 * taken at whole or half seconds: no window of whole seconds ends exactly on one (`promql-differences.ts` says why).
 */
export function randomSeries(seed: number): TestSeries[] {
  const random = randomFrom(seed);
  const all: TestSeries[] = [];
  let target = 0;
  for (const job of ['shop', 'api']) {
    for (const instance of ['a:1', 'b:2', 'c:3']) {
      const times = scrapeTimes(random, [3, 221, 517, 733, 881, 997][target++]!);
      const where = { job, instance };
      for (const code of ['200', '404', '500']) {
        all.push(sampled(random, times, { __name__: 'requests_total', ...where, code }, counter(random)));
      }
      all.push(sampled(random, times, { __name__: 'errors_total', ...where, code: '500' }, counter(random)));
      all.push(sampled(random, times, { __name__: 'load', ...where }, gauge(random, -50, 50)));
      if (job === 'shop') all.push(sampled(random, times, { __name__: 'queue', ...where }, gauge(random, 0, 8)));
      all.push(...histogram(random, times, where));
      all.push(sampled(random, times, { __name__: 'odd', ...where }, oddities(random)));
    }
    all.push(constant(random, { __name__: 'owner', job, team: job === 'shop' ? 'till' : 'core' }));
  }
  all.push(sparse(random, { __name__: 'sparse', job: 'shop' }), sparse(random, { __name__: 'sparse' }));
  return all;
}

/** The same series for the evaluator of this repository. */
export function queryableOf(all: readonly TestSeries[]): MemoryQueryable {
  const queryable = new MemoryQueryable();
  for (const { labels, timestampsMs, values } of all) queryable.addSamples(labels, timestampsMs, values);
  return queryable;
}

function scrapeTimes(random: Random, offsetMs: number): number[] {
  const times: number[] = [];
  for (let t = DATA_START_MS; t < DATA_START_MS + DATA_SPAN_MS; t += SCRAPE_MS) {
    // Scrapes come a little late now and then, and some do not come at all.
    const lateMs = random() < 0.1 ? 1000 * Math.floor(random() * 5) : 0;
    if (random() > 0.02) times.push(t + offsetMs + lateMs);
  }
  return times;
}

/** Takes values at the given times, with gaps, some of which begin with a staleness marker. */
function sampled(
  random: Random,
  times: readonly number[],
  labels: Readonly<Record<string, string>>,
  next: () => number,
): TestSeries {
  const [timestampsMs, values]: [number[], (number | 'stale')[]] = [[], []];
  const from = random() < 0.15 ? Math.floor(random() * times.length) : 0;
  let gap = 0;
  for (const t of times.slice(from)) {
    const value = next();
    if (gap > 0) {
      gap--;
      continue;
    }
    const isGapBegin = random() < 0.006;
    if (isGapBegin) gap = 1 + Math.floor(random() * 60);
    if (isGapBegin && random() < 0.4) continue;
    timestampsMs.push(t);
    values.push(isGapBegin ? 'stale' : value);
  }
  return { labels: Labels.of(labels), timestampsMs, values };
}

/**
 * Rises by at most 40 a scrape. It starts over well below where it was last time, but never near zero: of few samples, too,
 * the first is large beside what is added (`promql-differences.ts` says why).
 */
function counter(random: Random): () => number {
  let value = 8_000 + Math.floor(random() * 8_000);
  let restart = value;
  return () => {
    if (random() < 0.006) value = restart = Math.floor(restart * 0.8);
    else if (random() < 0.8) value += Math.floor(random() * 320) / 8;
    return value;
  };
}

function gauge(random: Random, low: number, high: number): () => number {
  let value = low + Math.floor(random() * (high - low));
  return () => {
    if (random() < 0.7) value = Math.min(high, Math.max(low, value + (Math.floor(random() * 33) - 16) / 8));
    return value;
  };
}

function oddities(random: Random): () => number {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -1];
  let value = 0;
  return () => {
    if (random() < 0.05) value = odd[Math.floor(random() * odd.length)]!;
    return value;
  };
}

function histogram(random: Random, times: readonly number[], where: Readonly<Record<string, string>>): TestSeries[] {
  const kept = times.filter(() => random() > 0.01);
  const counts = BOUNDS.map((_, i) => 9_000 + 400 * i);
  let restart = 9_000;
  const rows = kept.map(() => {
    if (random() < 0.004) {
      restart *= 0.75;
      for (const i of counts.keys()) counts[i] = Math.floor(restart) + 300 * i;
    }
    let added = 0;
    for (const i of counts.keys()) {
      added += Math.floor(random() * 6);
      counts[i]! += added;
    }
    return [...counts];
  });
  const series = (name: string, more: Readonly<Record<string, string>>, ofRow: (row: number[]) => number) => ({
    labels: Labels.of({ __name__: `latency_${name}`, ...where, ...more }),
    timestampsMs: kept,
    values: rows.map((row) => ofRow(row)),
  });
  return [
    ...BOUNDS.map((le, i) => series('bucket', { le }, (row) => row[i]!)),
    series('count', {}, (row) => row.at(-1)!),
    series('sum', {}, (row) => row.at(-1)! / 4),
  ];
}

function constant(random: Random, labels: Readonly<Record<string, string>>): TestSeries {
  return sampled(random, scrapeTimes(random, 409), labels, () => 1);
}

/** A sample every few minutes, so that lookback finds it now and then. */
function sparse(random: Random, labels: Readonly<Record<string, string>>): TestSeries {
  const times = scrapeTimes(random, 613).filter(() => random() < 0.05);
  return sampled(random, times, labels, () => Math.floor(random() * 100) - 20);
}
