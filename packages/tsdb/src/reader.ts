import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Batch,
  type Clock,
  type CounterSeries,
  type Labels,
  type Matcher,
  type ReadWindows,
  type Series,
  StoreError,
} from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { Documents } from './documents.ts';
import { LoadedHead } from './head/load-head.ts';
import { labelNames, labelValues, selectCounters, selectSeries, selectSeriesLabels } from './series-queries.ts';
import { openReader } from './sqlite/database.ts';
import { storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb, TsdbStats } from './tsdb.ts';
import { leftOutOf, measure } from './writer.ts';

/**
 * Reads a store that another thread or process writes. Every question is answered from everything that was committed when
 * it was asked: head and chunks are read in one transaction, so packing in the meantime moves nothing under the reader.
 */
export class TsdbReader implements Tsdb {
  readonly #nowMs: () => number;
  #file: ReadFile;
  /** How many questions are being answered: they share one transaction. */
  #open = 0;
  #isClosed = false;

  constructor(db: Database, clock: Clock) {
    this.#nowMs = () => clock.nowMs();
    this.#file = readFile(db, this.#nowMs);
  }

  batch(): Batch {
    throw new StoreError('read-only', 'the store was opened for reading only');
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series> {
    this.#begin();
    try {
      yield* selectSeries(this.#file.loaded, matchers, fromMs, toMs, windows);
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
  }

  *selectCounters(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<CounterSeries | Series> {
    this.#begin();
    try {
      yield* selectCounters(this.#file.loaded, matchers, fromMs, toMs);
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    this.#begin();
    try {
      yield* selectSeriesLabels(this.#file.loaded, matchers, fromMs, toMs);
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return this.#read(() => labelNames(this.#file.loaded, fromMs, toMs));
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return this.#read(() => labelValues(this.#file.loaded, name, fromMs, toMs));
  }

  get(shelf: string, key: string): unknown {
    return this.#read(() => this.#file.documents.get(shelf, key));
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return this.#read(() => this.#file.documents.entries(shelf));
  }

  stats(): TsdbStats {
    return this.#read(() => ({
      ...measure(this.#file.db, this.#file.loaded),
      headSamples: this.#file.loaded.head.sampleCount,
      samplesAppended: 0,
      outOfOrderSamples: 0,
      lateSamples: 0,
      commits: 0,
      failedCommits: 0,
      trouble: undefined,
      troubleMessage: '',
      heldSamples: 0,
      lostSamples: 0,
      chunksLeftOut: this.chunksLeftOut(),
      quarantines: [],
    }));
  }

  seriesCount(): number {
    return this.#read(() => this.#file.loaded.head.index.size);
  }

  hasSeries(labels: Labels): boolean {
    return this.#read(() => this.#file.loaded.head.index.has(labels));
  }

  trouble(): undefined {
    return undefined;
  }

  chunksLeftOut(): number {
    return leftOutOf(this.#file.loaded);
  }

  configure(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#file.db.close();
  }

  #read<T>(read: () => T): T {
    this.#begin();
    try {
      return read();
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
  }

  #begin(): void {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    if (this.#open++ > 0) return;
    try {
      this.#followReplacement();
      this.#file.db.exec('BEGIN');
      // The first read fixes what the transaction sees.
      this.#file.first.get();
      const version = this.#file.version.get()!;
      if (version !== this.#file.seenVersion) this.#file.loaded.refresh();
      this.#file.seenVersion = version;
    } catch (cause) {
      this.#end();
      throw storeFailure(cause, 'cannot read the store');
    }
  }

  /** A file that was found damaged is replaced by another of the same name, while its reader still has the old one open. */
  #followReplacement(): void {
    const { db, inode } = this.#file;
    const now = inodeOf(db.name);
    if (now === undefined || now === inode) return;
    const replacement = openReader(dirname(db.name));
    this.#file = readFile(replacement, this.#nowMs);
    db.close();
  }

  #end(): void {
    if (--this.#open === 0 && this.#file.db.open && this.#file.db.inTransaction) this.#file.db.exec('COMMIT');
  }
}

/** The file, and everything that is known of it. */
interface ReadFile {
  readonly db: Database;
  readonly inode: number | undefined;
  readonly documents: Documents;
  readonly loaded: LoadedHead;
  readonly version: Statement<[], number>;
  readonly first: Statement<[]>;
  seenVersion: number;
}

function readFile(db: Database, nowMs: () => number): ReadFile {
  const version = db.prepare<[], number>('PRAGMA data_version').pluck();
  db.exec('BEGIN');
  const seenVersion = version.get()!;
  const loaded = new LoadedHead(db, nowMs);
  db.exec('COMMIT');
  return {
    db,
    inode: inodeOf(db.name),
    documents: new Documents(db),
    loaded,
    version,
    first: db.prepare('SELECT 1 FROM meta LIMIT 1'),
    seenVersion,
  };
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
