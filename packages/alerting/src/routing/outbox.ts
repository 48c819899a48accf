import { type Alert, isResolved } from '@tillwatch/model';
import type { NotifyReason } from '../notify/notify-error.ts';
import { type AlertDocument, fromAlertDocument, toAlertDocument } from './alert-document.ts';
import type { LedgerWriter } from './ledger-writer.ts';

/** Where owed and recently delivered messages lie in the ledger. */
export const OUTBOX_SHELF = 'alerting/outbox';

/** A message to one integration of a receiver, from being owed to its end. */
export interface OutboxMessage {
  /** Unique; sorts by the time of creation. */
  readonly id: string;
  readonly receiver: string;
  /** `slack[0]`: the entry of the receiver's configuration. */
  readonly integration: string;
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly routeLabels: Readonly<Record<string, string>>;
  readonly thread: string;
  readonly reason: string;
  readonly alerts: readonly AlertDocument[];
  /** The tick of the group for which it was decided; tells firing from resolved alerts. */
  readonly atMs: number;
  readonly state: 'owed' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly createdAtMs: number;
  /** When the oldest of the messages that this one stands for was created. */
  readonly owedSinceMs: number;
  /** How many earlier, undelivered messages it stands for besides itself. */
  readonly merged: number;
  readonly nextAttemptAtMs: number;
  readonly title: string;
  readonly lastError?: string | undefined;
  readonly lastReason?: NotifyReason | undefined;
  readonly hint?: string | undefined;
  readonly deliveredAtMs?: number | undefined;
  readonly failedAtMs?: number | undefined;
}

/** How many messages that have ended are kept to be looked at, and how long. */
const KEEP_ENDED = 300;
const KEEP_ENDED_MS = 7 * 86_400_000;

/** The messages of all receivers: what is owed, and what became of the last few hundred. */
export class Outbox {
  readonly #writer: LedgerWriter;
  readonly #messages = new Map<string, OutboxMessage>();
  #sequence = 0;

  constructor(writer: LedgerWriter, entries: Iterable<[key: string, document: unknown]>) {
    this.#writer = writer;
    for (const [id, document] of entries) this.#messages.set(id, document as OutboxMessage);
  }

  /** A new id, later in order than all before it. */
  nextId(nowMs: number): string {
    let id: string;
    do {
      id = `${nowMs.toString(36).padStart(9, '0')}-${(this.#sequence++ % 1_679_616).toString(36).padStart(4, '0')}`;
    } while (this.#messages.has(id));
    return id;
  }

  /** Writes the message as it is now; durable with the writer's next flush. */
  put(message: OutboxMessage): void {
    this.#messages.set(message.id, message);
    this.#writer.put(OUTBOX_SHELF, message.id, message);
  }

  remove(id: string): void {
    this.#messages.delete(id);
    this.#writer.remove(OUTBOX_SHELF, id);
  }

  owed(): OutboxMessage[] {
    return [...this.#messages.values()].filter((message) => message.state === 'owed');
  }

  /** Newest first. */
  latest(limit: number): OutboxMessage[] {
    return [...this.#messages.values()]
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
      .slice(0, Math.max(0, limit));
  }

  /** Forgets what has ended long ago, and what has ended when there is too much of it. */
  prune(nowMs: number): void {
    const ended = this.latest(Number.MAX_SAFE_INTEGER).filter((message) => message.state !== 'owed');
    ended.forEach((message, i) => {
      if (i >= KEEP_ENDED || message.createdAtMs + KEEP_ENDED_MS < nowMs) this.remove(message.id);
    });
  }
}

/**
 * One message in the place of two about the same group of which the older was not delivered. The newer one says how things
 * are now; what the older one would have told as over and the newer no longer knows is carried along, so no all-clear is
 * lost. A group that fired and recovered while its receiver was out of reach is told once, as resolved.
 */
export function mergeMessages(older: OutboxMessage, newer: OutboxMessage): OutboxMessage {
  const known = new Set(newer.alerts.map((alert) => fromAlertDocument(alert).labels.key));
  const carried = older.alerts
    .map(fromAlertDocument)
    .filter((alert) => isResolved(alert, newer.atMs) && !known.has(alert.labels.key))
    .map(toAlertDocument);
  return {
    ...newer,
    alerts: [...newer.alerts, ...carried],
    owedSinceMs: older.owedSinceMs,
    merged: newer.merged + older.merged + 1,
    reason:
      older.reason === 'first notification' && newer.reason !== 'all alerts resolved' ? older.reason : newer.reason,
  };
}

/** The alerts of a message. */
export function alertsOf(message: OutboxMessage): Alert[] {
  return message.alerts.map(fromAlertDocument);
}
