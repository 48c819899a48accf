import { type Labels, METRIC_NAME, type Series } from '@tillwatch/model';

/** What a counter rose by, and until when. */
export type Increase = (increase: number, atMs: number) => void;

/** A scraped target, as far as its counters need to know. */
interface Target {
  /** When it was first seen; what it exports later than this was not there before. */
  firstMs: number;
  /** Since when its process runs, when it says so. */
  startedMs: number;
  restartedMs: number;
  /** A series of this target was forgotten: what appears may have been there before. */
  isForgetful: boolean;
}

interface Counter<Meaning> {
  readonly meaning: Meaning;
  readonly target: Target;
  lastMs: number;
  lastValue: number;
}

/** Without a sample for this long a series is forgotten. */
const FORGET_AFTER_MS = 30 * 60_000;

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
  readonly #meaningOf: (labels: Labels) => Meaning | undefined;
  /** Series that were not followed because there were too many. */
  dropped = 0;

  /** `meaningOf` says what a series means to the caller; `undefined`: nothing. At most `mostSeries` are followed. */
  constructor(meaningOf: (labels: Labels) => Meaning | undefined, mostSeries: number) {
    this.#meaningOf = meaningOf;
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

  /** Notes since when the process of a target runs. Returns whether that is news of a target that was known before. */
  started(labels: Labels, startedMs: number): boolean {
    const target = this.#target(labels);
    const isRestart = target.startedMs > 0 && startedMs > target.startedMs + 1_000;
    if (startedMs > target.startedMs) target.startedMs = startedMs;
    return isRestart;
  }

  /** Hands every increase of the samples that are new to `take`, with the meaning of their series. Returns whether the counter restarted. */
  take(series: Series, take: (meaning: Meaning, increase: number, atMs: number) => void): boolean {
    const counter = this.#counter(series.labels);
    if (counter === undefined) return false;
    const { timestampsMs, values } = series;
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
      if (increase > 0) take(counter.meaning, increase, atMs);
      else take(counter.meaning, 0, atMs);
    }
    return didRestart;
  }

  /** Forgets series and targets without a sample for half an hour. `onGone` is told the meaning of each. */
  forget(nowMs: number, onGone: (meaning: Meaning) => void): void {
    for (const [key, counter] of this.#counters) {
      if (counter !== undefined && counter.lastMs >= nowMs - FORGET_AFTER_MS) continue;
      this.#counters.delete(key);
      if (counter === undefined) continue;
      counter.target.isForgetful = true;
      onGone(counter.meaning);
    }
    if (this.#targets.size > 2 * this.#mostSeries) this.#targets.clear();
  }

  #firstIncrease(target: Target, value: number, atMs: number): number {
    if (target.firstMs < atMs) return target.isForgetful ? 0 : value;
    target.firstMs = atMs;
    return target.startedMs > atMs - BORN_WITHIN_MS ? value : 0;
  }

  #counter(labels: Labels): Counter<Meaning> | undefined {
    const { key } = labels;
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    if (this.#counters.has(key)) return undefined;
    if (this.#counters.size >= this.#mostSeries) {
      this.dropped++;
      return undefined;
    }
    const meaning = this.#meaningOf(labels);
    const counter =
      meaning === undefined
        ? undefined
        : { meaning, target: this.#target(labels), lastMs: Number.NEGATIVE_INFINITY, lastValue: Number.NaN };
    this.#counters.set(key, counter);
    return counter;
  }

  #target(labels: Labels): Target {
    const key = `${labels.get('job')}\u0000${labels.get('instance')}`;
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = { firstMs: Number.POSITIVE_INFINITY, startedMs: 0, restartedMs: 0, isForgetful: false };
      this.#targets.set(key, target);
    }
    return target;
  }
}

/** The labels that say what a series is about, without the metric's name. */
export function withoutName(labels: Labels): Labels {
  return labels.without([METRIC_NAME]);
}
