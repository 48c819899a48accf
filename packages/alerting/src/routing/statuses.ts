import type { Alert, Labels } from '@tillwatch/model';
import type { NotifyReason } from '../notify/notify-error.ts';
import type { DeliveryStats } from './delivery-counters.ts';

/** An alert as the router knows it. */
export interface RoutedAlert {
  readonly alert: Alert;
  /** Alertmanager's name of it: 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** `suppressed` while something keeps it quiet for all its receivers. */
  readonly state: 'active' | 'suppressed' | 'resolved';
  /** The ids of silences. */
  readonly silencedBy: readonly string[];
  /** The fingerprints of alerts. */
  readonly inhibitedBy: readonly string[];
  /** The names of time intervals. */
  readonly mutedBy: readonly string[];
  readonly receivers: readonly string[];
  readonly updatedAtMs: number;
}

/** A group of alerts that are told together. */
export interface AlertGroupStatus {
  readonly groupKey: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly alerts: readonly RoutedAlert[];
  /** When the group is looked at next, and how long that is from now: "next message for this group in N s" at the earliest. */
  readonly nextFlushAtMs: number;
  readonly nextFlushMs: number;
  /** `undefined` while the group waits for its first message. */
  readonly lastFlushAtMs: number | undefined;
}

/** One message to one integration of a receiver: owed, delivered, or given up. */
export interface Delivery {
  readonly id: string;
  readonly receiver: string;
  /** `slack[0]`, `email[1]`, …: the entry of the receiver. */
  readonly integration: string;
  /** Where it goes, for people. Never a secret; '' when the integration is no longer configured. */
  readonly target: string;
  readonly state: 'owed' | 'delivered' | 'failed';
  readonly status: 'firing' | 'resolved';
  readonly groupKey: string;
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly attempts: number;
  /** How many earlier messages that were not delivered it stands for. */
  readonly merged: number;
  readonly createdAtMs: number;
  readonly deliveredAtMs: number | undefined;
  readonly failedAtMs: number | undefined;
  /** For an owed message: when it is tried next. */
  readonly nextAttemptAtMs: number | undefined;
  /** Of a delivered message: what was wrong with it nevertheless, for instance a template that failed. */
  readonly lastError: string | undefined;
  readonly lastReason: NotifyReason | undefined;
  readonly hint: string | undefined;
}

/** What came of a test message to one integration. */
export interface TestDelivery {
  readonly receiver: string;
  readonly integration: string;
  readonly target: string;
  readonly ok: boolean;
  readonly title: string;
  readonly durationMs: number;
  /** What went wrong; with `ok`, what was wrong although a message arrived. */
  readonly error: string | undefined;
  readonly reason: NotifyReason | undefined;
  readonly hint: string | undefined;
}

/** A receiver and its ways out. */
export interface ReceiverStatus {
  readonly name: string;
  readonly integrations: readonly {
    readonly integration: string;
    readonly target: string;
    readonly sendResolved: boolean;
    /** When it took a message last, test messages included; `undefined`: none since it goes to this target. */
    readonly lastDeliveredAtMs: number | undefined;
    readonly owed: number;
  }[];
}

/** Figures for metrics. Those that are not said to be of now only grow. */
export interface RouterStats {
  readonly alertsReceived: { readonly firing: number; readonly resolved: number };
  /** Without labels, or beyond what is kept. */
  readonly alertsRefused: number;
  /** Now. */
  readonly alerts: { readonly active: number; readonly suppressed: number; readonly resolved: number };
  /** Now. */
  readonly groups: number;
  readonly deliveries: readonly DeliveryStats[];
  /** Now: how many messages are owed, and for how long the oldest. */
  readonly outbox: { readonly owed: number; readonly oldestOwedMs: number };
  readonly briefingFailures: number;
  /** Can alert state be stored? */
  readonly ledgerHealthy: boolean;
}
