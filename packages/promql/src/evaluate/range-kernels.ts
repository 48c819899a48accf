import { incrementalMean } from './incremental-mean.ts';
import { quantileOf } from './quantile.ts';
import { RegressionMonoid, SumMonoid, slide, slideExtreme, VarianceMonoid } from './sliding.ts';
import { type Timeline, timeAt } from './timeline.ts';

/** What a range function works on: one series without staleness markers, its windows, and where the results go. */
export interface KernelInput {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** Window k holds samples `lo[k]` to `hi[k] - 1`. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Window k ends at step k of this timeline (end included) and is `rangeMs` long (start excluded). */
  readonly times: Timeline;
  readonly rangeMs: number;
  /** How far before a window (and, smoothed, after it) extended functions look; left end excluded. */
  readonly lookbackMs: number;
  /** The moments of evaluation, before offset and `@`. */
  readonly evaluation: Timeline;
  readonly out: Float64Array;
  readonly present: Uint8Array;
  /** When the counting of each sample began (0: unknown); there only when functions are to look at it. */
  readonly startTimestampsMs?: Float64Array | undefined;
  /** The function's scalar arguments, one value per step. */
  readonly params: readonly Float64Array[];
  readonly scratch: Scratch;
}

/** Room for numbers that are needed for one series only, used again for the next: series of months are megabytes each. */
export class Scratch {
  #numbers = new Float64Array(0);

