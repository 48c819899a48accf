import type { Histogram } from '@tillwatch/model';
import { hasCustomBuckets } from './bounds.ts';
import { haveSameBounds } from './layout.ts';

/**
 * Hints as a store knows them that keeps counters in chunks without resets: a histogram that continues a chunk was not reset;
 * one that begins a chunk says nothing, whatever it said when it was written.
 */
export class ResetHints {
  #last: Histogram | undefined;

  /** The histogram with the hint that it has after those that were given before. */
  next(histogram: Histogram): Histogram {
    const last = this.#last;
    this.#last = histogram;
    if (histogram.counterResetHint === 'gauge') return histogram;
    const continues = last !== undefined && last.counterResetHint !== 'gauge' && isContinued(last, histogram);
    return { ...histogram, counterResetHint: continues ? 'not_reset' : 'unknown' };
  }

  /** Something else came in between: a float, or the end of the series. */
  interrupt(): void {
    this.#last = undefined;
  }
}

function isContinued(last: Histogram, next: Histogram): boolean {
  if (next.counterResetHint === 'reset' || next.count < last.count) return false;
  if (next.schema !== last.schema || next.zeroThreshold !== last.zeroThreshold) return false;
  if (hasCustomBuckets(next) && !haveSameBounds(last, next)) return false;
  if (next.zeroCount < last.zeroCount) return false;
  return (['positive', 'negative'] as const).every((side) => {
    const now = new Map(next[side].indices.map((index, i) => [index, next[side].counts[i]!]));
    return last[side].indices.every((index, i) => (now.get(index) ?? 0) >= last[side].counts[i]!);
  });
}
