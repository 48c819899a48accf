import { type Batch, invariant, type Labels, StoreError } from '@tillwatch/model';
import { HeadSeries } from './head/series.ts';

/** A change of the documents: `json` replaces, `undefined` removes. */
export interface DocumentChange {
  readonly shelf: string;
  readonly key: string;
  readonly json: string | undefined;
}

/** What a batch needs of the store it belongs to. */
export interface BatchOwner {
  /** The series with these labels, if the store has it. */
  find(labels: Labels): HeadSeries | undefined;
  /** A sample was refused because it is not newer than what is there. */
  refused(): void;
  commit(batch: StagedBatch): Promise<void>;
}

const STALE_LOW = 0x0000_0002;
const STALE_HIGH = 0x7ff0_0000;

/** A batch as it grows: samples in flat arrays, in the order in which they came. */
export class StagedBatch implements Batch {
  readonly #owner: BatchOwner;
  readonly #unknown = new Map<string, HeadSeries>();
  readonly #scratch = new Float64Array(1);
  readonly #scratchWords = new Uint32Array(this.#scratch.buffer);
  #isCommitted = false;
  readonly series: HeadSeries[] = [];
  readonly timestampsMs: number[] = [];
  /** The values, each as two words: staleness markers must not travel through JavaScript numbers. */
  words = new Uint32Array(64);
  readonly documents: DocumentChange[] = [];

  constructor(owner: BatchOwner) {
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.series.length === 0 && this.documents.length === 0;
  }

  append(labels: Labels, timestampMs: number, value: number): boolean {
    if (!Number.isFinite(timestampMs)) return false;
    // Whatever NaN it is, it is stored as the ordinary one: only `appendStale` writes a marker.
    if (value !== value) return this.#stage(labels, timestampMs, 0, 0x7ff8_0000);
    this.#scratch[0] = value;
    return this.#stage(labels, timestampMs, this.#scratchWords[0]!, this.#scratchWords[1]!);
  }

  appendStale(labels: Labels, timestampMs: number): void {
    if (!Number.isFinite(timestampMs)) return;
    // A series that never was cannot end.
    if (this.#owner.find(labels) === undefined && !this.#unknown.has(labels.key)) return;
    this.#stage(labels, timestampMs, STALE_LOW, STALE_HIGH);
  }

  put(shelf: string, key: string, document: unknown): void {
    this.#mustBeOpen();
    const json = JSON.stringify(document);
    invariant(json !== undefined, `the document ${shelf}/${key} cannot be written as JSON`);
    this.documents.push({ shelf, key, json });
  }

  remove(shelf: string, key: string): void {
    this.#mustBeOpen();
    this.documents.push({ shelf, key, json: undefined });
  }

  async commit(): Promise<void> {
    this.#mustBeOpen();
    this.#isCommitted = true;
    await this.#owner.commit(this);
  }

  #mustBeOpen(): void {
    if (this.#isCommitted) throw new StoreError('closed', 'the batch was committed already: use a new one');
  }

  #stage(labels: Labels, timestampMs: number, low: number, high: number): boolean {
    this.#mustBeOpen();
    const series = this.#seriesOf(labels);
    const isStaged = series.stagedBy === this;
    const newestMs = isStaged ? series.stagedMs : series.lastMs;
    if (timestampMs <= newestMs) {
      const isRepeat =
        timestampMs === newestMs &&
        low === (isStaged ? series.stagedLow : series.lastLow) &&
        high === (isStaged ? series.stagedHigh : series.lastHigh);
      if (!isRepeat) this.#owner.refused();
      return isRepeat;
    }
    series.stagedBy = this;
    series.stagedMs = timestampMs;
    series.stagedLow = low;
    series.stagedHigh = high;
    const at = this.series.length;
    if (at * 2 === this.words.length) {
      const grown = new Uint32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.series.push(series);
    this.timestampsMs.push(timestampMs);
    this.words[2 * at] = low;
    this.words[2 * at + 1] = high;
    return true;
  }

  /** A series that the store does not have yet becomes known to it with the commit. */
  #seriesOf(labels: Labels): HeadSeries {
    const known = this.#owner.find(labels);
    if (known !== undefined) return known;
    let series = this.#unknown.get(labels.key);
    if (series === undefined) {
      series = new HeadSeries(labels);
      this.#unknown.set(labels.key, series);
    }
    return series;
  }
}
