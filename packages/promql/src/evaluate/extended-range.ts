import {
  eventsBefore,
  isChange,
  isReset,
  type Kernel,
  type KernelInput,
  lostAtResets,
  lostBetween,
  put,
} from './range-kernels.ts';
import { timeAt } from './timeline.ts';

/**
 * Kernels for extended range selectors, which never extrapolate. `anchored` takes the newest sample before the window as its
 * start; `smoothed` interpolates at both ends, with the sample after the window too. Undefined for functions that cannot.
 */
export function extendedKernel(func: string, extension: 'anchored' | 'smoothed'): Kernel | undefined {
  const isSmoothed = extension === 'smoothed';
  switch (func) {
    case 'rate':
      return (input) => extendedChange(input, isSmoothed, true, true);
    case 'increase':
      return (input) => extendedChange(input, isSmoothed, true, false);
    case 'delta':
      return (input) => extendedChange(input, isSmoothed, false, false);
    case 'changes':
      return isSmoothed ? undefined : (input) => anchoredEvents(input, isChange);
    case 'resets':
      return isSmoothed ? undefined : (input) => anchoredEvents(input, isReset);
    default:
      return undefined;
  }
}

/** The sample that a window starts with: the newest before it that the lookback reaches, or the first inside. */
export function firstIndex({ timestampsMs, lo, times, rangeMs, lookbackMs }: KernelInput, step: number): number {
  const before = lo[step]! - 1;
  const start = timeAt(times, step) - rangeMs;
  return before >= 0 && timestampsMs[before]! > start - lookbackMs ? before : before + 1;
}

/** The sample that a window ends with: the last inside, or smoothed the first at or after its end. */
export function lastIndex(
  { timestampsMs, hi, times, lookbackMs }: KernelInput,
  step: number,
  isSmoothed: boolean,
): number {
  const inside = hi[step]! - 1;
  const end = timeAt(times, step);
  if (!isSmoothed || (inside >= 0 && timestampsMs[inside] === end)) return inside;
  const after = inside + 1;
  return after < timestampsMs.length && timestampsMs[after]! <= end + lookbackMs ? after : inside;
}

/** Do the samples from `first` to `last` say anything about the window? */
export function isChangeFound(
  input: KernelInput,
  step: number,
  first: number,
  last: number,
  isSmoothed: boolean,
): boolean {
  const { timestampsMs, times, rangeMs } = input;
  const end = timeAt(times, step);
  if (last < first || timestampsMs[last]! <= end - rangeMs) return false;
  return !isSmoothed || timestampsMs[first]! <= end;
}

function extendedChange(input: KernelInput, isSmoothed: boolean, isCounter: boolean, isRate: boolean): void {
  const { timestampsMs, values, lo, times, rangeMs } = input;
  const lost = isCounter ? lostAtResets(input) : undefined;
  for (let k = 0; k < lo.length; k++) {
    const end = timeAt(times, k);
    const start = end - rangeMs;
    const first = firstIndex(input, k);
    const last = lastIndex(input, k, isSmoothed);
    if (!isChangeFound(input, k, first, last, isSmoothed)) continue;

    const isLeftBetween = isSmoothed && timestampsMs[first]! < start && first < last;
    const isRightBetween = isSmoothed && timestampsMs[last]! > end && first < last;
    const left = isLeftBetween ? between(input, first, start, isCounter) : values[first]!;
    const right = isRightBetween ? between(input, last - 1, end, isCounter) : values[last]!;
    let change = right - left;
    if (lost !== undefined) {
      change += lostOnTheWay(values, lost, left, first + 1, isRightBetween ? last - 1 : last, right);
    }
    put(input, k, isRate ? change / (rangeMs / 1000) : change);
  }
}

/** What resets lost on the way from `left` over samples `from` to `to` to `right`. */
function lostOnTheWay(
  values: Float64Array,
  lost: Float64Array | 'rescan',
  left: number,
  from: number,
  to: number,
  right: number,
): number {
  if (from > to) return right < left ? left : 0;
  let sum = lostBetween(values, lost, from, to);
  if (values[from]! < left) sum += left;
  if (right < values[to]!) sum += values[to]!;
  return sum;
}

/** The value at a moment between sample `index` and the next. A counter that was reset in between rose from zero. */
function between({ timestampsMs, values }: KernelInput, index: number, timeMs: number, isCounter: boolean): number {
  const after = values[index + 1]!;
  const before = isCounter && after < values[index]! ? 0 : values[index]!;
  const share = (timeMs - timestampsMs[index]!) / (timestampsMs[index + 1]! - timestampsMs[index]!);
  return before + (after - before) * share;
}

/** Counts events between neighbours from the anchor to the end of the window. */
function anchoredEvents(input: KernelInput, isEvent: (before: number, after: number) => boolean): void {
  const { timestampsMs, values, lo, times, rangeMs } = input;
  const events = eventsBefore(values, isEvent);
  for (let k = 0; k < lo.length; k++) {
    const first = firstIndex(input, k);
    const last = lastIndex(input, k, false);
    if (last < first || timestampsMs[last]! <= timeAt(times, k) - rangeMs) continue;
    put(input, k, events[last]! - events[first]!);
  }
}
