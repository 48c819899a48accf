import {
  type CounterSeries,
  compareText,
  type Labels,
  type Matcher,
  type ReadWindows,
  type Series,
} from '@tillwatch/model';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { type LateSample, mergeLate } from './late/late-samples.ts';
import { CounterReader } from './packed/counter-reader.ts';
import { SamplesReader } from './samples-reader.ts';

/** The answers of `Queryable`, read from a head and its file. */
export function* selectSeries(
  loaded: LoadedHead,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
  windows?: ReadWindows,
): Iterable<Series> {
  if (!(fromMs <= toMs)) return;
  const reader = new SamplesReader(loaded, fromMs, toMs, windows);
  for (const found of loaded.find(matchers, fromMs)) {
    const series = withLate(loaded, found, reader.read(found), fromMs, toMs);
    if (series !== undefined) yield series;
  }
}

/** The samples of a series with those in their places that came late. */
function withLate(
  { late }: LoadedHead,
  series: HeadSeries,
  inOrder: Series | undefined,
  fromMs: number,
  toMs: number,
): Series | undefined {
  if (!late.touches(series.id, fromMs, toMs)) return inOrder;
  const samples = late.within(series.id, fromMs, toMs);
  return samples.length === 0 ? inOrder : mergeLate(series, inOrder, samples);
}

/** The samples of one series in [fromMs, toMs]; `undefined` when it has none. */
export function seriesWithin(loaded: LoadedHead, series: HeadSeries, fromMs: number, toMs: number): Series | undefined {
  return withLate(loaded, series, new SamplesReader(loaded, fromMs, toMs).read(series), fromMs, toMs);
}

/** What a series has at a time, in order or late; `undefined` when that is nothing. */
export function valueAt(loaded: LoadedHead, series: HeadSeries, timestampMs: number): LateSample | undefined {
  const [late] = loaded.late.within(series.id, timestampMs, timestampMs);
  if (late !== undefined) return late;
  const inOrder = new SamplesReader(loaded, timestampMs, timestampMs).read(series);
  if (inOrder === undefined) return undefined;
  const [low = 0, high = 0] = new Uint32Array(inOrder.values.buffer, inOrder.values.byteOffset, 2);
  return { timestampMs, low, high };
}

function hasSamples(
  { late }: LoadedHead,
  reader: SamplesReader,
  series: HeadSeries,
  fromMs: number,
  toMs: number,
): boolean {
  if (reader.has(series)) return true;
  return late.touches(series.id, fromMs, toMs) && late.within(series.id, fromMs, toMs).length > 0;
}

export function* selectCounters(
  loaded: LoadedHead,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
): Iterable<CounterSeries | Series> {
  if (!(fromMs <= toMs)) return;
  const reader = new CounterReader(loaded, fromMs, toMs);
  let samples: SamplesReader | undefined;
  for (const found of loaded.find(matchers, fromMs)) {
    const isLate = loaded.late.touches(found.id, fromMs, toMs);
    if (isLate) samples ??= new SamplesReader(loaded, fromMs, toMs);
    const series = isLate ? withLate(loaded, found, samples?.read(found), fromMs, toMs) : reader.read(found);
    if (series !== undefined) yield series;
  }
}

export function* selectSeriesLabels(
  loaded: LoadedHead,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
): Iterable<Labels> {
  if (!(fromMs <= toMs)) return;
  const reader = new SamplesReader(loaded, fromMs, toMs);
  for (const found of loaded.find(matchers, fromMs)) {
    if (hasSamples(loaded, reader, found, fromMs, toMs)) yield found.labels;
  }
}

export function labelNames(loaded: LoadedHead, fromMs: number, toMs: number): string[] {
  const names = new Set([...loaded.head.index.labelNames(), ...loaded.resting.labelNames(fromMs)]);
  return [...names].filter((name) => labelValues(loaded, name, fromMs, toMs, 1).length > 0).sort(compareText);
}

/** The values of a label, sorted; no more than `limit` of them, whichever are found first. */
export function labelValues(
  loaded: LoadedHead,
  name: string,
  fromMs: number,
  toMs: number,
  limit = Number.POSITIVE_INFINITY,
): string[] {
  if (!(fromMs <= toMs)) return [];
  const reader = new SamplesReader(loaded, fromMs, toMs);
  const has = (series: HeadSeries) => hasSamples(loaded, reader, series, fromMs, toMs);
  const { index } = loaded.head;
  const found = new Set<string>();
  for (const [value, series] of index.labelValues(name)) {
    if (found.size >= limit) break;
    if (series.some(has)) found.add(value);
  }
  for (const [value, series] of loaded.resting.labelValues(name, fromMs)) {
    if (found.size >= limit) break;
    if (!found.has(value) && has(index.byId(series().id) ?? series())) found.add(value);
  }
  return [...found].sort(compareText);
}
