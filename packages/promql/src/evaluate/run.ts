import type { Queryable, Span } from '@tillwatch/model';
import type { Feature } from '../features.ts';
import type { Aggregate, Expr, VectorSelector } from '../parse/ast.ts';
import { selectorsOf } from '../visit.ts';
import { Annotations } from './annotations.ts';
import type { Value } from './column.ts';
import { EvaluationPlans } from './plans.ts';
import type { Preparation } from './prepare.ts';
import { QueryError } from './query-error.ts';
import type { RawSeries } from './select.ts';
import { summaryReadersOf } from './summary-readers.ts';
import type { Timeline } from './timeline.ts';

/** Bounds of one query. */
export interface QueryLimits {
  /** How many samples may be read and held; 50 million when not given. */
  readonly maxSamples?: number | undefined;
  /** How many series may be read; any number when not given. */
  readonly maxSeries?: number | undefined;
  /** When to give up, in ms since the epoch. */
  readonly deadlineMs?: number | undefined;
  /** The time that `deadlineMs` is compared with; `Date.now` when not given. */
  readonly nowMs?: (() => number) | undefined;
}

/** What a query is evaluated against. */
export interface EvalContext {
  readonly queryable: Queryable;
  /** How far back a selector looks for its newest sample (left end excluded); 5 minutes when not given. */
  readonly lookbackMs?: number | undefined;
  /** The step of subqueries that name none; 1 minute when not given. */
  readonly defaultStepMs?: number | undefined;
  readonly limits?: QueryLimits | undefined;
  /** Ends the evaluation with a `QueryError` of kind `canceled`. It is looked at between series. */
  readonly signal?: Pick<AbortSignal, 'aborted'> | undefined;
  readonly features?: Iterable<Feature> | undefined;
  /** What evaluations of the same expressions keep for each other; nothing when not given. */
  readonly plans?: EvaluationPlans | undefined;
  /** What `prepareInstant` did beforehand for the same expression at the same time. */
  readonly prepared?: Preparation | undefined;
}

const DEFAULT_MAX_SAMPLES = 50_000_000;
const CHECK_EVERY = 64;

/** The state of one evaluation: what it reads from, what it has used up, what it has to say. */
export class Run {
  readonly queryable: Queryable;
  readonly lookbackMs: number;
  readonly defaultStepMs: number;
  readonly isNameRemovalDelayed: boolean;
  /** Do `rate` and the like look at when a sample's counting began? */
  readonly usesStartTimestamps: boolean;
  /** The times of the whole query, which `@ start()`, `step()` and the like refer to. */
  readonly query: Timeline;
  /** The end that was asked for, which `@ end()` refers to. It may lie behind the last step. */
  readonly queryEndMs: number;
  readonly annotations = new Annotations();
  readonly plans: EvaluationPlans;
  /** Series already read, by matchers and times: a selector that occurs twice is read once. */
  readonly selections = new Map<string, readonly RawSeries[]>();
  /** Aggregations that were evaluated beforehand; `undefined` for those that cannot be evaluated series by series. */
  readonly prepared = new Map<Aggregate, Value | undefined>();
  /** Which expressions give the same at every step. */
  readonly invariance = new Map<Expr, boolean>();
  /** Selectors of whose histograms only count and sum are read. */
  #summaryReaders: ReadonlySet<VectorSelector> = new Set();
  /** Selectors that another selector of the query equals, as text. */
  readonly #readAgain = new Set<string>();
  readonly #maxSamples: number;
  readonly #maxSeries: number;
  readonly #deadlineMs: number;
  readonly #nowMs: () => number;
  readonly #signal: Pick<AbortSignal, 'aborted'> | undefined;
  #samples = 0;
  #series = 0;
  #checks = 0;

  constructor(context: EvalContext, query: Timeline, queryEndMs: number) {
    this.queryable = context.queryable;
    this.query = query;
    this.queryEndMs = queryEndMs;
    this.plans = context.plans ?? new EvaluationPlans();
    this.lookbackMs = context.lookbackMs ?? 300_000;
    this.defaultStepMs = context.defaultStepMs ?? 60_000;
    const features = new Set(context.features ?? []);
    this.isNameRemovalDelayed = features.has('delayed-name-removal');
    this.usesStartTimestamps = features.has('start-timestamps');
    this.#maxSamples = context.limits?.maxSamples ?? DEFAULT_MAX_SAMPLES;
    this.#maxSeries = context.limits?.maxSeries ?? Number.POSITIVE_INFINITY;
    this.#deadlineMs = context.limits?.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.#nowMs = context.limits?.nowMs ?? Date.now;
    this.#signal = context.signal;
  }

  /** To be called with the whole expression before anything is read. */
  findSummaryReaders(expr: Expr): void {
    this.#summaryReaders = summaryReadersOf(expr);
    const seen = new Set<string>();
    for (const selector of selectorsOf(expr)) {
      const key = readingKey(selector);
      if (seen.has(key)) this.#readAgain.add(key);
      seen.add(key);
    }
  }

  /** Does the query read the same series at the same times in another place? */
  isReadAgain(selector: VectorSelector): boolean {
    return this.#readAgain.has(readingKey(selector));
  }

  readsSummariesOnly(selector: VectorSelector): boolean {
    return this.#summaryReaders.has(selector);
  }

  /** @throws {QueryError} when more samples are held than allowed */
  countSamples(count: number, at: Span): void {
    this.#samples += count;
    if (this.#samples <= this.#maxSamples) return;
    const hint = `at most ${this.#maxSamples} samples: ask for fewer series, a shorter time or a larger step`;
    throw new QueryError(
      'limit',
      'query processing would load too many samples into memory in query execution',
      at,
      hint,
    );
  }

  /** To be called for every series that is read. @throws {QueryError} when there are more than allowed */
  countSeries(at: Span): void {
    if (++this.#series <= this.#maxSeries) return;
    const hint = 'narrow the selectors, or record what is asked for often with a recording rule';
    throw new QueryError('limit', `the query reads more than ${this.#maxSeries} series`, at, hint);
  }

  /** To be called once per unit of work, such as a series. @throws {QueryError} when the time is up or nobody waits anymore */
  tick(at: Span): void {
    if (this.#checks++ % CHECK_EVERY === 0) this.checkTime(at);
  }

  /** @throws {QueryError} when the time is up or nobody waits anymore */
  checkTime(at: Span): void {
    if (this.#signal?.aborted === true) {
      throw new QueryError('canceled', 'query was canceled in expression evaluation', at);
    }
    if (this.#deadlineMs !== Number.POSITIVE_INFINITY && this.#nowMs() > this.#deadlineMs) {
      throw new QueryError('timeout', 'query timed out in expression evaluation', at);
    }
  }
}

/** Equal for selectors that may read the same series at the same times; their windows may still differ. */
function readingKey({ matchers, offsetMs, offsetExpr, atModifier }: VectorSelector): string {
  return `${matchers.join(',')} ${offsetExpr === undefined ? offsetMs : '?'} ${JSON.stringify(atModifier)}`;
}

/** Ends a query because its data does not fit it. */
export function failExecution(message: string, at: Span, hint?: string): never {
  throw new QueryError('execution', message, at, hint);
}

/** Ends a query because dropping names, or changing labels, left two series that cannot be told apart at the same step. */
export function failSameLabels(at: Span): never {
  return failExecution('vector cannot contain metrics with the same labelset', at);
}
