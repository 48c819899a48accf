import { type Clock, type Logger, silentLogger, systemClock } from '@tillwatch/model';
import { TsdbReader } from './reader.ts';
import { createPrivateDirectory, openReader, openWriter } from './sqlite/database.ts';
import { lockDirectory } from './sqlite/lock.ts';
import { storeFailure } from './sqlite/store-failure.ts';
import type { Tsdb } from './tsdb.ts';
import { TsdbWriter } from './writer.ts';

export interface TsdbOptions {
  /** Samples older than this are deleted. */
  readonly retentionMs: number;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  /** Reads a store that another thread or process has open for writing; `batch` is refused. */
  readonly readOnly?: boolean | undefined;
}

/**
 * Opens the store in a data directory, making it if it is not there; everything that was committed before is in it.
 * @throws {StoreError} when another process writes to it, when it is damaged, or when it was written by a newer version.
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
}

/** The writing store. */
export function openForWriting(dir: string, options: WritingOptions): TsdbWriter {
  const { retentionMs, clock = systemClock, logger = silentLogger, packSliceMs, bundleBytes } = options;
  createPrivateDirectory(dir);
  const lock = lockDirectory(dir);
  try {
    const db = openWriter(dir);
    try {
      return new TsdbWriter({ db, lock, retentionMs, clock, logger, packSliceMs, bundleBytes });
    } catch (cause) {
      db.close();
      throw cause;
    }
  } catch (cause) {
    lock.release();
    throw cause;
  }
}
