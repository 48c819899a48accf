/** Ids of series, one bit each: they are counted up from 1, so most are near each other. */
export class IdSet {
  #bits = new Uint8Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return ((this.#bits[Math.floor(id / 8)] ?? 0) & (1 << (id % 8))) !== 0;
  }

  /** The first id from `id` on that is not in it. */
  nextAbsent(id: number): number {
    let next = id;
    while (this.has(next)) {
      // Whole bytes at a time where it is full.
      if (next % 8 === 0 && this.#bits[next / 8] === 0xff) next += 8;
      else next++;
    }
    return next;
  }

  add(id: number): void {
    if (this.has(id)) return;
    const at = Math.floor(id / 8);
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(this.#bits.length * 2, at + 1));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at]! |= 1 << (id % 8);
    this.#size++;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#bits[Math.floor(id / 8)]! &= ~(1 << (id % 8));
    this.#size--;
  }
}
