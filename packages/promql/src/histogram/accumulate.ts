import type { Buckets, CounterResetHint, Histogram } from '@tillwatch/model';
import { combinedHint, divide, scale } from './arithmetic.ts';
import { align, compact, emptyLike, haveSameBounds } from './layout.ts';

/** The sum of many histograms, and what is worth knowing about it. */
export interface HistogramTotal {
  readonly histogram: Histogram;
  readonly hasHintConflict: boolean;
  readonly areBoundsReconciled: boolean;
}

/** Adds histograms, at least one, with compensated sums; `undefined` when some are exponential and some are not. */
export function sumOfHistograms(histograms: readonly Histogram[]): HistogramTotal | undefined {
  const sum = new HistogramSum(histograms[0]!);
  for (const histogram of histograms.slice(1)) if (!sum.add(histogram)) return undefined;
  return sum.total();
}

/** The mean of histograms, at least one. Where the sum is too large for a number, the parts are divided before they are added. */
export function meanOfHistograms(histograms: readonly Histogram[]): HistogramTotal | undefined {
  const { length } = histograms;
  const total = sumOfHistograms(histograms);
  if (total === undefined || length === 1) return total;
  if (!hasInfinity(total.histogram)) return { ...total, histogram: divide(total.histogram, length) };
  const scaled = sumOfHistograms(histograms.map((histogram) => scale(histogram, 1 / length)));
  return scaled === undefined ? undefined : { ...total, histogram: scaled.histogram };
}

/** Is any of its numbers infinite? */
export function hasInfinity({ count, sum, zeroCount, positive, negative }: Histogram): boolean {
  return [count, sum, zeroCount, ...positive.counts, ...negative.counts].some(
    (value) => Math.abs(value) === Number.POSITIVE_INFINITY,
  );
}

function haveSameLayout(a: Histogram, b: Histogram): boolean {
  return a.schema === b.schema && a.zeroThreshold === b.zeroThreshold && haveSameBounds(a, b);
}

/**
 * A sum of histograms that can go on growing, by histograms and by other sums, and can be copied on the way: what windows
 * that slide are made of. Each number is kept with its rounding error (Neumaier).
 */
export class HistogramSum {
  /** Says in which buckets is counted; what it counts itself means nothing. */
  #layout: Histogram;
  #hint: CounterResetHint;
  readonly #hintsSeen: Set<CounterResetHint>;
  #areBoundsReconciled = false;
  readonly #count: Cells;
  readonly #sum: Cells;
  #zero: Cells;
  #positive: Cells;
  #negative: Cells;

  constructor(first: Histogram) {
    this.#layout = emptyLike(first);
    this.#hint = first.counterResetHint;
    this.#hintsSeen = new Set([first.counterResetHint]);
    this.#count = Cells.ofNumber(first.count);
    this.#sum = Cells.ofNumber(first.sum);
    this.#zero = Cells.ofNumber(first.zeroCount);
    this.#positive = Cells.of(first.positive);
    this.#negative = Cells.of(first.negative);
  }

