import type { Histogram } from '@tillwatch/model';
import { HistogramSum, type HistogramTotal } from './accumulate.ts';

/**
 * Sums of stretches of one list of histograms, in O(1) amortised per stretch as long as neither end falls: every histogram is
 * taken twice at most. As in `slide`, a stretch is cut at a pivot; right of it one sum grows, left of it the sums of suffixes are
 * kept, and nothing is ever subtracted. Only the suffixes that are asked for again are kept: `isStart` says which.
 *
 * Histograms are added in another order than one after another: who asks makes sure that the order does not matter, apart from
 * the last bits of numbers that are not whole.
 */
export class SlidingHistogramSum {
  readonly #histograms: readonly (Histogram | undefined)[];
  readonly #isStart: (index: number) => boolean;
  #suffixes = new Map<number, HistogramSum>();
  /** The sum from the pivot up to `#end`; `undefined` while that is nothing. */
  #running: HistogramSum | undefined;
  #end = 0;

  constructor(histograms: readonly (Histogram | undefined)[], isStart: (index: number) => boolean = () => true) {
    this.#histograms = histograms;
    this.#isStart = isStart;
  }

  /**
   * The sum of the histograms from `from` up to `to` (at least one; end excluded; none may be missing); `undefined` when some
   * are exponential and some are not.
   */
  between(from: number, to: number): HistogramTotal | undefined {
    const isGoingOn = to >= this.#end && this.#suffixes.has(from);
    if (!isGoingOn && !this.#startAnew(from, to)) return undefined;
    for (; this.#end < to; this.#end++) {
      const next = this.#histograms[this.#end] as Histogram;
      if (this.#running === undefined) this.#running = new HistogramSum(next);
      else if (!this.#running.add(next)) return this.#giveUp();
    }
    const suffix = this.#suffixes.get(from) as HistogramSum;
    if (this.#running === undefined) return suffix.total();
    const sum = suffix.copy();
    return sum.merge(this.#running) ? sum.total() : this.#giveUp();
  }

  /** Puts the pivot behind the stretch and sums its suffixes. Returns whether they go together. */
  #startAnew(from: number, to: number): boolean {
    this.#suffixes = new Map();
    this.#running = undefined;
    this.#end = to;
    const sum = new HistogramSum(this.#histograms[to - 1] as Histogram);
    for (let i = to - 1; i >= from; i--) {
      if (i < to - 1 && !sum.add(this.#histograms[i] as Histogram)) {
        this.#giveUp();
        return false;
      }
      if (i > from && this.#isStart(i)) this.#suffixes.set(i, sum.copy());
    }
    this.#suffixes.set(from, sum);
    return true;
  }

  /** What has been summed so far is of no use. */
  #giveUp(): undefined {
    this.#suffixes = new Map();
    this.#running = undefined;
    return undefined;
  }
}
