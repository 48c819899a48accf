import type { Histogram } from '@tillwatch/model';
import { type HistogramTotal, hasInfinity, meanOfHistograms, sumOfHistograms } from '../histogram/accumulate.ts';
import { divide } from '../histogram/arithmetic.ts';
import { SlidingHistogramSum } from '../histogram/sliding-sum.ts';
import { countBefore } from './histogram-facts.ts';

type Samples = readonly (Histogram | undefined)[];

/**
 * Sums and means of windows of one series' histograms, as `sumOfHistograms` and `meanOfHistograms` give them, in O(1) amortised
 * per window while windows only rise. A window of which the order of adding matters is summed by itself.
 */
export class HistogramSums {
  readonly #samples: Samples;
  readonly #sums: SlidingHistogramSum;
  readonly #schemaChanges: Int32Array;
  readonly #zeroChanges: Int32Array;
  readonly #negativeBefore: Int32Array;
  readonly #largeBefore: Int32Array;
  readonly #hugeBefore: Int32Array;

  /** `isStart` may say at which samples windows start, so that less is kept. */
  constructor(samples: Samples, isStart?: (index: number) => boolean) {
    this.#samples = samples;
    this.#sums = new SlidingHistogramSum(samples, isStart);
    this.#schemaChanges = changesUpTo(samples, (before, after) => before.schema !== after.schema);
    this.#zeroChanges = changesUpTo(samples, (before, after) => before.zeroThreshold !== after.zeroThreshold);
    this.#negativeBefore = countBefore(samples, (histogram) => hasNumber(histogram, isNegative));
    this.#largeBefore = countBefore(samples, (histogram) => hasNumber(histogram, isLarge));
    this.#hugeBefore = countBefore(samples, (histogram) => hasNumber(histogram, isHuge));
  }

  /** Of samples `from` up to `to` (end excluded), all of them histograms; `undefined` when they are not of one kind. */
  sum(from: number, to: number): HistogramTotal | undefined {
    if (this.#isOrderFree(from, to)) return this.#sums.between(from, to);
    return sumOfHistograms(this.#samples.slice(from, to) as Histogram[]);
  }

  /** As `sum`. */
  mean(from: number, to: number): HistogramTotal | undefined {
    const total = this.sum(from, to);
    if (total === undefined || to - from === 1) return total;
    // Rare, and the parts have to be divided before they are added.
    if (hasInfinity(total.histogram)) return meanOfHistograms(this.#samples.slice(from, to) as Histogram[]);
    return { ...total, histogram: divide(total.histogram, to - from) };
  }

  /**
   * Is the sum of samples `from` up to `to` the same in whatever order they are added? Not when a sum may pass the largest number
   * on the way, or when large numbers may cancel each other out and show how far the compensation of rounding errors goes. Nor
   * when zero buckets differ, and either schemas do too or buckets may cancel each other out: a zero bucket widens until
   * it ends outside the populated buckets, and those of a coarser schema end elsewhere.
   */
  #isOrderFree(from: number, to: number): boolean {
    const has = (before: Int32Array) => before[to] !== before[from];
    const differ = (changes: Int32Array) => changes[to - 1] !== changes[from];
    const mayCancel = has(this.#negativeBefore);
    if (has(this.#hugeBefore) || (mayCancel && has(this.#largeBefore))) return false;
    return !differ(this.#zeroChanges) || !(mayCancel || differ(this.#schemaChanges));
  }
}

/** How many changes between neighbouring histograms there are up to each sample. */
export function changesUpTo(samples: Samples, isChange: (before: Histogram, after: Histogram) => boolean): Int32Array {
  const upTo = new Int32Array(samples.length);
  for (let i = 1; i < upTo.length; i++) {
    const [before, after] = [samples[i - 1], samples[i]];
    upTo[i] = upTo[i - 1]! + (before !== undefined && after !== undefined && isChange(before, after) ? 1 : 0);
  }
  return upTo;
}

function hasNumber(histogram: Histogram, isOne: (value: number) => boolean): boolean {
  const { count, sum, zeroCount, positive, negative } = histogram;
  return isOne(count) || isOne(sum) || isOne(zeroCount) || positive.counts.some(isOne) || negative.counts.some(isOne);
}

function isNegative(value: number): boolean {
  return value < 0;
}

function isLarge(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isFinite(value);
}

/** So near to the largest number that a sum of many may pass it. */
function isHuge(value: number): boolean {
  return Math.abs(value) > 1e290 && Number.isFinite(value);
}
