/**
 * A small seeded source of random numbers: the same seed gives the same sequence on every machine. Good enough to draw
 * customers; not for secrets.
 */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.trunc(seed) >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    // A counter that visits all 32-bit numbers, scrambled so that neighbours have nothing in common.
    this.#state = (this.#state + 0x9e3779b1) >>> 0;
    return scramble(this.#state) / 0x1_0000_0000;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Draws one of `[item, weight]` in proportion to the weights. */
  weighted<T>(choices: readonly (readonly [item: T, weight: number])[]): T {
    let rest = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of choices) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return choices[choices.length - 1]![0];
  }

  /** Waiting time until the next of events that happen `perMs` times a millisecond, independently of each other. */
  exponential(perMs: number): number {
    return -Math.log(1 - this.next()) / perMs;
  }

  /** Around `median`, never negative, with a long tail to the right; `spread` 0.5 means most lie within half to double. */
  aroundMedian(median: number, spread: number): number {
    const bell = this.next() + this.next() + this.next() + this.next() - 2;
    return median * Math.exp(bell * spread * 1.7);
  }

  /** An independent source whose sequence depends on this one's seed and position only. */
  fork(): Prng {
    return new Prng(this.next() * 0x1_0000_0000);
  }
}

function scramble(value: number): number {
  let mixed = value ^ (value >>> 15);
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  mixed = Math.imul(mixed, 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
