import { createHash } from 'node:crypto';

/**
 * When within an interval a target is scraped, from 0 up to it. It follows from the target alone, so that it is the same
 * after a restart, and spreads targets evenly.
 */
export function offsetOf(targetId: string, intervalMs: number): number {
  const hash = createHash('md5').update(targetId).digest().readUInt32BE(12);
  return Math.floor((hash / 2 ** 32) * intervalMs);
}

/** The first time not before `notBeforeMs` that lies `offsetMs` into an interval, counted from the epoch. */
export function nextDue(notBeforeMs: number, intervalMs: number, offsetMs: number): number {
  return Math.ceil((notBeforeMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
}

/**
 * The time that samples get: the appointed one when the scrape began only a little late, so that samples lie evenly and
 * compress well; the real one otherwise.
 */
export function sampleTime(dueMs: number, nowMs: number, intervalMs: number): number {
  const tolerance = Math.min(10, intervalMs / 100);
  return nowMs - dueMs <= tolerance ? dueMs : nowMs;
}