  copy(): HistogramSum {
    const copy = new HistogramSum(this.#layout);
    copy.#hint = this.#hint;
    for (const hint of this.#hintsSeen) copy.#hintsSeen.add(hint);
    copy.#areBoundsReconciled = this.#areBoundsReconciled;
    copy.#count.add(this.#count);
    copy.#sum.add(this.#sum);
    copy.#zero = this.#zero.copy();
    copy.#positive = this.#positive.copy();
    copy.#negative = this.#negative.copy();
    return copy;
  }

  /** Returns whether it could be added: what is exponential and what is not do not go together. */
  add(histogram: Histogram): boolean {
    let added = histogram;
    if (!haveSameLayout(this.#layout, histogram)) {
      const aligned = align(this.#current(), histogram);
      if (aligned === undefined) return false;
      this.#areBoundsReconciled ||= aligned.areBoundsReconciled;
      this.#moveTo(aligned.a);
      added = aligned.b;
    }
    this.#count.addNumber(histogram.count);
    this.#sum.addNumber(histogram.sum);
    this.#zero.addNumber(added.zeroCount);
    this.#positive.addBuckets(added.positive);
    this.#negative.addBuckets(added.negative);
    this.#addHint(histogram.counterResetHint);
    return true;
  }

  /** Adds another sum, which stays as it is. Returns whether it could be added. */
  merge(other: HistogramSum): boolean {
    let { positive, negative, zero } = { positive: other.#positive, negative: other.#negative, zero: other.#zero };
    if (!haveSameLayout(this.#layout, other.#layout)) {
      const aligned = align(this.#current(), other.#current());
      if (aligned === undefined) return false;
      this.#areBoundsReconciled ||= aligned.areBoundsReconciled;
      this.#moveTo(aligned.a);
      positive = positive.movedTo(aligned.b.positive);
      negative = negative.movedTo(aligned.b.negative);
      zero = zero.movedTo(bucketOf(aligned.b.zeroCount));
    }
    this.#areBoundsReconciled ||= other.#areBoundsReconciled;
    this.#count.add(other.#count);
    this.#sum.add(other.#sum);
    this.#zero.add(zero);
    this.#positive.add(positive);
    this.#negative.add(negative);
    this.#addHint(other.#hint);
    for (const hint of other.#hintsSeen) this.#hintsSeen.add(hint);
    return true;
  }

  total(): HistogramTotal {
    const histogram = { ...compact(this.#current()), counterResetHint: this.#hint };
    // Contradictions count even where a gauge in between made the result a gauge.
    const hasHintConflict = this.#hintsSeen.has('reset') && this.#hintsSeen.has('not_reset');
    return { histogram, hasHintConflict, areBoundsReconciled: this.#areBoundsReconciled };
  }

  #addHint(hint: CounterResetHint): void {
    this.#hintsSeen.add(hint);
    this.#hint = combinedHint(this.#hint, hint) ?? 'unknown';
  }

  #current(): Histogram {
    return {
      ...this.#layout,
      count: this.#count.number,
      sum: this.#sum.number,
      zeroCount: this.#zero.number,
      positive: this.#positive.buckets(),
      negative: this.#negative.buckets(),
    };
  }

  /** Goes on counting in coarser buckets: errors so far go into the sums of those that change. */
  #moveTo(current: Histogram): void {
    this.#layout = emptyLike(current);
    this.#zero = this.#zero.movedTo(bucketOf(current.zeroCount));
    this.#positive = this.#positive.movedTo(current.positive);
    this.#negative = this.#negative.movedTo(current.negative);
  }
}

const ONLY_ONE: readonly number[] = [0];

function bucketOf(count: number): Buckets {
  return { indices: ONLY_ONE, counts: [count] };
}

/** Numbers by bucket index, ascending, each a sum and its rounding error. */
class Cells {
  #indices: readonly number[];
  #sums: Float64Array;
  #errors: Float64Array;

  private constructor(indices: readonly number[], sums: Float64Array, errors: Float64Array) {
    this.#indices = indices;
    this.#sums = sums;
    this.#errors = errors;
  }

  static of({ indices, counts }: Buckets): Cells {
    return new Cells(indices, Float64Array.from(counts), new Float64Array(indices.length));
  }

  static ofNumber(value: number): Cells {
    return Cells.of(bucketOf(value));
  }

  copy(): Cells {
    return new Cells(this.#indices, this.#sums.slice(), this.#errors.slice());
  }

  /** The number at the lowest index. */
  get number(): number {
    return this.#sums[0]! + this.#errors[0]!;
  }

  buckets(): Buckets {
    const counts = new Array<number>(this.#sums.length);
    for (let i = 0; i < counts.length; i++) counts[i] = this.#sums[i]! + this.#errors[i]!;
    return { indices: this.#indices, counts };
  }

  addNumber(value: number): void {
    this.#addAt(0, value);
  }

  addBuckets({ indices, counts }: Buckets): void {
    this.#makeRoomFor(indices);
    let at = 0;
    for (let i = 0; i < indices.length; i++) {
      while (this.#indices[at] !== indices[i]) at++;
      this.#addAt(at++, counts[i]!);
    }
  }

  add(other: Cells): void {
    this.#makeRoomFor(other.#indices);
    let at = 0;
    for (let i = 0; i < other.#indices.length; i++) {
      while (this.#indices[at] !== other.#indices[i]) at++;
      this.#addAt(at, other.#sums[i]!);
      this.#errors[at]! += other.#errors[i]!;
      at++;
    }
  }

  /** Cells that count as `buckets` does; one that counts the same as before keeps its error. */
  movedTo(buckets: Buckets): Cells {
    const moved = Cells.of(buckets);
    let at = 0;
    for (const [i, index] of buckets.indices.entries()) {
      while (at < this.#indices.length && this.#indices[at]! < index) at++;
      if (this.#indices[at] !== index || this.#sums[at]! + this.#errors[at]! !== buckets.counts[i]) continue;
      moved.#sums[i] = this.#sums[at]!;
      moved.#errors[i] = this.#errors[at]!;
    }
    return moved;
  }

  #addAt(at: number, value: number): void {
    const sum = this.#sums[at]!;
    const next = sum + value;
    this.#sums[at] = next;
    // An infinite sum has no rounding error, and one computed from infinities would be NaN.
    if (!Number.isFinite(next)) this.#errors[at] = 0;
    else this.#errors[at]! += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  }

  /** Samples of one series mostly have the same buckets: then there is nothing to do. */
  #makeRoomFor(indices: readonly number[]): void {
    if (areAmong(indices, this.#indices)) return;
    const before = { indices: this.#indices, sums: this.#sums, errors: this.#errors };
    this.#indices = [...new Set([...this.#indices, ...indices])].sort((a, b) => a - b);
    this.#sums = new Float64Array(this.#indices.length);
    this.#errors = new Float64Array(this.#indices.length);
    let at = 0;
    for (const [i, index] of before.indices.entries()) {
      while (this.#indices[at] !== index) at++;
      this.#sums[at] = before.sums[i]!;
      this.#errors[at] = before.errors[i]!;
    }
  }
}

/** Both ascend. */
function areAmong(few: readonly number[], many: readonly number[]): boolean {
  if (few === many) return true;
  let at = 0;
  for (const index of few) {
    while (at < many.length && many[at]! < index) at++;
    if (many[at] !== index) return false;
  }
  return true;
}
