/** How sure the sentinel wants to be, and what it looks for. Shares are 0 to 1, evidence is in nats. */
export interface Thresholds {
  /** Evidence that opens an incident. */
  readonly convincing: number;
  /** How much more is asked for while instances restart: what breaks off then is no fault. */
  readonly duringRestart: number;
  /** How much more is asked for a further part while an incident of the kind is open. */
  readonly besideOpen: number;
  /** Evidence that must come from outside the best `guardMs`, unless `severe` is sure. */
  readonly outside: number;
  /** The same once there were so many failures that a few more come soon by chance. */
  readonly outsideMany: number;
  readonly manyFailures: number;
  /** A hiccup that heals itself lasts no longer than this, a scrape interval included. */
  readonly guardMs: number;
  /** The same for events that go missing. */
  readonly missingGuardMs: number;
  /** A share of all orders that fails beyond doubt needs no second minute. */
  readonly severeShare: number;
  readonly severeEvidence: number;
  /** How long even that must have gone on: two scrapes. */
  readonly severeMs: number;
  readonly fewestFailures: number;
  /** How often a healthy slice may fail, as a multiple of its usual share, and at least. */
  readonly slack: number;
  readonly leastShare: number;
  /** Without any sign of it for this long an incident is over. */
  readonly calmMs: number;
  /** Evidence that it is over. */
  readonly over: number;
  readonly restartMs: number;
  /** Evidence above which nobody answers any more. */
  readonly silent: number;
  /** Missed scrapes of every instance are worth this much each. */
  readonly perMissedScrape: number;
}

export const THRESHOLDS: Thresholds = {
  convincing: 13,
  duringRestart: 10,
  besideOpen: 6,
  outside: 3,
  outsideMany: 4.5,
  manyFailures: 20,
  guardMs: 55_000,
  missingGuardMs: 30_000,
  severeShare: 0.25,
  severeEvidence: 5,
  severeMs: 25_000,
  fewestFailures: 3,
  slack: 1.7,
  leastShare: 0.002,
  calmMs: 270_000,
  over: 4,
  restartMs: 180_000,
  silent: 12,
  perMissedScrape: 3.9,
};

/** Shares of failing checkouts that are looked for. */
export const FAILING = [0.02, 0.05, 0.12, 0.3, 0.7] as const;
/** Shares of slow steps that are looked for. */
export const SLOW = [0.1, 0.3, 0.65] as const;
/** Shares of declined payments that are looked for. */
export const DECLINING = [0.2, 0.4, 0.75] as const;
/** What may be left of events that go missing. */
export const LEFT = [0.03, 0.25, 0.5, 0.7] as const;
