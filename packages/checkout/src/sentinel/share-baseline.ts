/** Blocks in which the past is learned. */
export const BLOCK_MS = 600_000;

/** How long a block waits before it counts as the past: what is wrong is known by then, and never becomes usual. */
const DELAY_BLOCKS = 2;

/** Blocks with more than this many bad events expected say how much the share strays, not whether events come in clumps. */
const FEW_EXPECTED = 1.5;
const PRIOR_EXPECTED = 4;
const LARGEST_DISPERSION = 5;
/** Less than this is a hiccup now and then. */
const SMALLEST_DISPERSION = 1.8;

interface Block {
  readonly index: number;
  bad: number;
  all: number;
}

/** The usual share of bad events of a slice, forgotten with a half-life. */
export class ShareBaseline {
  readonly #halfLifeBlocks: number;
  #bad = 0;
  #all = 0;
  #square = PRIOR_EXPECTED;
  #expected = PRIOR_EXPECTED;
  #mergedIndex = Number.NaN;
  #blocks: Block[] = [];

  constructor(halfLifeMs: number) {
    this.#halfLifeBlocks = halfLifeMs / BLOCK_MS;
  }

  /** Takes events that happened in the block with this index (time / `BLOCK_MS`, rounded down). */
  add(bad: number, all: number, index: number): void {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last !== undefined && last.index >= index) {
      last.bad += bad;
      last.all += all;
    } else {
      this.#blocks.push({ index, bad, all });
    }
  }

  /** Makes blocks that are old enough the past, but for those that `isSuspect`. Returns whether there were any. */
  settle(index: number, isSuspect: (index: number) => boolean): boolean {
    let settled = 0;
    while (settled < this.#blocks.length && this.#blocks[settled]!.index < index - DELAY_BLOCKS) {
      const block = this.#blocks[settled++]!;
      if (isSuspect(block.index)) continue;
      const passed = Number.isNaN(this.#mergedIndex) ? 0 : block.index - this.#mergedIndex;
      const kept = 0.5 ** (passed / this.#halfLifeBlocks);
      if (this.#all > 0) {
        const expected = (block.all * (this.#bad + 1)) / (this.#all + 100);
        if (expected < FEW_EXPECTED) {
          this.#square += (block.bad - expected) ** 2;
          this.#expected += expected;
        }
      }
      this.#bad = this.#bad * kept + block.bad;
      this.#all = this.#all * kept + block.all;
      this.#mergedIndex = block.index;
    }
    if (settled > 0) this.#blocks.splice(0, settled);
    return settled > 0;
  }

  /** The usual share; as long as little was seen it leans on `prior`, as if that had been seen `weight` times. */
  share(prior: number, weight: number): number {
    return (this.#bad + prior * weight) / (this.#all + weight);
  }

  /**
   * How much more bad events clump than chance has it, 1 to 5: a customer who tries five times is one piece of evidence, not five.
   * Variance over mean of blocks with few events.
   */
  get dispersion(): number {
    const dispersion = this.#square / this.#expected;
    return dispersion < SMALLEST_DISPERSION ? 1 : Math.min(LARGEST_DISPERSION, dispersion);
  }
}
