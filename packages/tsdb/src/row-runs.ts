/** How many different runs are kept for sharing, and how many timestamps in them: 2^20 are 8 MB. */
const MOST_KNOWN = 64;
const MOST_TIMESTAMPS = 2 ** 20;

/** Rows of timelines in a row, and their timestamps. */
interface Run {
  readonly rows: Float64Array;
  readonly timestampsMs: Float64Array;
}

/**
 * The timestamps of a series, put together from rows of timelines. Series with the same rows of the same timelines get the same
 * array, which is never written again.
 */
export class RowRuns {
  /** Triples of timeline, first row, and end (excluded). */
  #rows = new Float64Array(48);
  #used = 0;
  #sources: Float64Array[] = [];
  /** Those that were asked for last come last. */
  readonly #known: Run[] = [];
  #kept = 0;

  /** Begins the run of another series. */
  start(): void {
    this.#used = 0;
    this.#sources = [];
  }

  /** Adds rows `from` up to `to` of a timeline with these timestamps. */
  add(timelineId: number, timestampsMs: Float64Array, from: number, to: number): void {
    const used = this.#used;
    // How rows are cut in pieces differs between series that share them all the same.
    if (used > 0 && this.#rows[used - 3] === timelineId && this.#rows[used - 1] === from) {
      this.#rows[used - 1] = to;
      return;
    }
    if (this.#used + 3 > this.#rows.length) {
      const grown = new Float64Array(this.#rows.length * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows[this.#used++] = timelineId;
    this.#rows[this.#used++] = from;
    this.#rows[this.#used++] = to;
    this.#sources.push(timestampsMs);
  }

  /** The timestamps of all rows that were added since `start`. */
  timestamps(): Float64Array {
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const known = this.#known[i]!;
      if (!this.#isCurrent(known)) continue;
      this.#known.splice(i, 1);
      this.#known.push(known);
      return known.timestampsMs;
    }
    const timestampsMs = this.#put();
    this.#known.push({ rows: this.#rows.slice(0, this.#used), timestampsMs });
    this.#kept += timestampsMs.length;
    while (this.#known.length > 1 && (this.#known.length > MOST_KNOWN || this.#kept > MOST_TIMESTAMPS)) {
      this.#kept -= this.#known.shift()!.timestampsMs.length;
    }
    return timestampsMs;
  }

  #isCurrent({ rows }: Run): boolean {
    if (rows.length !== this.#used) return false;
    for (let i = 0; i < rows.length; i++) if (rows[i] !== this.#rows[i]) return false;
    return true;
  }

  #put(): Float64Array {
    const [only] = this.#sources;
    // Timelines only add to their timestamps, so a part of them stays what it is.
    if (only !== undefined && this.#used === 3) return only.subarray(this.#rows[1]!, this.#rows[2]!);
    let length = 0;
    for (let i = 0; i < this.#used; i += 3) length += this.#rows[i + 2]! - this.#rows[i + 1]!;
    const timestampsMs = new Float64Array(length);
    let at = 0;
    for (const [i, source] of this.#sources.entries()) {
      const [from, to] = [this.#rows[3 * i + 1]!, this.#rows[3 * i + 2]!];
      timestampsMs.set(source.subarray(from, to), at);
      at += to - from;
    }
    return timestampsMs;
  }
}
