import { type Batch, invariant, type Labels, type SampleRow, StoreError } from '@tillwatch/model';
import { LabelTable } from './head/label-table.ts';
import { RowPlace } from './head/row-place.ts';
import { HeadSeries, type LastSample } from './head/series.ts';
import type { SeriesIndex } from './head/series-index.ts';
import type { LateSample } from './late/late-samples.ts';

/** A change of the documents: `json` replaces, `undefined` removes. */
export interface DocumentChange {
  readonly shelf: string;
  readonly key: string;
  readonly json: string | undefined;
}

/** What a batch needs of the store it belongs to. */
export interface BatchOwner {
  /** The series that the store has now. */
  index(): SeriesIndex;
  /**
   * Decides about a sample that is older than the newest of its series: whether it can be stored among the older ones ('late'), is
   * there already with this value ('repeat'), or can be neither.
   */
  late(series: HeadSeries, sample: LateSample): 'late' | 'repeat' | undefined;
  /** A sample was refused because it is not newer than what is there. */
  refused(): void;
  commit(batch: StagedBatch): Promise<void>;
}

const STALE_LOW = 0x0000_0002;
const STALE_HIGH = 0x7ff0_0000;

/** A row of samples that all go on in one timeline. */
export interface StagedRow {
  readonly row: SampleRow;
  readonly place: RowPlace;
  readonly timestampMs: number;
  readonly values: Float64Array;
}

/** A batch as it grows: perhaps a row, then single samples in flat arrays, in the order in which they came. */
export class StagedBatch implements Batch {
  readonly #owner: BatchOwner;
  /** Series that the store does not have yet. */
  #unknown: LabelTable | undefined;
  readonly #scratch = new Float64Array(1);
  readonly #scratchWords = new Uint32Array(this.#scratch.buffer);
  #isCommitted = false;
  #hasOneTime = true;
  #row: StagedRow | undefined;
  readonly series: HeadSeries[] = [];
  readonly timestampsMs: number[] = [];
  /** The values, each as two words: staleness markers must not travel through JavaScript numbers. */
  words = new Uint32Array(64);
  readonly documents: DocumentChange[] = [];
  /** Samples that are older than the newest of their series. */
  readonly late: { readonly series: HeadSeries; readonly sample: LateSample }[] = [];

  constructor(owner: BatchOwner) {
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.sampleCount === 0 && this.late.length === 0 && this.documents.length === 0;
  }

