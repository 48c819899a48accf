// Multiwindow, multi-burn-rate alerts after chapter 5 of the Site Reliability Workbook (Google, 2018), table 5-8.

/** Two windows over which a budget must burn too fast before anybody is told: the long one is sure, the short one ends it soon. */
export interface BurnPair {
  readonly long: string;
  readonly short: string;
  readonly longMs: number;
  readonly shortMs: number;
  /** How many times as fast as the objective allows; at least 1. */
  readonly rate: number;
  /** Burns so fast that somebody must act at once. */
  readonly isFast: boolean;
}

const HOUR_MS = 3_600_000;

/** Which share of the budget is gone when a pair speaks: for 30 days these are the burn rates 14.4, 6, 3 and 1. */
const PAIRS = [
  { long: '1h', short: '5m', longMs: HOUR_MS, shortMs: HOUR_MS / 12, spent: 0.02, isFast: true },
  { long: '6h', short: '30m', longMs: 6 * HOUR_MS, shortMs: HOUR_MS / 2, spent: 0.05, isFast: true },
  { long: '1d', short: '2h', longMs: 24 * HOUR_MS, shortMs: 2 * HOUR_MS, spent: 0.1, isFast: false },
  { long: '3d', short: '6h', longMs: 72 * HOUR_MS, shortMs: 6 * HOUR_MS, spent: 0.1, isFast: false },
] as const;

/**
 * The pairs for a budget of `windowMs`, the fastest first. A short budget burns by lower rates, and never by less than 1:
 * what keeps to its objective is not told about.
 */
export function burnPairs(windowMs: number): BurnPair[] {
  return PAIRS.filter(({ longMs }) => longMs < windowMs).map(({ spent, ...pair }) => ({
    ...pair,
    rate: Math.max(1, Number(((spent * windowMs) / pair.longMs).toPrecision(4))),
  }));
}

/** Can a budget with this target burn at the pair's rate at all? Of a target of 90 % at most ten times as fast. */
export function isReachable({ rate }: BurnPair, target: number): boolean {
  return rate * (1 - target) < 1;
}
