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

function hasInfinity({ count, sum, zeroCount, positive, negative }: Histogram): boolean {
  return [count, sum, zeroCount, ...positive.counts, ...negative.counts].some(
    (value) => Math.abs(value) === Number.POSITIVE_INFINITY,
  );
}

function haveSameLayout(a: Histogram, b: Histogram): boolean {
  return a.schema === b.schema && a.zeroThreshold === b.zeroThreshold && haveSameBounds(a, b);
}

/** One number of the sum and its rounding error (Neumaier). */
interface Cell {
  sum: number;
  error: number;
}

function addTo(cell: Cell, value: number): void {
  const next = cell.sum + value;
  if (!Number.isFinite(next)) cell.error = 0;
  else if (Math.abs(cell.sum) >= Math.abs(value)) cell.error += cell.sum - next + value;
  else cell.error += value - next + cell.sum;
  cell.sum = next;
}

type Cells = Map<number, Cell>;

class HistogramSum {
  /** Says in which buckets is counted; what it counts itself means nothing. */
  #layout: Histogram;
  #hint: CounterResetHint;
  readonly #hintsSeen = new Set<CounterResetHint>();
  #areBoundsReconciled = false;
  #count: Cell = { sum: 0, error: 0 };
  #sum: Cell = { sum: 0, error: 0 };
  #zero: Cell = { sum: 0, error: 0 };
  #positive: Cells = new Map();
  #negative: Cells = new Map();

  constructor(first: Histogram) {
    this.#layout = emptyLike(first);
    this.#hint = first.counterResetHint;
    this.#hintsSeen.add(first.counterResetHint);
    this.#addCounts(first);
  }

  /** Returns whether it could be added. */
  add(histogram: Histogram): boolean {
    const isSame = haveSameLayout(this.#layout, histogram);
    if (isSame) this.#addCounts(histogram);
    else {
      const aligned = align(this.#current(), histogram);
      if (aligned === undefined) return false;
      this.#areBoundsReconciled ||= aligned.areBoundsReconciled;
      this.#moveTo(aligned.a);
      this.#addCounts(aligned.b);
    }
    this.#hintsSeen.add(histogram.counterResetHint);
    this.#hint = combinedHint(this.#hint, histogram.counterResetHint) ?? 'unknown';
    return true;
  }

  total(): HistogramTotal {
    const histogram = { ...compact(this.#current()), counterResetHint: this.#hint };
    // Contradictions count even where a gauge in between made the result a gauge.
    const hasHintConflict = this.#hintsSeen.has('reset') && this.#hintsSeen.has('not_reset');
    return { histogram, hasHintConflict, areBoundsReconciled: this.#areBoundsReconciled };
  }

  #current(): Histogram {
    return {
      ...this.#layout,
      count: numberOf(this.#count),
      sum: numberOf(this.#sum),
      zeroCount: numberOf(this.#zero),
      positive: bucketsOfCells(this.#positive),
      negative: bucketsOfCells(this.#negative),
    };
  }

  /** Goes on counting in coarser buckets: errors so far go into the sums. */
  #moveTo(current: Histogram): void {
    this.#layout = emptyLike(current);
    const isZeroWider = current.zeroCount !== numberOf(this.#zero);
    if (isZeroWider) this.#zero = { sum: current.zeroCount, error: 0 };
    this.#positive = cellsOf(current.positive, this.#positive);
    this.#negative = cellsOf(current.negative, this.#negative);
  }

  #addCounts({ count, sum, zeroCount, positive, negative }: Histogram): void {
    addTo(this.#count, count);
    addTo(this.#sum, sum);
    addTo(this.#zero, zeroCount);
    addBuckets(this.#positive, positive);
    addBuckets(this.#negative, negative);
  }
}

function addBuckets(cells: Cells, { indices, counts }: Buckets): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const cell = cells.get(index);
    if (cell === undefined) cells.set(index, { sum: counts[i]!, error: 0 });
    else addTo(cell, counts[i]!);
  }
}

/** Cells for buckets; one that counts the same as before keeps its error. */
function cellsOf({ indices, counts }: Buckets, before: Cells): Cells {
  return new Map(
    indices.map((index, i) => {
      const known = before.get(index);
      const isSame = known !== undefined && numberOf(known) === counts[i];
      return [index, isSame ? known : { sum: counts[i]!, error: 0 }];
    }),
  );
}

function bucketsOfCells(cells: Cells): Buckets {
  const indices = [...cells.keys()].sort((a, b) => a - b);
  return { indices, counts: indices.map((index) => numberOf(cells.get(index)!)) };
}

function numberOf({ sum, error }: Cell): number {
  return sum + error;
}
