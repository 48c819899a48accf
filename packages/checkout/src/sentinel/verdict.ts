/** How much speaks against a healthy slice, and on what it rests. Evidence is in nats. */
export interface Verdict {
  /** The log likelihood ratio since `onsetMs`, for the alternative that fits best. */
  readonly total: number;
  /** What of it remains without its best minute: a hiccup that heals itself has hardly any. */
  readonly outside: number;
  readonly onsetMs: number;
  /** Events of the suspicious kind since the onset. */
  readonly events: number;
  /** All events since the onset. */
  readonly all: number;
}

/** No evidence at all. */
export const NO_VERDICT: Verdict = { total: 0, outside: 0, onsetMs: 0, events: 0, all: 0 };

/**
 * The alternative that speaks loudest, or -1 when none does. `sum` is the evidence of each, `worst` what its best stretch contributed:
 * what is all from one stretch counts for little.
 */
export function strongest(sum: Float64Array, worst: Float64Array): number {
  let best = -1;
  let most = 0;
  for (let i = 0; i < sum.length; i++) {
    const score = Math.min(sum[i]!, 4 * (sum[i]! - worst[i]!)) + 1e-3 * sum[i]!;
    if (score <= most) continue;
    most = score;
    best = i;
  }
  return best;
}
