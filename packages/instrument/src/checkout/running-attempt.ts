import { randomUUID } from 'node:crypto';
import type { Attempt, AttemptStart, FailureInfo, StepOptions, SuccessInfo } from './attempt.ts';
import type { Lane, StepCells } from './checkout-metrics.ts';
import type { Desk } from './desk.ts';
import type { KnownFailure } from './failure-reader.ts';
import type { OpenAttempt } from './open-attempts.ts';

const NO_OPTIONS: StepOptions = {};

/** The attempt that callers hold. What it knows is here; what it means for metrics and logs is at the desk. */
export class RunningAttempt implements Attempt, OpenAttempt {
  lastSeenMs = 0;
  previous: OpenAttempt | undefined = undefined;
  next: OpenAttempt | undefined = undefined;

  readonly lane: Lane;
  readonly startedMs: number;
  readonly value: number;
  readonly currency: string;
  readonly traceparent: string | undefined;
  /** Admitted labels of the step that was begun last, and of the payment. */
  currentStep = '';
  currentProvider = '';
  provider = '';
  method: string;
  hasPaid = false;
  failure: KnownFailure | undefined = undefined;
  ended = false;
  readonly #desk: Desk;
  #id: string | undefined = undefined;

  constructor(desk: Desk, lane: Lane, start: AttemptStart, startedMs: number) {
    this.#desk = desk;
    this.lane = lane;
    this.startedMs = startedMs;
    this.value = desk.amount(start.value);
    this.currency = desk.currency(start.currency);
    this.method = desk.labels.method.admit(start.method);
    this.traceparent = start.traceparent;
  }

  /** Made when it is first asked for: most attempts succeed, and nobody asks. */
  get id(): string {
    if (this.#id === undefined) {
      this.#id = randomUUID();
      if (!this.ended) this.#desk.publish(this.#id, this);
    }
    return this.#id;
  }

  /** The id if anybody knows it. */
  get publishedId(): string | undefined {
    return this.#id;
  }

  async step<T>(
    name: string,
    optionsOrFn: StepOptions<T> | (() => T | PromiseLike<T>),
    maybeFn?: () => T | PromiseLike<T>,
  ): Promise<T> {
    const isShort = typeof optionsOrFn === 'function';
    const options: StepOptions<T> = isShort ? NO_OPTIONS : optionsOrFn;
    const fn = isShort ? optionsOrFn : maybeFn!;
    const desk = this.#desk;
    const cells = desk.stepCells(name, options.provider);
    const startMs = desk.now();
    this.#enter(cells, options.method, startMs);
    let result: T;
    try {
      result = await fn();
    } catch (error) {
      desk.stepThrew(this, cells, startMs, error);
      throw error;
    }
    const refusal = options.refused === undefined ? undefined : desk.refusal(options.refused, result);
    if (refusal === undefined) desk.stepSucceeded(this, cells, startMs, options.captures === true);
    else desk.stepRefused(this, cells, startMs, refusal);
    return result;
  }

  succeed(info?: SuccessInfo): void {
    this.#desk.succeed(this, info);
  }

  fail(info?: FailureInfo | Error): void {
    this.#desk.fail(this, info instanceof Error ? { error: info } : info);
  }

  abandon(info?: { readonly step?: string | undefined }): void {
    this.#desk.abandon(this, info?.step);
  }

  paymentCaptured(provider?: string): void {
    this.#desk.paymentCaptured(provider ?? this.provider);
  }

  touch(): void {
    if (!this.ended) this.#desk.touch(this, this.#desk.now());
  }

  #enter(cells: StepCells, method: string | undefined, nowMs: number): void {
    if (this.ended) return;
    this.currentStep = cells.step;
    this.currentProvider = cells.provider;
    if (method !== undefined) this.method = this.#desk.labels.method.admit(method);
    if (cells.provider !== '' && (cells.isPayment || !this.hasPaid)) {
      this.provider = cells.provider;
      this.hasPaid = cells.isPayment;
    }
    this.#desk.touch(this, nowMs);
  }
}
