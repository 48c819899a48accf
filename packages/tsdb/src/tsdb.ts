import type { Appendable, Ledger, Queryable } from '@tillwatch/model';

/** The embedded store: samples and documents in one SQLite file. */
export interface Tsdb extends Appendable, Queryable, Ledger {
  stats(): TsdbStats;
  /** Commits what is owed and closes the file; what comes later is refused with `StoreError` `closed`. May be called twice. */
  close(): Promise<void>;
}

/** Figures about the store; counters count from the moment it was opened. */
export interface TsdbStats {
  readonly seriesCount: number;
  /** Samples that are in memory, not packed into chunks yet. */
  readonly headSamples: number;
  /** Timelines (sets of series that share their timestamps) in memory, and packed in the file. */
  readonly headTimelines: number;
  readonly packedTimelines: number;
  /** The file and its write-ahead log. */
  readonly bytesOnDisk: number;
  /** The oldest and the newest sample; `undefined` while there is none. */
  readonly minTimeMs: number | undefined;
  readonly maxTimeMs: number | undefined;
  readonly samplesAppended: number;
  /** Samples that were refused because they were not newer than what was stored. */
  readonly outOfOrderSamples: number;
  readonly commits: number;
  readonly failedCommits: number;
}
