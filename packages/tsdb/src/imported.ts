import type { Database } from 'better-sqlite3';

/** What was imported is kept as if it had happened when it was imported: nobody imports what is to be deleted at once. */
export interface Imported {
  /** Timelines up to this one are as old as the last import, or as old as they are, whichever is later. */
  readonly upToId: number;
  readonly atMs: number;
}

const UP_TO = 'imported_up_to_id';
const AT = 'imported_at_ms';

/** Notes that timelines up to an id were imported now. Belongs into the transaction that writes them. */
export function noteImport(db: Database, upToId: number, nowMs: number): void {
  const put = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  put.run(UP_TO, Math.max(upToId, readImported(db)?.upToId ?? 0));
  put.run(AT, nowMs);
}

/** When something was imported last; `undefined` if nothing ever was. */
export function readImported(db: Database): Imported | undefined {
  const get = db.prepare<[string], unknown>('SELECT value FROM meta WHERE name = ?').pluck();
  const [upToId, atMs] = [Number(get.get(UP_TO)), Number(get.get(AT))];
  return Number.isFinite(upToId) && Number.isFinite(atMs) ? { upToId, atMs } : undefined;
}
