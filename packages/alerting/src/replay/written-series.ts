import { type Labels, writeStaleAt } from '@tillwatch/model';

/** Samples of one stretch of time. Series that have one at every tick of it share the array of timestamps. */
interface Chunk {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

/** Samples as arrays, oldest first. */
export type Samples = Chunk;

const NOTHING: Samples = { timestampsMs: new Float64Array(0), values: new Float64Array(0) };

/** A series that a rule of a replay writes: whole stretches at once, or sample by sample. */
export class WrittenSeries {
  readonly labels: Labels;
  #chunks: Chunk[] = [];
  /** The stretch that grows sample by sample. */
  #times = new Float64Array(0);
  #values = new Float64Array(0);
  #length = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Takes over arrays whose samples are newer than all there are. */
  appendAll(samples: Samples): void {
    this.#close();
    if (samples.timestampsMs.length === 0) return;
    this.#chunks.push(samples);
    this.#lastMs = samples.timestampsMs[samples.timestampsMs.length - 1]!;
  }

  /** Adds one sample; as in a store, one that is not newer than all there are is refused. */
  append(timestampMs: number, value: number | 'stale'): void {
    if (timestampMs <= this.#lastMs) return;
    this.#lastMs = timestampMs;
    if (this.#length === this.#times.length) this.#grow();
    this.#times[this.#length] = timestampMs;
    if (value === 'stale') writeStaleAt(this.#values, this.#length);
    else this.#values[this.#length] = value;
    this.#length++;
  }

  /** The samples in [fromMs, toMs]: views where one stretch holds them all, copies otherwise. */
  between(fromMs: number, toMs: number): Samples {
    const parts: Samples[] = [];
    let i = this.#firstChunkEndingAtOrAfter(fromMs);
    for (; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!;
      if (chunk.timestampsMs[0]! > toMs) break;
      addPart(parts, chunk, chunk.timestampsMs.length, fromMs, toMs);
    }
    if (this.#length > 0)
      addPart(parts, { timestampsMs: this.#times, values: this.#values }, this.#length, fromMs, toMs);
    return parts.length <= 1 ? (parts[0] ?? NOTHING) : joined(parts);
  }

  /** Drops whole stretches that ended before `beforeMs`. */
  forget(beforeMs: number): void {
    const kept = this.#firstChunkEndingAtOrAfter(beforeMs);
    if (kept > 0) this.#chunks = this.#chunks.slice(kept);
  }

  /** Ends the stretch that grows, so that it can be forgotten in time. */
  settle(): void {
    this.#close();
  }

  #close(): void {
    if (this.#length === 0) return;
    this.#chunks.push({
      timestampsMs: this.#times.slice(0, this.#length),
      // Copies bits, so that staleness markers stay what they are.
      values: this.#values.slice(0, this.#length),
    });
    this.#length = 0;
  }

  #grow(): void {
    const size = Math.max(16, 2 * this.#times.length);
    const times = new Float64Array(size);
    times.set(this.#times);
    const values = new Float64Array(size);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
  }

  #firstChunkEndingAtOrAfter(atMs: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { timestampsMs } = this.#chunks[middle]!;
      if (timestampsMs[timestampsMs.length - 1]! < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function addPart(parts: Samples[], chunk: Chunk, length: number, fromMs: number, toMs: number): void {
  const from = firstAtOrAfter(chunk.timestampsMs, length, fromMs);
  const to = firstAtOrAfter(chunk.timestampsMs, length, toMs + 1);
  if (from >= to) return;
  const isWhole = from === 0 && to === chunk.timestampsMs.length;
  parts.push(
    isWhole ? chunk : { timestampsMs: chunk.timestampsMs.subarray(from, to), values: chunk.values.subarray(from, to) },
  );
}

/** One after the other, in the order given. */
export function joined(parts: readonly Samples[]): Samples {
  const length = parts.reduce((sum, part) => sum + part.timestampsMs.length, 0);
  const timestampsMs = new Float64Array(length);
  const values = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    timestampsMs.set(part.timestampsMs, at);
    values.set(part.values, at);
    at += part.timestampsMs.length;
  }
  return { timestampsMs, values };
}

/** The index of the first of `length` timestamps that is not before `atMs`. */
export function firstAtOrAfter(timestampsMs: Float64Array, length: number, atMs: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
