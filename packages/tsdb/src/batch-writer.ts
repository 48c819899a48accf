import type { Database, Statement } from 'better-sqlite3';
import type { DocumentChange, StagedBatch, StagedRow } from './batch.ts';
import { ByteWriter } from './codec/bytes.ts';
import { checksumOfBytes, checksumOfText, documentKey } from './codec/checksum.ts';
import { type Round, writeRound } from './codec/round.ts';
import type { Group, Head } from './head/head.ts';
import type { HeadSeries } from './head/series.ts';
import type { SeriesIndex } from './head/series-index.ts';
import type { Timeline } from './head/timeline.ts';
import { SeriesRows } from './series-rows.ts';

/** What became of the samples of a batch. */
export interface WriteResult {
  readonly stored: number;
  /** Overtaken by another batch between `append` and `commit`. */
  readonly overtaken: number;
}

/** Puts batches into head and file, inside a transaction that the caller opens and ends. */
export class BatchWriter {
  readonly #seriesRows: SeriesRows;
  readonly #insertRound: Statement<[number, Uint8Array, number]>;
  readonly #putDocument: Statement<[string, string, string, number]>;
  readonly #removeDocument: Statement<[string, string]>;

  constructor(db: Database) {
    this.#seriesRows = new SeriesRows(db);
    this.#insertRound = db.prepare('INSERT INTO rounds (timeline_id, body, crc) VALUES (?, ?, ?)');
    this.#putDocument = db.prepare('INSERT OR REPLACE INTO documents (shelf, key, json, crc) VALUES (?, ?, ?, ?)');
    this.#removeDocument = db.prepare('DELETE FROM documents WHERE shelf = ? AND key = ?');
  }

  write(head: Head, batch: StagedBatch, nowMs: number): WriteResult {
    this.writeDocuments(batch.documents);
    const { sampleCount } = batch;
    const bodies = new Map<Timeline, ByteWriter>();
    const written = (timeline: Timeline, round: Round) => {
      let body = bodies.get(timeline);
      if (body === undefined) {
        body = new ByteWriter();
        bodies.set(timeline, body);
      }
      writeRound(body, round);
    };
    let stored = 0;
    if (batch.row !== undefined && fitsBesideRow(batch, batch.row, head)) {
      const { place, timestampMs, values } = batch.row;
      written(place.timeline, head.placeRow(place, values, { timestampMs, series: batch.series, words: batch.words }));
      stored = sampleCount;
    } else {
      batch.expandRow();
      for (const group of groupsOf(batch, head.index, (staged) => this.#settle(head, staged))) {
        stored += group.series.length;
        head.place(group, nowMs, written);
      }
    }
    for (const [timeline, body] of bodies) {
      const bytes = body.finish();
      const { lastInsertRowid } = this.#insertRound.run(timeline.id, bytes, checksumOfBytes(timeline.id, 0, bytes));
      timeline.roundIds.push(Number(lastInsertRowid));
    }
    return { stored, overtaken: sampleCount - stored };
  }

  writeDocuments(changes: readonly DocumentChange[]): void {
    for (const { shelf, key, json } of changes) {
      if (json === undefined) this.#removeDocument.run(shelf, key);
      else this.#putDocument.run(shelf, key, json, checksumOfText(documentKey(shelf, key), json));
    }
  }

  /** The series as the head has it now, entering it into index and file if it is new. */
  #settle(head: Head, staged: HeadSeries): HeadSeries {
    if (staged.index === head.index) return staged;
    const known = head.index.get(staged.labels);
    if (known !== undefined) return known;
    const series = staged.id === 0 ? staged : staged.reborn();
    series.id = this.#seriesRows.insert(series.labels);
    head.index.add(series);
    return series;
  }
}

/** Can the row be written as it is, with all other samples of the batch in it? */
function fitsBesideRow({ series, onlyTimeMs }: StagedBatch, row: StagedRow, { index }: Head): boolean {
  const { timeline } = row.place;
  if (!row.place.holdsIn(index) || row.timestampMs <= timeline.lastMs) return false;
  if (series.length > 0 && onlyTimeMs !== row.timestampMs) return false;
  return series.every((one) => one.index === index && one.timeline === timeline && timeline.isOpen(one.slot));
}

/** The samples of a batch that are still newer than what is stored, by time, with series as `settle` gives them. */
function* groupsOf(
  batch: StagedBatch,
  index: SeriesIndex,
  settle: (staged: HeadSeries) => HeadSeries,
): Iterable<Group> {
  const { onlyTimeMs, series, words } = batch;
  // Nearly always a batch has one time and known series, and nobody was faster: then it is the group.
  if (onlyTimeMs !== undefined && series.every((one) => one.index === index && one.lastMs < onlyTimeMs)) {
    yield { timestampMs: onlyTimeMs, series, words };
    return;
  }
  for (const [timestampMs, members] of groupByTime(batch)) {
    // Two that were staged may have become one, when the head was read again in the meantime.
    const settled = new Set<HeadSeries>();
    const settledWords = new Uint32Array(members.length * 2);
    for (const member of members) {
      const one = settle(series[member]!);
      if (timestampMs <= one.lastMs || settled.has(one)) continue;
      settledWords[2 * settled.size] = words[2 * member]!;
      settledWords[2 * settled.size + 1] = words[2 * member + 1]!;
      settled.add(one);
    }
    if (settled.size > 0) yield { timestampMs, series: [...settled], words: settledWords };
  }
}

/** The samples of a batch by their timestamps, ascending. */
function groupByTime(batch: StagedBatch): Iterable<readonly [timestampMs: number, members: readonly number[]]> {
  const groups = new Map<number, number[]>();
  let last: number[] = [];
  let lastMs = Number.NaN;
  for (let i = 0; i < batch.series.length; i++) {
    const timestampMs = batch.timestampsMs[i]!;
    if (timestampMs !== lastMs) {
      lastMs = timestampMs;
      last = groups.get(timestampMs) ?? [];
      if (last.length === 0) groups.set(timestampMs, last);
    }
    last.push(i);
  }
  return groups.size < 2 ? groups : [...groups].sort((a, b) => a[0] - b[0]);
}
