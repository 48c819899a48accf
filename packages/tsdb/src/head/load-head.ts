import type { Labels, Matcher } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { ChunkRows } from '../chunk-rows.ts';
import { ByteReader, DamagedBytes } from '../codec/bytes.ts';
import { checksumOfBytes, checksumOfText, isIntact } from '../codec/checksum.ts';
import { readPiece } from '../codec/chunk.ts';
import { decodeLabels } from '../codec/labels.ts';
import { readRound } from '../codec/round.ts';
import { LateSamples } from '../late/late-samples.ts';
import { PackedCache } from '../packed/packed-cache.ts';
import { PartReader } from '../packed/packed-part.ts';
import { RestingSeries } from '../resting/resting-series.ts';
import { Head } from './head.ts';
import { HeadSeries } from './series.ts';
import { compareSeries, SeriesIndex } from './series-index.ts';
import type { Timeline } from './timeline.ts';
import { TimelineDirectory } from './timeline-directory.ts';

/**
 * How long after its last sample a packed timeline stays in memory: rules mostly look back five minutes, and the rows there are
 * cheaper to read, and smaller, than chunks.
 */
const KEPT_MS = 330_000;
/** So much of it stays at most. Readers, whose questions nobody's appointments wait for, keep less. */
const MOST_KEPT_BYTES = 64 * 2 ** 20;
const MOST_KEPT_BYTES_OF_READER = 8 * 2 ** 20;

type SeriesRow = [id: number, labels: string, crc: number | null];

/** So many series that rest are passed over one by one. */
const FEW_RESTING = 16;

/** The head as the file has it, and how far the file was read. */
export class LoadedHead {
  readonly head: Head;
  readonly resting: RestingSeries;
  readonly directory: TimelineDirectory;
  readonly chunkRows: ChunkRows;
  readonly packed: PackedCache;
  readonly late: LateSamples;
  readonly #db: Database;
  readonly #newestChunks: Statement<[number], [timelineId: number, body: Buffer, crc: number | null]>;
  readonly #nowMs: () => number;
  #lastSeriesId = 0;
  #lastRoundId = 0;
  /** Timelines that are packed and still in memory, in the order in which they were packed. */
  #kept: Timeline[] = [];
  #keptBytes = 0;
  readonly #mostKeptBytes: number;
  /** Only for readers: series that rest in the file, and have samples in memory here. */
  #restingSoon: readonly number[] = [];

  /** @throws {DamagedBytes} and SQLite's errors. */
  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#mostKeptBytes = db.readonly ? MOST_KEPT_BYTES_OF_READER : MOST_KEPT_BYTES;
    this.#nowMs = nowMs;
    this.resting = new RestingSeries(db);
    this.head = new Head(new SeriesIndex(db.readonly ? undefined : (labels) => this.#rouse(labels)));
    this.#newestChunks = db.prepare(
      'SELECT timeline_id, body, crc FROM chunks WHERE series_id = ? ORDER BY timeline_id DESC LIMIT 2',
    );
    this.#newestChunks.raw();
    this.directory = new TimelineDirectory(db);
    this.chunkRows = new ChunkRows(db);
    this.packed = new PackedCache(new PartReader(this.chunkRows, this.directory));
    this.late = new LateSamples(db);
    this.refresh();
  }

