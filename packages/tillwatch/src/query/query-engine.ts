import { Labels, type Querier, type Queryable, type RangeSeries, type VectorSample } from '@tillwatch/model';
import {
  type EvalContext,
  type Expr,
  evaluateInstant,
  evaluateRange,
  type InstantResult,
  QueryError,
  type RangeResult,
} from '@tillwatch/promql';
import type { QueryOptions } from './question.ts';
import { readQuery } from './unreadable-query.ts';

/** Says whether anybody still waits for an answer; an `AbortSignal` does. */
export type Cancelable = Pick<AbortSignal, 'aborted'>;

/** What one query may cost before it is ended with a `QueryError`. */
export interface QueryLimits {
  /** Samples held in memory at once. */
  readonly maxSamples: number;
  /** Series read. */
  readonly maxSeries: number;
  /** Time that the evaluation may take. */
  readonly timeoutMs: number;
}

/** Samples and time as in Prometheus; twice as many series as one machine is meant for. */
export const defaultQueryLimits: QueryLimits = { maxSamples: 50_000_000, maxSeries: 1_000_000, timeoutMs: 120_000 };

/** The most steps that a range query may have, as in Prometheus: enough for one point per pixel on any screen. */
export const MAX_STEPS = 11_000;

/** Answers PromQL over a store: text in, values out, within limits. The expressions asked last are kept parsed. */
export class QueryEngine {
  readonly #queryable: Queryable;
  readonly #limits: QueryLimits;
  readonly #parsed = new Map<string, Expr>();

  constructor(queryable: Queryable, limits: QueryLimits = defaultQueryLimits) {
    this.#queryable = queryable;
    this.#limits = limits;
  }

  /** @throws {QueryError} {UnreadableQuery} */
  instant(
    text: string,
    timeMs: number,
    options: QueryOptions = {},
    signal?: Cancelable,
    queryable = this.#queryable,
  ): InstantResult {
    return evaluateInstant(this.#parse(text), timeMs, this.#context(options, signal, queryable));
  }

  /** @throws {QueryError} {UnreadableQuery} */
  range(
    text: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: QueryOptions = {},
    signal?: Cancelable,
    queryable = this.#queryable,
  ): RangeResult {
    return evaluateRange(this.#parse(text), { startMs, endMs, stepMs }, this.#context(options, signal, queryable));
  }

  #context(options: QueryOptions, signal: Cancelable | undefined, queryable: Queryable): EvalContext {
    const timeoutMs = Math.min(options.timeoutMs ?? this.#limits.timeoutMs, this.#limits.timeoutMs);
    return {
      queryable,
      limits: {
        maxSamples: this.#limits.maxSamples,
        maxSeries: this.#limits.maxSeries,
        deadlineMs: Date.now() + timeoutMs,
      },
      signal,
      ...(options.lookbackMs === undefined ? {} : { lookbackMs: options.lookbackMs }),
    };
  }

  #parse(text: string): Expr {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const expr = readQuery(text);
    if (this.#parsed.size >= 500) this.#parsed.delete(this.#parsed.keys().next().value as string);
    this.#parsed.set(text, expr);
    return expr;
  }
}

/** The engine as the `Querier` that diagnosis, impact and the overview ask. */
export function localQuerier(engine: QueryEngine): Querier {
  return {
    async instant(expr, atMs) {
      return vectorOf(engine.instant(expr, atMs));
    },
    async range(expr, startMs, endMs, stepMs): Promise<readonly RangeSeries[]> {
      return engine.range(expr, startMs, endMs, stepMs).series;
    },
  };
}

function vectorOf(result: InstantResult): readonly VectorSample[] {
  const { value } = result;
  switch (value.type) {
    case 'vector':
      return value.samples;
    case 'scalar':
      return [{ labels: Labels.empty, timestampMs: value.timestampMs, value: value.value }];
    default:
      throw new QueryError('execution', `the query answers a ${value.type}, expected an instant vector or a scalar`);
  }
}
