import type { LedgerWriter } from './ledger-writer.ts';
import type { Told } from './needs-update.ts';

/** Where the notification log lies in the ledger. */
export const LOG_SHELF = 'alerting/notification-log';

/** What one integration of a receiver has been told (or is owed) about one group. */
export interface LogEntry extends Told {
  /** Names the incident: from the first firing alert until nothing fires. */
  readonly thread: string;
  /** The tick at which the incident was told first. */
  readonly firstAtMs: number;
  /** The owed message that this entry stands for. */
  readonly messageId: string | undefined;
  /** The entry can be forgotten then: its group has not been heard of for long. */
  readonly expiresAtMs: number;
}

interface LogDocument extends Omit<LogEntry, 'firing' | 'resolved' | 'messageId'> {
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly messageId?: string | undefined;
}

/**
 * The notification log: who has been told what. An entry is written in the same batch as the message that it speaks of, so
 * "told" and "owed" cannot come apart. A message that fails for good takes its entry back (`forget`), and the next tick of
 * the group tries anew.
 */
export class NotificationLog {
  readonly #writer: LedgerWriter;
  readonly #entries = new Map<string, LogEntry>();

  constructor(writer: LedgerWriter, entries: Iterable<[key: string, document: unknown]>) {
    this.#writer = writer;
    for (const [key, document] of entries) {
      const stored = document as LogDocument;
      this.#entries.set(key, {
        ...stored,
        firing: new Set(stored.firing),
        resolved: new Set(stored.resolved),
        messageId: stored.messageId,
      });
    }
  }

  get(key: string): LogEntry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: LogEntry): void {
    this.#entries.set(key, entry);
    const document: LogDocument = { ...entry, firing: [...entry.firing], resolved: [...entry.resolved] };
    this.#writer.put(LOG_SHELF, key, document);
  }

  /** Takes back what was said of a message that could not be delivered, unless a newer one has been owed since. */
  forget(key: string, messageId: string): void {
    if (this.#entries.get(key)?.messageId === messageId) this.#remove(key);
  }

  /** Drops entries whose time is over. */
  expire(nowMs: number): void {
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= nowMs) this.#remove(key);
  }

  #remove(key: string): void {
    this.#entries.delete(key);
    this.#writer.remove(LOG_SHELF, key);
  }
}

/** The key of an entry. */
export function logKey(groupKey: string, receiver: string, integration: string): string {
  return `${groupKey}\u0001${receiver}/${integration}`;
}
