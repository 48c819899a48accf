/** How long to wait between attempts. */
export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** One second, doubling, never more than a minute: an outage of a receiver ends for us at most a minute after it ends for others. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };

/**
 * The wait after the `attempts`-th failed attempt (counted from 1). Half of it is fixed and half is random (`random` yields
 * [0, 1)), so that many senders that failed together do not come back together. A receiver that named a time is obeyed:
 * never earlier, and only a little later.
 */
export function backoffMs(
  backoff: Backoff,
  attempts: number,
  random: () => number,
  retryAfterMs: number | undefined,
): number {
  if (retryAfterMs !== undefined) return Math.round(retryAfterMs + random() * Math.min(1_000, retryAfterMs * 0.1));
  const full = Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** Math.min(30, attempts - 1));
  return Math.round(full * (0.5 + random() / 2));
}

/** The longest that a receiver may make us wait: beyond it, a wrong header would silence a receiver for days. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Reads a `Retry-After` header: seconds or an HTTP date. `undefined` for anything else. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
}
