import type { Appendable, Ledger, Queryable, SeriesCensus, StoreError } from '@tillwatch/model';
import type { StoreLimits } from './retention.ts';

/** The embedded store: samples and documents in one SQLite file. */
export interface Tsdb extends Appendable, SeriesCensus, Queryable, Ledger {
  stats(): TsdbStats;
  /** What is wrong with the store: it cannot be written, or there are damaged files in its quarantine. Costs little to ask. */
  trouble(): 'unwritable' | 'quarantine' | undefined;
  /** How many times damaged chunks had to be left out of what was read since the store was opened. Costs nothing to ask. */
  chunksLeftOut(): number;
  /** Replaces the limits of what is kept, from the next round of deleting on. A reader deletes nothing, so it takes no notice. */
  configure(limits: StoreLimits): void;
  /** Commits what is owed and closes the file; what comes later is refused with `StoreError` `closed`. May be called twice. */
  close(): Promise<void>;
}

/** Figures about the store; counters count from the moment it was opened. */
export interface TsdbStats {
  /** Series that had samples in the last minutes, and those that had none for longer and rest in the file. */
  readonly seriesCount: number;
  readonly restingSeriesCount: number;
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
  /** Samples that were stored although newer ones of their series were there. */
  readonly lateSamples: number;
  readonly commits: number;
  readonly failedCommits: number;
  /** Why the store cannot be written at the moment; `undefined` when it can. */
  readonly trouble: StoreError['reason'] | undefined;
  /** The same in words; empty when there is none. */
  readonly troubleMessage: string;
  /** Samples that are held in memory because they cannot be written, and those that had to be given up. */
  readonly heldSamples: number;
  readonly lostSamples: number;
  /** How many times damaged chunks had to be left out of what was read. */
  readonly chunksLeftOut: number;
  /** The folders in `quarantine/` that damaged files were moved to, until somebody removes them. */
  readonly quarantines: readonly string[];
}
