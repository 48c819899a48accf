import { type Labels, StoreError } from '@tillwatch/model';
import type { Database } from 'better-sqlite3';
import type { PackedChunk } from '../codec/bundle.ts';
import type { LoadedHead } from '../head/load-head.ts';
import { HeadSeries } from '../head/series.ts';
import { noteImport } from '../imported.ts';
import type { LateSample } from '../late/late-samples.ts';
import { Packer } from '../packer.ts';
import { SeriesRows } from '../series-rows.ts';
import type { DirectoryLock } from '../sqlite/lock.ts';
import { storeFailure } from '../sqlite/store-failure.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { ImportColumn } from './import-column.ts';
import { SharedTimelines } from './shared-timelines.ts';
import { lateSample, type Stretch, settle, wordsOf } from './stretch.ts';

/** Where samples of one series go. They must come in the order of time. */
export type ImportSeries = Pick<ImportColumn, 'append' | 'appendStale'>;

/** What became of the samples that were imported so far. */
export interface ImportCounts {
  /** Written, and on disk. */
  readonly stored: number;
  /** Left out: the same sample was stored already. */
  readonly repeated: number;
  /** Left out: another value is stored for the same series and time. */
  readonly conflicting: number;
}

/**
 * Brings much history into a store that no other process writes to: older or newer than what is there, series by series or
 * mixed. Samples are written in transactions of a few million, so a process that dies leaves whole ones, and what is imported
 * again is not stored twice.
 */
export interface BulkImport {
  /** The series with these labels; the same one for equal labels. Writes what waits when it is much. @throws {StoreError} */
  series(labels: Labels): ImportSeries;
  /** Writes what waits. @throws {StoreError} */
  flush(): ImportCounts;
  /** Writes what waits and gives the directory free. May be called twice. @throws {StoreError} */
  close(): ImportCounts;
  /** Gives the directory free without writing what waits. */
  abandon(): void;
}

/** So many samples wait at most, of 16 bytes each: where one series ends; and in the middle of one. */
const MOST_WAITING = 2 ** 21;
const FORCED_WAITING = 2 ** 22;
/** What a new series has room for at most. */
const MOST_ROOM = 2 ** 14;

/** A slice of time has about so many rows, at most: a chunk of a counter then fills most of a row of the file. */
const ROWS_PER_SLICE = 1_024;
const SHORTEST_SLICE_MS = 60_000;
const LONGEST_SLICE_MS = 2 ** 20 * SHORTEST_SLICE_MS;

interface Waiting {
  readonly labels: Labels;
  readonly column: ImportColumn;
  readonly handle: ImportSeries;
}

/** The writing side of an import. It owns database and lock. */
export class StoreImport implements BulkImport {
  readonly #db: Database;
  readonly #lock: DirectoryLock;
  readonly #loaded: LoadedHead;
  readonly #nowMs: number;
  readonly #chunks: ChunkWriter;
  readonly #timelines: SharedTimelines;
  readonly #seriesRows: SeriesRows;
  readonly #series = new Map<string, Waiting>();
  readonly #touched = new Set<Waiting>();
  /** The column that was made last. */
  #latest: ImportColumn | undefined;
  #waiting = 0;
  #isClosed = false;
  #counts = { stored: 0, repeated: 0, conflicting: 0 };

  /** @throws {DamagedBytes} and SQLite's errors. */
  constructor(db: Database, lock: DirectoryLock, loaded: LoadedHead, nowMs: number) {
    this.#db = db;
    this.#lock = lock;
    this.#loaded = loaded;
    this.#nowMs = nowMs;
    this.#chunks = new ChunkWriter(db);
    this.#timelines = new SharedTimelines((id) => loaded.directory.has(id));
    this.#seriesRows = new SeriesRows(db);
    this.#packHead();
  }

