import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@tillwatch/model';
import Database from 'better-sqlite3';
import { createPrivateFile, FILE_NAME, prepareWriter } from '../sqlite/database.ts';
import { storeFailure } from '../sqlite/store-failure.ts';
import { damageOfLog } from './log-damage.ts';
import { type Salvaged, salvage } from './salvage.ts';

/** The folder of the data directory that damaged files are moved to, one folder each, named by time. */
const QUARANTINE = 'quarantine';
/** A file of ours that says that the store's file was found damaged while it was in use. */
const SUSPICION = 'tillwatch.damaged';
/** What is written to a quarantine when all that can be read was taken out of it. */
const REPORT = 'report.json';
const SALVAGED = 'salvaged.db';

/** Damaged files of a data directory, and what was taken out of them. */
export class Quarantine {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #now: () => Date;

  constructor(dir: string, logger: Logger, nowMs: () => number) {
    this.#dir = dir;
    this.#logger = logger;
    this.#now = () => new Date(nowMs());
  }

  /** The quarantines there are, oldest first, until somebody has looked at them and removed them. */
  names(): string[] {
    const root = join(this.#dir, QUARANTINE);
    return existsSync(root) ? readdirSync(root).sort() : [];
  }

  /** Is the store's file to be read from end to end before it is trusted? */
  get isSuspected(): boolean {
    return existsSync(join(this.#dir, SUSPICION));
  }

  /** Notes that the store's file was found damaged. What can be read of it is taken over when it is opened the next time. */
  suspect(reason: string): void {
    writeFileSync(join(this.#dir, SUSPICION), `${reason}\n`, { mode: 0o600 });
  }

  /** Goes on where an earlier process was ended in the middle of it. To be called before the store's file is opened or made. */
  resume(): void {
    const last = this.names().at(-1);
    if (last === undefined || existsSync(join(this.#dir, FILE_NAME))) return;
    const place = join(this.#dir, QUARANTINE, last);
    if (!existsSync(join(place, FILE_NAME))) return;
    if (existsSync(join(place, REPORT)) && !existsSync(join(place, SALVAGED))) return;
    this.#takeOut(place, 'an earlier start was interrupted');
  }

  /** Keeps a copy of a log that SQLite will not read to its end, since what is behind is overwritten soon. */
  keepDamagedLog(): void {
    const log = join(this.#dir, `${FILE_NAME}-wal`);
    const damage = damageOfLog(log);
    if (damage === undefined) return;
    const place = this.#makePlace();
    copyFileSync(join(this.#dir, FILE_NAME), join(place, FILE_NAME));
    copyFileSync(log, join(place, `${FILE_NAME}-wal`));
    writeReport(place, damage, undefined, this.#now());
    this.#logger.error('the end of the store could not be read; a copy was kept', { damage, copy: place });
  }

  /**
   * Moves the store's file away and puts one in its place that has what can be read of it. May be ended at any point and is
   * then gone on with by `resume`. @throws {StoreError} and SQLite's errors when not even an empty file can be made
   */
  replace(reason: string): void {
    const place = this.#makePlace();
    for (const suffix of ['-wal', '-shm', '']) {
      const file = join(this.#dir, FILE_NAME + suffix);
      if (existsSync(file)) renameSync(file, join(place, FILE_NAME + suffix));
    }
    this.#takeOut(place, reason);
  }

  #makePlace(): string {
    const time = this.#now().toISOString().replaceAll(':', '-');
    for (let number = 0; ; number++) {
      const place = join(this.#dir, QUARANTINE, number === 0 ? time : `${time}-${number}`);
      if (existsSync(place)) continue;
      mkdirSync(place, { recursive: true, mode: 0o700 });
      return place;
    }
  }

  #takeOut(place: string, reason: string): void {
    const target = join(place, SALVAGED);
    for (const suffix of ['', '-wal', '-shm']) rmSync(target + suffix, { force: true });
    const salvaged = fill(target, join(place, FILE_NAME));
    writeReport(place, reason, salvaged, this.#now());
    renameSync(target, join(this.#dir, FILE_NAME));
    rmSync(join(this.#dir, SUSPICION), { force: true });
    this.#logger.error('the store was damaged: it was moved away, and what could be read was taken over', {
      reason,
      quarantine: place,
      ...salvaged,
    });
  }
}

/** Makes a store in `target` with what can be read of the file `source`; `undefined` when that is nothing. */
function fill(target: string, source: string): Salvaged | undefined {
  createPrivateFile(target);
  const into = new Database(target);
  try {
    prepareWriter(into, target);
    into.pragma('wal_checkpoint(TRUNCATE)');
    const from = openDamaged(source, target);
    if (from === undefined) return undefined;
    try {
      return salvage(from, into);
    } finally {
      from.close();
    }
  } finally {
    // With the log in the file, it can be moved as one.
    into.pragma('wal_checkpoint(TRUNCATE)');
    into.close();
  }
}

/** Opens what is left of a store; when its first page is damaged, a copy that has the one of the empty store `model`. */
function openDamaged(source: string, model: string): Database.Database | undefined {
  const asItIs = openIfReadable(source);
  if (asItIs !== undefined) return asItIs;
  const repaired = `${source}-repaired`;
  copyFileSync(source, repaired);
  if (existsSync(`${source}-wal`)) copyFileSync(`${source}-wal`, `${repaired}-wal`);
  const bytes = readFileSync(repaired);
  const firstPage = readFileSync(model).subarray(0, PAGE_BYTES);
  if (bytes.length < PAGE_BYTES) return undefined;
  bytes.set(firstPage);
  bytes.writeUInt32BE(Math.floor(bytes.length / PAGE_BYTES), PAGE_COUNT_AT);
  bytes.writeUInt32BE(firstPage.readUInt32BE(CHANGES_AT), VALID_FOR_AT);
  bytes.fill(0, FREE_PAGES_AT, FREE_PAGES_AT + 8);
  writeFileSync(repaired, bytes);
  return openIfReadable(repaired);
}

/** Places in the header of an SQLite file. */
const PAGE_BYTES = 4096;
const CHANGES_AT = 24;
const PAGE_COUNT_AT = 28;
const FREE_PAGES_AT = 32;
const VALID_FOR_AT = 92;

function openIfReadable(file: string): Database.Database | undefined {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true });
    db.prepare('SELECT count(*) FROM (SELECT 1 FROM documents LIMIT 1)').get();
    db.prepare('SELECT labels FROM series LIMIT 0').get();
    return db;
  } catch (cause) {
    db?.close();
    if (storeFailure(cause, '').reason === 'full') throw cause;
    return undefined;
  }
}

function writeReport(place: string, reason: string, salvaged: Salvaged | undefined, now: Date): void {
  const report = { at: now.toISOString(), reason, salvaged };
  writeFileSync(join(place, REPORT), `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o600 });
}
