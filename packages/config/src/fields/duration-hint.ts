import { formatDuration } from '@tillwatch/model';

const UNIT_WORDS: readonly (readonly [pattern: RegExp, ms: number])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?|millisekunden?)$/i, 1],
  [/^(?:s|secs?|seconds?|sekunden?)$/i, 1000],
  [/^(?:m|mins?|minutes?|minuten?)$/i, 60_000],
  [/^(?:h|hrs?|hours?|stunden?)$/i, 3_600_000],
  [/^(?:d|days?|tage?)$/i, 86_400_000],
  [/^(?:w|weeks?|wochen?)$/i, 604_800_000],
  [/^(?:y|years?|jahre?)$/i, 31_536_000_000],
];

/** What to write instead of a text that was meant as a duration. */
export function durationHint(text: string): string {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return `a duration needs a unit: write ${trimmed}s for seconds or ${trimmed}m for minutes`;
  const ms = looseDuration(trimmed);
  if (ms !== undefined && ms > 0) return `write ${formatDuration(ms)}`;
  return 'write for example 30s, 5m, 1h30m or 1d';
}

/** Reads what people write when they do not know the notation: "5 minutes", "1.5h", "1 h 30 min", "30m1h". */
function looseDuration(text: string): number | undefined {
  const part = /\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*(?:,|and\b)?/y;
  let ms = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    const unit = UNIT_WORDS.find(([pattern]) => pattern.test(match?.[2] ?? ''));
    if (match === null || unit === undefined) return undefined;
    ms += Number(match[1]) * unit[1];
  }
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined;
}
