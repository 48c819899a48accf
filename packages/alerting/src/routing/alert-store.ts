import { type Alert, isResolved } from '@tillwatch/model';
import { type AlertDocument, fromAlertDocument, toAlertDocument } from './alert-document.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import { mergeAlerts } from './merge-alerts.ts';

/** The shelf on which alerts lie while they are firing or not yet told as resolved. */
export const ALERT_SHELF = 'alerting/alerts';

/** One alert with what the router knows about it. */
export interface StoredAlert {
  readonly alert: Alert;
  /** When it was received last. */
  readonly updatedAtMs: number;
}

interface StoredDocument extends AlertDocument {
  readonly updatedAtMs: number;
}

/** How long a resolved alert stays known when no group needs it: so that the page can show what was over just now. */
const KEEP_RESOLVED_MS = 900_000;

/** A flood of labels must not take the memory: beyond this, new alerts are refused and counted. */
const MAX_ALERTS = 50_000;

/**
 * The alerts that were received and are not forgotten, by label set. They lie in the ledger too (written with the next
 * flush of `writer`), so a restart knows what was firing, and can tell "resolved while we were away" from "never heard of".
 */
export class AlertStore {
  readonly #writer: LedgerWriter;
  readonly #alerts = new Map<string, StoredAlert>();
  #refused = 0;
  #version = 0;

  constructor(writer: LedgerWriter) {
    this.#writer = writer;
  }

  get size(): number {
    return this.#alerts.size;
  }

  /** Changes whenever an alert does. */
  get version(): number {
    return this.#version;
  }

  /** How many alerts were refused because there were too many. */
  get refused(): number {
    return this.#refused;
  }

  get(key: string): StoredAlert | undefined {
    return this.#alerts.get(key);
  }

  values(): Iterable<StoredAlert> {
    return this.#alerts.values();
  }

  *alerts(): Generator<Alert> {
    for (const stored of this.#alerts.values()) yield stored.alert;
  }

  /** Takes in an alert and yields what it became together with what was known; `undefined` when there is no room. */
  receive(next: Alert, nowMs: number): Alert | undefined {
    const key = next.labels.key;
    const previous = this.#alerts.get(key);
    if (previous === undefined && this.#alerts.size >= MAX_ALERTS) {
      this.#refused++;
      return undefined;
    }
    this.#version++;
    const alert = mergeAlerts(previous?.alert, next, nowMs);
    this.#alerts.set(key, { alert, updatedAtMs: nowMs });
    this.#writer.put(ALERT_SHELF, key, { ...toAlertDocument(alert), updatedAtMs: nowMs } satisfies StoredDocument);
    return alert;
  }

  /** Forgets alerts that are over for a while and not `needed` by a group. */
  forgetResolved(nowMs: number, needed: ReadonlySet<string>): void {
    for (const [key, { alert }] of this.#alerts) {
      if (alert.endsAtMs + KEEP_RESOLVED_MS > nowMs || needed.has(key)) continue;
      this.#version++;
      this.#alerts.delete(key);
      this.#writer.remove(ALERT_SHELF, key);
    }
  }

  /**
   * Takes in what an earlier process left. An alert that was firing then and ran out while nobody was there to be told
   * stays firing until `graceMs` from now: its source is asked to repeat itself before an all-clear is sent.
   */
  restore(entries: Iterable<[key: string, document: unknown]>, nowMs: number, graceMs: number): void {
    this.#version++;
    for (const [key, document] of entries) {
      const stored = document as StoredDocument;
      const alert = fromAlertDocument(stored);
      const wasFiring = !isResolved(alert, stored.updatedAtMs);
      const ranOut = wasFiring && isResolved(alert, nowMs);
      this.#alerts.set(key, {
        alert: ranOut ? { ...alert, endsAtMs: nowMs + graceMs } : alert,
        updatedAtMs: stored.updatedAtMs,
      });
    }
  }
}
