import { statSync } from 'node:fs';
import {
  type Batch,
  type Clock,
  type Labels,
  type Logger,
  type Matcher,
  type ReadWindows,
  type Series,
  StoreError,
} from '@tillwatch/model';
import type { Database } from 'better-sqlite3';
import { StagedBatch } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';
import { Bundler } from './bundler.ts';
import { Documents } from './documents.ts';
import { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { Packer } from './packer.ts';
import { Retention } from './retention.ts';
import { labelNames, labelValues, selectSeries, selectSeriesLabels } from './series-queries.ts';
import type { DirectoryLock } from './sqlite/lock.ts';
import { storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb, TsdbStats } from './tsdb.ts';

interface Waiting {
  readonly batch: StagedBatch;
  readonly resolve: () => void;
  readonly reject: (failure: StoreError) => void;
}

export interface WriterOptions {
  readonly db: Database;
  readonly lock: DirectoryLock;
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a slice of packing may take; for tests. */
  readonly packSliceMs?: number | undefined;
  /** How large a bundle may become; for tests. */
  readonly bundleBytes?: number | undefined;
}

/** How often the store looks for packing to do, how long it rests between slices, and how often it deletes what is old. */
const MAINTENANCE_MS = 5_000;
/** Chunks are bundled when there are so many new timelines for each one in the head. */
const TIMELINES_PER_BUNDLING = 16;
const REST_MS = 20;
const RETENTION_EVERY_MS = 600_000;

/** The store's one writer. Batches that are committed in the same turn of the event loop share one transaction and one sync. */
export class TsdbWriter implements Tsdb {
  readonly #db: Database;
  readonly #lock: DirectoryLock;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #batches: BatchWriter;
  readonly #documents: Documents;
  readonly #packer: Packer;
  readonly #bundler: Bundler;
  readonly #retention: Retention;
  readonly #stop = new AbortController();
  #loaded: LoadedHead;
  /** Is memory no longer what the file says, because a transaction failed and reading it again did too? */
  #isDoubtful = false;
  #isClosed = false;
  #waiting: Waiting[] = [];
  #samplesAppended = 0;
  #outOfOrderSamples = 0;
  #commits = 0;
  #failedCommits = 0;

  constructor({ db, lock, retentionMs, clock, logger, packSliceMs, bundleBytes }: WriterOptions) {
    this.#db = db;
    this.#lock = lock;
    this.#clock = clock;
    this.#logger = logger;
    this.#batches = new BatchWriter(db);
    this.#documents = new Documents(db);
    this.#packer = new Packer(db, packSliceMs);
    this.#bundler = new Bundler(db, packSliceMs, bundleBytes);
    this.#retention = new Retention(db, retentionMs);
    this.#loaded = new LoadedHead(db, () => clock.nowMs());
    void this.#maintain();
  }

  batch(): Batch {
    return new StagedBatch({
      find: (labels: Labels): HeadSeries | undefined => this.#loaded.head.index.get(labels),
      refused: () => {
        this.#outOfOrderSamples++;
      },
      commit: (batch) => this.#enqueue(batch),
    });
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series> {
    yield* this.#iterate(() => selectSeries(this.#loaded, matchers, fromMs, toMs, windows));
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    yield* this.#iterate(() => selectSeriesLabels(this.#loaded, matchers, fromMs, toMs));
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return this.#read(() => labelNames(this.#loaded, fromMs, toMs));
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return this.#read(() => labelValues(this.#loaded, name, fromMs, toMs));
  }

  get(shelf: string, key: string): unknown {
    return this.#read(() => this.#documents.get(shelf, key));
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return this.#read(() => this.#documents.entries(shelf));
  }

  stats(): TsdbStats {
    const { head } = this.#loaded;
    return {
      ...measure(this.#db, this.#loaded),
      samplesAppended: this.#samplesAppended,
      outOfOrderSamples: this.#outOfOrderSamples,
      commits: this.#commits,
      failedCommits: this.#failedCommits,
      headSamples: head.sampleCount,
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#stop.abort();
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (cause) {
      // Nothing is lost: the next one to open the file reads the log.
      this.#logger.warn('checkpoint at close failed', { err: String(cause) });
    }
    this.#db.close();
    this.#lock.release();
  }

  /** Does the packing (at most so many slices) and deleting that is due, without rests. For tests; the store does it by itself. */
  maintain(mostSlices = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < mostSlices; i++) if (!this.#packer.slice(this.#loaded, this.#clock.nowMs())) break;
    for (const _ of this.#bundler.pass(this.#loaded));
    for (const _ of this.#retention.pass(this.#loaded, this.#clock.nowMs()));
  }

  #read<T>(read: () => T): T {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    try {
      return read();
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    }
  }

  *#iterate<T>(read: () => Iterable<T>): Iterable<T> {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    try {
      yield* read();
    } catch (cause) {
      if (this.#isClosed) throw new StoreError('closed', 'the store was closed during a query', { cause });
      throw storeFailure(cause, 'cannot read the store');
    }
  }

  #enqueue(batch: StagedBatch): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    if (batch.isEmpty) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ batch, resolve, reject });
    });
  }

  /** Commits everything that waits in one transaction. If that fails, each batch gets a chance of its own. */
  #flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length === 0) return;
    const failure = this.#tryToCommit(group);
    if (failure === undefined) return;
    for (const one of group) {
      const ownFailure = group.length === 1 ? failure : this.#tryToCommit([one]);
      if (ownFailure === undefined) continue;
      this.#failedCommits++;
      one.reject(ownFailure);
    }
  }

  #tryToCommit(group: readonly Waiting[]): StoreError | undefined {
    try {
      if (this.#isDoubtful) this.#reload();
      const nowMs = this.#clock.nowMs();
      const results = this.#db
        .transaction(() => group.map(({ batch }) => this.#batches.write(this.#loaded.head, batch, nowMs)))
        .immediate();
      for (const { stored, overtaken } of results) {
        this.#samplesAppended += stored;
        this.#outOfOrderSamples += overtaken;
      }
      this.#commits += group.length;
    } catch (cause) {
      this.#reloadAfterFailure();
      return storeFailure(cause, 'cannot write to the store');
    }
    for (const { resolve } of group) resolve();
    return undefined;
  }

  /** Readers must not see what was not stored, so memory is read from the file again. */
  #reloadAfterFailure(): void {
    this.#isDoubtful = true;
    try {
      this.#reload();
    } catch (cause) {
      this.#logger.error('cannot read the store after a failed write', { err: storeFailure(cause, 'reading').message });
    }
  }

  #reload(): void {
    const old = this.#loaded;
    this.#loaded = new LoadedHead(this.#db, () => this.#clock.nowMs());
    for (const series of old.head.index.all()) series.isAlive = false;
    this.#isDoubtful = false;
  }

  async #maintain(): Promise<void> {
    const { signal } = this.#stop;
    let retentionDueMs = this.#clock.nowMs();
    let bundledId = 0;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(MAINTENANCE_MS, signal);
        while (!this.#isDoubtful && this.#packer.slice(this.#loaded, this.#clock.nowMs())) {
          await this.#clock.sleep(REST_MS, signal);
        }
        const { timelines, nextTimelineId } = this.#loaded.head;
        const dueId = bundledId + TIMELINES_PER_BUNDLING * Math.max(1, timelines.size);
        if (!this.#isDoubtful && nextTimelineId >= dueId) {
          bundledId = nextTimelineId;
          for (const _ of this.#bundler.pass(this.#loaded)) await this.#clock.sleep(REST_MS, signal);
        }
        if (this.#isDoubtful || this.#clock.nowMs() < retentionDueMs) continue;
        retentionDueMs = this.#clock.nowMs() + RETENTION_EVERY_MS;
        for (const _ of this.#retention.pass(this.#loaded, this.#clock.nowMs())) {
          await this.#clock.sleep(REST_MS, signal);
        }
      } catch (cause) {
        if (signal.aborted) return;
        this.#logger.error('store maintenance failed', { err: storeFailure(cause, 'cannot pack or delete').message });
      }
    }
  }
}

/** The figures that head and file give by themselves. */
export function measure(
  db: Database,
  { head, directory }: LoadedHead,
): Pick<TsdbStats, 'seriesCount' | 'headTimelines' | 'packedTimelines' | 'bytesOnDisk' | 'minTimeMs' | 'maxTimeMs'> {
  let minMs = directory.minMs;
  let maxMs = Number.NEGATIVE_INFINITY;
  for (const timeline of head.timelines.values()) minMs = Math.min(minMs, timeline.firstMs);
  for (const series of head.index.all()) maxMs = Math.max(maxMs, series.lastMs);
  return {
    seriesCount: head.index.size,
    headTimelines: head.timelines.size,
    packedTimelines: directory.size,
    bytesOnDisk: sizeOf(db.name) + sizeOf(`${db.name}-wal`),
    minTimeMs: Number.isFinite(minMs) ? minMs : undefined,
    maxTimeMs: Number.isFinite(maxMs) ? maxMs : undefined,
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
