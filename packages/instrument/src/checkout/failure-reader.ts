import { type Classification, type Classify, FAILURE_CLASSES, type FailureClass } from '../classify/classification.ts';
import { classifyError, UNKNOWN } from '../classify/classify-error.ts';
import type { CodeLookup } from '../classify/provider-codes.ts';
import { sanitizeReason } from '../labels/sanitize.ts';
import type { SelfMetrics } from '../self-metrics.ts';
import type { FailureInfo } from './attempt.ts';
import type { CheckoutLabels } from './checkout-labels.ts';

/** A failure with all its labels admitted. */
export interface KnownFailure extends Classification {
  readonly step: string;
  readonly provider: string;
  readonly method: string;
  /** What was thrown, to recognise it when it is handed to `fail`. */
  readonly error: unknown;
}

/** What is known of an attempt when it fails. */
export interface FailureScene {
  readonly currentStep: string;
  readonly currentProvider: string;
  readonly method: string;
  /** The failure of its last step, if that failed. */
  readonly failure: KnownFailure | undefined;
}

/** Makes admitted labels out of what callers say and what was thrown. */
export class FailureReader {
  readonly #labels: CheckoutLabels;
  readonly #lookup: CodeLookup;
  readonly #custom: Classify | undefined;
  readonly #self: SelfMetrics;

  constructor(options: {
    readonly labels: CheckoutLabels;
    readonly lookup: CodeLookup;
    readonly classify: Classify | undefined;
    readonly self: SelfMetrics;
  }) {
    this.#labels = options.labels;
    this.#lookup = options.lookup;
    this.#custom = options.classify;
    this.#self = options.self;
  }

  /** Joins what the caller says with what is remembered of the step that failed. */
  failureOf(attempt: FailureScene, info: FailureInfo = {}): KnownFailure {
    const remembered = attempt.failure;
    const step =
      info.step === undefined ? (remembered?.step ?? attempt.currentStep) : this.#labels.step.admit(info.step);
    const isSameStep = step === remembered?.step;
    const provider = this.#providerOf(attempt, info, step);
    const method =
      info.method === undefined
        ? isSameStep
          ? remembered.method
          : attempt.method
        : this.#labels.method.admit(info.method);
    return {
      ...this.#classificationOf(info, isSameStep ? remembered : undefined, step, provider),
      step,
      provider,
      method,
      error: undefined,
    };
  }

  #providerOf(attempt: FailureScene, info: FailureInfo, step: string): string {
    if (info.provider !== undefined) return this.#labels.provider.admit(info.provider);
    if (attempt.failure !== undefined && attempt.failure.step === step) return attempt.failure.provider;
    return attempt.currentStep === step ? attempt.currentProvider : '';
  }

  #classificationOf(
    info: FailureInfo,
    remembered: KnownFailure | undefined,
    step: string,
    provider: string,
  ): Classification {
    if (info.reason !== undefined) return this.byReason(info.reason, info.class);
    const isNewError = info.error !== undefined && info.error !== remembered?.error;
    const found = isNewError ? this.classify(info.error, step, provider) : (remembered ?? UNKNOWN);
    return { class: checkedClass(info.class) ?? found.class, reason: this.#labels.reason.admit(found.reason) };
  }

  /** Classifies a code word; `failureClass` overrules the table. */
  byReason(reason: string, failureClass: FailureClass | undefined): Classification {
    const known = this.#lookup(String(reason));
    const word = known?.reason ?? sanitizeReason(String(reason));
    return {
      class: checkedClass(failureClass) ?? known?.class ?? 'technical',
      reason: this.#labels.reason.admit(word === '' ? UNKNOWN.reason : word),
    };
  }

  /** Classifies what was thrown. `step` and `provider` are admitted labels. */
  classify(error: unknown, step: string, provider: string): Classification {
    const context = { step, provider };
    let found: Classification | undefined;
    try {
      found = this.#custom?.(error, context);
    } catch {
      this.#self.error('classify').value += 1;
    }
    found ??= classifyError(error, context, this.#lookup);
    const word = sanitizeReason(String(found.reason));
    return {
      class: checkedClass(found.class) ?? 'technical',
      reason: this.#labels.reason.admit(word === '' ? UNKNOWN.reason : word),
    };
  }
}

/** A class as a caller without a compiler may have spelled it. */
function checkedClass(value: FailureClass | undefined): FailureClass | undefined {
  return value !== undefined && FAILURE_CLASSES.includes(value) ? value : undefined;
}
