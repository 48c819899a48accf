import type { Ledger, Logger } from '@tillwatch/model';

/**
 * Writes documents to the ledger, in the order in which they were put. What is put between two writes becomes durable
 * together. When the ledger refuses, the documents are kept and written with the next batch: the room goes on from memory,
 * since a full disk is no reason to tell nobody about a failing shop.
 */
export class LedgerWriter {
  readonly #ledger: Ledger;
  readonly #logger: Logger;
  /** By shelf and key: a later document replaces an earlier one that was not written yet. */
  #pending = new Map<string, { shelf: string; key: string; document: unknown }>();
  #writing: Promise<void> = Promise.resolve();
  #healthy = true;

  constructor(ledger: Ledger, logger: Logger) {
    this.#ledger = ledger;
    this.#logger = logger;
  }

  /** Did the last write succeed? */
  get healthy(): boolean {
    return this.#healthy;
  }

  put(shelf: string, key: string, document: unknown): void {
    this.#set(shelf, key, document);
  }

  remove(shelf: string, key: string): void {
    this.#set(shelf, key, undefined);
  }

  /** Resolves, to whether it worked, when everything that was put before is on disk or was refused. Never rejects. */
  async flush(): Promise<boolean> {
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
    return this.#healthy;
  }

  #set(shelf: string, key: string, document: unknown): void {
    this.#pending.set(`${shelf}\u0000${key}`, { shelf, key, document });
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return;
    const writing = this.#pending;
    this.#pending = new Map();
    try {
      const batch = this.#ledger.batch();
      for (const { shelf, key, document } of writing.values()) {
        if (document === undefined) batch.remove(shelf, key);
        else batch.put(shelf, key, document);
      }
      await batch.commit();
      this.#healthy = true;
    } catch (error) {
      // What was put meanwhile is newer than what could not be written.
      this.#pending = new Map([...writing, ...this.#pending]);
      if (this.#healthy) {
        this.#logger.error('alert state could not be stored; going on from memory', { err: String(error) });
      }
      this.#healthy = false;
    }
  }
}
