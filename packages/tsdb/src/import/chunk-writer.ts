import type { Database, Statement } from 'better-sqlite3';
import { BUNDLE_BYTES, type PackedChunk, writeBundle } from '../codec/bundle.ts';
import { ByteWriter } from '../codec/bytes.ts';
import { checksumOfBytes, checksumOfTimeline } from '../codec/checksum.ts';
import { writePieces } from '../codec/chunk.ts';
import { writeColumn } from '../codec/column.ts';
import type { Place, SharedTimeline } from './shared-timelines.ts';

/** Writes chunks and timelines of an import. */
export class ChunkWriter {
  readonly #putChunk: Statement<[number, number, Uint8Array, number]>;
  readonly #putTimeline: Statement<[number, number, number, number, Uint8Array, number]>;
  readonly #writer = new ByteWriter();

  constructor(db: Database) {
    this.#putChunk = db.prepare('INSERT INTO chunks (series_id, timeline_id, body, crc) VALUES (?, ?, ?, ?)');
    this.#putTimeline = db.prepare(
      'INSERT INTO timelines (id, min_ms, max_ms, count, body, crc) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  /** The chunk of these values at their place. */
  chunk({ timeline, rows }: Place, values: Float64Array): PackedChunk {
    this.#writer.reset();
    let at = 0;
    for (const [from, end] of rows) {
      writePieces(this.#writer, from, values.subarray(at, at + end - from));
      at += end - from;
    }
    return { timelineId: timeline.id, body: this.#writer.finish() };
  }

  /**
   * Writes chunks of a series that have no others between them, put together in bundles. The last stays by itself if it is to be
   * the newest of its series, where the store looks for the last sample.
   */
  store(seriesId: number, chunks: readonly PackedChunk[], isNewest: boolean): void {
    let group: PackedChunk[] = [];
    let bytes = 0;
    const put = () => {
      if (group.length > 0) this.#put(seriesId, group);
      [group, bytes] = [[], 0];
    };
    for (const [i, chunk] of chunks.entries()) {
      const isAlone = isNewest && i === chunks.length - 1;
      if (isAlone || bytes + chunk.body.length > BUNDLE_BYTES) put();
      group.push(chunk);
      // Beside the body there are the timeline and the length.
      bytes += chunk.body.length + 8;
    }
    put();
  }

  /** Writes a timeline, which makes its chunks valid. */
  storeTimeline({ id, timestampsMs }: SharedTimeline): void {
    this.#writer.reset();
    writeColumn(this.#writer, timestampsMs);
    const count = timestampsMs.length;
    const [minMs, maxMs] = [timestampsMs[0]!, timestampsMs[count - 1]!];
    const body = this.#writer.finish();
    this.#putTimeline.run(id, minMs, maxMs, count, body, checksumOfTimeline(id, minMs, maxMs, count, body));
  }

  #put(seriesId: number, group: readonly PackedChunk[]): void {
    const { timelineId, body } = group.at(-1)!;
    if (group.length === 1) {
      this.#putChunk.run(seriesId, timelineId, body, checksumOfBytes(seriesId, timelineId, body));
      return;
    }
    this.#writer.reset();
    writeBundle(this.#writer, group);
    const bundle = this.#writer.finish();
    this.#putChunk.run(seriesId, timelineId, bundle, checksumOfBytes(seriesId, timelineId, bundle));
  }
}
