import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@tillwatch/model';
import Database from 'better-sqlite3';

/** A data directory that only its holder may write to. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes the directory's lock. It is an SQLite lock on a small file of its own, so the operating system frees it when the
 * process dies in whatever way, and readers of the store are not kept out. The text file beside it only names the holder.
 * @throws {StoreError} when it is held, also by this process.
 */
export function lockDirectory(dir: string): DirectoryLock {
  const pidFile = join(dir, 'tillwatch.pid');
  const lock = new Database(join(dir, 'tillwatch.lock'), { timeout: 0 });
  try {
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Database.SqliteError) || !cause.code.startsWith('SQLITE_BUSY')) throw cause;
    const message = `data directory ${dir} is in use by another Tillwatch${holder(pidFile)}: stop that one, or give this one its own directory`;
    throw new StoreError('io', message, { cause });
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    lock.close();
    throw cause;
  }
  return {
    release() {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function holder(pidFile: string): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(pidFile, 'utf8'), 10)})`;
  } catch {
    return '';
  }
}
