// A shop fails on the day the disk is full, too. What cannot be written is therefore held in memory, where rules see it as if it
// were stored, and is written as soon as there is room.
import Database from 'better-sqlite3';
import type { DocumentChange, StagedBatch } from './batch.ts';
import { BatchWriter, type WriteResult } from './batch-writer.ts';
import { documentKey } from './codec/checksum.ts';
import type { Head } from './head/head.ts';
import { prepareSchema } from './sqlite/schema.ts';

/** How many samples are held at most: four million are about 160 MB. */
const MOST_SAMPLES = 4_000_000;

/** Batches that could not be written, in order, and the head that has their samples in the meantime. */
export class HeldBatches {
  /** Takes what would go to the file: a head is only ever filled through a writer. */
  readonly #scratch = new Database(':memory:');
  readonly #writer: BatchWriter;
  readonly #mostSamples: number;
  readonly #documents = new Map<string, DocumentChange>();
  #batches: StagedBatch[] = [];
  #samples = 0;
  #lostSamples = 0;
  #firstOwnTimelineId: number;

  /** `lastSeriesId` is the highest id of a series in the file. */
  constructor(head: Head, lastSeriesId: number, mostSamples = MOST_SAMPLES) {
    this.#mostSamples = mostSamples;
    prepareSchema(this.#scratch, 'memory', true);
    this.#scratch.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run('series', lastSeriesId);
    this.#writer = new BatchWriter(this.#scratch);
    this.#firstOwnTimelineId = head.nextTimelineId;
  }

  /** Samples that wait to be written. */
  get samples(): number {
    return this.#samples;
  }

  /** Samples that were given up, the oldest first, because there were more than can be held. */
  get lostSamples(): number {
    return this.#lostSamples;
  }

  /** Takes a batch whose writing has just failed. */
  add(batch: StagedBatch, head: Head, nowMs: number): void {
    for (const change of batch.documents) this.#documents.set(documentKey(change.shelf, change.key), change);
    batch.documents.length = 0;
    if (batch.sampleCount === 0 && batch.late.length === 0) return;
    this.#batches.push(batch);
    this.#samples += batch.sampleCount;
    this.#fill(batch, head, nowMs);
    this.#shed(head);
  }

  /** What is held of a document: its JSON, `undefined` for one that is to be removed; no change at all when there is none. */
  change(shelf: string, key: string): DocumentChange | undefined {
    return this.#documents.get(documentKey(shelf, key));
  }

  changes(): Iterable<DocumentChange> {
    return this.#documents.values();
  }

  /** A later change of these documents was written. */
  forget(changes: readonly DocumentChange[]): void {
    for (const { shelf, key } of changes) this.#documents.delete(documentKey(shelf, key));
  }

  /** Writes all that is held, inside a transaction of the caller's. */
  write(
    write: (batch: StagedBatch) => WriteResult,
    writeDocuments: (changes: readonly DocumentChange[]) => void,
  ): WriteResult {
    let [stored, overtaken] = [0, 0];
    for (const batch of this.#batches) {
      const result = write(batch);
      stored += result.stored;
      overtaken += result.overtaken;
    }
    writeDocuments([...this.#documents.values()]);
    return { stored, overtaken };
  }

  /** Puts all that is held into a head that was read from the file again. */
  refill(head: Head, nowMs: number): void {
    this.#firstOwnTimelineId = head.nextTimelineId;
    for (const batch of this.#batches) this.#fill(batch, head, nowMs);
  }

  close(): void {
    this.#scratch.close();
  }

  #fill(batch: StagedBatch, head: Head, nowMs: number): void {
    this.#scratch.transaction(() => this.#writer.write(head, batch, nowMs))();
    this.#scratch.exec('DELETE FROM rounds');
  }

  /** Gives up the oldest batches when there are too many, and lets go of what the head has of them. */
  #shed(head: Head): void {
    if (this.#samples <= this.#mostSamples) return;
    let count = 0;
    while (this.#samples > this.#mostSamples && count < this.#batches.length - 1) {
      const { length } = this.#batches[count++]!.series;
      this.#samples -= length;
      this.#lostSamples += length;
    }
    this.#batches = this.#batches.slice(count);
    const [oldest] = this.#batches as [StagedBatch];
    const oldestMs = oldest.row?.timestampMs ?? oldest.timestampsMs[0] ?? Number.NEGATIVE_INFINITY;
    for (const timeline of head.timelines.values()) {
      if (timeline.id >= this.#firstOwnTimelineId && timeline.isSealed && timeline.lastMs < oldestMs)
        head.drop(timeline);
    }
  }
}
