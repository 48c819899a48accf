import { invariant, type Label, Labels, type RangeSeries, StoreError } from '@tillwatch/model';
import { type Annotation, type InstantResult, QueryError, type RangeResult } from '@tillwatch/promql';
import type { QueryOptions } from './query-engine.ts';

/** A question to a query thread. */
export interface QueryRequest {
  readonly text: string;
  /** The moment of an instant query, or the steps of a range query. */
  readonly times:
    | { readonly timeMs: number }
    | { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly options: QueryOptions;
}

/** A query thread's answer, in what can be passed between threads. */
export type QueryReply =
  | { readonly kind: 'answer'; readonly value: PackedValue; readonly annotations: readonly Annotation[] }
  | { readonly kind: 'query-error'; readonly error: Pick<QueryError, 'kind' | 'message' | 'problems'> }
  | { readonly kind: 'store-error'; readonly error: Pick<StoreError, 'reason' | 'message'> }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

type PackedValue =
  | { readonly type: 'scalar'; readonly timestampMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timestampMs: number; readonly value: string }
  | PackedSeries;

/** Series in few large pieces: label sets as flat lists, and all numbers in one array that is handed over, not copied. */
interface PackedSeries {
  readonly type: 'vector' | 'matrix';
  /** For each series its labels: name, value, name, value, … */
  readonly labels: readonly (readonly string[])[];
  /** For each series where its timestamps start in `numbers`, where its values start, and how many there are. */
  readonly places: Float64Array;
  readonly numbers: Float64Array;
}

/** Packs an answer; the buffers in `transfer` can be handed over, since nothing else holds them. */
export function packInstant({ value, annotations }: InstantResult): { reply: QueryReply; transfer: ArrayBuffer[] } {
  switch (value.type) {
    case 'vector': {
      const series = value.samples.map(({ labels, timestampMs, value: number }) => ({
        labels,
        timestampsMs: [timestampMs],
        values: [number],
      }));
      return packed(packSeries('vector', series), annotations);
    }
    case 'matrix':
      return packed(packSeries('matrix', value.series), annotations);
    default:
      return { reply: { kind: 'answer', value, annotations }, transfer: [] };
  }
}

/** Packs an answer; the buffers in `transfer` can be handed over, since nothing else holds them. */
export function packRange({ series, annotations }: RangeResult): { reply: QueryReply; transfer: ArrayBuffer[] } {
  return packed(packSeries('matrix', series), annotations);
}

/** Packs why there is no answer. */
export function packError(error: unknown): QueryReply {
  if (error instanceof QueryError) {
    const { kind, message, problems } = error;
    return { kind: 'query-error', error: { kind, message, problems } };
  }
  if (error instanceof StoreError) {
    return { kind: 'store-error', error: { reason: error.reason, message: error.message } };
  }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'bug', message, stack };
}

/** The answer to an instant query, as it was before it was packed. @throws {QueryError} {StoreError} what the query ended with */
export function unpackInstant(reply: QueryReply): InstantResult {
  const { value, annotations } = answerOf(reply);
  switch (value.type) {
    case 'vector': {
      const samples = unpackSeries(value).map(({ labels, timestampsMs, values }) => ({
        labels,
        timestampMs: timestampsMs[0]!,
        value: values[0]!,
      }));
      return { value: { type: 'vector', samples }, annotations };
    }
    case 'matrix':
      return { value: { type: 'matrix', series: unpackSeries(value) }, annotations };
    default:
      return { value, annotations };
  }
}

/** The answer to a range query, as it was before it was packed. @throws {QueryError} {StoreError} what the query ended with */
export function unpackRange(reply: QueryReply): RangeResult {
  const { value, annotations } = answerOf(reply);
  invariant(value.type === 'matrix', `a range query was answered with a ${value.type}`);
  return { series: unpackSeries(value), annotations };
}

function answerOf(reply: QueryReply): Extract<QueryReply, { kind: 'answer' }> {
  switch (reply.kind) {
    case 'query-error': {
      const { kind, message, problems } = reply.error;
      throw new QueryError(kind, message, problems[0]?.at, problems[0]?.hint);
    }
    case 'store-error':
      throw new StoreError(reply.error.reason, reply.error.message);
    case 'bug':
      throw Object.assign(new Error(reply.message), { stack: reply.stack });
    case 'answer':
      return reply;
  }
}

function packed(
  value: PackedSeries,
  annotations: readonly Annotation[],
): { reply: QueryReply; transfer: ArrayBuffer[] } {
  return {
    reply: { kind: 'answer', value, annotations },
    transfer: [value.places.buffer as ArrayBuffer, value.numbers.buffer as ArrayBuffer],
  };
}

/** Copies, since the arrays of an answer may belong to the store. Series of a range query mostly share their timestamps. */
function packSeries(type: PackedSeries['type'], series: readonly RangeSeries[]): PackedSeries {
  const starts = new Map<RangeSeries['timestampsMs'], number>();
  let size = 0;
  for (const { timestampsMs } of series) {
    if (!starts.has(timestampsMs)) {
      starts.set(timestampsMs, size);
      size += timestampsMs.length;
    }
  }
  const numbers = new Float64Array(series.reduce((sum, { values }) => sum + values.length, size));
  for (const [timestampsMs, start] of starts) numbers.set(timestampsMs, start);

  const places = new Float64Array(series.length * 3);
  series.forEach(({ timestampsMs, values }, i) => {
    numbers.set(values, size);
    places.set([starts.get(timestampsMs)!, size, values.length], i * 3);
    size += values.length;
  });
  return { type, labels: series.map(({ labels }) => [...labels].flat()), places, numbers };
}

function unpackSeries({ labels, places, numbers }: PackedSeries): RangeSeries[] {
  return labels.map((flat, i) => {
    const [timesAt = 0, valuesAt = 0, count = 0] = places.subarray(i * 3, i * 3 + 3);
    return {
      labels: Labels.from(pairs(flat)),
      timestampsMs: numbers.subarray(timesAt, timesAt + count),
      values: numbers.subarray(valuesAt, valuesAt + count),
    };
  });
}

function* pairs(flat: readonly string[]): Iterable<Label> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i]!, flat[i + 1]!];
}
