import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compareLabels,
  compareText,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';
import { type BlockSamples, decodeBlock, encodeBlock } from './block-codec.ts';

/** How much a spool takes. */
export interface SpoolLimits {
  /** Default 200,000. */
  readonly maxSeries?: number;
  /** Bytes of the file. Default 16 GiB. */
  readonly maxBytes?: number;
}

/** There is more than a spool takes, or the disk is full. The message can be shown. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
}

const MAX_SERIES = 200_000;
const MAX_BYTES = 16 * 2 ** 30;
const SAMPLES_PER_BLOCK = 512;
const BUFFER_BYTES = 1 << 20;

interface Block {
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One series of a spool, for those who add many samples to it in a row. */
export interface SpoolSeries {
  readonly labels: Labels;
  /** Adds a sample; returns `false`, and does nothing, when it is not newer than the one before. */
  append(timestampMs: number, value: number): boolean;
  /** Ends the series at this time with a staleness marker; like `append` when it is not newer. */
  end(timestampMs: number): boolean;
}

/**
 * Samples on their way into a backtest: any number of them in any order of series, kept in a temporary file that nobody else
 * can open and that is gone with the process. In memory are the places of the blocks, and the newest samples of each series.
 */
export class SampleSpool implements Queryable {
  readonly #path: string;
  readonly #file: number;
  readonly #maxSeries: number;
  readonly #maxBytes: number;
  readonly #series = new Map<string, Spooled>();
  readonly #byName = new Map<string, Spooled[]>();
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  /** Room for a block while it is decoded. */
  #scratch = Buffer.allocUnsafe(16 * 1024);
  #sorted: readonly Spooled[] | undefined;
  #isOpen = true;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #samples = 0;

