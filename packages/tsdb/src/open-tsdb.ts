import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Logger, silentLogger, systemClock } from '@tillwatch/model';
import { type Database, SqliteError } from 'better-sqlite3';
import { DamagedBytes } from './codec/bytes.ts';
import { Documents } from './documents.ts';
import { LateSamples } from './late/late-samples.ts';
import { TsdbReader } from './reader.ts';
import { Quarantine } from './recovery/quarantine.ts';
import type { StoreLimits } from './retention.ts';
import { checkHeader, createPrivateDirectory, FILE_NAME, openReader, openWriter } from './sqlite/database.ts';
import { lockDirectory } from './sqlite/lock.ts';
import { storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb } from './tsdb.ts';
import { TsdbWriter } from './writer.ts';

export interface TsdbOptions extends StoreLimits {
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  /** Reads a store that another thread or process has open for writing; `batch` is refused. */
  readonly readOnly?: boolean | undefined;
}

/**
 * Opens the store in a data directory, making it if it is not there; everything that was committed before is in it. A damaged
 * file is moved to `quarantine/` in the directory, and what can be read of it is in the store that is opened instead.
 * @throws {StoreError} when another process writes to it, or when it was written by a newer version; for a reader also when it
 * is damaged.
 */
export async function openTsdb(dir: string, options: TsdbOptions): Promise<Tsdb> {
  try {
    const clock = options.clock ?? systemClock;
    return options.readOnly === true ? new TsdbReader(openReader(dir), clock) : openForWriting(dir, options);
  } catch (cause) {
    throw storeFailure(cause, `cannot open the store in ${dir}`);
  }
}

/** What the store's own tests turn by hand. */
export interface WritingOptions extends TsdbOptions {
  /** How long a slice of packing may take. */
  readonly packSliceMs?: number;
  /** How large a bundle may become. */
  readonly bundleBytes?: number;
  /** How many idle series come to rest together at least. */
  readonly fewestResting?: number;
}

/** The writing store. */
export function openForWriting(dir: string, options: WritingOptions): TsdbWriter {
  const { clock = systemClock, logger = silentLogger } = options;
  createPrivateDirectory(dir);
  const lock = lockDirectory(dir);
  const quarantine = new Quarantine(dir, logger, () => clock.nowMs());
  const open = () => {
    checkHeader(join(dir, FILE_NAME));
    const db = openWriter(dir);
    try {
      check(db, quarantine.isSuspected);
      return new TsdbWriter({ ...options, db, lock, quarantine, clock, logger });
    } catch (cause) {
      db.close();
      throw cause;
    }
  };
  try {
    quarantine.resume();
    quarantine.keepDamagedLog();
    try {
      return open();
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      quarantine.replace(cause instanceof Error ? cause.message : String(cause));
      return open();
    }
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

/** Statements of ours that SQLite does not understand say that the tables are not what they were. */
function isDamage(cause: unknown): boolean {
  if (cause instanceof SqliteError && cause.code === 'SQLITE_ERROR') return true;
  return storeFailure(cause, '').reason === 'corrupt';
}

/** A file up to this size is read from end to end at every start: that takes no longer than a tenth of a second. */
const QUICKLY_CHECKED_BYTES = 64 * 2 ** 20;

/** Finds damage that would show only later. Chunks are checked whenever they are read. @throws {DamagedBytes} */
function check(db: Database, isSuspected: boolean): void {
  if (isSuspected || statSync(db.name).size <= QUICKLY_CHECKED_BYTES) {
    const finding = db.pragma('quick_check(1)', { simple: true });
    if (finding !== 'ok') throw new DamagedBytes(String(finding).split('\n').at(-1));
  }
  new Documents(db).check();
  new LateSamples(db).check();
}