  /** Room for `length` numbers, whatever they are. What was given out before is lost. */
  numbers(length: number): Float64Array {
    if (this.#numbers.length < length) this.#numbers = new Float64Array(length);
    return this.#numbers;
  }
}

/** Fills `out` and `present` for all steps of one series. */
export type Kernel = (input: KernelInput) => void;

/** The range functions that turn each window of a series into a number. */
export function rangeKernel(name: string): Kernel | undefined {
  return KERNELS.get(name);
}

const rate: Kernel = (input) => extrapolate(input, true, true);
const increase: Kernel = (input) => extrapolate(input, true, false);
const delta: Kernel = (input) => extrapolate(input, false, false);

/**
 * How much a series rose in each window, stretched to the window's ends as far as the spacing of its samples suggests, but a
 * counter never below zero. A prefix sum of what counter resets lost makes each window a subtraction.
 */
function extrapolate(input: KernelInput, isCounter: boolean, isRate: boolean): void {
  const { timestampsMs, values, lo, hi, times, rangeMs } = input;
  const lost = isCounter ? lostAtResets(input) : undefined;
  for (let k = 0; k < lo.length; k++) {
    const first = lo[k]!;
    const last = hi[k]! - 1;
    if (last <= first) continue;
    let change = values[last]! - values[first]!;
    if (lost !== undefined) change += lostBetween(values, lost, first, last);

    const end = timeAt(times, k);
    const sampled = (timestampsMs[last]! - timestampsMs[first]!) / 1000;
    const spacing = sampled / (last - first);
    let toStart = (timestampsMs[first]! - (end - rangeMs)) / 1000;
    let toEnd = (end - timestampsMs[last]!) / 1000;
    if (toStart >= spacing * 1.1) toStart = spacing / 2;
    if (toEnd >= spacing * 1.1) toEnd = spacing / 2;
    if (isCounter && change > 0 && values[first]! >= 0)
      toStart = Math.min(toStart, sampled * (values[first]! / change));
    let factor = (sampled + toStart + toEnd) / sampled;
    if (isRate) factor /= rangeMs / 1000;
    put(input, k, change * factor);
  }
}

/** How windows lie on the samples that they hold: seconds between first and last, and to stretch at both ends at most. */
export interface WindowShapes {
  /** 0 where a window has fewer than two samples. */
  readonly sampled: Float64Array;
  readonly toStart: Float64Array;
  readonly toEnd: Float64Array;
  /** What the change is multiplied with when it is stretched so far. */
  readonly factor: Float64Array;
}

/** The shapes of all windows of series with these timestamps. `scale` is what results are divided by. */
export function windowShapes(
  timestampsMs: Float64Array,
  lo: Int32Array,
  hi: Int32Array,
  times: Timeline,
  rangeMs: number,
  scale: number,
): WindowShapes {
  const count = lo.length;
  const shapes = {
    sampled: new Float64Array(count),
    toStart: new Float64Array(count),
    toEnd: new Float64Array(count),
    factor: new Float64Array(count),
  };
  for (let k = 0; k < count; k++) {
    const first = lo[k]!;
    const last = hi[k]! - 1;
    if (last <= first) continue;
    const end = timeAt(times, k);
    const sampled = (timestampsMs[last]! - timestampsMs[first]!) / 1000;
    const spacing = sampled / (last - first);
    const toStart = (timestampsMs[first]! - (end - rangeMs)) / 1000;
    const toEnd = (end - timestampsMs[last]!) / 1000;
    shapes.sampled[k] = sampled;
    shapes.toStart[k] = toStart >= spacing * 1.1 ? spacing / 2 : toStart;
    shapes.toEnd[k] = toEnd >= spacing * 1.1 ? spacing / 2 : toEnd;
    shapes.factor[k] = (sampled + shapes.toStart[k]! + shapes.toEnd[k]!) / sampled / scale;
  }
  return shapes;
}

/** As `extrapolate`, of counters of which first values and changes are known; `scale` as for `windowShapes`. */
export function fillRates(
  { sampled, toStart, toEnd, factor }: WindowShapes,
  first: Float64Array,
  change: Float64Array,
  scale: number,
  out: Float64Array,
  present: Uint8Array,
): void {
  for (let k = 0; k < sampled.length; k++) {
    const seconds = sampled[k]!;
    if (seconds === 0) continue;
    const rise = change[k]!;
    const value = first[k]!;
    present[k] = 1;
    // Few counters were zero so shortly before their first sample; for the others there is nothing to divide.
    if (rise > 0 && value >= 0 && seconds * value < toStart[k]! * rise) {
      out[k] = rise * ((seconds + seconds * (value / rise) + toEnd[k]!) / seconds / scale);
    } else out[k] = rise * factor[k]!;
  }
}

/** What counter resets between two samples lost. */
export function lostBetween(values: Float64Array, lost: Float64Array | 'rescan', first: number, last: number): number {
  return lost === 'rescan' ? rescanLost(values, first, last) : lost[last]! - lost[first]!;
}

/**
 * For each sample, the sum of what was lost at all resets up to it. Looking at every window is cheaper when windows do not
 * overlap, and the only way after a reset from infinity, which cannot be subtracted again.
 */
export function lostAtResets({
  values,
  lo,
  hi,
  scratch,
}: Pick<KernelInput, 'values' | 'lo' | 'hi' | 'scratch'>): Float64Array | 'rescan' {
  let inWindows = 0;
  for (let k = 0; k < lo.length; k++) inWindows += hi[k]! - lo[k]!;
  if (inWindows <= values.length) return 'rescan';
  const lost = scratch.numbers(values.length);
  lost[0] = 0;
  let sum = 0;
  for (let i = 1; i < values.length; i++) {
    if (values[i]! < values[i - 1]!) sum += values[i - 1]!;
    lost[i] = sum;
  }
  return Number.isFinite(sum) ? lost : 'rescan';
}

function rescanLost(values: Float64Array, first: number, last: number): number {
  let sum = 0;
  for (let i = first + 1; i <= last; i++) if (values[i]! < values[i - 1]!) sum += values[i - 1]!;
  return sum;
}

export function put(input: KernelInput, step: number, value: number): void {
  input.out[step] = value;
  input.present[step] = 1;
}

/** The difference of the last two samples of each window. */
function lastTwo(input: KernelInput, isRate: boolean): void {
  const { timestampsMs, values, lo, hi } = input;
  for (let k = 0; k < lo.length; k++) {
    const last = hi[k]! - 1;
    if (last <= lo[k]!) continue;
    const before = last - 1;
    const hasReset = isRate && values[last]! < values[before]!;
    const change = hasReset ? values[last]! : values[last]! - values[before]!;
    put(input, k, isRate ? change / ((timestampsMs[last]! - timestampsMs[before]!) / 1000) : change);
  }
}

/** Counts, in each window, the neighbours of which `isEvent` is true. */
function countEvents(input: KernelInput, isEvent: (before: number, after: number) => boolean): void {
  const { values, lo, hi } = input;
  const events = eventsBefore(values, isEvent);
  each(input, (k) => events[hi[k]! - 1]! - events[lo[k]!]!);
}

/** For each sample, how many neighbours up to it are an event. */
export function eventsBefore(values: Float64Array, isEvent: (before: number, after: number) => boolean): Int32Array {
  const events = new Int32Array(values.length);
  for (let i = 1; i < values.length; i++) events[i] = events[i - 1]! + (isEvent(values[i - 1]!, values[i]!) ? 1 : 0);
  return events;
}

export function isChange(before: number, after: number): boolean {
  return before !== after && !(Number.isNaN(before) && Number.isNaN(after));
}

export function isReset(before: number, after: number): boolean {
  return after < before;
}

/** Calls `resultAt(k)` for every window that holds a sample. */
function each(input: KernelInput, resultAt: (step: number) => number): void {
  const { lo, hi } = input;
  for (let k = 0; k < lo.length; k++) if (hi[k]! > lo[k]!) put(input, k, resultAt(k));
}

const sumOverTime: Kernel = (input) => {
  slide(input.lo, input.hi, new SumMonoid(input.values), (k, state) => put(input, k, state[0]! + state[1]!));
};

const avgOverTime: Kernel = (input) => {
  const { values, lo, hi } = input;
  slide(lo, hi, new SumMonoid(values), (k, state) => {
    const sum = state[0]! + state[1]!;
    if (Number.isFinite(sum) || sum !== sum) put(input, k, sum / (hi[k]! - lo[k]!));
    else put(input, k, incrementalMean(values.subarray(lo[k]!, hi[k]!)));
  });
};

function variance(input: KernelInput, finish: (variance: number) => number): void {
  slide(input.lo, input.hi, new VarianceMonoid(input.values), (k, state) => {
    put(input, k, finish(state[2]! / state[0]!));
  });
}

const deriv: Kernel = (input) => {
  slide(input.lo, input.hi, new RegressionMonoid(input.timestampsMs, input.values), (k, state) => {
    if (state[0]! >= 2) put(input, k, state[4]! / state[3]!);
  });
};

const predictLinear: Kernel = (input) => {
  const { timestampsMs, values, lo, hi, evaluation, params } = input;
  slide(lo, hi, new RegressionMonoid(timestampsMs, values), (k, state) => {
    if (state[0]! < 2) return;
    const slope = state[4]! / state[3]!;
    const nowSeconds = (timeAt(evaluation, k) - timestampsMs[0]!) / 1000;
    put(input, k, state[2]! + slope * (nowSeconds - state[1]!) + slope * params[0]![k]!);
  });
};

const isAtLeast = (a: number, b: number) => a >= b;
const isAtMost = (a: number, b: number) => a <= b;

function extreme(input: KernelInput, beats: (later: number, earlier: number) => boolean): void {
  slideExtreme(input.lo, input.hi, input.values, beats, (k, index) => put(input, k, input.values[index]!));
}

function timeOfExtreme(input: KernelInput, beats: (later: number, earlier: number) => boolean): void {
  const { timestampsMs, values, lo, hi } = input;
  slideExtreme(lo, hi, values, beats, (k, index) => put(input, k, timestampsMs[index]! / 1000));
}

const quantileOverTime: Kernel = (input) => {
  const { values, lo, hi, params } = input;
  each(input, (k) => quantileOf(params[0]![k]!, values.slice(lo[k]!, hi[k]!)));
};

const madOverTime: Kernel = (input) => {
  const { values, lo, hi } = input;
  each(input, (k) => {
    const window = values.slice(lo[k]!, hi[k]!);
    if (window.some(Number.isNaN)) return Number.NaN;
    const median = quantileOf(0.5, window);
    return quantileOf(
      0.5,
      window.map((value) => Math.abs(value - median)),
    );
  });
};

/** Holt's linear method: a smoothed value and a smoothed trend. */
const doubleExponentialSmoothing: Kernel = (input) => {
  const { values, lo, hi, params } = input;
  for (let k = 0; k < lo.length; k++) {
    const first = lo[k]!;
    if (hi[k]! - first < 2) continue;
    const smoothing = params[0]![k]!;
    const trendFactor = params[1]![k]!;
    let level = values[first]!;
    let trend = values[first + 1]! - values[first]!;
    for (let i = first + 1; i < hi[k]!; i++) {
      const previous = level;
      level = smoothing * values[i]! + (1 - smoothing) * (level + trend);
      trend = trendFactor * (level - previous) + (1 - trendFactor) * trend;
    }
    put(input, k, level);
  }
};

const KERNELS: ReadonlyMap<string, Kernel> = new Map<string, Kernel>([
  ['rate', rate],
  ['increase', increase],
  ['delta', delta],
  ['irate', (input) => lastTwo(input, true)],
  ['idelta', (input) => lastTwo(input, false)],
  ['deriv', deriv],
  ['predict_linear', predictLinear],
  ['changes', (input) => countEvents(input, isChange)],
  ['resets', (input) => countEvents(input, isReset)],
  ['sum_over_time', sumOverTime],
  ['avg_over_time', avgOverTime],
  ['count_over_time', (input) => each(input, (k) => input.hi[k]! - input.lo[k]!)],
  ['present_over_time', (input) => each(input, () => 1)],
  ['min_over_time', (input) => extreme(input, isAtMost)],
  ['max_over_time', (input) => extreme(input, isAtLeast)],
  ['first_over_time', (input) => each(input, (k) => input.values[input.lo[k]!]!)],
  ['last_over_time', (input) => each(input, (k) => input.values[input.hi[k]! - 1]!)],
  ['stddev_over_time', (input) => variance(input, Math.sqrt)],
  ['stdvar_over_time', (input) => variance(input, (value) => value)],
  ['quantile_over_time', quantileOverTime],
  ['mad_over_time', madOverTime],
  ['double_exponential_smoothing', doubleExponentialSmoothing],
  ['ts_of_first_over_time', (input) => each(input, (k) => input.timestampsMs[input.lo[k]!]! / 1000)],
  ['ts_of_last_over_time', (input) => each(input, (k) => input.timestampsMs[input.hi[k]! - 1]! / 1000)],
  ['ts_of_min_over_time', (input) => timeOfExtreme(input, isAtMost)],
  ['ts_of_max_over_time', (input) => timeOfExtreme(input, isAtLeast)],
]);
