import type { JourneyCounter } from './journey-counters.ts';

/** Increases by bin, in columns: the past of a large shop is millions of them. */
export class Bins {
  readonly #bins: { counters: JourneyCounter[]; increases: number[]; atMs: number[]; newestMs: number }[] = [];

  /** Takes what a counter rose by up to `atMs`, in the bin with this index. */
  add(index: number, counter: JourneyCounter, increase: number, atMs: number): void {
    while (this.#bins.length <= index)
      this.#bins.push({ counters: [], increases: [], atMs: [], newestMs: Number.NEGATIVE_INFINITY });
    const bin = this.#bins[index]!;
    if (atMs > bin.newestMs) bin.newestMs = atMs;
    if (increase === 0) return;
    bin.counters.push(counter);
    bin.increases.push(increase);
    bin.atMs.push(atMs);
  }

  /** Empties a bin and returns the time of its newest sample, rising or not. */
  drain(index: number, take: (counter: JourneyCounter, increase: number, atMs: number) => void): number {
    const bin = this.#bins[index];
    if (bin === undefined) return Number.NEGATIVE_INFINITY;
    for (let i = 0; i < bin.counters.length; i++) take(bin.counters[i]!, bin.increases[i]!, bin.atMs[i]!);
    const { newestMs } = bin;
    bin.counters.length = 0;
    bin.increases.length = 0;
    bin.atMs.length = 0;
    bin.newestMs = Number.NEGATIVE_INFINITY;
    return newestMs;
  }
}
