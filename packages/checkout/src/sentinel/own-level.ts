const NOW_MS = 60_000;
const LATELY_MS = 30 * 60_000;

/** The rate of events now and lately: whatever else grows, nothing is missing from what did not fall. */
export class OwnLevel {
  #now = 0;
  #lately = 0;
  #seenMs = 0;

  /** Takes the events of `elapsedMs`. */
  add(count: number, elapsedMs: number): void {
    const perMs = count / Math.max(1, elapsedMs);
    this.#seenMs += elapsedMs;
    this.#now += (1 - Math.exp(-elapsedMs / Math.min(NOW_MS, this.#seenMs))) * (perMs - this.#now);
    this.#lately += (1 - Math.exp(-elapsedMs / Math.min(LATELY_MS, this.#seenMs))) * (perMs - this.#lately);
  }

  /** What the rate of the last minutes is of that of the last half hour; 1 when there was none. */
  get fall(): number {
    return this.#lately > 0 ? this.#now / this.#lately : 1;
  }
}