  /** How many samples it has, those of the row among them. */
  get sampleCount(): number {
    return this.series.length + (this.#row?.values.length ?? 0);
  }

  get row(): StagedRow | undefined {
    return this.#row;
  }

  /** The time of all samples; `undefined` when they have several. */
  get onlyTimeMs(): number | undefined {
    return this.#hasOneTime ? this.timestampsMs[0] : undefined;
  }

  append(labels: Labels, timestampMs: number, value: number): boolean {
    if (!Number.isFinite(timestampMs)) return false;
    // Whatever NaN it is, it is stored as the ordinary one: only `appendStale` writes a marker.
    if (value !== value) return this.#stage(labels, timestampMs, 0, 0x7ff8_0000);
    this.#scratch[0] = value;
    return this.#stage(labels, timestampMs, this.#scratchWords[0]!, this.#scratchWords[1]!);
  }

  appendRow(row: SampleRow, timestampMs: number, values: Float64Array): number {
    this.#mustBeOpen();
    const place = this.sampleCount === 0 ? RowPlace.of(row, this.#owner.index()) : undefined;
    if (place !== undefined && timestampMs > place.timeline.lastMs && timestampMs < Number.POSITIVE_INFINITY) {
      this.#row = { row, place, timestampMs, values };
      return 0;
    }
    let refused = 0;
    for (let i = 0; i < row.labels.length; i++) if (!this.append(row.labels[i]!, timestampMs, values[i]!)) refused++;
    return refused;
  }

  /** Turns the row into single samples, which can go to any timeline. */
  expandRow(): void {
    const staged = this.#row;
    if (staged === undefined) return;
    this.#row = undefined;
    const { row, timestampMs, values } = staged;
    const words = new Uint32Array(2 * (values.length + this.series.length));
    new Float64Array(words.buffer).set(values);
    for (let i = 0; i < values.length; i++) {
      if (values[i]! !== values[i]!) words.set([0, 0x7ff8_0000], 2 * i);
    }
    words.set(this.words.subarray(0, 2 * this.series.length), 2 * values.length);
    if (this.series.length > 0 && this.timestampsMs[0] !== timestampMs) this.#hasOneTime = false;
    const series = row.labels.map((labels) => this.#seriesOf(labels));
    this.series.unshift(...series);
    this.timestampsMs.unshift(...series.map(() => timestampMs));
    this.words = words;
  }

  appendStale(labels: Labels, timestampMs: number): void {
    if (!Number.isFinite(timestampMs)) return;
    // A series that never was cannot end.
    if (this.#owner.index().get(labels) === undefined && this.#unknown?.get(labels) === undefined) return;
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
    const at = this.series.length;
    const inRow = this.#placeInRow(series);
    const isStaged = series.stagedBy === this;
    const newestMs = isStaged
      ? this.timestampsMs[series.stagedAt]!
      : inRow === -1
        ? series.lastMs
        : this.#row!.timestampMs;
    if (timestampMs <= newestMs) {
      const newest = isStaged ? this.#staged(series.stagedAt) : inRow === -1 ? series.last : this.#inRow(inRow);
      const isRepeat = timestampMs === newestMs && low === newest?.low && high === newest.high;
      if (isRepeat || (timestampMs < newestMs && this.#stageLate(series, { timestampMs, low, high }))) return true;
      this.#owner.refused();
      return false;
    }
    if (at > 0 && timestampMs !== this.timestampsMs[at - 1]) this.#hasOneTime = false;
    series.stagedBy = this;
    series.stagedAt = at;
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

  /** Returns whether the sample can be stored, or is there already. */
  #stageLate(series: HeadSeries, sample: LateSample): boolean {
    const verdict = this.#owner.late(series, sample);
    if (verdict === undefined) return false;
    const same = this.#stagedAt(series, sample.timestampMs);
    if (same !== undefined) return same.low === sample.low && same.high === sample.high;
    if (verdict === 'late') this.late.push({ series, sample });
    return true;
  }

  /** What this batch has of a series at a time that is not its newest. Nobody asks for it often. */
  #stagedAt(series: HeadSeries, timestampMs: number): LastSample | undefined {
    for (let i = 0; i < this.series.length; i++) {
      if (this.series[i] === series && this.timestampsMs[i] === timestampMs) return this.#staged(i);
    }
    const inRow = this.#row?.timestampMs === timestampMs ? this.#placeInRow(series) : -1;
    if (inRow !== -1) return this.#inRow(inRow);
    return this.late.find((one) => one.series === series && one.sample.timestampMs === timestampMs)?.sample;
  }

  /** A series that the store does not have yet becomes known to it with the commit. */
  #seriesOf(labels: Labels): HeadSeries {
    const known = this.#owner.index().get(labels);
    if (known !== undefined) return known;
    this.#unknown ??= new LabelTable();
    let series = this.#unknown.get(labels);
    if (series === undefined) {
      series = new HeadSeries(labels);
      this.#unknown.set(series);
    }
    return series;
  }

  #staged(at: number): LastSample {
    return { timestampMs: this.timestampsMs[at]!, low: this.words[2 * at]!, high: this.words[2 * at + 1]! };
  }

  /** Which sample of the row is one of the series; -1 when none is. */
  #placeInRow({ timeline, slot }: HeadSeries): number {
    const place = this.#row?.place;
    return place === undefined || place.timeline !== timeline ? -1 : place.placeOf(slot);
  }

  #inRow(at: number): LastSample {
    const { values, timestampMs } = this.#row!;
    this.#scratch[0] = values[at]!;
    const isNumber = values[at] === values[at];
    const [low, high] = isNumber ? [this.#scratchWords[0]!, this.#scratchWords[1]!] : [0, 0x7ff8_0000];
    return { timestampMs, low, high };
  }
}
