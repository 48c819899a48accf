import type { Database, Statement } from 'better-sqlite3';
import { BUNDLE_BYTES, isBundle, type PackedChunk, writeBundle } from './codec/bundle.ts';
import { ByteWriter } from './codec/bytes.ts';
import { checksumOfBytes, isIntact } from './codec/checksum.ts';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';

/** How long one slice may keep the process from other work, unless told otherwise. */
const SLICE_MS = 4;
const MOST_CHUNKS = 64;
/** So many of a series' newest chunks stay by themselves: whoever opens the store looks for its last sample there. */
const LEFT_ALONE = 2;

/**
 * Puts the older chunks of each series together in bundles. A month of a series then is some eighty rows instead of more than a
 * thousand, and rows are what reading costs most.
 */
export class Bundler {
  readonly #db: Database;
  readonly #sliceMs: number;
  readonly #mostBytes: number;
  readonly #chunksAfter: Statement<[number, number], [timelineId: number, body: Buffer, crc: number | null]>;
  readonly #put: Statement<[number, number, Uint8Array, number]>;
  readonly #delete: Statement<[number, number, number]>;
  readonly #writer = new ByteWriter();

  constructor(db: Database, sliceMs = SLICE_MS, mostBytes = BUNDLE_BYTES) {
    this.#db = db;
    this.#sliceMs = sliceMs;
    this.#mostBytes = mostBytes;
    // Of bundles, which there are many of when a store has just been opened, the mark is enough.
    this.#chunksAfter = db.prepare(
      `SELECT timeline_id, CASE WHEN substr(body, 1, 2) = x'0000' THEN x'0000' ELSE body END, crc FROM chunks
       WHERE series_id = ? AND timeline_id > ? ORDER BY timeline_id`,
    );
    this.#chunksAfter.raw();
    this.#put = db.prepare('INSERT OR REPLACE INTO chunks (series_id, timeline_id, body, crc) VALUES (?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM chunks WHERE series_id = ? AND timeline_id >= ? AND timeline_id < ?');
  }

  /** One pass over all series, yielding between slices so that other work gets its turn. */
  *pass(loaded: LoadedHead): Generator<void> {
    const all = [...loaded.head.index.all()];
    for (let next = 0; next < all.length; ) {
      // A slice that is lost leaves the chunks as they were, so nobody waits for the log to be synced.
      this.#db.pragma('synchronous = NORMAL');
      try {
        next = this.#db.transaction(() => this.#slice(loaded, all, next)).immediate();
      } catch (cause) {
        // What was dealt with in this slice is as it was before.
        for (const series of all) series.bundledId = 0;
        throw cause;
      } finally {
        this.#db.pragma('synchronous = FULL');
      }
      yield;
    }
  }

  /** Returns which series comes next. */
  #slice(loaded: LoadedHead, all: readonly HeadSeries[], first: number): number {
    const deadline = performance.now() + this.#sliceMs;
    let next = first;
    while (next < all.length) {
      this.#bundle(loaded, all[next++]!);
      if ((next & 7) === 0 && performance.now() >= deadline) break;
    }
    return next;
  }

  #bundle({ directory }: LoadedHead, series: HeadSeries): void {
    if (!series.isAlive || !series.hasChunks) return;
    let single: PackedChunk[] = [];
    for (const [timelineId, body, crc] of this.#chunksAfter.all(series.id, series.bundledId)) {
      // Chunks of a timeline that is being packed may be written again, and those of one that has expired will be deleted.
      if (!directory.has(timelineId)) break;
      // A bundle ends what can be put together, and so does a damaged chunk, which must not get a checksum that is right.
      if (isBundle(body) || !isIntact(crc, checksumOfBytes(series.id, timelineId, body))) {
        series.bundledId = timelineId;
        single = [];
      } else single.push({ timelineId, body });
    }
    let group: PackedChunk[] = [];
    let bytes = 0;
    for (const chunk of single.slice(0, -LEFT_ALONE)) {
      if (bytes + chunk.body.length > this.#mostBytes || group.length === MOST_CHUNKS) {
        this.#store(series, group);
        [group, bytes] = [[], 0];
      }
      group.push(chunk);
      // Beside the body there are the timeline and the length.
      bytes += chunk.body.length + 6;
    }
  }

  /** A bundle has the place of its last chunk, so that deleting up to a timeline never takes too much. */
  #store(series: HeadSeries, group: readonly PackedChunk[]): void {
    const last = group.at(-1)?.timelineId;
    if (last === undefined) return;
    if (group.length > 1) {
      this.#writer.reset();
      writeBundle(this.#writer, group);
      const body = this.#writer.finish();
      this.#put.run(series.id, last, body, checksumOfBytes(series.id, last, body));
      this.#delete.run(series.id, group[0]!.timelineId, last);
    }
    series.bundledId = last;
  }
}
