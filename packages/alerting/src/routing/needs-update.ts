/** Which alerts a receiver has been told about, by their labels' keys, and when. */
export interface Told {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /** The tick of the group at which it was told; 0 for never. */
  readonly atMs: number;
}

/** Why a message is due, in Alertmanager's words; templates and webhooks see it. */
export type NotificationReason =
  | 'first notification'
  | 'new alerts in group'
  | 'all alerts resolved'
  | 'new resolved alerts'
  | 'repeat interval elapsed';

/** The alerts of a group now. */
export interface GroupNow {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  readonly repeatIntervalMs: number;
  readonly sendResolved: boolean;
  /** The tick for which the question is asked. */
  readonly nowMs: number;
}

/**
 * Must a receiver be told, given what it was told last? `undefined` for no.
 *
 * Both times are ticks of the group's own schedule and not moments at which something was sent: with `repeat_interval`
 * equal to `group_interval` every tick repeats, where comparing measured times would be a race of a few milliseconds.
 */
export function needsUpdate(told: Told | undefined, now: GroupNow): NotificationReason | undefined {
  if (told === undefined) return now.firing.size > 0 ? 'first notification' : undefined;
  if (!isSubset(now.firing, told.firing)) {
    return told.firing.size === 0 ? 'first notification' : 'new alerts in group';
  }
  // What fired and was resolved between two messages was never told, so its end need not be told either.
  if (now.firing.size === 0) return told.firing.size > 0 ? 'all alerts resolved' : undefined;
  if (now.sendResolved && !isSubset(now.resolved, told.resolved)) return 'new resolved alerts';
  return now.nowMs - told.atMs >= now.repeatIntervalMs ? 'repeat interval elapsed' : undefined;
}

function isSubset(part: ReadonlySet<string>, of: ReadonlySet<string>): boolean {
  for (const key of part) if (!of.has(key)) return false;
  return true;
}
