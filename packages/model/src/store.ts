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

  /** Ends a series at `timestampMs` with a staleness marker. */
  appendStale(labels: Labels, timestampMs: number): void;

  /** Writes a document (JSON) under a key of a shelf, replacing what is there. */
  put(shelf: string, key: string, document: unknown): void;

  /** Removes a document; none there is no error. */
  remove(shelf: string, key: string): void;

  /** Resolves when everything is on disk. Rejects with `StoreError`, and then nothing of the batch was stored. */
  commit(): Promise<void>;
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

  constructor(reason: StoreError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
