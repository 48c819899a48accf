import type { Database, Statement } from 'better-sqlite3';
import { ByteReader, DamagedBytes } from '../codec/bytes.ts';
import { checksumOfTimeline, isIntact } from '../codec/checksum.ts';
import { readColumn } from '../codec/column.ts';

interface PackedTimeline {
  readonly seq: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly count: number;
}

type TimelineRow = [
  seq: number,
  id: number,
  minMs: number,
  maxMs: number,
  count: number,
  body: Buffer,
  crc: number | null,
];

/** How many decoded timestamps are kept at hand: 2^20 are 8 MB, two weeks of five targets at 15 s. */
const CACHED_TIMESTAMPS = 2 ** 20;

/** The timelines that are read from chunks: when each was, and its timestamps on demand. */
export class TimelineDirectory {
  readonly #packed = new Map<number, PackedTimeline>();
  /** Those that are in chunks, but still read from memory. */
  readonly #hidden = new Map<number, PackedTimeline>();
  readonly #decoded = new Map<number, Float64Array>();
  readonly #body: Statement<[number], Buffer>;
  readonly #newer: Statement<[number], TimelineRow>;
  #cached = 0;
  #lastSeq = 0;
  #version = 0;
  /** What `idsWithin` goes through, for every select: triples of id, oldest and newest sample. Made anew after a change. */
  #spans: Float64Array | undefined;

  constructor(db: Database) {
    this.#body = db.prepare<[number], Buffer>('SELECT body FROM timelines WHERE id = ?').pluck();
    this.#newer = db.prepare(
      'SELECT seq, id, min_ms, max_ms, count, body, crc FROM timelines WHERE seq > ? ORDER BY seq',
    );
    this.#newer.raw();
  }

  /** Counts the timelines that came to be read from chunks. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#packed.size;
  }

  /**
   * Learns of timelines that were packed since the last call, and says which. Those that are in memory with all their rows are not told of to
   * anybody else, until `show` is called for them. @throws {DamagedBytes}
   */
  refresh(isInMemory: (id: number, count: number) => boolean = () => false): number[] {
    const fresh: number[] = [];
    for (const [seq, id, minMs, maxMs, count, body, crc] of this.#newer.all(this.#lastSeq)) {
      if (!isIntact(crc, checksumOfTimeline(id, minMs, maxMs, count, body))) {
        throw new DamagedBytes(`timeline ${id} is not what was written`);
      }
      this.#hidden.set(id, { seq, minMs, maxMs, count });
      if (!isInMemory(id, count)) this.show(id);
      this.#lastSeq = seq;
      fresh.push(id);
    }
    return fresh;
  }

  /** A timeline is read from chunks from now on. */
  show(id: number): void {
    const packed = this.#hidden.get(id);
    if (packed === undefined) return;
    this.#hidden.delete(id);
    this.#packed.set(id, packed);
    this.#spans = undefined;
    this.#version++;
  }

  has(id: number): boolean {
    return this.#packed.has(id);
  }

  get(id: number): PackedTimeline | undefined {
    return this.#packed.get(id);
  }

  ids(): Iterable<number> {
    return this.#packed.keys();
  }

  forget(id: number): void {
    this.#packed.delete(id);
    this.#spans = undefined;
    this.#uncache(id);
  }

  get minMs(): number {
    let minMs = Number.POSITIVE_INFINITY;
    for (const packed of this.#packed.values()) minMs = Math.min(minMs, packed.minMs);
    return minMs;
  }

  get maxMs(): number {
    let maxMs = Number.NEGATIVE_INFINITY;
    for (const packed of this.#packed.values()) maxMs = Math.max(maxMs, packed.maxMs);
    return maxMs;
  }

  /** The lowest and the highest id among those with samples in [fromMs, toMs]; `undefined` when there are none. */
  idsWithin(fromMs: number, toMs: number): readonly [low: number, high: number] | undefined {
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    this.#spans ??= Float64Array.from([...this.#packed].flatMap(([id, { minMs, maxMs }]) => [id, minMs, maxMs]));
    const spans = this.#spans;
    for (let i = 0; i < spans.length; i += 3) {
      if (spans[i + 2]! < fromMs || spans[i + 1]! > toMs) continue;
      const id = spans[i]!;
      if (id < low) low = id;
      if (id > high) high = id;
    }
    return high === 0 ? undefined : [low, high];
  }

  /** @throws {DamagedBytes} */
  timestampsOf(id: number): Float64Array {
    const known = this.#decoded.get(id);
    if (known !== undefined) return known;
    const packed = this.#packed.get(id);
    const body = this.#body.get(id);
    if (packed === undefined || body === undefined) throw new DamagedBytes(`timeline ${id} is missing`);
    const timestampsMs = new Float64Array(packed.count);
    readColumn(new ByteReader(body), timestampsMs);
    this.#cache(id, timestampsMs);
    return timestampsMs;
  }

  #cache(id: number, timestampsMs: Float64Array): void {
    this.#decoded.set(id, timestampsMs);
    this.#cached += timestampsMs.length;
    for (const oldest of this.#decoded.keys()) {
      if (this.#cached <= CACHED_TIMESTAMPS || oldest === id) break;
      this.#uncache(oldest);
    }
  }

  #uncache(id: number): void {
    this.#cached -= this.#decoded.get(id)?.length ?? 0;
    this.#decoded.delete(id);
  }
}
