const MINUTES = 64;

/** Counts of the last hour by the minute, for the question what happened since something began. */
export class MinuteRing {
  #counts: Float32Array | undefined;
  #newest = -1;

  /** Takes events of a minute (time / 60 s, rounded down). Minutes come in order. */
  add(count: number, minute: number): void {
    this.#counts ??= new Float32Array(MINUTES);
    if (minute - this.#newest >= MINUTES || this.#newest < 0) this.#counts.fill(0);
    else for (let m = this.#newest + 1; m <= minute; m++) this.#counts[m % MINUTES] = 0;
    this.#newest = Math.max(this.#newest, minute);
    this.#counts[minute % MINUTES]! += count;
  }

  /** Events from `fromMinute` on, as far back as an hour before `minute`. */
  since(fromMinute: number, minute: number): number {
    if (this.#counts === undefined) return 0;
    let total = 0;
    for (let m = Math.max(fromMinute, minute - MINUTES + 1); m <= this.#newest; m++) {
      if (m > this.#newest - MINUTES) total += this.#counts[m % MINUTES]!;
    }
    return total;
  }
}
