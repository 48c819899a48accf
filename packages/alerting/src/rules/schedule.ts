/**
 * When groups are evaluated: at whole multiples of their interval plus an offset of their own, so that timestamps are
 * regular over restarts and the groups do not all run at once.
 */

/** The offset of a group inside its interval: a number that its file and name decide. */
export function groupOffsetMs(file: string, name: string, intervalMs: number): number {
  return hash(`${file};${name}`) % intervalMs;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/** The first evaluation after `nowMs`. */
export function nextEvaluationMs(nowMs: number, intervalMs: number, offsetMs: number): number {
  return (Math.floor((nowMs - offsetMs) / intervalMs) + 1) * intervalMs + offsetMs;
}

/**
 * What comes after the evaluation of `lastMs` once it is over: the newest one that is due, or the next. Those in between
 * are missed: catching up would only make a slow group slower.
 */
export function followingEvaluation(
  lastMs: number,
  nowMs: number,
  intervalMs: number,
): { atMs: number; missed: number } {
  const due = Math.floor((nowMs - lastMs) / intervalMs);
  const missed = Math.max(0, due - 1);
  return { atMs: lastMs + (missed + 1) * intervalMs, missed };
}
