/** Larger ones are not kept: they come seldom. */
const LARGEST_SPARE_BYTES = 8 * 1024 * 1024;
/** So many pages are under way at a time, as a rule. */
const MOST_SPARE = 4;
const FIRST_BYTES = 64 * 1024;

/** A body that grows as it comes in. */
export class BodyBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** What came in so far: valid until the buffer is used for something else. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
  }
}

/**
 * Buffers for bodies, used again and again: a page of half a megabyte every few milliseconds would keep the garbage collector busy with
 * looking for the ones that nobody needs any more. One that is not given back is garbage like anything else.
 */
export class BodyBuffers {
  readonly #spare: BodyBuffer[] = [];

  take(): BodyBuffer {
    return this.#spare.pop() ?? new BodyBuffer();
  }

  /** Nobody may look at what is in the buffer any more. */
  giveBack(buffer: BodyBuffer): void {
    buffer.clear();
    if (buffer.capacity <= LARGEST_SPARE_BYTES && this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }
}
