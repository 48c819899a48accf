import { type Batch, type Ledger, StoreError } from '@tillwatch/model';

/** A ledger in memory that can be made to refuse, and that survives the router that writes to it. */
export class MemoryLedger implements Ledger {
  readonly shelves = new Map<string, Map<string, string>>();
  refuse = false;
  commits = 0;

  batch(): Batch {
    const changes: (() => void)[] = [];
    return {
      append: () => true,
      appendStale() {},
      put: (shelf, key, document) => {
        const json = JSON.stringify(document);
        changes.push(() => this.#shelf(shelf).set(key, json));
      },
      remove: (shelf, key) => changes.push(() => this.#shelf(shelf).delete(key)),
      commit: async () => {
        if (this.refuse) throw new StoreError('full', 'the disk is full');
        this.commits++;
        for (const change of changes) change();
      },
    };
  }

  get(shelf: string, key: string): unknown {
    const json = this.#shelf(shelf).get(key);
    return json === undefined ? undefined : JSON.parse(json);
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return [...this.#shelf(shelf)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, json]) => [key, JSON.parse(json)]);
  }

  #shelf(name: string): Map<string, string> {
    let shelf = this.shelves.get(name);
    if (shelf === undefined) {
      shelf = new Map();
      this.shelves.set(name, shelf);
    }
    return shelf;
  }
}
