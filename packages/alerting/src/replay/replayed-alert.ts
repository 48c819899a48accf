import type { Labels } from '@tillwatch/model';

/** One alert from firing to resolved. */
export interface ReplayedAlert {
  readonly group: string;
  readonly alert: string;
  readonly labels: Labels;
  /** As they were when it fired, like `value`. */
  readonly annotations: Labels;
  readonly value: number;
  /** Since when its condition held. */
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  /** `undefined`: still firing when the replay ended. */
  readonly resolvedAtMs: number | undefined;
}

/** A rule that could not be evaluated at some ticks. */
export interface ReplayFailure {
  readonly group: string;
  readonly rule: string;
  /** With the place of the rule, of the first tick that failed. */
  readonly error: string;
  readonly firstAtMs: number;
  readonly ticks: number;
}
