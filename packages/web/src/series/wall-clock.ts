import { zoneOffsetMs } from '@tillwatch/model';

/** What clocks in a time zone show, as `<input type="datetime-local">` wants it: `2026-11-29T00:05:09`. */
export function toWallClock(ms: number, timeZone: string): string {
  return new Date(ms + zoneOffsetMs(ms, timeZone)).toISOString().slice(0, 19);
}

/**
 * When clocks in a time zone show this, in ms since the epoch; `undefined` when it is no time. Of an hour that comes twice it is one of
 * the two, and of an hour that is skipped the moment it would have been.
 */
export function fromWallClock(text: string, timeZone: string): number | undefined {
  const shown = Date.parse(`${text}Z`);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text) || Number.isNaN(shown)) return undefined;
  // The offset is that of the moment itself, which the first guess misses only close to a change of it.
  const guess = shown - zoneOffsetMs(shown, timeZone);
  return shown - zoneOffsetMs(guess, timeZone);
}
