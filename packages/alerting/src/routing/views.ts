import { type Alert, isResolved, Labels, type Notification } from '@tillwatch/model';
import { fingerprint } from '../template/index.ts';
import type { AlertGroup } from './alert-group.ts';
import type { AlertStore } from './alert-store.ts';
import type { Dispatcher } from './dispatcher.ts';
import { alertsOf, type OutboxMessage } from './outbox.ts';
import { matchRoutes } from './route-tree.ts';
import type { AlertGroupStatus, Delivery, RoutedAlert } from './statuses.ts';

/** An alert with who is told of it and what keeps it quiet. */
export function routedAlert(alert: Alert, updatedAtMs: number, dispatcher: Dispatcher, nowMs: number): RoutedAlert {
  const { silencedBy, inhibitedBy } = dispatcher.quiet(alert.labels, nowMs);
  const routes = matchRoutes(dispatcher.root, alert.labels);
  const muted = routes.map((node) => dispatcher.mutedBy(node, nowMs));
  const isMuted = muted.length > 0 && muted.every((names) => names.length > 0);
  const isQuiet = silencedBy.length > 0 || inhibitedBy.length > 0 || isMuted;
  return {
    alert,
    fingerprint: fingerprint(alert.labels),
    state: isResolved(alert, nowMs) ? 'resolved' : isQuiet ? 'suppressed' : 'active',
    silencedBy,
    inhibitedBy: inhibitedBy.map((source) => fingerprint(source.labels)),
    mutedBy: [...new Set(muted.flat())],
    receivers: [...new Set(routes.map((node) => node.route.receiver))],
    updatedAtMs,
  };
}

export function groupStatus(
  group: AlertGroup,
  store: AlertStore,
  dispatcher: Dispatcher,
  nowMs: number,
): AlertGroupStatus {
  const stored = [...group.members].map((key) => store.get(key)).filter((one) => one !== undefined);
  return {
    groupKey: group.key,
    receiver: group.node.route.receiver,
    labels: group.labels,
    alerts: stored.map(({ alert, updatedAtMs }) => routedAlert(alert, updatedAtMs, dispatcher, nowMs)),
    nextFlushAtMs: group.nextFlushAtMs,
    nextFlushMs: Math.max(0, group.nextFlushAtMs - nowMs),
    lastFlushAtMs: group.lastFlushAtMs,
  };
}

export function deliveryView(message: OutboxMessage, target: string): Delivery {
  const alerts = alertsOf(message);
  return {
    id: message.id,
    receiver: message.receiver,
    integration: message.integration,
    target,
    state: message.state,
    status: statusOf(alerts, message.atMs),
    groupKey: message.groupKey,
    title: message.title,
    alerts,
    attempts: message.attempts,
    merged: message.merged,
    createdAtMs: message.createdAtMs,
    deliveredAtMs: message.deliveredAtMs,
    failedAtMs: message.failedAtMs,
    nextAttemptAtMs: message.state === 'owed' ? message.nextAttemptAtMs : undefined,
    lastError: message.lastError,
    lastReason: message.lastReason,
    hint: message.hint,
  };
}

/** An owed message as enrichers and notifiers see it. */
export function notificationView(message: OutboxMessage): Notification {
  const alerts = alertsOf(message);
  return {
    receiver: message.receiver,
    groupKey: message.groupKey,
    groupLabels: Labels.of(message.groupLabels),
    status: statusOf(alerts, message.atMs),
    alerts,
    atMs: message.atMs,
  };
}

function statusOf(alerts: readonly Alert[], atMs: number): 'firing' | 'resolved' {
  return alerts.some((alert) => !isResolved(alert, atMs)) ? 'firing' : 'resolved';
}
