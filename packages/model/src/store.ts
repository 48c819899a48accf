import type { Labels } from './labels.ts';

/**
 * Work that becomes durable together or not at all: samples, and documents such as alert states and owed messages.
 * A batch is used once. Nothing of it is visible to readers before `commit` resolves.
 */
export interface Batch {
  /**
   * Adds one sample. Samples of one series must come with rising timestamps; one that is not newer than what is stored is
   * refused and counted, unless it repeats the stored sample exactly. Returns whether the sample was taken.
   */
  append(labels: Labels, timestampMs: number, value: number): boolean;

  /**
   * Adds a sample at one time for each series of a row, `values[i]` for `row.labels[i]`: as `append` of one after the other, but
   * a store that has it can remember at the row where its series are. `values` is the batch's from then on. Returns how many samples
   * were refused.
   */
  appendRow?(row: SampleRow, timestampMs: number, values: Float64Array): number;

  /** Ends a series at `timestampMs` with a staleness marker. */
  appendStale(labels: Labels, timestampMs: number): void;

  /** Writes a document (JSON) under a key of a shelf, replacing what is there. */
  put(shelf: string, key: string, document: unknown): void;

  /** Removes a document; none there is no error. */
  remove(shelf: string, key: string): void;

  /**
   * Resolves when everything is on disk. Rejects with `StoreError`, and then nothing of the batch was stored. Where the error
   * says `isHeld`, the store has the batch in memory and is going to write it by itself when it can.
   */
  commit(): Promise<void>;
}

/** Series that get their samples together, again and again: those of a target, in the order of its page. */
export class SampleRow {
  readonly labels: readonly Labels[];
  #note: unknown;

  constructor(labels: readonly Labels[]) {
    this.labels = labels;
  }

  /** Room for one note of a store, as at `Labels`. */
  get note(): unknown {
    return this.#note;
  }

  set note(note: unknown) {
    this.#note = note;
  }
}

/** What knows which series there are. */
export interface SeriesCensus {
  /** How many series the store has that got samples in the last minutes. Costs nothing to ask. */
  seriesCount(): number;
  /** Is this one of them? */
  hasSeries(labels: Labels): boolean;
}

/** What takes samples. */
export interface Appendable {
  batch(): Batch;
}

/** What keeps documents: named shelves of JSON documents by key, in the same file and transactions as the samples. */
export interface Ledger {
  batch(): Batch;
  get(shelf: string, key: string): unknown;
  /** All documents of a shelf in key order. */
  entries(shelf: string): [key: string, document: unknown][];
}

/** The disk or the database refused: full, read-only, damaged, closed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: 'full' | 'read-only' | 'corrupt' | 'closed' | 'io';
  /**
   * Is what could not be written held in memory? Then this process sees it as if it were stored, and it is written as soon as that
   * is possible; only a crash before that loses it.
   */
  readonly isHeld: boolean;

  constructor(reason: StoreError['reason'], message: string, options?: ErrorOptions & { readonly isHeld?: boolean }) {
    super(message, options);
    this.reason = reason;
    this.isHeld = options?.isHeld === true;
  }
}
