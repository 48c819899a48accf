/** A text that was cut where necessary, and whether it was. */
export interface Truncated {
  readonly text: string;
  readonly truncated: boolean;
}

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = 3;

/** Cuts to at most `limit` code points; the last one becomes `…` when there is room for it (`limit` above 3). */
export function truncateRunes(text: string, limit: number): Truncated {
  // A text with no more UTF-16 units than `limit` cannot have more code points.
  if (text.length <= limit) return { text, truncated: false };
  const runes = [...text];
  if (runes.length <= limit) return { text, truncated: false };
  if (limit <= 3) return { text: runes.slice(0, limit).join(''), truncated: true };
  return { text: runes.slice(0, limit - 1).join('') + ELLIPSIS, truncated: true };
}

/** Cuts to at most `limit` bytes of UTF-8, never inside a code point, ending in `…` when it fits. */
export function truncateBytes(text: string, limit: number): Truncated {
  if (Buffer.byteLength(text) <= limit) return { text, truncated: false };
  if (limit < ELLIPSIS_BYTES) return { text: '.'.repeat(limit), truncated: true };
  let room = limit - ELLIPSIS_BYTES;
  let kept = '';
  for (const rune of text) {
    room -= Buffer.byteLength(rune);
    if (room < 0) break;
    kept += rune;
  }
  return { text: kept + ELLIPSIS, truncated: true };
}
