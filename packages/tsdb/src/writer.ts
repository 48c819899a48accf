import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Batch,
  type Clock,
  type CounterSeries,
  compareText,
  type Labels,
  type Logger,
  type Matcher,
  type ReadWindows,
  type Series,
  StoreError,
} from '@tillwatch/model';
import type { Database } from 'better-sqlite3';
import { StagedBatch } from './batch.ts';
import { BatchWriter, type WriteResult } from './batch-writer.ts';
import { Bundler } from './bundler.ts';
import { Documents } from './documents.ts';
import { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { HeldBatches } from './held-batches.ts';
import type { LateSample } from './late/late-samples.ts';
import { Packer } from './packer.ts';
import type { Quarantine } from './recovery/quarantine.ts';
import { Rester } from './resting/rester.ts';
import { Retention, type StoreLimits, sizeOnDisk } from './retention.ts';
import {
  labelNames,
  labelValues,
  selectCounters,
  selectSeries,
  selectSeriesLabels,
  valueAt,
} from './series-queries.ts';
import { emptyLog, openWriter } from './sqlite/database.ts';
import type { DirectoryLock } from './sqlite/lock.ts';
import { isPassing, storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb, TsdbStats } from './tsdb.ts';

interface Waiting {
  readonly batch: StagedBatch;
  readonly resolve: () => void;
  readonly reject: (failure: StoreError) => void;
}

export interface WriterOptions extends StoreLimits {
  readonly db: Database;
  readonly lock: DirectoryLock;
  /** Where damage that shows while the file is in use is noted. */
  readonly quarantine?: Quarantine | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a slice of packing may take; for tests. */
  readonly packSliceMs?: number | undefined;
  /** How many idle series come to rest together at least; for tests. */
  readonly fewestResting?: number | undefined;
  /** How large a bundle may become; for tests. */
  readonly bundleBytes?: number | undefined;
  /** How many samples are held in memory while the disk refuses; for tests. */
  readonly mostHeldSamples?: number | undefined;
}

/** How often the store looks for packing to do, how long it rests between slices, and how often it deletes what is old. */
const MAINTENANCE_MS = 5_000;
/** Chunks are bundled when so many more timelines are packed for each one in the head. */
const TIMELINES_PER_BUNDLING = 16;
const REST_MS = 20;
const RETENTION_EVERY_MS = 600_000;
/** After how long it is tried again to write what is held; twice as long each time, up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;
/** A disk that damages one file after the other is not to be filled with them. */
const MOST_REPLACEMENTS = 3;
/** A disk that takes so much for a trial has room again. */
const TRIAL_BYTES = 2 ** 20;

/** The store's one writer. Batches that are committed in the same turn of the event loop share one transaction and one sync. */
export class TsdbWriter implements Tsdb {
  readonly #options: WriterOptions;
  readonly #lock: DirectoryLock;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #file: OpenFile;
  #loaded: LoadedHead;
  /** Is memory no longer what the file says, because a transaction failed and reading it again did too? */
  #isDoubtful = false;
  /** What could not be written since the disk began to refuse. */
  #held: HeldBatches | undefined;
  #trouble: StoreError | undefined;
  #retryAtMs = 0;
  #retryMs = FIRST_RETRY_MS;
  #lostSamples = 0;
  /** The newest sample of all, and how many older ones than that of their series were stored. */
  #newestMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  /** Was it noted that the file is damaged? */
  #isSuspected = false;
  #replacements = 0;
  #waiting: Waiting[] = [];
  /** How many reads are under way. */
  #reading = 0;
  #samplesAppended = 0;
  #outOfOrderSamples = 0;
  #lateSamples = 0;
  #chunksLeftOut = 0;
  #commits = 0;
  #failedCommits = 0;

  constructor(options: WriterOptions) {
    const { db, lock, clock, logger } = options;
    this.#options = options;
    this.#file = openFile(db, options);
    this.#lock = lock;
    this.#clock = clock;
    this.#logger = logger;
    this.#loaded = new LoadedHead(db, () => clock.nowMs());
    this.#newestMs = this.#loaded.resting.newestMs;
    for (const series of this.#loaded.head.index.all()) this.#newestMs = Math.max(this.#newestMs, series.lastMs);
    void this.#maintain();
  }

  batch(): Batch {
    return new StagedBatch({
      index: () => this.#loaded.head.index,
      late: (series, sample) => this.#judgeLate(series, sample),
      refused: () => {
        this.#outOfOrderSamples++;
      },
      commit: (batch) => this.#enqueue(batch),
    });
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series> {
    yield* this.#iterate(() => selectSeries(this.#loaded, matchers, fromMs, toMs, windows));
  }

  *selectCounters(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<CounterSeries | Series> {
    yield* this.#iterate(() => selectCounters(this.#loaded, matchers, fromMs, toMs));
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
    return this.#read(() => {
      const held = this.#held?.change(shelf, key);
      if (held === undefined) return this.#file.documents.get(shelf, key);
      return held.json === undefined ? undefined : JSON.parse(held.json);
    });
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return this.#read(() => {
      const stored = this.#file.documents.entries(shelf);
      if (this.#held === undefined) return stored;
      const entries = new Map(stored);
      for (const change of this.#held.changes()) {
        if (change.shelf !== shelf) continue;
        if (change.json === undefined) entries.delete(change.key);
        else entries.set(change.key, JSON.parse(change.json));
      }
      return [...entries].sort(([a], [b]) => compareText(a, b));
    });
  }

  stats(): TsdbStats {
    const { head } = this.#loaded;
    return {
      ...measure(this.#file.db, this.#loaded),
      samplesAppended: this.#samplesAppended,
      outOfOrderSamples: this.#outOfOrderSamples,
      lateSamples: this.#lateSamples,
      commits: this.#commits,
      failedCommits: this.#failedCommits,
      trouble: this.#trouble?.reason,
      troubleMessage: this.#trouble?.message ?? '',
      heldSamples: this.#held?.samples ?? 0,
      lostSamples: this.#lostSamples + (this.#held?.lostSamples ?? 0),
      chunksLeftOut: this.chunksLeftOut(),
      quarantines: this.#options.quarantine?.names() ?? [],
      headSamples: head.sampleCount,
    };
  }

  seriesCount(): number {
    return this.#loaded.head.index.size;
  }

  hasSeries(labels: Labels): boolean {
    return this.#loaded.head.index.has(labels);
  }

  trouble(): 'unwritable' | 'quarantine' | undefined {
    if (this.#held !== undefined) return 'unwritable';
    return (this.#options.quarantine?.names().length ?? 0) > 0 ? 'quarantine' : undefined;
  }

  chunksLeftOut(): number {
    return this.#chunksLeftOut + leftOutOf(this.#loaded);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    // The last chance for what could not be written so far.
    this.#retryAtMs = 0;
    this.#resume();
    if (this.#held !== undefined) this.#logger.error('samples are lost', { held: this.#held.samples });
    this.#held?.close();
    this.#isClosed = true;
    this.#stop.abort();
    try {
      this.#file.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (cause) {
      // Nothing is lost: the next one to open the file reads the log.
      this.#logger.warn('checkpoint at close failed', { err: String(cause) });
    }
    this.#file.db.close();
    this.#lock.release();
  }

  configure(limits: StoreLimits): void {
    this.#file.retention.limits = limits;
  }

  /**
   * Does the packing (at most so many slices) and deleting that is due, without rests, and lets go of all that is packed. For tests;
   * the store does it by itself, bit by bit.
   */
  maintain(mostSlices = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < mostSlices; i++) if (!this.#file.packer.slice(this.#loaded, this.#clock.nowMs())) break;
    this.#loaded.release(Number.NEGATIVE_INFINITY);
    for (const _ of this.#file.bundler.pass(this.#loaded));
    for (const _ of this.#file.rester.pass(this.#loaded, this.#clock.nowMs()));
    for (const _ of this.#file.retention.pass(this.#loaded, this.#clock.nowMs()));
    for (const _ of this.#file.retention.shrink(this.#loaded));
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
    this.#reading++;
    try {
      yield* read();
    } catch (cause) {
      if (this.#isClosed) throw new StoreError('closed', 'the store was closed during a query', { cause });
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#reading--;
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
    this.#resume();
    const failure = this.#held === undefined ? this.#tryToCommit(group) : undefined;
    if (this.#held === undefined && failure === undefined) return;
    for (const one of group) {
      const ownFailure = group.length === 1 && failure !== undefined ? failure : this.#tryAlone(one);
      if (ownFailure !== undefined) this.#fail(one, ownFailure);
    }
  }

  #tryAlone(one: Waiting): Failure | undefined {
    if (this.#held === undefined) return this.#tryToCommit([one]);
    // What has no samples needs little room and leaves memory as it is: alert states are worth a try.
    return one.batch.sampleCount === 0
      ? this.#tryToCommitDocuments(one)
      : { error: this.#trouble as StoreError, isPassing: true };
  }

  #tryToCommit(group: readonly Waiting[]): Failure | undefined {
    try {
      if (this.#isDoubtful) this.#reload();
      const nowMs = this.#clock.nowMs();
      const results = this.#file.db.transaction(() => group.map(({ batch }) => this.#write(batch, nowMs))).immediate();
      this.#loaded.resting.settle(true);
      for (const result of results) this.#count(result);
      this.#commits += group.length;
    } catch (cause) {
      this.#reloadAfterFailure();
      return failureOf(cause);
    }
    for (const { resolve } of group) resolve();
    return undefined;
  }

  /** Puts a batch into memory and file, inside a transaction. */
  #write(batch: StagedBatch, nowMs: number): WriteResult {
    const { stored, overtaken } = this.#file.batches.write(this.#loaded.head, batch, nowMs);
    this.#newestMs = Math.max(this.#newestMs, newestOf(batch));
    const late = this.#writeLate(batch);
    this.#lateSamples += late;
    this.#loaded.resting.noteRoused();
    return { stored: stored + late, overtaken: overtaken + batch.late.length - late };
  }

  /** Returns how many late samples were stored; somebody else may have stored one for the same time in the meantime. */
  #writeLate(batch: StagedBatch): number {
    if (batch.late.length === 0) return 0;
    const { head, late } = this.#loaded;
    const bySeries = new Map<HeadSeries, LateSample[]>();
    for (const { series: staged, sample } of batch.late) {
      const series = head.index.get(staged.labels);
      if (series === undefined || late.within(series.id, sample.timestampMs, sample.timestampMs).length > 0) continue;
      const samples = bySeries.get(series);
      if (samples === undefined) bySeries.set(series, [sample]);
      else samples.push(sample);
    }
    let count = 0;
    for (const [series, samples] of bySeries) {
      late.add(series.id, samples);
      count += samples.length;
    }
    return count;
  }

  /** May a sample that is older than the newest of its series be stored? As in Prometheus, that depends on the newest of all. */
  #judgeLate(series: HeadSeries, { timestampMs, low, high }: LateSample): 'late' | 'repeat' | undefined {
    const windowMs = this.#file.retention.limits.outOfOrderWindowMs ?? 0;
    if (windowMs === 0 || this.#held !== undefined || timestampMs < this.#newestMs - windowMs) return undefined;
    // A series that is new with this batch has nothing stored that could be at the same time.
    if (!series.isAlive) return 'late';
    const same = valueAt(this.#loaded, series, timestampMs);
    if (same === undefined) return 'late';
    return same.low === low && same.high === high ? 'repeat' : undefined;
  }

  #tryToCommitDocuments({ batch, resolve }: Waiting): Failure | undefined {
    try {
      this.#file.db.transaction(() => this.#file.batches.writeDocuments(batch.documents)).immediate();
    } catch (cause) {
      return failureOf(cause);
    }
    this.#held?.forget(batch.documents);
    this.#commits++;
    resolve();
    return undefined;
  }

  #count({ stored, overtaken }: WriteResult): void {
    this.#samplesAppended += stored;
    this.#outOfOrderSamples += overtaken;
  }

  /** Tells a batch that it was not stored. When the disk is to blame it is held, to be written later. */
  #fail({ batch, reject }: Waiting, { error, isPassing }: Failure): void {
    this.#failedCommits++;
    if (!isPassing) {
      reject(error);
      return;
    }
    this.#held ??= this.#beginToHold(error);
    this.#held.add(batch, this.#loaded.head, this.#clock.nowMs());
    const { reason, message, cause } = error;
    reject(new StoreError(reason, `${message}; it is held in memory`, { cause, isHeld: true }));
  }

  #beginToHold(error: StoreError): HeldBatches {
    this.#trouble = error;
    this.#retryMs = FIRST_RETRY_MS;
    this.#retryAtMs = this.#clock.nowMs() + this.#retryMs;
    this.#logger.error('the store cannot be written; going on from memory', {
      reason: error.reason,
      err: error.message,
    });
    if (error.reason === 'corrupt') this.#suspect(error.message);
    // Where even reading failed, memory has what could not be written already, and that is what holding it means. The file is read
    // again before anything is written to it.
    this.#isDoubtful = false;
    const { head, resting } = this.#loaded;
    let lastId = resting.highestId;
    for (const { id } of head.index.all()) lastId = Math.max(lastId, id);
    return new HeldBatches(head, lastId, this.#options.mostHeldSamples);
  }

  /** A file that turns out to be damaged is replaced once something cannot be written to it, or when it is opened the next time. */
  #suspect(reason: string): void {
    if (this.#isSuspected) return;
    this.#isSuspected = true;
    try {
      this.#options.quarantine?.suspect(reason);
    } catch (cause) {
      this.#logger.warn('cannot note that the store is damaged', { err: String(cause) });
    }
    this.#logger.error('the store is damaged: what can be read of it is taken over soon', { err: reason });
  }

  /** Writes what is held, when it is time to try again and the disk takes it. */
  #resume(): void {
    const held = this.#held;
    const nowMs = this.#clock.nowMs();
    if (held === undefined) return;
    // The clock may have been turned back in the meantime.
    if (nowMs < this.#retryAtMs && this.#retryAtMs - nowMs <= LONGEST_RETRY_MS) return;
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    this.#retryAtMs = nowMs + this.#retryMs;
    if (this.#trouble?.reason === 'corrupt' ? !this.#replaceFile(this.#trouble.message) : !this.#hasRoom()) return;
    try {
      this.#reload();
      this.#count(
        this.#file.db
          .transaction(() =>
            held.write(
              (batch) => this.#write(batch, nowMs),
              (changes) => this.#file.batches.writeDocuments(changes),
            ),
          )
          .immediate(),
      );
    } catch (cause) {
      this.#reloadAfterFailure();
      if (this.#isDoubtful) {
        this.#isDoubtful = false;
        return;
      }
      const failure = failureOf(cause);
      this.#trouble = failure.error;
      if (failure.isPassing) {
        held.refill(this.#loaded.head, nowMs);
        return;
      }
      this.#lostSamples += held.samples;
      this.#logger.error('what was held in memory cannot be written and is given up', { err: failure.error.message });
    }
    this.#logger.info('the store can be written again', { samples: held.samples, lost: held.lostSamples });
    this.#lostSamples += held.lostSamples;
    held.close();
    this.#held = undefined;
    this.#trouble = undefined;
  }

  /**
   * Puts a file that has what can be read in the place of the damaged one. Nothing else is done meanwhile, which takes some seconds
   * when there is much to read. Returns whether it worked.
   */
  #replaceFile(reason: string): boolean {
    const { quarantine } = this.#options;
    if (quarantine === undefined || this.#replacements >= MOST_REPLACEMENTS) return false;
    this.#replacements++;
    const { db, retention } = this.#file;
    try {
      db.close();
      if (existsSync(db.name)) quarantine.replace(reason);
      else quarantine.resume();
      this.#file = openFile(openWriter(dirname(db.name)), { ...this.#options, ...retention.limits });
      this.#isSuspected = false;
      return true;
    } catch (cause) {
      this.#logger.error('the damaged store cannot be replaced: restart', { err: String(cause) });
      return false;
    }
  }

  /** Does the disk take something that is not small? Memory is not touched by trying. */
  #hasRoom(): boolean {
    try {
      // What the log has grown to is room as well.
      emptyLog(this.#file.db);
      const bytes = Math.min(TRIAL_BYTES, 65_536 + 16 * (this.#held?.samples ?? 0));
      this.#file.db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, zeroblob(?))').run('trial', bytes);
      this.#file.db.prepare('DELETE FROM meta WHERE name = ?').run('trial');
      return true;
    } catch {
      return false;
    }
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
    this.#chunksLeftOut += leftOutOf(this.#loaded);
    this.#loaded = new LoadedHead(this.#file.db, () => this.#clock.nowMs());
    this.#isDoubtful = false;
  }

  async #maintain(): Promise<void> {
    const { signal } = this.#stop;
    let retentionDueMs = this.#clock.nowMs();
    let bundledVersion = 0;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(MAINTENANCE_MS, signal);
        this.#resume();
        while (this.#isSound && this.#file.packer.slice(this.#loaded, this.#clock.nowMs())) {
          await this.#clock.sleep(REST_MS, signal);
        }
        // What a read has begun with in memory has to stay there for it.
        if (this.#isSound && this.#reading === 0) this.#loaded.release();
        // The version counts the timelines that were packed.
        const { head, directory } = this.#loaded;
        const dueVersion = bundledVersion + TIMELINES_PER_BUNDLING * Math.max(1, head.timelines.size);
        if (this.#isSound && directory.version >= dueVersion) {
          bundledVersion = directory.version;
          await this.#restBetween(this.#file.bundler.pass(this.#loaded), signal);
        }
        const nowMs = this.#clock.nowMs();
        if (this.#isSound) await this.#restBetween(this.#file.rester.pass(this.#loaded, nowMs), signal);
        // Sooner than planned if the clock was turned back.
        const isDue = nowMs >= retentionDueMs || retentionDueMs - nowMs > RETENTION_EVERY_MS;
        if (this.#isSound && isDue) {
          retentionDueMs = nowMs + RETENTION_EVERY_MS;
          await this.#restBetween(this.#file.retention.pass(this.#loaded, nowMs), signal);
        }
        if (this.#isSound && this.#file.retention.isTooLarge) {
          await this.#restBetween(this.#file.retention.shrink(this.#loaded), signal);
        }
      } catch (cause) {
        if (signal.aborted) return;
        const failure = storeFailure(cause, 'cannot pack or delete');
        this.#logger.error('store maintenance failed', { err: failure.message });
        if (failure.reason === 'corrupt') this.#suspect(failure.message);
      }
    }
  }

  /** Is memory what the file says, so that it can be packed? */
  get #isSound(): boolean {
    return !this.#isDoubtful && this.#held === undefined;
  }

  /** Goes through slices with rests between them, as long as what they work on is still in use. */
  async #restBetween(slices: Iterable<void>, signal: AbortSignal): Promise<void> {
    const loaded = this.#loaded;
    for (const _ of slices) {
      await this.#clock.sleep(REST_MS, signal);
      if (!this.#isSound || loaded !== this.#loaded) return;
    }
  }
}

/** The time of the newest sample of a batch. */
function newestOf({ row, timestampsMs }: StagedBatch): number {
  let newestMs = row?.timestampMs ?? Number.NEGATIVE_INFINITY;
  for (const timestampMs of timestampsMs) if (timestampMs > newestMs) newestMs = timestampMs;
  return newestMs;
}

/** How many damaged rows had to be left out of what was read. */
export function leftOutOf({ chunkRows, late, resting }: LoadedHead): number {
  return chunkRows.leftOut + late.leftOut + resting.leftOut;
}

/** The file, and everybody who works on it. */
interface OpenFile {
  readonly db: Database;
  readonly batches: BatchWriter;
  readonly documents: Documents;
  readonly packer: Packer;
  readonly bundler: Bundler;
  readonly rester: Rester;
  readonly retention: Retention;
}

function openFile(db: Database, options: WriterOptions): OpenFile {
  const { packSliceMs, bundleBytes } = options;
  return {
    db,
    batches: new BatchWriter(db),
    documents: new Documents(db),
    packer: new Packer(db, packSliceMs),
    bundler: new Bundler(db, packSliceMs, bundleBytes),
    rester: new Rester(db, options.fewestResting),
    retention: new Retention(db, options, packSliceMs),
  };
}

interface Failure {
  readonly error: StoreError;
  readonly isPassing: boolean;
}

function failureOf(cause: unknown): Failure {
  return { error: storeFailure(cause, 'cannot write to the store'), isPassing: isPassing(cause) };
}

/** The figures that head and file give by themselves. */
export function measure(
  db: Database,
  { head, directory, resting }: LoadedHead,
): Pick<
  TsdbStats,
  'seriesCount' | 'restingSeriesCount' | 'headTimelines' | 'packedTimelines' | 'bytesOnDisk' | 'minTimeMs' | 'maxTimeMs'
> {
  let minMs = directory.minMs;
  let maxMs = directory.maxMs;
  for (const timeline of head.timelines.values()) {
    minMs = Math.min(minMs, timeline.firstMs);
    maxMs = Math.max(maxMs, timeline.lastMs);
  }
  return {
    seriesCount: head.index.size,
    restingSeriesCount: resting.size,
    headTimelines: head.timelines.size,
    packedTimelines: directory.size,
    bytesOnDisk: sizeOnDisk(db.name),
    minTimeMs: Number.isFinite(minMs) ? minMs : undefined,
    maxTimeMs: Number.isFinite(maxMs) ? maxMs : undefined,
  };
}
