// Times as people write them in a calendar: of their own zone unless they say otherwise, whatever machine reads them.
import { zoneOffsetMs } from '@tillwatch/model';

/**
 * A written time, understood as far as that is possible without knowing the zone. Which instant a time without an offset
 * is depends on the zone: `asUtcMs` is what it would be in UTC.
 */
export type WrittenTime =
  | { readonly kind: 'instant'; readonly atMs: number }
  | { readonly kind: 'local'; readonly asUtcMs: number };

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads `2026-11-27`, `2026-11-27 08:00` and `2026-11-27T08:00:00+01:00`. A date alone is its midnight. `undefined` for
 * other forms and for what no calendar has, such as the 30th of February.
 */
export function parseWrittenTime(text: string): WrittenTime | undefined {
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0'));
  const asUtcMs = Date.UTC(year!, month! - 1, day!, hour, minute, second, milliseconds);
  const back = new Date(asUtcMs);
  const isReal =
    back.getUTCMonth() === month! - 1 && back.getUTCDate() === day && hour! < 24 && minute! < 60 && second! < 60;
  if (!isReal) return undefined;
  const offset = match[8];
  if (offset === undefined) return { kind: 'local', asUtcMs };
  const offsetMs = offsetOf(offset);
  return offsetMs === undefined ? undefined : { kind: 'instant', atMs: asUtcMs - offsetMs };
}

function offsetOf(text: string): number | undefined {
  if (/^z$/i.test(text)) return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(-2));
  if (hours > 14 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * The instant of a written time in a zone (IANA name). A local time that comes twice, when clocks are put back, is the
 * first of the two; one that never comes, when they are put forward, is `undefined`.
 */
export function instantOf(written: WrittenTime, timeZone: string): number | undefined {
  if (written.kind === 'instant') return written.atMs;
  const dayMs = 86_400_000;
  // Zones change their offset at most once within a day of any time, so one of these two is right where one is at all.
  const candidates = [written.asUtcMs - dayMs, written.asUtcMs + dayMs]
    .map((nearMs) => written.asUtcMs - zoneOffsetMs(nearMs, timeZone))
    .filter((atMs) => atMs + zoneOffsetMs(atMs, timeZone) === written.asUtcMs);
  return candidates.length === 0 ? undefined : Math.min(...candidates);
}
