import { StoreError } from '@tillwatch/model';
import type { Database } from 'better-sqlite3';

/** Marks the file as ours ("Till" in ASCII), so that another SQLite file is not mistaken for a store. */
const APPLICATION_ID = 0x54696c6c;

/** Counted up with every change of the tables or of the bytes in them; see docs/formats/store.md. */
const SCHEMA_VERSION = 2;

const TABLES = `
  CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, labels TEXT NOT NULL) STRICT;
  CREATE TABLE rounds (id INTEGER PRIMARY KEY AUTOINCREMENT, timeline_id INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE timelines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL UNIQUE,
    min_ms REAL NOT NULL, max_ms REAL NOT NULL, count INTEGER NOT NULL, body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE chunks (
    series_id INTEGER NOT NULL, timeline_id INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (series_id, timeline_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (
    shelf TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (shelf, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Creates the tables in a new file. @throws {StoreError} for a file that is not ours or was written by a newer version. */
export function prepareSchema(db: Database, file: string, mayWrite: boolean): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  const applicationId = Number(db.pragma('application_id', { simple: true }));
  const tableCount = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  if (applicationId === 0 && version === 0 && tableCount === 0) {
    if (!mayWrite) throw new StoreError('io', `${file} is empty: nothing was stored in it yet`);
    db.transaction(() => {
      db.exec(TABLES);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    }).immediate();
    return;
  }
  if (applicationId !== APPLICATION_ID) {
    throw new StoreError(
      'corrupt',
      `${file} is an SQLite file, but not one of Tillwatch: choose another data directory`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'io',
      `${file} was written by a newer Tillwatch (store version ${version}, this one knows ${SCHEMA_VERSION}): upgrade Tillwatch, or use another data directory`,
    );
  }
  // Version 2 added bundles: what version 1 wrote is read as it is, and an older program must not read what comes now.
  if (version < SCHEMA_VERSION && mayWrite) db.pragma(`user_version = ${SCHEMA_VERSION}`);
}
