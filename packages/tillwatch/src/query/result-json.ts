import type { InstantValue, RangeResult } from '@tillwatch/promql';
import { formatLabels, formatPlain, formatSampleField, SamplesWriter } from '../http/json.ts';

/** So many characters are put together before they become bytes. */
const PIECE_CHARS = 1 << 20;

/** The JSON of an instant query's `data` in pieces; `limit` 0 writes all series, `more` is put behind the result. */
export function* instantJson(value: InstantValue, limit: number, more = ''): Generator<string, void, undefined> {
  switch (value.type) {
    case 'scalar':
      // A number where samples have their three decimals, and plain digits: Prometheus writes these two in another way.
      yield `{"resultType":"scalar","result":[${value.timestampMs / 1000},"${formatPlain(value.value)}"]${more}}`;
      return;
    case 'string':
      yield `{"resultType":"string","result":[${value.timestampMs / 1000},${JSON.stringify(value.value)}]${more}}`;
      return;
    case 'vector': {
      let separator = '{"resultType":"vector","result":[';
      for (const { labels, timestampMs, value: number, histogram } of take(value.samples, limit)) {
        yield `${separator}{"metric":${formatLabels(labels)},${formatSampleField(timestampMs, number, histogram)}}`;
        separator = ',';
      }
      yield `${separator === ',' ? '' : separator}]${more}}`;
      return;
    }
    case 'matrix':
      yield* rangeJson(value.series, limit, more);
  }
}

/** The JSON of a range query's `data` in pieces; `limit` 0 writes all series, `more` is put behind the result. */
export function* rangeJson(
  series: RangeResult['series'],
  limit: number,
  more = '',
): Generator<string, void, undefined> {
  const samples = new SamplesWriter();
  yield '{"resultType":"matrix","result":[';
  let separator = '';
  for (const one of take(series, limit)) {
    yield `${separator}{"metric":${formatLabels(one.labels)},`;
    yield* samples.pieces(one);
    yield '}';
    separator = ',';
  }
  yield `]${more}}`;
}

/** `["a","b"]` in pieces, of elements that are JSON already. */
export function* listJson(elements: Iterable<string>): Generator<string, void, undefined> {
  yield '[';
  let separator = '';
  for (const element of elements) {
    yield separator + element;
    separator = ',';
  }
  yield ']';
}

/** Text as UTF-8, in pieces of about a mebibyte: what is written is never in memory as a whole. */
export function* encodePieces(texts: Iterable<string>): Generator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  let text = '';
  for (const piece of texts) {
    text += piece;
    if (text.length < PIECE_CHARS) continue;
    yield encoder.encode(text);
    text = '';
  }
  if (text !== '') yield encoder.encode(text);
}

/** The first `limit` elements; 0 takes all. */
export function take<T>(all: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? all : all.slice(0, limit);
}
