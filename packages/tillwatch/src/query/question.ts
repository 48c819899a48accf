/** What a single query may ask for beyond its text. */
export interface QueryOptions {
  /** Time that the answer may take, ms; never more than the engine allows. */
  readonly timeoutMs?: number;
  /** How far back a selector looks, ms. */
  readonly lookbackMs?: number;
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
  );

/** An answer as the API sends it: the JSON of its `data` in UTF-8, and what is worth knowing about it. */
export interface Answer {
  readonly data: Uint8Array;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** The time that a question may take, when it says so. */
export function timeoutOf(question: Question): number | undefined {
  return question.kind === 'instant' || question.kind === 'range' ? question.options.timeoutMs : undefined;
}
