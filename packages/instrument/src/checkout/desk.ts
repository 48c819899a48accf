import { type Classification, type Classify, FAILURE_CLASSES, type FailureClass } from '../classify/classification.ts';
import { classifyError, UNKNOWN } from '../classify/classify-error.ts';
import type { CodeLookup } from '../classify/provider-codes.ts';
import { sanitizeReason } from '../labels/sanitize.ts';
import type { SelfMetrics } from '../self-metrics.ts';
import type { AttemptStart, FailureInfo, Refusal, SuccessInfo } from './attempt.ts';
import type { CheckoutLabels } from './checkout-labels.ts';
import type { CheckoutMetrics, Outcome, StepCells } from './checkout-metrics.ts';
import { type FailureLine, type FailureLog, writeFailure } from './failure-log.ts';
import { OpenAttempts } from './open-attempts.ts';
import { RunningAttempt } from './running-attempt.ts';
import { checkedTraceId, traceIdOf } from './trace.ts';

/** A failure with all its labels admitted. */
export interface KnownFailure extends Classification {
  readonly step: string;
  readonly provider: string;
  readonly method: string;
  /** What was thrown, to recognise it when it is handed to `fail`. */
  readonly error: unknown;
}

/** What the desk works with. */
export interface DeskOptions {
  readonly metrics: CheckoutMetrics;
  readonly labels: CheckoutLabels;
  readonly self: SelfMetrics;
  readonly version: string;
  readonly currency: string;
  readonly timeoutMs: number;
  readonly maxOpenAttempts: number;
  readonly now: () => number;
  readonly lookup: CodeLookup;
  readonly classify: Classify | undefined;
  readonly log: FailureLog | undefined;
  readonly traceId: (() => string | undefined) | undefined;
}

