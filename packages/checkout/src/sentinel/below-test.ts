import { NO_VERDICT, strongest, type Verdict } from './verdict.ts';

/**
 * Page's CUSUM for "too few of these events": `seen` of `seen + others` events, where a healthy shop sees at least the share
 * `healthy`. Given their sum, two Poisson counts are binomial, so that promotions and the evening, which move both, cancel out.
 */
export class BelowTest {
  readonly #factors: readonly number[];
  readonly #guardMs: number;
  readonly #sum: Float64Array;
  readonly #worst: Float64Array;
  readonly #onsetMs: Float64Array;
  readonly #missing: Float64Array;
  #queue: { atMs: number; seen: number; others: number }[] = [];

  /** `factors` are what may be left of the usual odds, ascending: 0.03 means nearly all is gone. */
  constructor(factors: readonly number[], guardMs: number) {
    this.#factors = factors;
    this.#guardMs = guardMs;
    this.#sum = new Float64Array(factors.length);
    this.#worst = new Float64Array(factors.length);
    this.#onsetMs = new Float64Array(factors.length);
    this.#missing = new Float64Array(factors.length);
  }

  /**
   * Takes a bin of events between `sinceMs` and `atMs`. `odds` are the usual ones of `seen` to `others`, `margin` is the share by which
   * they may fall without anything being wrong.
   */
  add(seen: number, others: number, odds: number, margin: number, atMs: number, sinceMs: number): void {
    this.#queue.push({ atMs, seen, others });
    while (this.#queue[0]!.atMs <= atMs - this.#guardMs) this.#queue.shift();
    const healthy = odds * (1 - margin);
    for (let i = 0; i < this.#factors.length; i++) {
      const left = odds * Math.min(this.#factors[i]!, 0.8 * (1 - margin));
      // Binomial shares of `seen` are odds / (1 + odds).
      const perSeen = Math.log((left / healthy) * ((1 + healthy) / (1 + left)));
      const perOther = Math.log((1 + healthy) / (1 + left));
      const before = this.#sum[i]!;
      const sum = before + seen * perSeen + others * perOther;
      if (!(sum > 0)) {
        this.#sum[i] = 0;
        continue;
      }
      if (before === 0) {
        this.#onsetMs[i] = sinceMs;
        this.#worst[i] = 0;
        this.#missing[i] = 0;
      }
      this.#sum[i] = sum;
      this.#missing[i]! += others * odds - seen;
      let recent = 0;
      for (let j = this.#queue.length - 1; j >= 0 && this.#queue[j]!.atMs > this.#onsetMs[i]!; j--) {
        recent += this.#queue[j]!.seen * perSeen + this.#queue[j]!.others * perOther;
        if (recent > this.#worst[i]!) this.#worst[i] = Math.min(recent, sum);
      }
    }
  }

  /** The alternative with the most evidence that is not all from one stretch of `guardMs`; `events` are those that are missing. */
  verdict(): Verdict {
    const best = strongest(this.#sum, this.#worst);
    if (best < 0) return NO_VERDICT;
    return {
      total: this.#sum[best]!,
      outside: this.#sum[best]! - this.#worst[best]!,
      onsetMs: this.#onsetMs[best]!,
      events: this.#missing[best]!,
      all: this.#missing[best]!,
    };
  }

  /** Forgets all evidence. */
  reset(): void {
    this.#sum.fill(0);
    this.#worst.fill(0);
    this.#queue = [];
  }
}
