import { type Alert, isResolved } from '@tillwatch/model';

/**
 * The alert after `next` was received for the same labels. As in Alertmanager, overlapping intervals are one firing, which
 * began with the earlier of the two; an alert that fires again after its end is a new one. Of two that say "still firing" the
 * later end wins, so that a late copy cannot resolve an alert; an explicit end is taken as it is.
 */
export function mergeAlerts(previous: Alert | undefined, next: Alert, nowMs: number): Alert {
  if (previous === undefined || next.startsAtMs > previous.endsAtMs) return next;
  // The end of an earlier firing that was under way for long says nothing about this one.
  if (next.endsAtMs < previous.startsAtMs) return previous;
  const startsAtMs = Math.min(previous.startsAtMs, next.startsAtMs);
  if (isResolved(next, nowMs)) return { ...next, startsAtMs };
  return {
    ...next,
    startsAtMs,
    endsAtMs: Math.max(next.endsAtMs, isResolved(previous, nowMs) ? 0 : previous.endsAtMs),
  };
}
