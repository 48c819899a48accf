import type { ByteReader } from '../codec/bytes.ts';
import { readPieceRows } from '../codec/chunk.ts';
import { readColumnPart } from '../codec/column.ts';
import type { LoadedHead } from '../head/load-head.ts';
import type { HeadSeries } from '../head/series.ts';
import type { LateSample } from '../late/late-samples.ts';
import { seriesWithin } from '../series-queries.ts';

/**
 * Samples of one series that go between two of its chunks, or before or behind all of them: their timelines have ids between
 * `aboveId` and `belowId`, both excluded.
 */
export interface Stretch {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly aboveId: number;
  readonly belowId: number;
}

/** What became of samples that are not newer than all that is stored of their series. */
export interface Settled {
  readonly stretches: readonly Stretch[];
  /** Stored already, with the same value. */
  readonly repeated: number;
  /** Another value is stored at the same time, and stays. */
  readonly conflicting: number;
  /** Those that lie between samples of one chunk. */
  readonly enclosed: readonly LateSample[];
}

/** Finds the places of samples among the chunks of a series, all of which are packed. @throws {DamagedBytes} */
export function settle(
  loaded: LoadedHead,
  series: HeadSeries | undefined,
  timestampsMs: Float64Array,
  values: Float64Array,
): Settled {
  if (series === undefined || series.lastMs < timestampsMs[0]!) {
    const aboveId = series?.lastTimelineId ?? 0;
    const stretches = [{ timestampsMs, values, aboveId, belowId: Number.POSITIVE_INFINITY }];
    return { stretches, repeated: 0, conflicting: 0, enclosed: [] };
  }
  return settleAmong(loaded, series, timestampsMs, values);
}

function settleAmong(
  loaded: LoadedHead,
  series: HeadSeries,
  timestampsMs: Float64Array,
  values: Float64Array,
): Settled {
  const count = timestampsMs.length;
  const stored = seriesWithin(loaded, series, timestampsMs[0]!, timestampsMs[count - 1]!);
  const storedMs = stored?.timestampsMs ?? new Float64Array(0);
  const storedWords = wordsOf(stored?.values ?? new Float64Array(0));
  const words = wordsOf(values);
  const spans = spansOf(loaded, series);

  const stretches: Stretch[] = [];
  const enclosed: LateSample[] = [];
  let [repeated, conflicting] = [0, 0];
  let [nextStored, nextSpan] = [0, 0];
  let from = 0;
  // Everything from `from` up to here, which has nothing of the series in it, is a stretch.
  const cut = (to: number) => {
    if (to > from) {
      stretches.push({
        timestampsMs: timestampsMs.subarray(from, to),
        values: values.subarray(from, to),
        aboveId: spans[nextSpan - 1]?.id ?? 0,
        belowId: spans[nextSpan]?.id ?? Number.POSITIVE_INFINITY,
      });
    }
    from = to;
  };
  for (let i = 0; i < count; i++) {
    const atMs = timestampsMs[i]!;
    if (nextSpan < spans.length && spans[nextSpan]!.maxMs < atMs) {
      cut(i);
      while (nextSpan < spans.length && spans[nextSpan]!.maxMs < atMs) nextSpan++;
    }
    while (nextStored < storedMs.length && storedMs[nextStored]! < atMs) nextStored++;
    const isStored = storedMs[nextStored] === atMs;
    const span = spans[nextSpan];
    if (!isStored && (span === undefined || atMs < span.minMs)) continue;
    cut(i);
    from = i + 1;
    if (!isStored) enclosed.push(lateSample(atMs, words, i));
    else if (isSame(storedWords, nextStored, words, i)) repeated++;
    else conflicting++;
  }
  cut(count);
  return { stretches, repeated, conflicting, enclosed };
}

interface Span {
  readonly id: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** From when to when each chunk of a series is, oldest first. */
function spansOf({ chunkRows, directory }: LoadedHead, series: HeadSeries): Span[] {
  const spans: Span[] = [];
  const nothing = new Float64Array(0);
  chunkRows.each(series.id, 0, Number.MAX_SAFE_INTEGER, (id, input: ByteReader, end) => {
    const timestampsMs = directory.has(id) ? directory.timestampsOf(id) : undefined;
    let [minMs, maxMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    while (timestampsMs !== undefined && input.offset < end) {
      const [first, to] = readPieceRows(input, timestampsMs.length);
      readColumnPart(input, to - first, 0, 0, nothing, 0);
      minMs = Math.min(minMs, timestampsMs[first]!);
      maxMs = Math.max(maxMs, timestampsMs[to - 1]!);
    }
    input.offset = end;
    if (minMs <= maxMs) spans.push({ id, minMs, maxMs });
  });
  return spans;
}

/** The bits of values, two words each. */
export function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** A sample as late ones are stored. */
export function lateSample(timestampMs: number, words: Uint32Array, index: number): LateSample {
  return { timestampMs, low: words[2 * index]!, high: words[2 * index + 1]! };
}

function isSame(a: Uint32Array, i: number, b: Uint32Array, k: number): boolean {
  return a[2 * i] === b[2 * k] && a[2 * i + 1] === b[2 * k + 1];
}
