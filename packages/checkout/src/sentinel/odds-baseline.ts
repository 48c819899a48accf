import { BLOCK_MS } from './share-baseline.ts';

/** What of one kind is usual for each of another, and how far the usual itself strays. */
export interface UsualOdds {
  /** Usual count of the one for each of the other; NaN as long as too little was seen. */
  readonly odds: number;
  /** The share by which the odds may fall without anything being wrong. */
  readonly margin: number;
}

interface Block {
  readonly index: number;
  seen: number;
  others: number;
}

const DELAY_BLOCKS = 1;
/** The last hours say more about now than the last days do, once they hold this many events. */
const RECENT_HALF_LIFE_MS = 60 * 60_000;
const LONG_HALF_LIFE_MS = 2 * 86_400_000;
const RECENT_WEIGHT = 300;
/** Ratios of a handful of checkouts are chance. */
const FEWEST = 60;
const LEAST_MARGIN = 0.1;
const LARGEST_MARGIN = 0.5;
/** What is assumed of how the odds stray, as if it had been seen in so many blocks. */
const PRIOR_VARIANCE = 0.05 ** 2;
const PRIOR_BLOCKS = 12;

/** The odds between regions change with the hour of the day. */
const HOURS = 24;
const HOUR_BLOCKS = 3_600_000 / BLOCK_MS;
const HOUR_HALF_LIFE_DAYS = 5;
const HOUR_WEIGHT = 60;

/** Learns the odds between two counts that rise and fall together, in blocks of ten minutes. */
export class OddsBaseline {
  readonly #leastMargin: number;
  #recentSeen = 0;
  #recentExpected = 0;
  readonly #hourSeen = new Float64Array(HOURS);
  readonly #hourExpected = new Float64Array(HOURS);
  readonly #hourDay = new Float64Array(HOURS);
  #longSeen = 0;
  #longOthers = 0;
  #strays = PRIOR_VARIANCE * PRIOR_BLOCKS;
  #strayBlocks = PRIOR_BLOCKS;
  #mergedIndex = Number.NaN;
  #blocks: Block[] = [];
  #usual: UsualOdds = { odds: Number.NaN, margin: LARGEST_MARGIN };

  /** `leastMargin` is how far the odds may always fall, 0 to 1. */
  constructor(leastMargin: number = LEAST_MARGIN) {
    this.#leastMargin = leastMargin;
  }

  /** Takes events of the block with this index (time / `BLOCK_MS`, rounded down). */
  add(seen: number, others: number, index: number): void {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last !== undefined && last.index >= index) {
      last.seen += seen;
      last.others += others;
    } else {
      this.#blocks.push({ index, seen, others });
    }
  }

  /** Makes blocks that are old enough the past, but for those that `isSuspect`. */
  settle(index: number, isSuspect: (index: number) => boolean): void {
    let settled = 0;
    while (settled < this.#blocks.length && this.#blocks[settled]!.index < index - DELAY_BLOCKS) {
      const block = this.#blocks[settled++]!;
      if (!isSuspect(block.index)) this.#merge(block);
    }
    if (settled === 0) return;
    this.#blocks.splice(0, settled);
    this.#usual = this.#learned(index);
  }

  /** The usual odds now. */
  get usual(): UsualOdds {
    return this.#usual;
  }

  /** Learns anew. */
  forget(): void {
    this.#recentSeen = 0;
    this.#recentExpected = 0;
    this.#longSeen = 0;
    this.#longOthers = 0;
    this.#hourSeen.fill(0);
    this.#hourExpected.fill(0);
    this.#blocks = [];
    this.#usual = { odds: Number.NaN, margin: LARGEST_MARGIN };
  }

  #merge({ index, seen, others }: Block): void {
    const odds = this.#odds(index);
    if (Number.isFinite(odds) && others * odds >= 5) {
      // What the odds stray beyond what counting alone explains.
      const expected = others * odds;
      const counting = expected * (1 + odds);
      const stray = Math.min(1, ((seen - expected) ** 2 - counting) / expected ** 2);
      const weight = Math.min(1, expected / 50);
      this.#strays = 0.995 * this.#strays + weight * stray;
      this.#strayBlocks = 0.995 * this.#strayBlocks + weight;
    }
    const passed = Number.isNaN(this.#mergedIndex) ? 0 : Math.max(0, index - this.#mergedIndex);
    const recent = 0.5 ** ((passed * BLOCK_MS) / RECENT_HALF_LIFE_MS);
    const long = 0.5 ** ((passed * BLOCK_MS) / LONG_HALF_LIFE_MS);
    const longOdds = this.#longSeen < FEWEST ? Number.NaN : this.#longSeen / this.#longOthers;
    if (Number.isFinite(longOdds)) {
      this.#recentSeen = this.#recentSeen * recent + seen;
      this.#recentExpected = this.#recentExpected * recent + others * longOdds * this.#hourFactor(index);
      const hour = hourOf(index);
      const day = index / (HOURS * HOUR_BLOCKS);
      const faded = 0.5 ** ((day - this.#hourDay[hour]!) / HOUR_HALF_LIFE_DAYS);
      this.#hourSeen[hour] = this.#hourSeen[hour]! * faded + seen;
      this.#hourExpected[hour] = this.#hourExpected[hour]! * faded + others * longOdds;
      this.#hourDay[hour] = day;
    }
    this.#longSeen = this.#longSeen * long + seen;
    this.#longOthers = this.#longOthers * long + others;
    this.#mergedIndex = index;
  }

  /** How much higher than on the whole the odds are at this time of the day, between the hours on either side. */
  #hourFactor(index: number): number {
    const at = (index + 0.5) / HOUR_BLOCKS - 0.5;
    const before = Math.floor(at);
    const part = at - before;
    return this.#factorOf(before) ** (1 - part) * this.#factorOf(before + 1) ** part;
  }

  #factorOf(hourIndex: number): number {
    const hour = ((hourIndex % HOURS) + HOURS) % HOURS;
    return (this.#hourSeen[hour]! + HOUR_WEIGHT) / (this.#hourExpected[hour]! + HOUR_WEIGHT);
  }

  #odds(index: number): number {
    if (this.#longSeen < FEWEST || this.#longOthers < 1) return Number.NaN;
    const recent = (this.#recentSeen + RECENT_WEIGHT) / (this.#recentExpected + RECENT_WEIGHT);
    return (this.#longSeen / this.#longOthers) * this.#hourFactor(index) * recent;
  }

  #learned(index: number): UsualOdds {
    const odds = this.#odds(index);
    if (!Number.isFinite(odds)) return { odds, margin: LARGEST_MARGIN };
    const stray = Math.sqrt(Math.max(0, this.#strays / this.#strayBlocks));
    const counting = Math.sqrt((1 + odds) / Math.min(this.#longSeen, this.#recentSeen + RECENT_WEIGHT));
    const largest = Math.max(LARGEST_MARGIN, this.#leastMargin);
    const margin = Math.min(largest, Math.max(this.#leastMargin, 2.5 * stray + 1.5 * counting));
    return { odds, margin };
  }
}

function hourOf(index: number): number {
  return Math.floor(index / HOUR_BLOCKS) % HOURS;
}
