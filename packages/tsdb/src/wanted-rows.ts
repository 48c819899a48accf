import type { ReadWindows } from '@tillwatch/model';
import { lowerBound, upperBound } from './head/timeline.ts';

/** Rows of one timeline that are to be read. */
export interface Rows {
  readonly timestampsMs: Float64Array;
  /** Pairs of a first row and an end (excluded), ascending, apart from each other; at least one pair. */
  readonly ranges: readonly number[];
}

/** Says which rows of timelines lie in [fromMs, toMs] and, if there are windows, in one of them. */
export class WantedRows {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #windows: ReadWindows | undefined;

  /** Windows that leave no gaps between them are the same as none. */
  constructor(fromMs: number, toMs: number, windows: ReadWindows | undefined) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#windows = windows !== undefined && windows.stepMs > windows.rangeMs ? windows : undefined;
  }

  /**
   * The wanted rows of a timeline of `count` rows from `minMs` to `maxMs`; `undefined` when there are none. Its timestamps are
   * asked for only if some may be wanted; the array may be longer than the timeline.
   */
  of(minMs: number, maxMs: number, count: number, timestamps: () => Float64Array): Rows | undefined {
    if (maxMs < this.#fromMs || minMs > this.#toMs || !this.#isTouched(minMs, maxMs)) return undefined;
    const timestampsMs = timestamps();
    const ranges = this.#rangesOf(timestampsMs, count, maxMs);
    return ranges.length === 0 ? undefined : { timestampsMs, ranges };
  }

  #rangesOf(timestampsMs: Float64Array, count: number, maxMs: number): number[] {
    const first = lowerBound(timestampsMs, 0, count, this.#fromMs);
    const end = upperBound(timestampsMs, first, count, this.#toMs);
    if (this.#windows === undefined) return first < end ? [first, end] : [];
    const { stepMs, rangeMs } = this.#windows;
    const ranges: number[] = [];
    for (let row = first; row < end; ) {
      const endMs = this.#endAtOrAfter(timestampsMs[row]!);
      const from = upperBound(timestampsMs, row, end, endMs - rangeMs);
      const to = upperBound(timestampsMs, from, end, endMs);
      if (from < to) ranges.push(from, to);
      if (endMs + stepMs - rangeMs >= maxMs) break;
      row = Math.max(to, row + 1);
    }
    return ranges;
  }

  /** Does a window have any time in common with [minMs, maxMs]? */
  #isTouched(minMs: number, maxMs: number): boolean {
    return this.#windows === undefined || this.#endAtOrAfter(minMs) - this.#windows.rangeMs < maxMs;
  }

  /** When the first window ends that ends at `timeMs` or later. */
  #endAtOrAfter(timeMs: number): number {
    const { stepMs } = this.#windows as ReadWindows;
    return this.#toMs - Math.floor((this.#toMs - timeMs) / stepMs) * stepMs;
  }
}
