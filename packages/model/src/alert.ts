import type { Labels } from './labels.ts';

/**
 * An alert on its way from a rule to its receivers. Two alerts with equal labels are the same alert.
 * It is firing while `endsAtMs` lies in the future and resolved from then on.
 */
export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** For a firing alert: when it counts as resolved unless it is sent again. */
  readonly endsAtMs: number;
  /** A link to the expression that fired; '' when there is none. */
  readonly generatorUrl: string;
}

export function isResolved(alert: Alert, nowMs: number): boolean {
  return alert.endsAtMs <= nowMs;
}

/** The alert's name, from its `alertname` label. */
export function alertName(alert: Alert): string {
  return alert.labels.get('alertname');
}
