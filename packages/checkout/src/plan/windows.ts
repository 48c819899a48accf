import { formatDuration } from '@tillwatch/model';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/**
 * The windows that rules look through. All of them follow from the unit, which is a minute unless scrapes are so rare that
 * a minute would hold too few samples for `increase`.
 */
export interface Windows {
  /** The shortest window that may be trusted: four scrapes, and at least a minute. */
  readonly unit: string;
  /** Two units: long enough to tell a fault from a hiccup of one unit. */
  readonly pair: string;
  /** Ten units, for shops with few orders. */
  readonly long: string;
  /** Sixty units, for shops with hardly any. */
  readonly widest: string;
  /** Six times the widest: what adds up although it never stands out. */
  readonly trickle: string;
  /** Thirty units: a fault that is back within it is the same incident. */
  readonly returning: string;
  /** How many units each of the windows has. */
  readonly units: { readonly unit: 1; readonly pair: 2; readonly long: 10; readonly widest: 60 };
  readonly unitMinutes: number;
  /**
   * The share of a window that lies between its first and its last sample at least. `increase` makes up for the rest, so
   * that counts, and with them evidence, look larger than what was seen by as much.
   */
  readonly coverage: { readonly pair: number; readonly long: number };
  /** Three scrapes: a target without a successful one in it is down. */
  readonly down: string;
  /** What the recent past is: objectives.drop.comparedWith. */
  readonly past: string;
}

export function windowsFor(config: TillwatchConfig): Windows {
  const slowestMs = Math.max(config.scrape.intervalMs, ...config.targets.map((target) => target.intervalMs ?? 0));
  const unitMs = Math.max(60_000, Math.ceil((4 * slowestMs) / 60_000) * 60_000);
  return {
    unit: formatDuration(unitMs),
    pair: formatDuration(2 * unitMs),
    long: formatDuration(10 * unitMs),
    widest: formatDuration(60 * unitMs),
    trickle: formatDuration(360 * unitMs),
    returning: formatDuration(30 * unitMs),
    units: { unit: 1, pair: 2, long: 10, widest: 60 },
    unitMinutes: unitMs / 60_000,
    coverage: { pair: 1 - slowestMs / unitMs, long: 1 - slowestMs / (10 * unitMs) },
    // A third of an interval more, so that three samples are in the window whatever the jitter.
    down: formatDuration(Math.max(30_000, Math.ceil((slowestMs * 10) / 3 / 1_000) * 1_000)),
    past: formatDuration(Math.max(config.objectives.comparedWithMs, 10 * unitMs)),
  };
}
