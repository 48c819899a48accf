import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@tillwatch/model';
import Database from 'better-sqlite3';
import { DamagedBytes } from '../codec/bytes.ts';
import { prepareSchema } from './schema.ts';

/** The store's file in its data directory. */
export const FILE_NAME = 'tillwatch.db';

/** For how long a statement waits for a lock. */
const LOCK_TIMEOUT_MS = 5_000;

/** Opens the store's file for its one writer, making directory and file (0700, 0600) if they are missing. */
export function openWriter(dir: string): Database.Database {
  createPrivateDirectory(dir);
  const file = join(dir, FILE_NAME);
  createPrivateFile(file);
  const db = new Database(file, { timeout: LOCK_TIMEOUT_MS });
  return prepared(db, () => prepareWriter(db, file));
}

/** Sets a connection up for writing, and makes the tables if the file is new. @throws {StoreError} {DamagedBytes} */
export function prepareWriter(db: Database.Database, file: string): void {
  // What is deleted can be given back to the file system bit by bit. It has to be said before there is anything in the file.
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  // FULL: the write-ahead log is synced at every commit, so what is committed survives a power cut.
  db.pragma('synchronous = FULL');
  db.pragma('temp_store = MEMORY');
  db.pragma('journal_size_limit = 67108864');
  prepareSchema(db, file, true);
}

/** Opens the store's file for reading, while a writer may be at work. */
export function openReader(dir: string): Database.Database {
  const file = join(dir, FILE_NAME);
  if (!existsSync(file)) throw new StoreError('io', `there is no store in ${dir}: ${file} does not exist`);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  return prepared(db, () => prepareSchema(db, file, false));
}

/**
 * Moves what is in the log to its place in the file, and makes the log empty. Returns whether it is; it is not while somebody reads
 * from it, and nobody waits for that.
 */
export function emptyLog(db: Database.Database): boolean {
  db.pragma('busy_timeout = 0');
  try {
    const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
    return result?.busy === 0;
  } finally {
    db.pragma(`busy_timeout = ${LOCK_TIMEOUT_MS}`);
  }
}

const MAGIC = 'SQLite format 3\u0000';
const WRITE_VERSION_AT = 18;

/** Finds what SQLite would take for a file of another kind, or for one that must not be written. @throws {DamagedBytes} */
export function checkHeader(file: string): void {
  const header = Buffer.alloc(100);
  if (!existsSync(file)) return;
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, header) === 0) return;
  } finally {
    closeSync(handle);
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new DamagedBytes('the file is not a database');
  const [write, read] = [header[WRITE_VERSION_AT]!, header[WRITE_VERSION_AT + 1]!];
  if (![1, 2].includes(write) || ![1, 2].includes(read)) throw new DamagedBytes('the header of the file is damaged');
}

/** Makes a data directory that others cannot look into. */
export function createPrivateDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Makes a file that others cannot read, before SQLite copies its rights to its journals. One that is there stays as it is. */
export function createPrivateFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function prepared(db: Database.Database, prepare: () => void): Database.Database {
  try {
    prepare();
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}
