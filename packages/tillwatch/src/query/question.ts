import type { MatchOp } from '@tillwatch/model';

/** What a single query may ask for beyond its text. */
export interface QueryOptions {
  /** Time that the answer may take, ms; never more than the engine allows. */
  readonly timeoutMs?: number;
  /** How far back a selector looks, ms. */
  readonly lookbackMs?: number;
  /** Whether the answer says what it cost. */
  readonly withStats?: boolean;
}

/** One matcher in plain data. */
export interface PlainMatcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** Series whose samples are asked for as they are stored. */
export interface StoredSeriesQuery {
  readonly matchers: readonly PlainMatcher[];
  readonly range: TimeRange;
}

/** A time range in ms since the epoch, both ends included. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Limited {
  /** How many series, names or values are answered; 0 for all. */
  readonly limit: number;
}

/** What the query part of the API can be asked, in plain data that can be passed to a thread. */
export type Question = Limited &
  (
    | { readonly kind: 'instant'; readonly text: string; readonly timeMs: number; readonly options: QueryOptions }
    | {
        readonly kind: 'range';
        readonly text: string;
        readonly startMs: number;
        readonly endMs: number;
        readonly stepMs: number;
        readonly options: QueryOptions;
      }
    // Selectors are texts that were read as series selectors; none of them means every series.
    | { readonly kind: 'series'; readonly selectors: readonly string[]; readonly range: TimeRange }
    | { readonly kind: 'label-names'; readonly selectors: readonly string[]; readonly range: TimeRange }
    | {
        readonly kind: 'label-values';
        readonly name: string;
        readonly selectors: readonly string[];
        readonly range: TimeRange;
      }
    // What there is most of: `limit` entries of each kind.
    | { readonly kind: 'cardinality'; readonly range: TimeRange }
    // The answer is a `ReadResponse` of Prometheus's remote read, packed.
    | { readonly kind: 'remote-read'; readonly queries: readonly StoredSeriesQuery[] }
  );

/** An answer as the API sends it: the JSON of its `data` in UTF-8, and what is worth knowing about it. */
export interface Answer {
  /** All of it, or its first piece. */
  readonly data: Uint8Array;
  /** The other pieces of a large answer, for one reader. They are written while they are read. */
  readonly rest?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** How many damaged chunks had to be left out of it; none when it does not say. */
  readonly chunksLeftOut?: number;
}

/** The time that a question may take, when it says so. */
export function timeoutOf(question: Question): number | undefined {
  return question.kind === 'instant' || question.kind === 'range' ? question.options.timeoutMs : undefined;
}

/** The whole of an answer's data, for those who need it in memory. */
export async function wholeData({ data, rest }: Answer): Promise<Uint8Array> {
  if (rest === undefined) return data;
  const pieces = [data];
  for await (const piece of rest) pieces.push(piece);
  return Buffer.concat(pieces);
}
