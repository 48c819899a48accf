/** Where one alert of a rule stands. */
export type AlertInstance =
  | { readonly state: 'pending'; readonly activeAtMs: number }
  | {
      readonly state: 'firing';
      readonly activeAtMs: number;
      readonly firedAtMs: number;
      /** Since when its condition is over while `keep_firing_for` holds it. */
      readonly keepFiringSinceMs?: number;
    }
  | {
      readonly state: 'inactive';
      readonly activeAtMs: number;
      readonly firedAtMs: number;
      readonly resolvedAtMs: number;
    };

/** How long a rule waits on the way up and on the way down. */
export interface AlertTiming {
  readonly forMs: number;
  readonly keepFiringForMs: number;
}

/** A resolved alert is remembered this long, so that its receivers hear of it even when the first message was lost. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/**
 * Moves one alert instance forward by one evaluation of its rule.
 * `undefined` means "no such instance": a pending alert that clears was never announced, so it is forgotten, and a
 * resolved one after its retention.
 */
export function advance(
  previous: AlertInstance | undefined,
  isActive: boolean,
  timing: AlertTiming,
  nowMs: number,
): AlertInstance | undefined {
  return isActive ? advanceActive(previous, timing.forMs, nowMs) : advanceCleared(previous, timing, nowMs);
}

function advanceActive(previous: AlertInstance | undefined, forMs: number, nowMs: number): AlertInstance {
  if (previous?.state === 'firing') {
    const { state, activeAtMs, firedAtMs } = previous;
    return { state, activeAtMs, firedAtMs };
  }
  const activeAtMs = previous?.state === 'pending' ? previous.activeAtMs : nowMs;
  if (nowMs - activeAtMs < forMs) return { state: 'pending', activeAtMs };
  return { state: 'firing', activeAtMs, firedAtMs: nowMs };
}

function advanceCleared(
  previous: AlertInstance | undefined,
  { keepFiringForMs }: AlertTiming,
  nowMs: number,
): AlertInstance | undefined {
  switch (previous?.state) {
    case 'firing': {
      const keepFiringSinceMs = previous.keepFiringSinceMs ?? nowMs;
      if (nowMs - keepFiringSinceMs < keepFiringForMs) return { ...previous, keepFiringSinceMs };
      const { activeAtMs, firedAtMs } = previous;
      return { state: 'inactive', activeAtMs, firedAtMs, resolvedAtMs: nowMs };
    }
    case 'inactive':
      return nowMs - previous.resolvedAtMs > RESOLVED_RETENTION_MS ? undefined : previous;
    default:
      return undefined;
  }
}
