import { createSlice, type Dimension, type Slice } from './slice.ts';
import type { Thresholds } from './thresholds.ts';

/** A slice without events for this long is let go: versions and instances come and go. */
const IDLE_MS = 3 * 86_400_000;

/** Slices younger than this stay, unless hardly anything happens in them: what is new may be what is broken. */
const NEW_MS = 30 * 60_000;
const HARDLY_USED = 3;
const SHORT_MS = 120_000;

/** The parts that are followed: a bounded number, the busiest and the newest. */
export class Slices {
  readonly #byKey = new Map<string, Slice>();
  readonly #most: number;
  readonly #thresholds: Thresholds;
  /** Changes whenever a slice was let go. */
  edition = 0;
  /** How often a part was not followed, or no longer, because there were too many. */
  dropped = 0;

  constructor(most: number, thresholds: Thresholds) {
    this.#most = most;
    this.#thresholds = thresholds;
  }

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): Iterator<Slice> {
    return this.#byKey.values();
  }

  /** The slice, which is made if need be; `undefined` when there are too many busy ones already. */
  of(dimension: Dimension, value: string, nowMs: number): Slice | undefined {
    const key = `${dimension}\u0000${value}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#most) {
      this.dropped++;
      if (!this.#makeRoom(nowMs)) return undefined;
    }
    const slice = createSlice(dimension, value, nowMs, this.#thresholds);
    this.#byKey.set(key, slice);
    return slice;
  }

  /** Lets go of slices without events for days. */
  forget(nowMs: number): void {
    for (const [key, slice] of this.#byKey) {
      if (slice.dimension === 'all' || nowMs - slice.lastMs <= IDLE_MS) continue;
      this.#byKey.delete(key);
      this.edition++;
    }
  }

  #makeRoom(nowMs: number): boolean {
    let least: Slice | undefined;
    for (const slice of this.#byKey.values()) {
      const ageMs = nowMs - slice.bornMs;
      const isNew = slice.weight >= HARDLY_USED ? ageMs < NEW_MS : ageMs < SHORT_MS;
      if (slice.dimension === 'all' || isNew) continue;
      if (least === undefined || slice.weight < least.weight) least = slice;
    }
    if (least === undefined) return false;
    this.#byKey.delete(`${least.dimension}\u0000${least.value}`);
    this.edition++;
    return true;
  }
}
