import { compareText, type Labels, type Matcher, type ReadWindows, type Series } from '@tillwatch/model';
import type { LoadedHead } from './head/load-head.ts';
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
  for (const found of loaded.head.index.find(matchers)) {
    const series = reader.read(found);
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
  for (const found of loaded.head.index.find(matchers)) if (reader.has(found)) yield found.labels;
}

export function labelNames(loaded: LoadedHead, fromMs: number, toMs: number): string[] {
  const { index } = loaded.head;
  return [...index.labelNames()]
    .filter((name) => labelValues(loaded, name, fromMs, toMs, 1).length > 0)
    .sort(compareText);
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
  const found: string[] = [];
  for (const [value, series] of loaded.head.index.labelValues(name)) {
    if (found.length >= limit) break;
    if (series.some((one) => reader.has(one))) found.push(value);
  }
  return found.sort(compareText);
}
