import type { Labels } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { checksumOfText } from './codec/checksum.ts';
import { encodeLabels } from './codec/labels.ts';

/** Enters series into the file. */
export class SeriesRows {
  readonly #lastId: Statement<[], number>;
  readonly #insert: Statement<[number, string, number]>;

  constructor(db: Database) {
    this.#lastId = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'series'").pluck();
    this.#insert = db.prepare('INSERT INTO series (id, labels, crc) VALUES (?, ?, ?)');
  }

  /** Returns the id of the new series: higher than all there ever were. */
  insert(labels: Labels): number {
    // The checksum covers the id, under which its samples are found; so it has to be known before.
    const id = (this.#lastId.get() ?? 0) + 1;
    const text = encodeLabels(labels);
    this.#insert.run(id, text, checksumOfText(String(id), text));
    return id;
  }
}
