import type { Database, Statement } from 'better-sqlite3';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';

/** How many series one slice looks at. */
const SERIES_PER_SLICE = 200;

/** Deletes chunks that are older than the retention, then their timelines, and series that have no samples left. */
export class Retention {
  readonly #db: Database;
  readonly #retentionMs: number;
  readonly #deleteChunks: Statement<[number, number]>;
  readonly #hasChunks: Statement<[number], number>;
  readonly #deleteSeries: Statement<[number]>;
  readonly #deleteTimeline: Statement<[number]>;
  readonly #keepNextId: Statement<[string, number]>;

  constructor(db: Database, retentionMs: number) {
    this.#db = db;
    this.#retentionMs = retentionMs;
    this.#deleteChunks = db.prepare('DELETE FROM chunks WHERE series_id = ? AND timeline_id <= ?');
    this.#hasChunks = db.prepare<[number], number>('SELECT 1 FROM chunks WHERE series_id = ? LIMIT 1').pluck();
    this.#deleteSeries = db.prepare('DELETE FROM series WHERE id = ?');
    this.#deleteTimeline = db.prepare('DELETE FROM timelines WHERE id = ?');
    this.#keepNextId = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  }

  /** One pass over the store, yielding between slices so that other work gets its turn. */
  *pass(loaded: LoadedHead, nowMs: number): Generator<void> {
    const cutoffMs = nowMs - this.#retentionMs;
    const expired = expiredTimelines(loaded, cutoffMs);
    const upTo = expired.at(-1);
    if (upTo === undefined) return;
    const all = [...loaded.head.index.all()];
    for (let i = 0; i < all.length; i += SERIES_PER_SLICE) {
      this.#slice(loaded, all.slice(i, i + SERIES_PER_SLICE), upTo, cutoffMs);
      yield;
    }
    this.#db
      .transaction(() => {
        // Ids are never used twice, even when nothing is left that remembers the highest.
        this.#keepNextId.run('next_timeline_id', loaded.head.nextTimelineId);
        for (const id of expired) this.#deleteTimeline.run(id);
      })
      .immediate();
    for (const id of expired) loaded.directory.forget(id);
  }

  #slice(loaded: LoadedHead, slice: readonly HeadSeries[], upTo: number, cutoffMs: number): void {
    const gone = new Set<HeadSeries>();
    this.#db
      .transaction(() => {
        for (const series of slice) {
          if (!series.isAlive) continue;
          this.#deleteChunks.run(series.id, upTo);
          const isInHead = series.timeline !== undefined || series.earlier.length > 0;
          if (isInHead || series.lastMs >= cutoffMs || this.#hasChunks.get(series.id) !== undefined) continue;
          this.#deleteSeries.run(series.id);
          gone.add(series);
        }
      })
      .immediate();
    if (gone.size > 0) loaded.head.index.remove(gone);
  }
}

/** The packed timelines, ascending, below which every timeline has expired: chunks are deleted by id up to the last. */
function expiredTimelines({ head, directory }: LoadedHead, cutoffMs: number): number[] {
  const expired: number[] = [];
  const oldestInHead = Math.min(Number.POSITIVE_INFINITY, ...head.timelines.keys());
  for (const id of [...directory.ids()].sort((a, b) => a - b)) {
    if (id > oldestInHead || directory.get(id)!.maxMs >= cutoffMs) break;
    expired.push(id);
  }
  return expired;
}
