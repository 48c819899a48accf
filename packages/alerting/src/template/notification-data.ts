import { type Alert, compareText, isResolved, type Labels } from '@tillwatch/model';
import { fingerprint } from './fingerprint.ts';

/** One alert as templates and webhooks see it; the names are those of the wire. */
export interface AlertData {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
  /** RFC 3339; the zero time (`0001-01-01T00:00:00Z`) while the alert fires. */
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

/** What a notification's templates see, and what its webhook sends; the names are those of the wire, records in key order. */
export interface NotificationData {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly AlertData[];
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly routeLabels: Readonly<Record<string, string>>;
  readonly externalURL: string;
}

/** What `notificationData` builds from: a `Notification` of the model fits. */
export interface NotificationDataInput {
  readonly receiver: string;
  readonly groupLabels: Labels;
  readonly alerts: readonly Alert[];
  /** Tells firing from resolved alerts. */
  readonly atMs: number;
  readonly routeLabels?: Labels | undefined;
}

const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Builds the data of one notification: status, and the labels and annotations that all its alerts share. */
export function notificationData(input: NotificationDataInput, externalUrl: string): NotificationData {
  const alerts = input.alerts.map((alert) => alertData(alert, input.atMs));
  return {
    // Alertmanager escapes the name as for a regular expression, which shows in every webhook (`web\\.hook`).
    receiver: input.receiver.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
    status: alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved',
    alerts,
    groupLabels: input.groupLabels.toRecord(),
    commonLabels: shared(alerts.map((alert) => alert.labels)),
    commonAnnotations: shared(alerts.map((alert) => alert.annotations)),
    routeLabels: input.routeLabels?.toRecord() ?? {},
    externalURL: externalUrl,
  };
}

function alertData(alert: Alert, atMs: number): AlertData {
  const resolved = isResolved(alert, atMs);
  return {
    status: resolved ? 'resolved' : 'firing',
    labels: alert.labels.toRecord(),
    annotations: alert.annotations.toRecord(),
    startsAt: rfc3339(alert.startsAtMs),
    endsAt: resolved ? rfc3339(alert.endsAtMs) : ZERO_TIME,
    generatorURL: alert.generatorUrl,
    fingerprint: fingerprint(alert.labels),
  };
}

/** As Go writes a time in JSON: no fraction of a second unless there is one, and no zeros at its end. */
function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

function shared(records: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first, ...others] = records;
  return Object.fromEntries(
    Object.entries(first ?? {})
      .filter(([name, value]) => others.every((other) => other[name] === value))
      .sort(([a], [b]) => compareText(a, b)),
  );
}
