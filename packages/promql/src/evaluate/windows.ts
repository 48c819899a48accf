import type { Timeline } from './timeline.ts';

/** The windows (t - range, t] of one series for all steps: samples `lo[k]` to `hi[k] - 1`. Both arrays only rise. */
export interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

const NO_WINDOWS: Windows = { lo: new Int32Array(0), hi: new Int32Array(0) };

/** Finds windows, once for all series that share their timestamps. */
export class WindowFinder {
  readonly #times: Timeline;
  readonly #rangeMs: number;
  readonly #known = new Map<Float64Array, Windows>();
  /** What was asked last: neighbours mostly share their timestamps. */
  #lastTimestampsMs: Float64Array | undefined;
  #lastWindows: Windows = NO_WINDOWS;

  constructor(times: Timeline, rangeMs: number) {
    this.#times = times;
    this.#rangeMs = rangeMs;
  }

  find(timestampsMs: Float64Array): Windows {
    if (timestampsMs === this.#lastTimestampsMs) return this.#lastWindows;
    let windows = this.#known.get(timestampsMs);
    if (windows === undefined) {
      windows = findWindows(timestampsMs, this.#times, this.#rangeMs);
      this.#known.set(timestampsMs, windows);
    }
    this.#lastTimestampsMs = timestampsMs;
    this.#lastWindows = windows;
    return windows;
  }
}

function findWindows(timestampsMs: Float64Array, times: Timeline, rangeMs: number): Windows {
  const lo = new Int32Array(times.count);
  const hi = new Int32Array(times.count);
  const n = timestampsMs.length;
  let low = 0;
  let high = 0;
  for (let k = 0; k < times.count; k++) {
    const t = times.startMs + k * times.stepMs;
    while (high < n && timestampsMs[high]! <= t) high++;
    while (low < high && timestampsMs[low]! <= t - rangeMs) low++;
    lo[k] = low;
    hi[k] = high;
  }
  return { lo, hi };
}
