/** Watches an open incident for its end: a sequential test the other way round, and a stretch of calm. */
export class Recovery {
  #evidence = 0;
  #calmSinceMs: number;

  constructor(openedMs: number) {
    this.#calmSinceMs = openedMs;
  }

  /** Takes evidence (nats, negative where it speaks for the trouble) of a bin that ended at `atMs`. */
  add(evidence: number, atMs: number): void {
    this.#evidence = Math.min(50, this.#evidence + evidence);
    if (this.#evidence > 0) return;
    this.#evidence = 0;
    if (evidence < 0) this.#calmSinceMs = atMs;
  }

  /** Is it over, after at least `calmMs` of calm and with `over` nats for it? */
  isOver(nowMs: number, calmMs: number, over: number): boolean {
    return nowMs - this.#calmSinceMs >= calmMs && this.#evidence >= over;
  }
}
