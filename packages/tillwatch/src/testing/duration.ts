import { parseDuration } from '@tillwatch/model';

/** Reads a duration of a test (`90s`, `5m`, `1h30m`, `0`) into ms. @throws {TypeError} */
export function durationMs(text: string, what: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`${what}: "${text}" is not a duration; write 30s, 5m or 1h30m`);
  return ms;
}