/** Where attempts are opened and closed, and where what happened to them becomes counts and log lines. */
export class Desk {
  readonly now: () => number;
  readonly labels: CheckoutLabels;
  readonly #options: DeskOptions;
  readonly #metrics: CheckoutMetrics;
  readonly #open = new OpenAttempts<RunningAttempt>();
  readonly #byId = new Map<string, RunningAttempt>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#metrics = options.metrics;
    this.now = options.now;
    this.labels = options.labels;
  }

  get openCount(): number {
    return this.#open.size;
  }

  start(start: AttemptStart): RunningAttempt {
    const { channel, region, version } = this.labels;
    const lane = this.#metrics.lane(
      channel.admit(start.channel),
      region.admit(start.region),
      version.admit(start.version ?? this.#options.version),
    );
    lane.attempts.value += 1;
    const nowMs = this.now();
    const attempt = new RunningAttempt(this, lane, start, nowMs);
    if (this.#open.size >= this.#options.maxOpenAttempts) this.#expire(this.#open.first!);
    this.#open.add(attempt, nowMs);
    return attempt;
  }

  find(id: string): RunningAttempt | undefined {
    return this.#byId.get(id);
  }

  publish(id: string, attempt: RunningAttempt): void {
    this.#byId.set(id, attempt);
  }

  touch(attempt: RunningAttempt, nowMs: number): void {
    this.#open.touch(attempt, nowMs);
  }

  /** Ends every attempt that was silent for longer than the timeout; returns how many. */
  expire(): number {
    const before = this.now() - this.#options.timeoutMs;
    let count = 0;
    for (let first = this.#open.first; first !== undefined && first.lastSeenMs <= before; first = this.#open.first) {
      this.#expire(first);
      count++;
    }
    return count;
  }

  stepCells(step: string, provider: string | undefined): StepCells {
    return this.#metrics.step(this.labels.step.admit(step), this.labels.provider.admit(provider));
  }

  stepSucceeded(attempt: RunningAttempt, cells: StepCells, startMs: number, captures: boolean): void {
    const nowMs = this.now();
    cells.success.observe((nowMs - startMs) / 1000);
    if (captures) this.#metrics.captured(cells.provider).value += 1;
    if (attempt.ended) return;
    attempt.failure = undefined;
    this.#open.touch(attempt, nowMs);
  }

  /** Asks `refused` about a result. If that throws, the result is taken as good: `fn` did return it. */
  refusal<T>(refused: (result: T) => Refusal | undefined, result: T): Refusal | undefined {
    try {
      return refused(result);
    } catch {
      this.#options.self.error('classify').value += 1;
      return undefined;
    }
  }

  stepThrew(attempt: RunningAttempt, cells: StepCells, startMs: number, error: unknown): void {
    this.#stepFailed(attempt, cells, startMs, this.#classify(error, cells.step, cells.provider), error);
  }

  stepRefused(attempt: RunningAttempt, cells: StepCells, startMs: number, refusal: Refusal): void {
    this.#stepFailed(attempt, cells, startMs, this.#byReason(refusal.reason, refusal.class), undefined);
  }

  succeed(attempt: RunningAttempt, info: SuccessInfo | undefined): void {
    if (!this.#end(attempt, 'success', this.now())) return;
    const provider = info?.provider === undefined ? attempt.provider : this.labels.provider.admit(info.provider);
    const method = info?.method === undefined ? attempt.method : this.labels.method.admit(info.method);
    const cells = this.#metrics.success(attempt.lane, attempt.currency, provider, method);
    cells.outcomes.value += 1;
    cells.ordersPlaced.value += 1;
    cells.orderValue.value += info?.orderValue === undefined ? attempt.value : this.amount(info.orderValue);
  }

  fail(attempt: RunningAttempt, info: FailureInfo | undefined): void {
    const nowMs = this.now();
    if (!this.#end(attempt, 'failure', nowMs)) return;
    this.#countFailure(attempt, this.#failureOf(attempt, info), nowMs);
  }

  abandon(attempt: RunningAttempt, step: string | undefined): void {
    if (!this.#end(attempt, 'abandoned', this.now())) return;
    this.#countAbandoned(attempt, step === undefined ? attempt.currentStep : this.labels.step.admit(step));
  }

  paymentCaptured(provider: string): void {
    this.#metrics.captured(this.labels.provider.admit(provider)).value += 1;
  }

  orderPlaced(provider: string): void {
    this.#metrics.placed(this.labels.provider.admit(provider)).value += 1;
  }

  /** An amount of money as a counter takes it. Nonsense is counted and is worth nothing. */
  amount(value: number | undefined): number {
    if (value === undefined) return 0;
    if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
    this.#options.self.error('value').value += 1;
    return 0;
  }

  currency(code: string | undefined): string {
    return code === undefined ? this.#options.currency : this.labels.currency.admit(code);
  }

  #stepFailed(
    attempt: RunningAttempt,
    cells: StepCells,
    startMs: number,
    classification: Classification,
    error: unknown,
  ): void {
    const nowMs = this.now();
    const outcome = classification.class === 'technical' ? 'failure' : 'declined';
    this.#metrics.stepDuration(cells.step, cells.provider, outcome).observe((nowMs - startMs) / 1000);
    if (attempt.ended) return;
    const { step, provider } = cells;
    attempt.failure = { ...classification, step, provider, method: attempt.method, error };
    this.#open.touch(attempt, nowMs);
  }

  /** Takes the attempt off the desk. False if it has ended before, which is counted. */
  #end(attempt: RunningAttempt, outcome: Outcome, nowMs: number): boolean {
    if (attempt.ended) {
      this.#metrics.doubleEndings.value += 1;
      return false;
    }
    attempt.ended = true;
    this.#open.remove(attempt);
    if (attempt.publishedId !== undefined) this.#byId.delete(attempt.publishedId);
    this.#metrics.duration[outcome].observe((nowMs - attempt.startedMs) / 1000);
    return true;
  }

  #expire(attempt: RunningAttempt): void {
    const { failure, lastSeenMs } = attempt;
    if (failure?.class === 'technical') {
      this.#end(attempt, 'failure', lastSeenMs);
      this.#countFailure(attempt, failure, lastSeenMs);
    } else {
      this.#end(attempt, 'abandoned', lastSeenMs);
      this.#countAbandoned(attempt, attempt.currentStep);
    }
  }

  #countAbandoned(attempt: RunningAttempt, step: string): void {
    const labels = { outcome: 'abandoned', reasonClass: '', reason: '', step, provider: '', method: '' } as const;
    this.#metrics.outcome(attempt.lane, labels).value += 1;
    this.#metrics.orderValue(attempt.lane, attempt.currency, 'abandoned', '').value += attempt.value;
  }

  #countFailure(attempt: RunningAttempt, failure: KnownFailure, nowMs: number): void {
    const { step, provider, method, reason } = failure;
    const labels = { outcome: 'failure', reasonClass: failure.class, reason, step, provider, method } as const;
    this.#metrics.outcome(attempt.lane, labels).value += 1;
    this.#metrics.orderValue(attempt.lane, attempt.currency, 'failure', provider).value += attempt.value;
    this.#log(attempt, failure, nowMs);
  }

  /** Joins what the caller says with what is remembered of the step that failed. */
  #failureOf(attempt: RunningAttempt, info: FailureInfo = {}): KnownFailure {
    const remembered = attempt.failure;
    const step =
      info.step === undefined ? (remembered?.step ?? attempt.currentStep) : this.labels.step.admit(info.step);
    const isSameStep = step === remembered?.step;
    const provider = this.#providerOf(attempt, info, step);
    const method =
      info.method === undefined
        ? isSameStep
          ? remembered.method
          : attempt.method
        : this.labels.method.admit(info.method);
    return {
      ...this.#classificationOf(info, isSameStep ? remembered : undefined, step, provider),
      step,
      provider,
      method,
      error: undefined,
    };
  }

  #providerOf(attempt: RunningAttempt, info: FailureInfo, step: string): string {
    if (info.provider !== undefined) return this.labels.provider.admit(info.provider);
    if (attempt.failure !== undefined && attempt.failure.step === step) return attempt.failure.provider;
    return attempt.currentStep === step ? attempt.currentProvider : '';
  }

  #classificationOf(
    info: FailureInfo,
    remembered: KnownFailure | undefined,
    step: string,
    provider: string,
  ): Classification {
    if (info.reason !== undefined) return this.#byReason(info.reason, info.class);
    const isNewError = info.error !== undefined && info.error !== remembered?.error;
    const found = isNewError ? this.#classify(info.error, step, provider) : (remembered ?? UNKNOWN);
    return { class: checkedClass(info.class) ?? found.class, reason: this.labels.reason.admit(found.reason) };
  }

  #byReason(reason: string, failureClass: FailureClass | undefined): Classification {
    const known = this.#options.lookup(String(reason));
    const word = known?.reason ?? sanitizeReason(String(reason));
    return {
      class: checkedClass(failureClass) ?? known?.class ?? 'technical',
      reason: this.labels.reason.admit(word === '' ? UNKNOWN.reason : word),
    };
  }

  #classify(error: unknown, step: string, provider: string): Classification {
    const context = { step, provider };
    let found: Classification | undefined;
    try {
      found = this.#options.classify?.(error, context);
    } catch {
      this.#options.self.error('classify').value += 1;
    }
    found ??= classifyError(error, context, this.#options.lookup);
    const word = sanitizeReason(String(found.reason));
    return {
      class: checkedClass(found.class) ?? 'technical',
      reason: this.labels.reason.admit(word === '' ? UNKNOWN.reason : word),
    };
  }

  #log(attempt: RunningAttempt, failure: KnownFailure, nowMs: number): void {
    const { log } = this.#options;
    if (log === undefined) return;
    try {
      writeFailure(log, this.#line(attempt, failure, nowMs));
    } catch {
      this.#options.self.error('log').value += 1;
    }
  }

  #line(attempt: RunningAttempt, failure: KnownFailure, nowMs: number): FailureLine {
    const { lane } = attempt;
    const traceId = traceIdOf(attempt.traceparent) ?? this.#currentTraceId();
    return {
      attempt_id: attempt.id,
      ...present({ step: failure.step, provider: failure.provider, method: failure.method }),
      reason: failure.reason,
      class: failure.class,
      ...present({ channel: lane.channel, region: lane.region, version: lane.version }),
      amount: attempt.value,
      currency: attempt.currency,
      duration_ms: Math.round(nowMs - attempt.startedMs),
      ...(traceId === undefined ? {} : { trace_id: traceId }),
    };
  }

  #currentTraceId(): string | undefined {
    try {
      return checkedTraceId(this.#options.traceId?.());
    } catch {
      this.#options.self.error('trace_id').value += 1;
      return undefined;
    }
  }
}

/** A class as a caller without a compiler may have spelled it. */
function checkedClass(value: FailureClass | undefined): FailureClass | undefined {
  return value !== undefined && FAILURE_CLASSES.includes(value) ? value : undefined;
}

function present<K extends string>(fields: Readonly<Record<K, string>>): Partial<Record<K, string>> {
  const kept = Object.entries(fields).filter(([, value]) => value !== '');
  return Object.fromEntries(kept) as Partial<Record<K, string>>;
}
