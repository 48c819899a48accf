import type { Histogram } from '@tillwatch/model';
import { add, type Combined } from '../histogram/arithmetic.ts';
import { type HistogramFacts, resetsBetween } from './histogram-facts.ts';
import { changesUpTo, HistogramSums } from './histogram-sums.ts';

/** What the counter resets of one series lost: in O(1) amortised per window, while windows only rise. */
export class ResetLosses {
  readonly #histograms: readonly (Histogram | undefined)[];
  readonly #facts: HistogramFacts;
  #found: Found | undefined;

  constructor(histograms: readonly (Histogram | undefined)[], facts: HistogramFacts) {
    this.#histograms = histograms;
    this.#facts = facts;
  }

  /**
   * Adds to `change` what was lost at resets from sample `from` to `last`. All samples from `first` (at most `from`) to `last`
   * are histograms of one kind, and `change` is made of them.
   */
  addTo(change: Histogram, first: number, from: number, last: number): Combined {
    if (this.#facts.nextReset[from]! > last)
      return { histogram: change, hasHintConflict: false, areBoundsReconciled: false };
    this.#found ??= findLosses(this.#histograms, this.#facts);
    const { losses, upTo, zeroChanges } = this.#found;
    // How far differing zero buckets widen depends on the order of adding.
    if (zeroChanges[first] !== zeroChanges[last]) return this.#oneByOne(change, from, last);
    const lost = losses.sum(upTo[from - 1]!, upTo[last]!)!;
    const sum = add(change, lost.histogram)!;
    return { ...sum, areBoundsReconciled: sum.areBoundsReconciled || lost.areBoundsReconciled };
  }

  #oneByOne(change: Histogram, from: number, last: number): Combined {
    let sum: Combined = { histogram: change, hasHintConflict: false, areBoundsReconciled: false };
    for (const i of resetsBetween(this.#facts, from, last)) {
      const next = add(sum.histogram, this.#histograms[i - 1] as Histogram)!;
      sum = { ...next, areBoundsReconciled: sum.areBoundsReconciled || next.areBoundsReconciled };
    }
    return sum;
  }
}

interface Found {
  /** Of the last histograms before each reset. */
  readonly losses: HistogramSums;
  /** How many resets there are up to each sample, and how often the zero bucket became another. */
  readonly upTo: Int32Array;
  readonly zeroChanges: Int32Array;
}

function findLosses(histograms: readonly (Histogram | undefined)[], facts: HistogramFacts): Found {
  const lost: (Histogram | undefined)[] = [];
  const upTo = new Int32Array(histograms.length);
  for (let i = 1; i < histograms.length; i++) {
    if (facts.nextReset[i] === i) lost.push(histograms[i - 1]);
    upTo[i] = lost.length;
  }
  const zeroChanges = changesUpTo(histograms, (before, after) => before.zeroThreshold !== after.zeroThreshold);
  return { losses: new HistogramSums(lost), upTo, zeroChanges };
}
