import type { Labels } from '@tillwatch/model';
import type { HeadSeries } from './series.ts';

/**
 * Series by their labels: a hash table with open addressing. It compares labels themselves, so no series needs a string of
 * its labels in memory, which would be larger than everything else about it.
 */
export class LabelTable {
  #slots: (HeadSeries | undefined)[] = new Array(64).fill(undefined);
  #hashes = new Uint32Array(64);
  #size = 0;

  get(labels: Labels): HeadSeries | undefined {
    return this.#slots[this.#place(labels, labels.hash)];
  }

  /** Enters a series, in place of one that has equal labels. */
  set(series: HeadSeries): void {
    // At most half full, so that a search ends soon.
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const hash = series.labels.hash;
    const at = this.#place(series.labels, hash);
    if (this.#slots[at] === undefined) this.#size++;
    this.#slots[at] = series;
    this.#hashes[at] = hash;
  }

  /** Removes this very series; another one with equal labels stays. */
  delete(series: HeadSeries): void {
    let hole = this.#place(series.labels, series.labels.hash);
    if (this.#slots[hole] !== series) return;
    const mask = this.#slots.length - 1;
    // What was entered behind the hole because its own place was taken moves up, so that it is still found.
    for (let at = (hole + 1) & mask; this.#slots[at] !== undefined; at = (at + 1) & mask) {
      const isHome = ((at - this.#hashes[at]!) & mask) < ((at - hole) & mask);
      if (isHome) continue;
      this.#slots[hole] = this.#slots[at];
      this.#hashes[hole] = this.#hashes[at]!;
      hole = at;
    }
    this.#slots[hole] = undefined;
    this.#size--;
  }

  /** Where the series with these labels is, or the free place where it belongs. */
  #place(labels: Labels, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const found = this.#slots[at];
      if (found === undefined || (this.#hashes[at] === hash && found.labels.equals(labels))) return at;
    }
  }

  #grow(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length * 2 - 1;
    this.#slots = new Array(slots.length * 2).fill(undefined);
    this.#hashes = new Uint32Array(slots.length * 2);
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === undefined) continue;
      let at = hashes[i]! & mask;
      while (this.#slots[at] !== undefined) at = (at + 1) & mask;
      this.#slots[at] = slots[i];
      this.#hashes[at] = hashes[i]!;
    }
  }
}
