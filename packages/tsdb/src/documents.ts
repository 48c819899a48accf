import type { Database, Statement } from 'better-sqlite3';
import { DamagedBytes } from './codec/bytes.ts';
import { checksumOfText, documentKey, isIntact } from './codec/checksum.ts';

/** Reads the documents of a file. */
export class Documents {
  readonly #get: Statement<[string, string], [json: string, crc: number | null]>;
  readonly #entries: Statement<[string], [key: string, json: string, crc: number | null]>;
  readonly #all: Statement<[], [shelf: string, key: string, json: string, crc: number | null]>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT json, crc FROM documents WHERE shelf = ? AND key = ?');
    this.#get.raw();
    this.#entries = db.prepare('SELECT key, json, crc FROM documents WHERE shelf = ? ORDER BY key');
    this.#entries.raw();
    this.#all = db.prepare('SELECT shelf, key, json, crc FROM documents');
    this.#all.raw();
  }

  /** @throws {DamagedBytes} */
  get(shelf: string, key: string): unknown {
    const row = this.#get.get(shelf, key);
    return row === undefined ? undefined : parsed(shelf, key, ...row);
  }

  /** @throws {DamagedBytes} */
  entries(shelf: string): [key: string, document: unknown][] {
    return this.#entries.all(shelf).map(([key, json, crc]) => [key, parsed(shelf, key, json, crc)]);
  }

  /** Reads every document once. @throws {DamagedBytes} when one is not what was written */
  check(): void {
    for (const row of this.#all.iterate()) parsed(...row);
  }
}

function parsed(shelf: string, key: string, json: string, crc: number | null): unknown {
  if (!isIntact(crc, checksumOfText(documentKey(shelf, key), json))) {
    throw new DamagedBytes(`the document ${shelf}/${key} is not what was written`);
  }
  return JSON.parse(json);
}
