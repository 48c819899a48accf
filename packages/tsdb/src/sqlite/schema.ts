import { StoreError } from '@tillwatch/model';
import type { Database } from 'better-sqlite3';
import { DamagedBytes } from '../codec/bytes.ts';
import { UNCHECKED } from '../codec/checksum.ts';

/** Marks the file as ours ("Till" in ASCII), so that another SQLite file is not mistaken for a store. */
const APPLICATION_ID = 0x54696c6c;

/** Counted up with every change of the tables or of the bytes in them; see docs/formats/store.md. */
const SCHEMA_VERSION = 4;

const LATE_TABLE = `
  CREATE TABLE late (
    series_id INTEGER NOT NULL, number INTEGER NOT NULL, min_ms REAL NOT NULL, max_ms REAL NOT NULL, body BLOB NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (series_id, number)
  ) STRICT, WITHOUT ROWID;
`;

const RESTING_TABLES = `
  CREATE TABLE resting (number INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
  CREATE TABLE roused (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, row INTEGER NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
`;

const TABLES = `
  CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, labels TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
  CREATE TABLE rounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, timeline_id INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE timelines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL UNIQUE,
    min_ms REAL NOT NULL, max_ms REAL NOT NULL, count INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE chunks (
    series_id INTEGER NOT NULL, timeline_id INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (series_id, timeline_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (
    shelf TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (shelf, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
`;

/** The tables of which a file of ours has all, whatever its version. */
const TABLE_NAMES = ['series', 'rounds', 'timelines', 'chunks', 'documents', 'meta'];

/**
 * Creates the tables in a new file, and brings those of an older version up to date. @throws {StoreError} for a file that is
 * not ours or was written by a newer version, {DamagedBytes} for one of ours whose header says something else.
 */
export function prepareSchema(db: Database, file: string, mayWrite: boolean): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  const applicationId = Number(db.pragma('application_id', { simple: true }));
  const tables = new Set(db.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all());
  if (tables.size === 0 && applicationId === 0 && version === 0) {
    if (!mayWrite) throw new StoreError('io', `${file} is empty: nothing was stored in it yet`);
    createTables(db);
    return;
  }
  if (!TABLE_NAMES.every((name) => tables.has(name))) {
    if (applicationId === APPLICATION_ID) throw new DamagedBytes('tables are missing');
    throw new StoreError('io', `${file} is an SQLite file, but not one of Tillwatch: choose another data directory`);
  }
  // Since version 3 the file says its version twice, so that a damaged header is not mistaken for another program's or a newer one's.
  const said = db.prepare<[string], number>('SELECT value FROM meta WHERE name = ?').pluck().get('version') ?? version;
  if (said !== version || applicationId !== APPLICATION_ID) throw new DamagedBytes('the header of the file is damaged');
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'io',
      `${file} was written by a newer Tillwatch (store version ${version}, this one knows ${SCHEMA_VERSION}): upgrade Tillwatch, or use another data directory`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  if (!mayWrite) {
    throw new StoreError(
      'io',
      `${file} was written by an older Tillwatch (store version ${version}, this one reads ${SCHEMA_VERSION}): start this one on it once, which brings it up to date`,
    );
  }
  bringUpToDate(db, version);
}

function createTables(db: Database): void {
  db.transaction(() => {
    db.exec(TABLES);
    db.exec(LATE_TABLE);
    db.exec(RESTING_TABLES);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    setVersion(db);
  }).immediate();
}

/** Version 2 added bundles, version 3 checksums and late samples, version 4 series that rest. Rows without a checksum are taken as they are. */
function bringUpToDate(db: Database, version: number): void {
  db.transaction(() => {
    if (version < 3) {
      db.exec(LATE_TABLE);
      for (const table of ['series', 'rounds', 'timelines', 'chunks', 'documents']) {
        db.exec(`ALTER TABLE ${table} ADD COLUMN crc INTEGER NOT NULL DEFAULT ${UNCHECKED}`);
      }
    }
    db.exec(RESTING_TABLES);
    setVersion(db);
  }).immediate();
}

function setVersion(db: Database): void {
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
  db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run('version', SCHEMA_VERSION);
}
