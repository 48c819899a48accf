import type { LedgerWriter } from './ledger-writer.ts';

/** Where it is remembered in the ledger when each integration took a message last. */
export const DELIVERY_SHELF = 'alerting/delivery-times';

interface DeliveryTime {
  readonly target: string;
  readonly atMs: number;
}

/**
 * When each integration of each receiver took a message last, test messages included, across restarts: who was reached
 * lately can be reached. A success says nothing about another target, so it counts for the one that it went to only.
 */
export class DeliveryTimes {
  readonly #writer: LedgerWriter;
  readonly #times = new Map<string, DeliveryTime>();

  constructor(writer: LedgerWriter, entries: Iterable<[key: string, document: unknown]>) {
    this.#writer = writer;
    for (const [key, document] of entries) if (isDeliveryTime(document)) this.#times.set(key, document);
  }

  /** Durable with the writer's next flush. */
  delivered(receiver: string, integration: string, target: string, atMs: number): void {
    const key = keyOf(receiver, integration);
    const time = { target, atMs };
    this.#times.set(key, time);
    this.#writer.put(DELIVERY_SHELF, key, time);
  }

  /** In ms since the epoch; `undefined` when nothing was delivered to this target yet. */
  lastMs(receiver: string, integration: string, target: string): number | undefined {
    const time = this.#times.get(keyOf(receiver, integration));
    return time?.target === target ? time.atMs : undefined;
  }

  /** Forgets integrations that are not among `known`, so that changed names do not add up over the years. */
  keep(known: Iterable<readonly [receiver: string, integration: string]>): void {
    const keys = new Set([...known].map(([receiver, integration]) => keyOf(receiver, integration)));
    for (const key of this.#times.keys()) {
      if (keys.has(key)) continue;
      this.#times.delete(key);
      this.#writer.remove(DELIVERY_SHELF, key);
    }
  }
}

function keyOf(receiver: string, integration: string): string {
  return `${receiver} ${integration}`;
}

function isDeliveryTime(document: unknown): document is DeliveryTime {
  if (typeof document !== 'object' || document === null) return false;
  const { target, atMs } = document as Partial<DeliveryTime>;
  return typeof target === 'string' && typeof atMs === 'number';
}
