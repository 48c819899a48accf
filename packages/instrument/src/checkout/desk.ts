import type { Classification, Classify } from '../classify/classification.ts';
import type { CodeLookup } from '../classify/provider-codes.ts';
import type { SelfMetrics } from '../self-metrics.ts';
import type { AttemptStart, FailureInfo, Refusal, SuccessInfo } from './attempt.ts';
import type { CheckoutLabels } from './checkout-labels.ts';
import type { CheckoutMetrics, Outcome, StepCells } from './checkout-metrics.ts';
import { type FailureLog, failureLine, writeFailure } from './failure-log.ts';
import { FailureReader, type KnownFailure } from './failure-reader.ts';
import { OpenAttempts } from './open-attempts.ts';
import { RunningAttempt } from './running-attempt.ts';
import { checkedTraceId, traceIdOf } from './trace.ts';

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
  readonly #reader: FailureReader;
  readonly #open = new OpenAttempts<RunningAttempt>();
  readonly #byId = new Map<string, RunningAttempt>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#metrics = options.metrics;
    this.#reader = new FailureReader(options);
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
    this.#stepFailed(attempt, cells, startMs, this.#reader.classify(error, cells.step, cells.provider), error);
  }

  stepRefused(attempt: RunningAttempt, cells: StepCells, startMs: number, refusal: Refusal): void {
    this.#stepFailed(attempt, cells, startMs, this.#reader.byReason(refusal.reason, refusal.class), undefined);
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
    this.#countFailure(attempt, this.#reader.failureOf(attempt, info), nowMs);
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

  #log(attempt: RunningAttempt, failure: KnownFailure, nowMs: number): void {
    const { log } = this.#options;
    if (log === undefined) return;
    try {
      const { id: attemptId, lane, value: amount, currency, startedMs } = attempt;
      const traceId = traceIdOf(attempt.traceparent) ?? this.#currentTraceId();
      writeFailure(
        log,
        failureLine({ attemptId, failure, lane, amount, currency, durationMs: nowMs - startedMs, traceId }),
      );
    } catch {
      this.#options.self.error('log').value += 1;
    }
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