  series(labels: Labels): ImportSeries {
    if (this.#isClosed) throw new StoreError('closed', 'the import has ended');
    if (this.#waiting >= MOST_WAITING) this.flush();
    const known = this.#series.get(labels.key);
    if (known !== undefined) return known.handle;
    // In files that go series by series, one is as long as the other.
    const column = new ImportColumn(Math.max(64, Math.min(MOST_ROOM, this.#latest?.length ?? 0)));
    this.#latest = column;
    const waiting: Waiting = {
      labels,
      column,
      handle: {
        append: (timestampMs, value) => column.append(timestampMs, value) && this.#count(waiting),
        appendStale: (timestampMs) => column.appendStale(timestampMs) && this.#count(waiting),
      },
    };
    this.#series.set(labels.key, waiting);
    return waiting.handle;
  }

  flush(): ImportCounts {
    if (this.#isClosed) throw new StoreError('closed', 'the import has ended');
    if (this.#waiting > 0) {
      try {
        this.#write();
      } catch (cause) {
        this.abandon();
        throw storeFailure(cause, 'cannot write to the store');
      }
    }
    return { ...this.#counts };
  }

  close(): ImportCounts {
    if (!this.#isClosed) {
      this.flush();
      this.#release();
    }
    return { ...this.#counts };
  }

  abandon(): void {
    if (!this.#isClosed) this.#release();
  }

  #release(): void {
    this.#isClosed = true;
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Nothing is lost: the next one to open the file reads the log.
    }
    this.#db.close();
    this.#lock.release();
  }

  /** Everything becomes chunks, so that there is one kind of places only, and nothing in the head is older than a chunk. */
  #packHead(): void {
    const packer = new Packer(this.#db, Number.POSITIVE_INFINITY);
    for (const timeline of this.#loaded.head.timelines.values()) if (timeline.length > 0) timeline.isSealed = true;
    while (packer.slice(this.#loaded, this.#nowMs));
    this.#loaded.release(Number.NEGATIVE_INFINITY);
  }

  #count(waiting: Waiting): true {
    if (waiting.column.length === 1) this.#touched.add(waiting);
    if (++this.#waiting >= FORCED_WAITING) this.flush();
    return true;
  }

  #write(): void {
    const counts = { ...this.#counts };
    this.#db
      .transaction(() => {
        let highestId = 0;
        for (const one of this.#touched) highestId = Math.max(highestId, this.#writeSeries(one, counts));
        for (const timeline of this.#timelines.takeFresh()) this.#chunks.storeTimeline(timeline);
        if (highestId > 0) noteImport(this.#db, highestId, this.#nowMs);
        this.#loaded.resting.noteRoused();
      })
      .immediate();
    this.#loaded.resting.settle(true);
    for (const { column } of this.#touched) column.clear();
    this.#counts = counts;
    this.#touched.clear();
    this.#waiting = 0;
    this.#loaded.directory.refresh();
  }

  /** Writes what waits of one series. Returns the highest id of a timeline that it got. */
  #writeSeries({ labels, column }: Waiting, counts: { -readonly [Key in keyof ImportCounts]: number }): number {
    const known = this.#loaded.head.index.get(labels);
    const { stretches, repeated, conflicting, enclosed } = settle(
      this.#loaded,
      known,
      column.timestampsMs,
      column.values,
    );
    counts.repeated += repeated;
    counts.conflicting += conflicting;
    if (stretches.length === 0 && enclosed.length === 0) return 0;
    const series = known ?? this.#newSeries(labels);
    let highestId = 0;
    const late = [...enclosed];
    for (const stretch of stretches) highestId = Math.max(highestId, this.#writeStretch(series, stretch, late));
    if (late.length > 0) this.#loaded.late.add(series.id, late);
    counts.stored += enclosed.length + stretches.reduce((sum, { values }) => sum + values.length, 0);
    return highestId;
  }

  #writeStretch(series: HeadSeries, { timestampsMs, values, aboveId, belowId }: Stretch, late: LateSample[]): number {
    const words = wordsOf(values);
    const sliceMs = sliceMsOf(timestampsMs);
    const chunks: PackedChunk[] = [];
    let lastId = aboveId;
    let lastPlaced = -1;
    for (let from = 0; from < timestampsMs.length; ) {
      const slice = Math.floor(timestampsMs[from]! / sliceMs);
      let to = from + 1;
      while (to < timestampsMs.length && timestampsMs[to]! < (slice + 1) * sliceMs) to++;
      // Slices of different lengths do not meet, so their number and length together name one.
      const place = this.#timelines.place(
        slice * sliceMs + sliceMs / 2,
        timestampsMs.subarray(from, to),
        lastId,
        belowId,
      );
      if (place === undefined) {
        for (let i = from; i < to; i++) late.push(lateSample(timestampsMs[i]!, words, i));
      } else {
        chunks.push(this.#chunks.chunk(place, values.subarray(from, to)));
        lastId = place.timeline.id;
        lastPlaced = to - 1;
      }
      from = to;
    }
    if (lastPlaced === -1) return 0;
    const isNewest = belowId === Number.POSITIVE_INFINITY;
    this.#chunks.store(series.id, chunks, isNewest);
    series.packedId = lastId;
    if (isNewest) {
      const [low, high] = new Uint32Array(values.slice(lastPlaced, lastPlaced + 1).buffer) as unknown as [
        number,
        number,
      ];
      series.last = { timestampMs: timestampsMs[lastPlaced]!, low, high };
      series.lastTimelineId = lastId;
    }
    return lastId;
  }

  #newSeries(labels: Labels): HeadSeries {
    const series = new HeadSeries(labels);
    series.id = this.#seriesRows.insert(labels);
    this.#loaded.head.index.add(series);
    return series;
  }
}

/** How long a slice of time is that holds not too many rows: minutes times a power of two, so that series share slices. */
function sliceMsOf(timestampsMs: Float64Array): number {
  const steps: number[] = [];
  for (let i = 1; i < Math.min(64, timestampsMs.length); i++) steps.push(timestampsMs[i]! - timestampsMs[i - 1]!);
  const stepMs = steps.sort((a, b) => a - b)[steps.length >> 1] ?? SHORTEST_SLICE_MS;
  let sliceMs = SHORTEST_SLICE_MS;
  while (sliceMs < LONGEST_SLICE_MS && sliceMs * 2 <= stepMs * ROWS_PER_SLICE) sliceMs *= 2;
  return sliceMs;
}
