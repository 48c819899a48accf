/**
 * How busy the shop is at each hour compared with its average, in local time: quiet at night, a hump at noon and a higher one in
 * the evening. Gentle on purpose, so that there is something to see at any hour.
 */
const BY_HOUR: readonly number[] = [
  0.72, 0.66, 0.62, 0.6, 0.6, 0.64, 0.74, 0.86, 0.96, 1.04, 1.1, 1.16, 1.2, 1.16, 1.1, 1.08, 1.1, 1.16, 1.24, 1.34,
  1.38, 1.28, 1.08, 0.88,
];

const DAY_MS = 86_400_000;

/** The factor at a moment of the day, without jumps between the hours; 1 on average over a day. */
export function rhythmAt(timeOfDayMs: number): number {
  const hour = (((timeOfDayMs % DAY_MS) + DAY_MS) % DAY_MS) / 3_600_000;
  const from = BY_HOUR[Math.floor(hour)]!;
  const to = BY_HOUR[(Math.floor(hour) + 1) % 24]!;
  return (from + (to - from) * (hour % 1)) / MEAN;
}

const MEAN = BY_HOUR.reduce((sum, factor) => sum + factor, 0) / BY_HOUR.length;