  /** @throws {SpoolError} when there is no room for temporary files */
  constructor({ maxSeries = MAX_SERIES, maxBytes = MAX_BYTES }: SpoolLimits = {}) {
    this.#maxSeries = maxSeries;
    this.#maxBytes = maxBytes;
    this.#path = join(tmpdir(), `tillwatch-backtest-${randomUUID()}`);
    try {
      this.#file = openSync(this.#path, 'wx+', 0o600);
      // Where a file can be removed while it is open, a crash leaves nothing behind.
      if (process.platform !== 'win32') rmSync(this.#path);
    } catch (cause) {
      throw new SpoolError(`cannot write a temporary file in ${tmpdir()}: ${(cause as Error).message}`, { cause });
    }
  }

  /** When the oldest sample is, ms since the epoch; `undefined` while there is none. */
  get firstMs(): number | undefined {
    return this.#samples === 0 ? undefined : this.#firstMs;
  }

  /** When the newest sample is. */
  get lastMs(): number | undefined {
    return this.#samples === 0 ? undefined : this.#lastMs;
  }

  get sampleCount(): number {
    return this.#samples;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** The series with these labels, made when it is new. @throws {SpoolError} when there are too many */
  series(labels: Labels): SpoolSeries {
    const known = this.#series.get(labels.key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#maxSeries) {
      throw new SpoolError(
        `there are more than ${this.#maxSeries} series; take fewer of them, or look for a label with ever new values`,
      );
    }
    const made = new Spooled(labels, this);
    this.#series.set(labels.key, made);
    const named = this.#byName.get(labels.metricName);
    if (named === undefined) this.#byName.set(labels.metricName, [made]);
    else named.push(made);
    this.#sorted = undefined;
    return made;
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    let before: Series | undefined;
    for (const spooled of this.#matching(matchers)) {
      const samples = spooled.read(fromMs, toMs, (block) => this.#read(block));
      if (samples.timestampsMs.length === 0) continue;
      // Series that were scraped together are read faster when they share their timestamps.
      const isSame = before !== undefined && sameTimes(before.timestampsMs, samples.timestampsMs);
      before = {
        labels: spooled.labels,
        timestampsMs: isSame ? before!.timestampsMs : samples.timestampsMs,
        values: samples.values,
      };
      yield before;
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const spooled of this.#matching(matchers)) {
      if (spooled.hasBetween(fromMs, toMs, (block) => this.#read(block))) yield spooled.labels;
    }
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const names = new Set<string>();
    for (const labels of this.selectLabels([], fromMs, toMs)) for (const name of labels.names()) names.add(name);
    return [...names].sort(compareText);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = new Set<string>();
    for (const labels of this.selectLabels([], fromMs, toMs)) values.add(labels.get(name));
    values.delete('');
    return [...values].sort(compareText);
  }

  /** Removes the file. May be called twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
    if (process.platform === 'win32') rmSync(this.#path, { force: true });
  }

  /** For the series of this spool: counts a sample. */
  took(timestampMs: number): void {
    this.#samples++;
    if (timestampMs < this.#firstMs) this.#firstMs = timestampMs;
    if (timestampMs > this.#lastMs) this.#lastMs = timestampMs;
  }

  /** For the series of this spool: keeps a block. @throws {SpoolError} */
  keep(samples: BlockSamples, count: number): Block {
    const bytes = encodeBlock(samples, count);
    const offset = this.#written + this.#buffered;
    if (offset + bytes.length > this.#maxBytes) {
      throw new SpoolError(
        `there are more samples than fit into ${Math.round(this.#maxBytes / 2 ** 30)} GiB; look at a shorter time with --from and --to`,
      );
    }
    if (this.#buffered + bytes.length > BUFFER_BYTES) this.#write();
    bytes.copy(this.#buffer, this.#buffered);
    this.#buffered += bytes.length;
    return {
      offset,
      bytes: bytes.length,
      count,
      fromMs: samples.timestampsMs[0]!,
      toMs: samples.timestampsMs[count - 1]!,
    };
  }

  #write(): void {
    try {
      for (let done = 0; done < this.#buffered; ) {
        done += writeSync(this.#file, this.#buffer, done, this.#buffered - done, this.#written + done);
      }
    } catch (cause) {
      throw new SpoolError(`cannot write a temporary file in ${tmpdir()}: ${(cause as Error).message}`, { cause });
    }
    this.#written += this.#buffered;
    this.#buffered = 0;
  }

  #read(block: Block): Buffer {
    const inBuffer = block.offset - this.#written;
    if (inBuffer >= 0) return this.#buffer.subarray(inBuffer, inBuffer + block.bytes);
    if (this.#scratch.length < block.bytes) this.#scratch = Buffer.allocUnsafe(2 * block.bytes);
    readSync(this.#file, this.#scratch, 0, block.bytes, block.offset);
    return this.#scratch;
  }

  #matching(matchers: readonly Matcher[]): readonly Spooled[] {
    this.#sort();
    const named = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
    const candidates = named === undefined ? (this.#sorted ?? []) : (this.#byName.get(named.value) ?? []);
    const others = matchers.filter((matcher) => matcher !== named);
    if (others.length === 0) return candidates;
    return candidates.filter(({ labels }) => others.every((matcher) => matcher.matchesLabels(labels)));
  }

  #sort(): void {
    if (this.#sorted !== undefined) return;
    const byLabels = (a: Spooled, b: Spooled) => compareLabels(a.labels, b.labels);
    this.#sorted = [...this.#series.values()].sort(byLabels);
    for (const named of this.#byName.values()) named.sort(byLabels);
  }
}

/** One series: the places of its blocks, and the block that grows. */
class Spooled implements SpoolSeries {
  readonly labels: Labels;
  readonly #spool: SampleSpool;
  readonly #blocks: Block[] = [];
  #timestampsMs = new Float64Array(32);
  #values = new Float64Array(32);
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels, spool: SampleSpool) {
    this.labels = labels;
    this.#spool = spool;
  }

  append(timestampMs: number, value: number): boolean {
    if (!this.#makeRoom(timestampMs)) return false;
    this.#values[this.#count] = value;
    this.#took(timestampMs);
    return true;
  }

  end(timestampMs: number): boolean {
    if (!this.#makeRoom(timestampMs)) return false;
    writeStaleAt(this.#values, this.#count);
    this.#took(timestampMs);
    return true;
  }

  #makeRoom(timestampMs: number): boolean {
    if (!(timestampMs > this.#lastMs)) return false;
    if (this.#count === SAMPLES_PER_BLOCK) {
      this.#blocks.push(this.#spool.keep({ timestampsMs: this.#timestampsMs, values: this.#values }, this.#count));
      this.#count = 0;
    }
    if (this.#count === this.#values.length) this.#grow();
    return true;
  }

  #took(timestampMs: number): void {
    this.#timestampsMs[this.#count++] = timestampMs;
    this.#lastMs = timestampMs;
    this.#spool.took(timestampMs);
  }

  hasBetween(fromMs: number, toMs: number, bytesOf: (block: Block) => Buffer): boolean {
    const block = this.#blocks[this.#firstEndingAtOrAfter(fromMs)];
    // Where a block begins or ends inside, there is no need to look into it.
    if (block !== undefined && block.fromMs <= toMs && (block.fromMs >= fromMs || block.toMs <= toMs)) return true;
    return this.read(fromMs, toMs, bytesOf).timestampsMs.length > 0;
  }

  /** The samples in [fromMs, toMs], in arrays of their own. */
  read(fromMs: number, toMs: number, bytesOf: (block: Block) => Buffer): BlockSamples {
    const first = this.#firstEndingAtOrAfter(fromMs);
    let last = first;
    let count = 0;
    for (; last < this.#blocks.length && this.#blocks[last]!.fromMs <= toMs; last++) count += this.#blocks[last]!.count;
    const open = this.#count > 0 && this.#timestampsMs[0]! <= toMs && this.#lastMs >= fromMs ? this.#count : 0;
    const out = { timestampsMs: new Float64Array(count + open), values: new Float64Array(count + open) };
    let at = 0;
    for (const block of this.#blocks.slice(first, last)) {
      decodeBlock(bytesOf(block), block.count, out, at);
      at += block.count;
    }
    if (open > 0) {
      out.timestampsMs.set(this.#timestampsMs.subarray(0, open), at);
      out.values.set(this.#values.subarray(0, open), at);
    }
    const from = indexAtOrAfter(out.timestampsMs, fromMs);
    const to = indexAtOrAfter(out.timestampsMs, toMs + 1);
    return { timestampsMs: out.timestampsMs.subarray(from, to), values: out.values.subarray(from, to) };
  }

  #firstEndingAtOrAfter(atMs: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]!.toMs < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const length = Math.min(SAMPLES_PER_BLOCK, 4 * this.#values.length);
    const timestampsMs = new Float64Array(length);
    const values = new Float64Array(length);
    timestampsMs.set(this.#timestampsMs);
    values.set(this.#values);
    this.#timestampsMs = timestampsMs;
    this.#values = values;
  }
}

/** The index of the first timestamp that is not before `atMs`. */
function indexAtOrAfter(timestampsMs: Float64Array, atMs: number): number {
  let low = 0;
  let high = timestampsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sameTimes(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