  /** Reads what was added to the file since. Only for readers: the writer's head is ahead of the file by itself. */
  refresh(): void {
    const { rested, roused } = this.resting.refresh();
    // Series of rounds come before them; timelines come last, since a packed one has no rounds any more.
    const fresh = [...this.#readRoused(roused), ...this.#readSeries()];
    this.#readRounds();
    const hasMissed = this.noticePacked();
    this.release();
    const db = this.#db;
    const next = db.prepare('SELECT value FROM meta WHERE name = ?').pluck().get('next_timeline_id');
    let nextId = Math.max(this.head.nextTimelineId, Number(next ?? 1));
    for (const id of this.directory.ids()) nextId = Math.max(nextId, id + 1);
    this.head.nextTimelineId = nextId;
    // What it did not see may be newer than what it knows of any series.
    this.#readLastSamples(hasMissed ? this.head.index.all() : fresh);
    this.late.refresh();
    this.#letRest(rested);
  }

  /** The series that satisfy all matchers, those that rest among them if they have samples from `fromMs` on, in label order. */
  find(matchers: readonly Matcher[], fromMs: number): readonly HeadSeries[] {
    const { index } = this.head;
    const awake = index.find(matchers);
    // A reader may not have let them go yet, and a writer may just have roused them.
    const resting = [...this.resting.find(matchers, fromMs)].filter(({ id }) => index.byId(id) === undefined);
    return resting.length === 0 ? awake : [...awake, ...resting].sort(compareSeries);
  }

  /** A series that rests, to be awake again: for a writer. */
  #rouse(labels: Labels): HeadSeries | undefined {
    try {
      const series = this.resting.rouse(labels);
      if (series === undefined) return undefined;
      const { lastMs } = series;
      this.#readLastSamples([series]);
      // Should its newest chunk be damaged, what comes next is newer all the same.
      if (series.lastMs < lastMs) series.last = { timestampMs: lastMs, low: 0, high: 0 };
      series.packedId = Math.max(1, series.lastTimelineId);
      return series;
    } catch (cause) {
      // While the disk refuses, series are what the batch says; when it is written, they are looked for again.
      if (this.#db.inTransaction) throw cause;
      return undefined;
    }
  }

  /** Series that do not rest any more, as far as they are not here anyway. */
  #readRoused(ids: readonly number[]): HeadSeries[] {
    const roused: HeadSeries[] = [];
    if (ids.length === 0) return roused;
    const rows = this.#db.prepare<[number], SeriesRow>('SELECT id, labels, crc FROM series WHERE id = ?').raw();
    for (const id of ids) {
      const row = this.head.index.byId(id) === undefined && !this.resting.has(id) ? rows.get(id) : undefined;
      if (row !== undefined) roused.push(this.#addSeries(row));
    }
    return roused;
  }

  /** Lets go of series that rest by now: of those with samples in memory later. */
  #letRest(rested: readonly number[]): void {
    const { index } = this.head;
    const gone = new Set<HeadSeries>();
    const later: number[] = [];
    for (const id of [...this.#restingSoon, ...rested]) {
      const series = this.resting.has(id) ? index.byId(id) : undefined;
      if (series?.isInHead === true) later.push(id);
      else if (series !== undefined) gone.add(series);
    }
    this.#restingSoon = later;
    if (gone.size > 0) index.remove(gone);
  }

  /** Learns which timelines are packed by now. They stay in memory for a while. Returns whether there were samples in them that it did not know. */
  noticePacked(): boolean {
    const { timelines } = this.head;
    let hasMissed = false;
    const isWhole = (id: number, count: number) => timelines.get(id)?.length === count;
    for (const id of this.directory.refresh(isWhole)) {
      const timeline = timelines.get(id);
      if (timeline !== undefined && !this.directory.has(id)) {
        timeline.isPacked = true;
        this.#kept.push(timeline);
        this.#keptBytes += timeline.byteLength;
        continue;
      }
      // A reader that has not looked for a while does not know all rows and series of it. What its series had before is let go of first.
      this.release(Number.NEGATIVE_INFINITY);
      if (timeline !== undefined) this.head.drop(timeline);
      this.packed.doubt();
      hasMissed = true;
    }
    return hasMissed;
  }

  /**
   * Lets go of packed timelines that are not new any more, and of the oldest when they are too large. A series' samples are let go of
   * in their order, because they were packed in their order.
   */
  release(keptMs = KEPT_MS): void {
    const oldestMs = this.#nowMs() - keptMs;
    let count = 0;
    for (const timeline of this.#kept) {
      if (timeline.lastMs > oldestMs && this.#keptBytes <= this.#mostKeptBytes) break;
      this.directory.show(timeline.id);
      this.head.drop(timeline);
      this.#keptBytes -= timeline.byteLength;
      count++;
    }
    if (count > 0) this.#kept = this.#kept.slice(count);
  }

  #readSeries(): HeadSeries[] {
    const fresh: HeadSeries[] = [];
    const rows = this.#db
      .prepare<[number], SeriesRow>('SELECT id, labels, crc FROM series WHERE id > ? ORDER BY id')
      .raw();
    const texts = new Map<string, string>();
    const keep = (text: string) => {
      const kept = texts.get(text);
      if (kept === undefined) texts.set(text, text);
      return kept ?? text;
    };
    // Series come to rest together, so there are long stretches of them, which are not read.
    for (let isAtEnd = false; !isAtEnd; ) {
      isAtEnd = true;
      for (const row of rows.iterate(this.#lastSeriesId)) {
        const [id] = row;
        this.#lastSeriesId = Math.max(id, this.resting.nextAwake(id) - 1);
        if (this.#lastSeriesId > id + FEW_RESTING) {
          isAtEnd = false;
          break;
        }
        if (this.resting.has(id)) continue;
        fresh.push(this.#addSeries(row, keep));
      }
    }
    return fresh;
  }

  /** Enters a series as it is in the file. @throws {DamagedBytes} */
  #addSeries([id, labels, crc]: SeriesRow, keep?: (text: string) => string): HeadSeries {
    if (!isIntact(crc, checksumOfText(String(id), labels)))
      throw new DamagedBytes(`labels of series ${id} are not what was written`);
    const series = new HeadSeries(decodeLabels(labels, keep));
    series.id = id;
    this.head.index.add(series);
    return series;
  }

  #readRounds(): void {
    const nowMs = this.#nowMs();
    const rows = this.#db
      .prepare<[number], [number, number, Buffer, number | null]>(
        'SELECT id, timeline_id, body, crc FROM rounds WHERE id > ? ORDER BY id',
      )
      .raw();
    for (const [id, timelineId, body, crc] of rows.iterate(this.#lastRoundId)) {
      if (!isIntact(crc, checksumOfBytes(timelineId, 0, body)))
        throw new DamagedBytes(`round ${id} is not what was written`);
      const input = new ByteReader(body);
      while (!input.isAtEnd) {
        if (!this.head.replay(timelineId, readRound(input), nowMs)) {
          throw new DamagedBytes(`round ${id} speaks of a series that is not in the file`);
        }
      }
      this.head.timelines.get(timelineId)?.roundIds.push(id);
      this.#lastRoundId = id;
    }
  }

  /** The newest sample of series that have none in the head: what comes next has to be newer. */
  #readLastSamples(series: readonly HeadSeries[]): void {
    for (const one of series) {
      // Which is the newest does not matter, as long as it differs from what is packed later.
      one.packedId = 1;
      if (one.timeline !== undefined) continue;
      // Chunks of a timeline that was being packed when the process died are not valid yet: its rounds still are.
      const newest = this.#newestChunks
        .all(one.id)
        .find(
          ([timelineId, body, crc]) =>
            this.directory.has(timelineId) && isIntact(crc, checksumOfBytes(one.id, timelineId, body)),
        );
      if (newest !== undefined) this.#takeLastSample(one, newest[0], newest[1]);
    }
  }

  #takeLastSample(series: HeadSeries, timelineId: number, body: Uint8Array): void {
    const timestampsMs = this.directory.timestampsOf(timelineId);
    const input = new ByteReader(body);
    while (!input.isAtEnd) {
      const { first, values } = readPiece(input, timestampsMs.length);
      const last = values.length - 1;
      const words = new Uint32Array(values.buffer);
      const timestampMs = timestampsMs[first + last]!;
      series.last = { timestampMs, low: words[2 * last]!, high: words[2 * last + 1]! };
    }
    series.lastTimelineId = timelineId;
  }
}
