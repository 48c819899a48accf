import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@tillwatch/model';
import Database from 'better-sqlite3';
import { prepareSchema } from './schema.ts';

const FILE_NAME = 'tillwatch.db';

/** Opens the store's file for its one writer, making directory and file (0700, 0600) if they are missing. */
export function openWriter(dir: string): Database.Database {
  const file = createPrivateFile(dir);
  const db = new Database(file, { timeout: 5_000 });
  return prepared(db, () => {
    db.pragma('journal_mode = WAL');
    // FULL: the write-ahead log is synced at every commit, so what is committed survives a power cut.
    db.pragma('synchronous = FULL');
    db.pragma('temp_store = MEMORY');
    db.pragma('journal_size_limit = 67108864');
    prepareSchema(db, file, true);
  });
}

/** Opens the store's file for reading, while a writer may be at work. */
export function openReader(dir: string): Database.Database {
  const file = join(dir, FILE_NAME);
  if (!existsSync(file)) throw new StoreError('io', `there is no store in ${dir}: ${file} does not exist`);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  return prepared(db, () => prepareSchema(db, file, false));
}

/** The directory and an empty file that others cannot read, before SQLite copies the file's rights to its journals. */
export function createPrivateDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

function createPrivateFile(dir: string): string {
  createPrivateDirectory(dir);
  const file = join(dir, FILE_NAME);
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  return file;
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
