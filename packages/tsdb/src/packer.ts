import type { Database, Statement } from 'better-sqlite3';
import { ByteWriter } from './codec/bytes.ts';
import { checksumOfBytes, checksumOfTimeline } from './codec/checksum.ts';
import { writePieces } from './codec/chunk.ts';
import { writeColumn } from './codec/column.ts';
import type { LoadedHead } from './head/load-head.ts';
import type { HeadSeries } from './head/series.ts';
import type { Timeline } from './head/timeline.ts';

/** How long one slice of packing may keep the process from other work, unless told otherwise. */
const SLICE_MS = 4;
/** A timeline that does not fill up is packed at this age. */
const SEAL_AGE_MS = 2 * 3_600_000;

/** Moves sealed timelines from rounds and head into chunks, a slice at a time. */
export class Packer {
  readonly #db: Database;
  readonly #putChunk: Statement<[number, number, Uint8Array, number]>;
  readonly #putTimeline: Statement<[number, number, number, number, Uint8Array, number]>;
  readonly #deleteRound: Statement<[number]>;
  readonly #writer = new ByteWriter();
  readonly #sliceMs: number;

  constructor(db: Database, sliceMs = SLICE_MS) {
    this.#db = db;
    this.#sliceMs = sliceMs;
    this.#putChunk = db.prepare(
      'INSERT OR REPLACE INTO chunks (series_id, timeline_id, body, crc) VALUES (?, ?, ?, ?)',
    );
    this.#putTimeline = db.prepare(
      'INSERT INTO timelines (id, min_ms, max_ms, count, body, crc) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#deleteRound = db.prepare('DELETE FROM rounds WHERE id = ?');
  }

  /** Seals what has become old and packs for a few milliseconds. Returns whether there is more to do. */
  slice(loaded: LoadedHead, nowMs: number): boolean {
    const timeline = nextSealed(loaded, nowMs);
    if (timeline === undefined) return false;
    const deadline = performance.now() + this.#sliceMs;
    // The log is not synced for this: until the next commit does so, the rounds that the chunks replace are still there.
    this.#db.pragma('synchronous = NORMAL');
    try {
      timeline.packedSlots = this.#db.transaction(() => this.#pack(timeline, deadline)).immediate();
    } finally {
      this.#db.pragma('synchronous = FULL');
    }
    if (timeline.packedSlots === timeline.slotSeries.length) loaded.noticePacked();
    return nextSealed(loaded, nowMs) !== undefined;
  }

  /** Returns how many slots are in chunks now. */
  #pack(timeline: Timeline, deadline: number): number {
    let slot = timeline.packedSlots;
    while (slot < timeline.slotSeries.length) {
      this.#packSlot(timeline, slot++);
      if ((slot & 15) === 0 && performance.now() >= deadline) break;
    }
    if (slot === timeline.slotSeries.length) this.#finish(timeline);
    return slot;
  }

  #packSlot(timeline: Timeline, slot: number): void {
    const series = timeline.slotSeries[slot]!;
    const slots = slotsOf(series, timeline);
    // A series that was missing in between has several slots; all of them are written with the first.
    if (!series.isAlive || slots[0] !== slot) return;
    this.#writer.reset();
    for (const one of slots) {
      const first = timeline.slotFrom[one]!;
      const values = new Float64Array(timeline.slotTo[one]! - first);
      timeline.copyValues(one, first, timeline.slotTo[one]!, values, 0);
      writePieces(this.#writer, first, values);
    }
    const body = this.#writer.finish();
    this.#putChunk.run(series.id, timeline.id, body, checksumOfBytes(series.id, timeline.id, body));
  }

  #finish(timeline: Timeline): void {
    this.#writer.reset();
    writeColumn(this.#writer, timeline.timestampsMs.slice(0, timeline.length));
    const { id, firstMs, lastMs, length } = timeline;
    const body = this.#writer.finish();
    this.#putTimeline.run(id, firstMs, lastMs, length, body, checksumOfTimeline(id, firstMs, lastMs, length, body));
    for (const roundId of timeline.roundIds) this.#deleteRound.run(roundId);
  }
}

function nextSealed({ head }: LoadedHead, nowMs: number): Timeline | undefined {
  for (const timeline of head.timelines.values()) {
    if (timeline.isPacked) continue;
    if (nowMs - timeline.createdAtMs >= SEAL_AGE_MS && timeline.length > 0) timeline.isSealed = true;
    if (timeline.isSealed) return firstOf(timeline);
  }
  return undefined;
}

/**
 * What has to be packed first, so that a series' chunks are read before what it has in memory: timelines that its series were in
 * before. They may not be full; then their other series go on in a new one.
 */
function firstOf(timeline: Timeline): Timeline {
  for (const before of timeline.predecessors) {
    if (before === undefined || before === timeline || before.isPacked) continue;
    before.isSealed = true;
    return firstOf(before);
  }
  return timeline;
}

function slotsOf(series: HeadSeries, timeline: Timeline): number[] {
  const slots: number[] = [];
  for (const segment of series.segments()) if (segment.timeline === timeline) slots.push(segment.slot);
  return slots;
}
