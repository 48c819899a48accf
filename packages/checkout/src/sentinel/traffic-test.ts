const MINUTE_MS = 60_000;
const MINUTES = 40;
/** The newest minutes are what is judged. */
const JUDGED_MINUTES = 5;
const FEWEST_MINUTES = 15;
/** The end of a promotion leaves more than this of its traffic. */
const STILL_HEALTHY = 0.08;
const GONE = 0.004;

/** Page's CUSUM for traffic that has stopped altogether, against the level of the last half hour. */
export class TrafficTest {
  readonly #counts = new Float64Array(MINUTES);
  readonly #index = new Float64Array(MINUTES).fill(-1);
  #sum = 0;
  #onsetMs = 0;
  #level = Number.NaN;
  #levelIndex = -1;

  /** Takes the events of `elapsedMs` that were scraped, up to `atMs`. While `isFrozen`, the level stays what it was. */
  add(count: number, elapsedMs: number, atMs: number, isFrozen: boolean): void {
    const index = Math.floor(atMs / MINUTE_MS);
    const slot = index % MINUTES;
    if (this.#index[slot] !== index) {
      this.#index[slot] = index;
      this.#counts[slot] = 0;
    }
    this.#counts[slot]! += count;
    if (index !== this.#levelIndex && !isFrozen) {
      this.#level = this.#learned(index);
      this.#levelIndex = index;
    }
    if (Number.isNaN(this.#level)) return;
    const expected = this.#level * elapsedMs;
    const sum = this.#sum + count * Math.log(GONE / STILL_HEALTHY) + expected * (STILL_HEALTHY - GONE);
    if (this.#sum === 0 && sum > 0) this.#onsetMs = atMs;
    this.#sum = Math.max(0, sum);
  }

  /** Evidence in nats, since `onsetMs`. */
  get evidence(): number {
    return this.#sum;
  }

  get onsetMs(): number {
    return this.#onsetMs;
  }

  /** Events per ms that were usual; NaN as long as that is not known. */
  get level(): number {
    return this.#level;
  }

  reset(): void {
    this.#sum = 0;
  }

  /** Learns the level anew. */
  forget(): void {
    this.#index.fill(-1);
    this.#level = Number.NaN;
    this.#sum = 0;
  }

  #learned(index: number): number {
    let total = 0;
    let minutes = 0;
    for (let i = 0; i < MINUTES; i++) {
      const age = index - this.#index[i]!;
      if (this.#index[i]! < 0 || age < JUDGED_MINUTES || age > MINUTES - 2) continue;
      total += this.#counts[i]!;
      minutes++;
    }
    return minutes < FEWEST_MINUTES ? Number.NaN : total / (minutes * MINUTE_MS);
  }
}
