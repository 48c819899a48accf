import type { FailureClass } from '../classify/classification.ts';

/** What is known when a customer begins a checkout. All of it may be left out. */
export interface AttemptStart {
  /** Sales channel: the `channel` label. */
  readonly channel?: string | undefined;
  /** Region of the customer: the `region` label. */
  readonly region?: string | undefined;
  /** Value of the cart in major units: the money at stake. */
  readonly value?: number | undefined;
  /** Currency of the value. Default: the currency of the shop. */
  readonly currency?: string | undefined;
  /** Release, when it differs from that of this process (an app version). */
  readonly version?: string | undefined;
  /** Payment method, if it is chosen already. */
  readonly method?: string | undefined;
  /** The W3C `traceparent` header of the request; its trace id goes into the failure line. */
  readonly traceparent?: string | undefined;
}

/** Who is called in a step, and how its result is to be read. */
export interface StepOptions<T = unknown> {
  /** The provider that is called. */
  readonly provider?: string | undefined;
  /** The payment method. */
  readonly method?: string | undefined;
  /** This step takes the money: when it succeeds, a captured payment is counted. */
  readonly captures?: boolean | undefined;
  /**
   * For providers that return a refusal instead of throwing it: looks at the result and says what is wrong with it, or
   * `undefined` if nothing is. The step then counts as failed, and its result is returned all the same.
   */
  readonly refused?: ((result: T) => Refusal | undefined) | undefined;
}

/** A refusal by its provider's code, its class, or both. */
export interface Refusal {
  /** The code word; its class is looked up when none is given. */
  readonly reason: string;
  readonly class?: FailureClass | undefined;
}

/** What is known about the end of a failed attempt. Whatever is left out is taken from the step that failed last. */
export interface FailureInfo {
  readonly step?: string | undefined;
  readonly provider?: string | undefined;
  readonly method?: string | undefined;
  /** A code word, for example the provider's decline code. */
  readonly reason?: string | undefined;
  /** Default: what the table of codes says of `reason`, else of `error`, else `technical`. */
  readonly class?: FailureClass | undefined;
  /** What was thrown; it is classified, never logged. */
  readonly error?: unknown;
}

/** What is known about a success. */
export interface SuccessInfo {
  /** Value of the order in major units. Default: the value given at the start. */
  readonly orderValue?: number | undefined;
  /** Default: the provider of the payment step. */
  readonly provider?: string | undefined;
  /** Default: the method given at the start or to a step. */
  readonly method?: string | undefined;
}

/**
 * One checkout of one customer, from `start` to exactly one of `succeed`, `fail` and `abandon`.
 *
 * Nothing here throws, but for what `fn` of a step throws itself. Ending an attempt that has ended is ignored and
 * counted. An attempt that nobody ends is over after a timeout: as abandoned, or, when the last that was seen of it was
 * a step that failed technically, as that failure, so that a forgotten `fail` hides no outage.
 */
export interface Attempt {
  /** A random UUID. Keep it (in a session) to `find` the attempt again from a later request to the same process. */
  readonly id: string;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** Runs `fn` as the step `name`; see the form with options. */
  step<T>(name: string, fn: () => T | PromiseLike<T>): Promise<T>;
  /**
   * Runs `fn` as the step `name` and returns what it returns. Its time is observed. What it throws is classified,
   * remembered for a `fail()` without arguments, and thrown on: a failed step does not end the attempt, because the
   * customer may try another card. A step that succeeds later makes the attempt forget the failure.
   */
  step<T>(name: string, options: StepOptions<T>, fn: () => T | PromiseLike<T>): Promise<T>;
  /** The order is placed: counts the success, the order and its value. */
  succeed(info?: SuccessInfo): void;
  /**
   * The checkout failed. Without arguments, or with the error that a step just threw, everything is taken from that
   * step. An instance of `Error` is short for `{ error }`.
   */
  fail(info?: FailureInfo | Error): void;
  /** The customer left; `step` defaults to the last one begun. */
  abandon(info?: { readonly step?: string | undefined }): void;
  /** A payment was taken outside of a step with `captures`. Counts also after the end. Default: the payment's provider. */
  paymentCaptured(provider?: string): void;
  /** A sign of life: the timeout begins anew. `step` is one by itself. */
  touch(): void;
}
