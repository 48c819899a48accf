import { type Alert, isResolved } from '@tillwatch/model';
import { type NotificationReason, needsUpdate } from './needs-update.ts';
import type { LogEntry } from './notification-log.ts';

/** The alerts of a group at a tick, for one integration. */
export interface GroupSnapshot {
  /** Those that nothing keeps quiet. */
  readonly audible: readonly Alert[];
  /** Those that are silenced, inhibited or muted. */
  readonly muted: readonly Alert[];
  readonly tickMs: number;
  readonly nowMs: number;
}

/** What follows from a tick: what the log says from now on, and what is sent, if anything. */
export interface Decision {
  readonly told: Pick<LogEntry, 'firing' | 'resolved' | 'atMs'>;
  readonly reason: NotificationReason | undefined;
  /** Empty: nothing is sent. */
  readonly alerts: readonly Alert[];
}

/** Decides what one integration is told at a tick. `undefined`: nothing changes. */
export function decide(
  told: LogEntry | undefined,
  group: GroupSnapshot,
  options: { readonly repeatIntervalMs: number; readonly sendResolved: boolean },
): Decision | undefined {
  const firing = new Set<string>();
  const resolved = new Set<string>();
  for (const alert of group.audible) (isResolved(alert, group.nowMs) ? resolved : firing).add(alert.labels.key);

  const reason =
    group.audible.length === 0 ? undefined : needsUpdate(told, { firing, resolved, nowMs: group.tickMs, ...options });
  if (reason === undefined) return told === undefined ? undefined : forgetMuted(told, group);
  const alerts = options.sendResolved ? group.audible : group.audible.filter((alert) => firing.has(alert.labels.key));
  return { told: { firing, resolved, atMs: group.tickMs }, reason, alerts };
}

/**
 * An alert that ended while it was kept quiet is never told as resolved. The log must not go on saying that its receiver
 * knows of it as firing: when it fires again after the silence, it is news.
 */
function forgetMuted(told: LogEntry, group: GroupSnapshot): Decision | undefined {
  const ended = group.muted.filter((alert) => isResolved(alert, group.nowMs) && told.firing.has(alert.labels.key));
  if (ended.length === 0) return undefined;
  const firing = new Set(told.firing);
  for (const alert of ended) firing.delete(alert.labels.key);
  return { told: { firing, resolved: told.resolved, atMs: told.atMs }, reason: undefined, alerts: [] };
}
