import type { Database, Statement } from 'better-sqlite3';
import type { StagedBatch } from './batch.ts';
import { ByteWriter } from './codec/bytes.ts';
import { encodeLabels } from './codec/labels.ts';
import { writeRound } from './codec/round.ts';
import type { Head } from './head/head.ts';
import type { HeadSeries } from './head/series.ts';
import type { Timeline } from './head/timeline.ts';

/** What became of the samples of a batch. */
export interface WriteResult {
  readonly stored: number;
  /** Overtaken by another batch between `append` and `commit`. */
  readonly overtaken: number;
}

/** Puts batches into head and file, inside a transaction that the caller opens and ends. */
export class BatchWriter {
  readonly #insertSeries: Statement<[string]>;
  readonly #insertRound: Statement<[number, Uint8Array]>;
  readonly #putDocument: Statement<[string, string, string]>;
  readonly #removeDocument: Statement<[string, string]>;

  constructor(db: Database) {
    this.#insertSeries = db.prepare('INSERT INTO series (labels) VALUES (?)');
    this.#insertRound = db.prepare('INSERT INTO rounds (timeline_id, body) VALUES (?, ?)');
    this.#putDocument = db.prepare('INSERT OR REPLACE INTO documents (shelf, key, json) VALUES (?, ?, ?)');
    this.#removeDocument = db.prepare('DELETE FROM documents WHERE shelf = ? AND key = ?');
  }

  write(head: Head, batch: StagedBatch, nowMs: number): WriteResult {
    for (const { shelf, key, json } of batch.documents) {
      if (json === undefined) this.#removeDocument.run(shelf, key);
      else this.#putDocument.run(shelf, key, json);
    }
    const bodies = new Map<Timeline, ByteWriter>();
    let stored = 0;
    for (const [timestampMs, members] of groupByTime(batch)) {
      const series: HeadSeries[] = [];
      const words = new Uint32Array(members.length * 2);
      for (const member of members) {
        const one = this.#settle(head, batch.series[member]!);
        if (timestampMs <= one.lastMs || one.placedIn === words) continue;
        one.placedIn = words;
        words[2 * series.length] = batch.words[2 * member]!;
        words[2 * series.length + 1] = batch.words[2 * member + 1]!;
        series.push(one);
      }
      if (series.length === 0) continue;
      stored += series.length;
      head.place({ timestampMs, series, words }, nowMs, (timeline, round) => {
        let body = bodies.get(timeline);
        if (body === undefined) {
          body = new ByteWriter();
          bodies.set(timeline, body);
        }
        writeRound(body, round);
      });
    }
    for (const [timeline, body] of bodies) {
      const { lastInsertRowid } = this.#insertRound.run(timeline.id, body.finish());
      timeline.roundIds.push(Number(lastInsertRowid));
    }
    return { stored, overtaken: batch.series.length - stored };
  }

  /** The series as the head has it now, entering it into index and file if it is new. */
  #settle(head: Head, staged: HeadSeries): HeadSeries {
    if (staged.id !== 0 && staged.isAlive) return staged;
    const known = head.index.get(staged.labels);
    if (known !== undefined) return known;
    const series = staged.isAlive ? staged : staged.reborn();
    series.id = Number(this.#insertSeries.run(encodeLabels(series.labels)).lastInsertRowid);
    head.index.add(series);
    return series;
  }
}

/** The samples of a batch by their timestamps, ascending. Nearly always there is one. */
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
