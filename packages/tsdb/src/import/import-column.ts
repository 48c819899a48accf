import { writeStaleAt } from '@tillwatch/model';

const CANONICAL_NAN_HIGH = 0x7ff8_0000;

/** What was read of one series and is not written yet, in the order of time. Room is kept from one flush to the next. */
export class ImportColumn {
  #timestampsMs: Float64Array<ArrayBuffer>;
  #values: Float64Array<ArrayBuffer>;
  #length = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Has room for so many samples at first. */
  constructor(room = 64) {
    this.#timestampsMs = new Float64Array(room);
    this.#values = new Float64Array(room);
  }

  /** Samples that wait. */
  get length(): number {
    return this.#length;
  }

  /** Those samples; valid until the next is appended. */
  get timestampsMs(): Float64Array {
    return this.#timestampsMs.subarray(0, this.#length);
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** Takes a sample. Returns false, and takes nothing, when it is not newer than the one before. */
  append(timestampMs: number, value: number): boolean {
    if (!(timestampMs > this.#lastMs)) return false;
    const at = this.#length;
    if (at === this.#timestampsMs.length) this.#grow();
    this.#lastMs = timestampMs;
    this.#timestampsMs[at] = timestampMs;
    this.#values[at] = value;
    // Whatever NaN it was, only `appendStale` makes markers.
    if (value !== value) this.#makeCanonical(at);
    this.#length++;
    return true;
  }

  /** As `append`, with a staleness marker for a value. */
  appendStale(timestampMs: number): boolean {
    if (!this.append(timestampMs, 0)) return false;
    writeStaleAt(this.#values, this.#length - 1);
    return true;
  }

  /** Forgets the samples, which are written now, but not when the last was. Gives room back when there is much of it. */
  clear(): void {
    this.#length = 0;
    if (this.#timestampsMs.length <= 1_024) return;
    this.#timestampsMs = new Float64Array(64);
    this.#values = new Float64Array(64);
  }

  #makeCanonical(at: number): void {
    const words = new Uint32Array(this.#values.buffer, at * 8, 2);
    words[0] = 0;
    words[1] = CANONICAL_NAN_HIGH;
  }

  #grow(): void {
    this.#timestampsMs = doubled(this.#timestampsMs);
    this.#values = doubled(this.#values);
  }
}

/** A copy copies bits, so that staleness markers stay what they are. */
function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
