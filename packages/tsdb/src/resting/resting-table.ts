/** Where a series rests: in which row of which group. */
export interface RestingPlace {
  readonly number: number;
  readonly row: number;
}

/** Where series rest, by the hash of their labels: a hash table with open addressing, ten bytes for a place of it. */
export class RestingTable {
  #hashes = new Uint32Array(64);
  /** The number of the group; 0 where nothing is. */
  #numbers = new Uint32Array(64);
  #rows = new Uint16Array(64);
  #size = 0;

  /** All places that were entered under a hash. */
  *get(hash: number): Iterable<RestingPlace> {
    const mask = this.#numbers.length - 1;
    for (let at = hash & mask; this.#numbers[at] !== 0; at = (at + 1) & mask) {
      if (this.#hashes[at] === hash) yield { number: this.#numbers[at]!, row: this.#rows[at]! };
    }
  }

  add(hash: number, { number, row }: RestingPlace): void {
    // At most two thirds full, so that a search ends soon.
    if ((this.#size + 1) * 3 > this.#numbers.length * 2) this.#grow();
    this.#put(hash, number, row);
    this.#size++;
  }

  delete(hash: number, { number, row }: RestingPlace): void {
    const mask = this.#numbers.length - 1;
    let hole = hash & mask;
    while (this.#numbers[hole] !== number || this.#rows[hole] !== row || this.#hashes[hole] !== hash) {
      if (this.#numbers[hole] === 0) return;
      hole = (hole + 1) & mask;
    }
    // What was entered behind the hole because its own place was taken moves up, so that it is still found.
    for (let at = (hole + 1) & mask; this.#numbers[at] !== 0; at = (at + 1) & mask) {
      const isHome = ((at - this.#hashes[at]!) & mask) < ((at - hole) & mask);
      if (isHome) continue;
      this.#hashes[hole] = this.#hashes[at]!;
      this.#numbers[hole] = this.#numbers[at]!;
      this.#rows[hole] = this.#rows[at]!;
      hole = at;
    }
    this.#numbers[hole] = 0;
    this.#size--;
  }

  #put(hash: number, number: number, row: number): void {
    const mask = this.#numbers.length - 1;
    let at = hash & mask;
    while (this.#numbers[at] !== 0) at = (at + 1) & mask;
    this.#hashes[at] = hash;
    this.#numbers[at] = number;
    this.#rows[at] = row;
  }

  #grow(): void {
    const [hashes, numbers, rows] = [this.#hashes, this.#numbers, this.#rows];
    this.#hashes = new Uint32Array(hashes.length * 2);
    this.#numbers = new Uint32Array(numbers.length * 2);
    this.#rows = new Uint16Array(rows.length * 2);
    for (let at = 0; at < numbers.length; at++) {
      if (numbers[at] !== 0) this.#put(hashes[at]!, numbers[at]!, rows[at]!);
    }
  }
}
