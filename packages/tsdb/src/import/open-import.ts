import { type Clock, StoreError, systemClock } from '@tillwatch/model';
import { LoadedHead } from '../head/load-head.ts';
import { createPrivateDirectory, openWriter } from '../sqlite/database.ts';
import { lockDirectory } from '../sqlite/lock.ts';
import { storeFailure } from '../sqlite/store-failure.ts';
import { type BulkImport, StoreImport } from './bulk-import.ts';

/**
 * Opens the store in a data directory for an import, making it if it is not there.
 * @throws {StoreError} when another process writes to it, when it is damaged, or written by a newer version
 */
export function openImport(dir: string, clock: Clock = systemClock): BulkImport {
  try {
    createPrivateDirectory(dir);
    const lock = lockDirectory(dir);
    try {
      const db = openWriter(dir);
      try {
        return new StoreImport(db, lock, new LoadedHead(db, () => clock.nowMs()), clock.nowMs());
      } catch (cause) {
        db.close();
        throw cause;
      }
    } catch (cause) {
      lock.release();
      throw cause;
    }
  } catch (cause) {
    const failure = storeFailure(cause, `cannot open the store in ${dir}`);
    if (failure.reason !== 'corrupt') throw failure;
    const hint = 'start "tillwatch up" on it once, which mends what can be mended';
    throw new StoreError('corrupt', `${failure.message}: ${hint}`, { cause });
  }
}
