import {
  type Batch,
  type Clock,
  type Labels,
  type Matcher,
  type ReadWindows,
  type Series,
  StoreError,
} from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { Documents } from './documents.ts';
import { LoadedHead } from './head/load-head.ts';
import { labelNames, labelValues, selectSeries, selectSeriesLabels } from './series-queries.ts';
import { storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb, TsdbStats } from './tsdb.ts';
import { measure } from './writer.ts';

/**
 * Reads a store that another thread or process writes. Every question is answered from everything that was committed when
 * it was asked: head and chunks are read in one transaction, so packing in the meantime moves nothing under the reader.
 */
export class TsdbReader implements Tsdb {
  readonly #db: Database;
  readonly #documents: Documents;
  readonly #loaded: LoadedHead;
  readonly #version: Statement<[], number>;
  readonly #first: Statement<[]>;
  #seenVersion: number;
  /** How many questions are being answered: they share one transaction. */
  #open = 0;
  #isClosed = false;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#documents = new Documents(db);
    this.#version = db.prepare<[], number>('PRAGMA data_version').pluck();
    this.#first = db.prepare('SELECT 1 FROM meta LIMIT 1');
    db.exec('BEGIN');
    this.#seenVersion = this.#version.get()!;
    this.#loaded = new LoadedHead(db, () => clock.nowMs());
    db.exec('COMMIT');
  }

  batch(): Batch {
    throw new StoreError('read-only', 'the store was opened for reading only');
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series> {
    this.#begin();
    try {
      yield* selectSeries(this.#loaded, matchers, fromMs, toMs, windows);
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    this.#begin();
    try {
      yield* selectSeriesLabels(this.#loaded, matchers, fromMs, toMs);
    } catch (cause) {
      throw storeFailure(cause, 'cannot read the store');
    } finally {
      this.#end();
    }
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
    return this.#read(() => ({
      ...measure(this.#db, this.#loaded),
      headSamples: this.#loaded.head.sampleCount,
      samplesAppended: 0,
      outOfOrderSamples: 0,
      commits: 0,
      failedCommits: 0,
    }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#db.close();
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
      this.#db.exec('BEGIN');
      // The first read fixes what the transaction sees.
      this.#first.get();
      const version = this.#version.get()!;
      if (version !== this.#seenVersion) this.#loaded.refresh();
      this.#seenVersion = version;
    } catch (cause) {
      this.#end();
      throw storeFailure(cause, 'cannot read the store');
    }
  }

  #end(): void {
    if (--this.#open === 0 && this.#db.open && this.#db.inTransaction) this.#db.exec('COMMIT');
  }
}
