import { statSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import { readImported } from './imported.ts';
import type { RestingPlace } from './resting/resting-table.ts';
import { emptyLog } from './sqlite/database.ts';

/** What the store may keep. */
export interface StoreLimits {
  /** Samples older than this are deleted. */
  readonly retentionMs: number;
  /** When the file and its log are larger than this, the oldest samples are deleted too; `undefined` for no limit. */
  readonly retentionBytes?: number | undefined;
  /** How much older than the newest sample of all a sample may be that comes after newer ones of its series; none when not given. */
  readonly outOfOrderWindowMs?: number | undefined;
}

/** How long one slice may keep the process from other work, unless told otherwise. */
const SLICE_MS = 4;
/** How many rows of timelines one slice deletes. */
const TIMELINES_PER_SLICE = 500;
/** How many pages at the end of the file one slice moves to where there is room. */
const PAGES_PER_SLICE = 32;
/** Free pages are given back to the file system when they are more than this share of the file; fewer are used again soon. */
const MOST_FREE = 1 / 8;
/** How often it is tried to empty the log while somebody reads. */
const MOST_TRIES = 50;
/** So much more than needed is deleted, so that the next batch is not over the limit again. */
const HEADROOM = 1.1;

/** Deletes chunks that are too old or too many, then their timelines, and series that have no samples left. */
export class Retention {
  readonly #db: Database;
  readonly #sliceMs: number;
  readonly #deleteChunks: Statement<[number, number, number]>;
  readonly #hasChunks: Statement<[number], number>;
  readonly #deleteSeries: Statement<[number]>;
  readonly #deleteTimeline: Statement<[number]>;
  readonly #keepNextId: Statement<[string, number]>;
  limits: StoreLimits;

  constructor(db: Database, limits: StoreLimits, sliceMs = SLICE_MS) {
    this.#db = db;
    this.#sliceMs = sliceMs;
    this.limits = limits;
    this.#deleteChunks = db.prepare('DELETE FROM chunks WHERE series_id = ? AND timeline_id > ? AND timeline_id <= ?');
    this.#hasChunks = db.prepare<[number], number>('SELECT 1 FROM chunks WHERE series_id = ? LIMIT 1').pluck();
    this.#deleteSeries = db.prepare('DELETE FROM series WHERE id = ?');
    this.#deleteTimeline = db.prepare('DELETE FROM timelines WHERE id = ?');
    this.#keepNextId = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  }

  /** Is the store larger than it may be? Cheap enough to be asked every few seconds. */
  get isTooLarge(): boolean {
    const { retentionBytes } = this.limits;
    return retentionBytes !== undefined && this.#bytes > retentionBytes;
  }

  /** The size of the file and its log; of a file that cannot be made smaller, what is used of it. */
  get #bytes(): number {
    const bytes = sizeOnDisk(this.#db.name);
    return this.#canShrink ? bytes : bytes - this.#number('freelist_count') * this.#number('page_size');
  }

  /** The pages of the file that are in use or will be given back, wherever they are now. */
  get #bytesOfPages(): number {
    const pages = this.#number('page_count') - (this.#canShrink ? 0 : this.#number('freelist_count'));
    return pages * this.#number('page_size');
  }

  /** Files that were made before version 3 keep their size: their free pages are used again. */
  get #canShrink(): boolean {
    return this.#number('auto_vacuum') === 2;
  }

  /** Deletes what is too old, yielding between slices so that other work gets its turn. */
  *pass(loaded: LoadedHead, nowMs: number): Generator<void> {
    const cutoffMs = nowMs - this.limits.retentionMs;
    // What was imported not long ago may be as old as it is.
    const imported = readImported(this.#db);
    const keptId = imported !== undefined && imported.atMs >= cutoffMs ? imported.upToId : 0;
    const all = packedBeforeHead(loaded).filter((id) => id > keptId);
    const end = all.findIndex((id) => loaded.directory.get(id)!.maxMs >= cutoffMs);
    yield* this.#delete(loaded, end === -1 ? all : all.slice(0, end), cutoffMs, keptId);
    yield* this.#giveBack(MOST_FREE);
  }

  /** Deletes the oldest until the store is no longer too large, or nothing is left that can be deleted. Yields like `pass`. */
  *shrink(loaded: LoadedHead): Generator<void> {
    // What was deleted before, and the room that the log has grown to, may be enough.
    let isLogEmpty = yield* this.#giveBack(0);
    for (;;) {
      // As long as somebody reads, the log stays as large as it is: then what counts is the file as it will be without it.
      const bytes = isLogEmpty ? this.#bytes : this.#bytesOfPages;
      const all = packedBeforeHead(loaded);
      const excess = (bytes - (this.limits.retentionBytes ?? Number.POSITIVE_INFINITY)) / bytes;
      if (!(excess > 0) || all.length === 0) return;
      const expired = all.slice(0, Math.ceil(all.length * Math.min(1, excess * HEADROOM)));
      const cutoffMs = Math.max(...expired.map((id) => loaded.directory.get(id)!.maxMs)) + 1;
      yield* this.#delete(loaded, expired, cutoffMs);
      isLogEmpty = yield* this.#giveBack(0);
    }
  }

  /** Deletes these timelines, whose ids are all there are behind `keptId` up to their last. */
  *#delete(loaded: LoadedHead, expired: readonly number[], cutoffMs: number, keptId = 0): Generator<void> {
    const upTo = expired.at(-1);
    if (upTo === undefined) return;
    const expire = (series: HeadSeries) => this.#expire(loaded, series, [keptId, upTo], cutoffMs);
    yield* this.#deleteAwake(loaded, expire);
    for (const number of loaded.resting.numbers()) yield* this.#deleteResting(loaded, number, expire);
    for (let i = 0; i < expired.length; i += TIMELINES_PER_SLICE) {
      const ids = expired.slice(i, i + TIMELINES_PER_SLICE);
      this.#db
        .transaction(() => {
          // Ids are never used twice, even when nothing is left that remembers the highest.
          this.#keepNextId.run('next_timeline_id', loaded.head.nextTimelineId);
          for (const id of ids) this.#deleteTimeline.run(id);
        })
        .immediate();
      for (const id of ids) loaded.directory.forget(id);
      yield;
    }
  }

  /** Deletes what is too old of series that do not rest. */
  *#deleteAwake({ head }: LoadedHead, expire: (series: HeadSeries) => boolean): Generator<void> {
    const gone = new Set<HeadSeries>();
    for (const _ of this.#slices(
      head.index.all(),
      (series) => {
        if (series.isAlive && expire(series)) gone.add(series);
      },
      () => {},
    )) {
      if (gone.size > 0) head.index.remove(gone);
      gone.clear();
      yield;
    }
  }

  /** Deletes what is too old of the series of a group that rests, and the group when nothing is left. */
  *#deleteResting({ resting }: LoadedHead, number: number, expire: (series: HeadSeries) => boolean): Generator<void> {
    let gone: RestingPlace[] = [];
    for (const _ of this.#slices(
      resting.seriesIn(number),
      ([row, series]) => {
        if (resting.isAt(number, row) && expire(series)) gone.push({ number, row });
      },
      () => resting.noteGone(gone),
    )) {
      resting.forget(gone);
      gone = [];
      yield;
    }
    if (resting.isEmpty(number)) this.#db.transaction(() => resting.delete(number)).immediate();
  }

  /** Does something with all there are, a few milliseconds in a transaction, and then at the end of each something else. */
  *#slices<T>(all: readonly T[], each: (one: T) => void, end: () => void): Generator<void> {
    for (let next = 0; next < all.length; ) {
      const deadline = performance.now() + this.#sliceMs;
      this.#db
        .transaction(() => {
          while (next < all.length) {
            each(all[next++]!);
            if ((next & 7) === 0 && performance.now() >= deadline) break;
          }
          end();
        })
        .immediate();
      yield;
    }
  }

  /** Deletes what a series has in a range of timelines. Returns whether it was deleted itself, because nothing is left of it. */
  #expire(
    loaded: LoadedHead,
    series: HeadSeries,
    range: readonly [above: number, upTo: number],
    cutoffMs: number,
  ): boolean {
    this.#deleteChunks.run(series.id, ...range);
    // Some of them may have been imported not long ago.
    if (range[0] === 0) loaded.late.deleteOlder(series.id, cutoffMs);
    const hasSamples = series.isInHead || series.lastMs >= cutoffMs || this.#hasChunks.get(series.id) !== undefined;
    if (!hasSamples) this.#deleteSeries.run(series.id);
    return !hasSamples;
  }

  /** Gives free pages back to the file system if they are more than `mostFree` of the file. Returns whether the log was emptied, if need be. */
  *#giveBack(mostFree: number): Generator<void, boolean> {
    const isWorthIt = this.#number('freelist_count') > mostFree * this.#number('page_count');
    if (isWorthIt && this.#canShrink) yield* this.#moveToFreePages();
    if (!isWorthIt && mostFree > 0) return true;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (emptyLog(this.#db)) return true;
      yield;
    }
    return false;
  }

  *#moveToFreePages(): Generator<void> {
    while (this.#number('freelist_count') > 0) {
      // A slice that is lost leaves the pages where they were, so nobody waits for the log to be synced.
      this.#db.pragma('synchronous = NORMAL');
      try {
        this.#db.pragma(`incremental_vacuum(${PAGES_PER_SLICE})`);
      } finally {
        this.#db.pragma('synchronous = FULL');
      }
      yield;
    }
  }

  #number(pragma: string): number {
    return Number(this.#db.pragma(pragma, { simple: true }));
  }
}

/** Bytes of a database and its write-ahead log. */
export function sizeOnDisk(file: string): number {
  return sizeOf(file) + sizeOf(`${file}-wal`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The packed timelines, ascending, that are older than all in the head: chunks are deleted by id up to the last. */
function packedBeforeHead({ head, directory }: LoadedHead): number[] {
  const oldestInHead = Math.min(Number.POSITIVE_INFINITY, ...head.timelines.keys());
  return [...directory.ids()].filter((id) => id < oldestInHead).sort((a, b) => a - b);
}
