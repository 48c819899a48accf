import { NO_VERDICT, strongest, type Verdict } from './verdict.ts';

/**
 * Page's CUSUM for "too many of these events are bad", against several alternatives at once. Each alternative keeps the sum of
 * log likelihood ratios between itself and the healthy share, never below zero; the sum leaves zero where the trouble began. Beside
 * it stands the best stretch of `guardMs`, which is what a single hiccup could have contributed.
 */
export class AboveTest {
  readonly #alternatives: readonly number[];
  readonly #guardMs: number;
  readonly #up: Float64Array;
  readonly #down: Float64Array;
  readonly #sum: Float64Array;
  readonly #worst: Float64Array;
  readonly #onsetMs: Float64Array;
  readonly #events: Float64Array;
  readonly #allEvents: Float64Array;
  #healthy = Number.NaN;
  /** The counts of the last `guardMs`: times, bad, all; a queue. */
  #times: number[] = [];
  #bad: number[] = [];
  #all: number[] = [];

  /** `alternatives` are the shares of bad events, ascending, that are looked for. */
  constructor(alternatives: readonly number[], guardMs: number) {
    const { length } = alternatives;
    this.#alternatives = alternatives;
    this.#guardMs = guardMs;
    this.#up = new Float64Array(length);
    this.#down = new Float64Array(length);
    this.#sum = new Float64Array(length);
    this.#worst = new Float64Array(length);
    this.#onsetMs = new Float64Array(length);
    this.#events = new Float64Array(length);
    this.#allEvents = new Float64Array(length);
  }

  /** Takes `bad` of `all` events that happened up to `atMs`, where a healthy slice has at most the share `healthy`. */
  add(bad: number, all: number, healthy: number, atMs: number, sinceMs: number): void {
    if (healthy !== this.#healthy) this.#learnRatios(healthy);
    this.#slide(bad, all, atMs);
    for (let i = 0; i < this.#sum.length; i++) {
      const before = this.#sum[i]!;
      const sum = before + bad * this.#up[i]! - (all - bad) * this.#down[i]!;
      if (!(sum > 0)) {
        this.#sum[i] = 0;
        continue;
      }
      if (before === 0) {
        this.#onsetMs[i] = sinceMs;
        this.#worst[i] = 0;
        this.#events[i] = 0;
        this.#allEvents[i] = 0;
      }
      this.#sum[i] = sum;
      this.#events[i]! += bad;
      this.#allEvents[i]! += all;
      const recent = this.#recent(i);
      if (recent > this.#worst[i]!) this.#worst[i] = Math.min(recent, sum);
    }
  }

  /** The alternative with the most evidence that is not all from one stretch of `guardMs`. */
  verdict(): Verdict {
    const best = strongest(this.#sum, this.#worst);
    if (best < 0) return NO_VERDICT;
    return {
      total: this.#sum[best]!,
      outside: this.#sum[best]! - this.#worst[best]!,
      onsetMs: this.#onsetMs[best]!,
      events: this.#events[best]!,
      all: this.#allEvents[best]!,
    };
  }

  /** The most evidence of any alternative, hiccup or not. */
  peak(): number {
    let most = 0;
    for (const sum of this.#sum) if (sum > most) most = sum;
    return most;
  }

  /** Forgets all evidence. */
  reset(): void {
    this.#sum.fill(0);
    this.#worst.fill(0);
    this.#times = [];
    this.#bad = [];
    this.#all = [];
  }

  #learnRatios(healthy: number): void {
    this.#healthy = healthy;
    this.#alternatives.forEach((alternative, i) => {
      // An alternative that is hardly worse than healthy would take for ever to tell apart, and matters to nobody.
      const bad = Math.max(alternative, Math.min(0.98, 2.5 * healthy));
      this.#up[i] = Math.log(bad / healthy);
      this.#down[i] = Math.log((1 - healthy) / (1 - bad));
    });
  }

  /** The most that bins next to each other, the newest among them, contribute within `guardMs` and since the onset. */
  #recent(alternative: number): number {
    let sum = 0;
    let most = 0;
    for (let j = this.#times.length - 1; j >= 0 && this.#times[j]! > this.#onsetMs[alternative]!; j--) {
      const bad = this.#bad[j]!;
      sum += bad * this.#up[alternative]! - (this.#all[j]! - bad) * this.#down[alternative]!;
      if (sum > most) most = sum;
    }
    return most;
  }

  #slide(bad: number, all: number, atMs: number): void {
    this.#times.push(atMs);
    this.#bad.push(bad);
    this.#all.push(all);
    let gone = 0;
    while (this.#times[gone]! <= atMs - this.#guardMs) gone++;
    if (gone === 0) return;
    this.#times.splice(0, gone);
    this.#bad.splice(0, gone);
    this.#all.splice(0, gone);
  }
}
