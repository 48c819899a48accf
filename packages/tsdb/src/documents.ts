import type { Database, Statement } from 'better-sqlite3';

/** Reads the documents of a file. */
export class Documents {
  readonly #get: Statement<[string, string], string>;
  readonly #entries: Statement<[string], [key: string, json: string]>;

  constructor(db: Database) {
    this.#get = db.prepare<[string, string], string>('SELECT json FROM documents WHERE shelf = ? AND key = ?').pluck();
    this.#entries = db.prepare('SELECT key, json FROM documents WHERE shelf = ? ORDER BY key');
    this.#entries.raw();
  }

  get(shelf: string, key: string): unknown {
    const json = this.#get.get(shelf, key);
    return json === undefined ? undefined : JSON.parse(json);
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return this.#entries.all(shelf).map(([key, json]) => [key, JSON.parse(json)]);
  }
}
