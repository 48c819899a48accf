import type { Registry } from 'prom-client';
import type { Classify, CodeTable } from '../classify/classification.ts';
import type { FailureLog } from './failure-log.ts';

/** A provider and where it belongs, when a bare name says too little. */
export interface ProviderOptions {
  /** The value of the `provider` label. */
  readonly name: string;
  /** The steps in which it is called. Default: the payment step. */
  readonly steps?: readonly string[];
  /** The payment methods it offers. Default: all `methods`. */
  readonly methods?: readonly string[];
}

/** How a shop describes its checkout. Only `steps`, `providers`, `version` and `currency` are needed. */
export interface CheckoutOptions {
  /** The registry that also holds the shop's own metrics. Default: a new one, found as `checkout.registry`. */
  readonly register?: Registry;
  /** The steps of the journey in their order, such as `['cart', 'shipping', 'payment', 'confirm']`. Not empty. */
  readonly steps: readonly string[];
  /** Payment providers and other parties that are called during checkout. May be empty. */
  readonly providers: readonly (string | ProviderOptions)[];
  /** Payment methods, if `start` or `step` are given them. */
  readonly methods?: readonly string[];
  /** Sales channels such as `['web', 'app']`, if `start` is given them. */
  readonly channels?: readonly string[];
  /** Regions, if `start` is given them. */
  readonly regions?: readonly string[];
  /** The step that takes the money. Default: `payment` if there is such a step, else the first whose name contains `pay`. */
  readonly paymentStep?: string;
  /** The release of the shop: the `version` label and `app_info`. */
  readonly version: string;
  /** The currency of values that come without one, such as `EUR`. */
  readonly currency: string;
  /** An attempt without a sign of life for this long is over. Default 30 minutes. */
  readonly timeoutMs?: number;
  /** Where the line about each failed attempt goes: a pino logger or a function. Default: nowhere. */
  readonly log?: FailureLog;
  /** The id of the current trace, put into the failure line when `start` was given no `traceparent`. */
  readonly traceId?: () => string | undefined;
  /** Called first for each thrown error; what it does not answer is left to the default table. */
  readonly classify?: Classify;
  /** Provider codes in addition to the default table, or instead of its entries. */
  readonly codes?: CodeTable;
  /** Technical reasons of your own that shall exist as 0 from the start, by step: `{ inventory: ['out_of_sync'] }`. */
  readonly reasons?: Readonly<Record<string, readonly string[]>>;
  /** How many values each label may take before the rest becomes `other`. Default 50; declared values always count. */
  readonly maxLabelValues?: number;
  /** How many label sets each metric may take before the rest becomes `other`. Default 5000. */
  readonly maxSeries?: number;
  /** How many series of `checkout_outcomes_total` may exist as 0 from the start. Default 2000. */
  readonly maxInitialSeries?: number;
  /** How many attempts may be open at once; beyond that the longest silent one is counted as over. Default 100 000. */
  readonly maxOpenAttempts?: number;
  /** Upper bounds in seconds of `checkout_step_duration_seconds`. */
  readonly stepBuckets?: readonly number[];
  /** Upper bounds in seconds of `checkout_duration_seconds`. */
  readonly durationBuckets?: readonly number[];
  /** Also register prom-client's process metrics, unless the registry has them. Default true. */
  readonly processMetrics?: boolean;
  /** A clock in ms that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/** Default upper bounds of a step: a call to a database or a provider. */
export const STEP_BUCKETS: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Default upper bounds of a whole checkout: from a request to a customer who looks for a card. */
export const DURATION_BUCKETS: readonly number[] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
