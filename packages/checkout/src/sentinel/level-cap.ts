const ABOVE_USUAL = 1.3;
const BUCKET_MS = 120_000;
const SMALLEST_BUCKET = 10;

/**
 * Keeps a count from surging past what has lately been usual for each unit of something else (time, or page views): readers without
 * intent to buy, or bots, must not make the others look few. A token bucket that fills at a little more than the usual rate.
 */
export class LevelCap {
  readonly #memoryMs: number;
  #counted = 0;
  #paced = 0;
  #seenMs = 0;
  #tokens = SMALLEST_BUCKET;

  /** What is usual follows what happens within about `memoryMs`. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  /** The part of `count` that counts, for a bin of `elapsedMs` in which there were `pace` units. */
  take(count: number, pace: number, elapsedMs: number): number {
    const isNew = this.#seenMs < BUCKET_MS;
    const rate = this.#paced > 0 ? this.#counted / this.#paced : 0;
    const lately = (this.#paced / Math.max(1, this.#seenMs)) * Math.max(BUCKET_MS, elapsedMs);
    const bucket = Math.max(SMALLEST_BUCKET, ABOVE_USUAL * rate * lately);
    // One more now and then, so that what was rare may become more.
    this.#tokens = Math.min(bucket, this.#tokens + ABOVE_USUAL * rate * pace + elapsedMs / 300_000);
    const taken = isNew ? count : Math.min(count, this.#tokens);
    if (!isNew) this.#tokens -= taken;
    const kept = Math.exp(-elapsedMs / this.#memoryMs);
    this.#counted = this.#counted * kept + count;
    this.#paced = this.#paced * kept + pace;
    this.#seenMs = this.#seenMs * kept + elapsedMs;
    return taken;
  }
}
