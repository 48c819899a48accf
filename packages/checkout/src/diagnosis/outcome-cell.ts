/** Labels that every ended attempt has, as far as it came: they say whose attempts they were. */
export const EXPOSURE_LABELS = ['provider', 'method', 'region', 'channel', 'version', 'instance'] as const;

/** Labels that only a failure has: they say what went wrong. */
export const FAILURE_LABELS = ['step', 'reason'] as const;

export type DiagnosisLabel = (typeof EXPOSURE_LABELS)[number] | (typeof FAILURE_LABELS)[number];

/** How many checkouts finished in one way in one window. Empty labels are left out. */
export interface OutcomeCell {
  readonly labels: Readonly<Partial<Record<DiagnosisLabel, string>>>;
  readonly isFailure: boolean;
  readonly count: number;
}

/** A part of the checkout to which trouble can be put down. */
export interface Finding {
  /** What selects the part, for instance `{ provider: 'nordpay', step: 'payment' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Failures (or missing attempts) beyond what was to be expected. */
  readonly extra: number;
  /** Share of all extra failures (or missing attempts), 0 to 1. */
  readonly share: number;
  /** How much of the part fails (or is missing), 0 to 1. */
  readonly severity: number;
  /** How sure it is that the part explains something at all, 0.5 to 1: evidence against chance and the cost of naming it. */
  readonly confidence: number;
  /** The reasons given, most frequent first, with their counts. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}
