import type { Labels, Series } from '@tillwatch/model';

/** A scraped target, as far as its counters need to know. */
interface Target {
  /** When it was first seen; what it exports later than this was not there before. */
  firstMs: number;
  /** Since when its process runs, when it says so. */
  startedMs: number;
  /** A series of this target was forgotten: what appears may have been there before. */
  isForgetful: boolean;
}

interface Counter<Meaning> {
  readonly meaning: Meaning;
  readonly target: Target;
  lastMs: number;
  lastValue: number;
  /** When it last rose, and how often it did. */
  roseMs: number;
  rises: number;
}

/** Without a sample for this long a series is forgotten. */
const FORGET_AFTER_MS = 30 * 60_000;

/** A process that is seen for the first time within this of its start was started by a deploy, or after a crash. */
const JUST_BEGUN_MS = 120_000;

/** When there are too many series, those that rose this often at most, and not for this long, make room for new ones. */
const FEW_RISES = 2;
const QUIET_MS = 120_000;
const MAKE_ROOM_EVERY_MS = 30_000;

/** A process that began within this time before its first scrape counted from zero under our eyes. */
const BORN_WITHIN_MS = 60_000;

/**
 * Turns samples of counters into increases. A counter below its predecessor has restarted at zero; a series that appears on a
 * target that was scraped before has counted from zero; samples that are not newer than the last one are passed over.
 */
export class CounterBook<Meaning> {
  readonly #counters = new Map<string, Counter<Meaning> | undefined>();
  readonly #targets = new Map<string, Target>();
  readonly #mostSeries: number;
  readonly #onGone: (meaning: Meaning) => void;
  readonly #meaningOf: (labels: Labels) => Meaning | undefined;
  /** Keys of series that were there already when there was no room: what is new comes before them. */
  readonly #refused = new Set<string>();
  #evictable: string[] = [];
  #madeRoomMs = Number.NEGATIVE_INFINITY;
  /** Samples that were passed over because there were too many series. */
  dropped = 0;

  /**
   * `meaningOf` says what a series means to the caller; `undefined`: nothing. At most `mostSeries` are followed. `onGone` is told the
   * meaning of a series that is forgotten.
   */
  constructor(
    meaningOf: (labels: Labels) => Meaning | undefined,
    onGone: (meaning: Meaning) => void,
    mostSeries: number,
  ) {
    this.#meaningOf = meaningOf;
    this.#onGone = onGone;
    this.#mostSeries = mostSeries;
  }

  /** How many series are followed. */
  get size(): number {
    return this.#counters.size;
  }

  /** Notes that a target was scraped, successfully or not. */
  scraped(labels: Labels, atMs: number): void {
    const target = this.#target(labels);
    if (target.firstMs > atMs) target.firstMs = atMs;
  }

  /** Notes since when the process of a target runs, as it said at `atMs`. Returns whether it has just begun. */
  started(labels: Labels, startedMs: number, atMs: number): boolean {
    const target = this.#target(labels);
    if (!(startedMs > target.startedMs + 1_000)) return false;
    const isKnown = target.startedMs > 0;
    target.startedMs = startedMs;
    return isKnown || startedMs > atMs - JUST_BEGUN_MS;
  }

  /** Hands every increase of the samples that are new to `take`, with the meaning of their series. Returns whether the counter restarted. */
  take(series: Series, take: (meaning: Meaning, increase: number, atMs: number) => void): boolean {
    const { timestampsMs, values } = series;
    const counter = this.#counter(series.labels, timestampsMs[timestampsMs.length - 1] ?? 0);
    if (counter === undefined) return false;
    let didRestart = false;
    for (let i = 0; i < timestampsMs.length; i++) {
      const atMs = timestampsMs[i]!;
      const value = values[i]!;
      if (!(atMs > counter.lastMs) || !Number.isFinite(value) || value < 0) continue;
      let increase = value - counter.lastValue;
      if (Number.isNaN(counter.lastValue)) increase = this.#firstIncrease(counter.target, value, atMs);
      else if (increase < 0) {
        increase = value;
        didRestart = true;
      }
      counter.lastMs = atMs;
      counter.lastValue = value;
      if (increase > 0) {
        counter.roseMs = atMs;
        counter.rises++;
      }
      take(counter.meaning, increase, atMs);
    }
    return didRestart;
  }

  /** Forgets series and targets without a sample for half an hour. */
  forget(nowMs: number): void {
    for (const [key, counter] of this.#counters) {
      if (counter !== undefined && counter.lastMs >= nowMs - FORGET_AFTER_MS) continue;
      this.#counters.delete(key);
      if (counter === undefined) continue;
      counter.target.isForgetful = true;
      this.#onGone(counter.meaning);
    }
    this.#refused.clear();
    if (this.#targets.size > 2 * this.#mostSeries) this.#targets.clear();
  }

  #firstIncrease(target: Target, value: number, atMs: number): number {
    if (target.firstMs < atMs) return target.isForgetful ? 0 : value;
    target.firstMs = atMs;
    return target.startedMs > 0 && target.startedMs > atMs - BORN_WITHIN_MS ? value : 0;
  }

  #counter(labels: Labels, nowMs: number): Counter<Meaning> | undefined {
    const { key } = labels;
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    if (this.#counters.has(key)) return undefined;
    if (this.#counters.size >= this.#mostSeries && (this.#refused.has(key) || !this.#makeRoom(nowMs))) {
      this.#refused.add(key);
      this.dropped++;
      if (this.#refused.size > 2 * this.#mostSeries) this.#refused.clear();
      return undefined;
    }
    const meaning = this.#meaningOf(labels);
    const counter =
      meaning === undefined
        ? undefined
        : {
            meaning,
            target: this.#target(labels),
            lastMs: Number.NEGATIVE_INFINITY,
            lastValue: Number.NaN,
            roseMs: nowMs,
            rises: 0,
          };
    this.#counters.set(key, counter);
    return counter;
  }

  /** Lets go of a series that hardly ever rose, for one that is new. */
  #makeRoom(nowMs: number): boolean {
    if (this.#evictable.length === 0 && nowMs - this.#madeRoomMs >= MAKE_ROOM_EVERY_MS) {
      this.#madeRoomMs = nowMs;
      this.#evictable = [...this.#counters]
        .filter(
          ([, counter]) => counter !== undefined && counter.rises <= FEW_RISES && nowMs - counter.roseMs > QUIET_MS,
        )
        .sort(([, a], [, b]) => b!.roseMs - a!.roseMs)
        .map(([key]) => key);
    }
    const key = this.#evictable.pop();
    if (key === undefined) return false;
    const counter = this.#counters.get(key);
    this.#counters.delete(key);
    this.#refused.add(key);
    if (counter !== undefined) {
      counter.target.isForgetful = true;
      this.#onGone(counter.meaning);
    }
    return true;
  }

  #target(labels: Labels): Target {
    const key = `${labels.get('job')}\u0000${labels.get('instance')}`;
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = { firstMs: Number.POSITIVE_INFINITY, startedMs: 0, isForgetful: false };
      this.#targets.set(key, target);
    }
    return target;
  }
}
