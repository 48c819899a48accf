import type { Histogram } from '@tillwatch/model';
import { scale, subtract } from '../histogram/arithmetic.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import { firstIndex, isChangeFound, lastIndex } from './extended-range.ts';
import { gauge, noteKind, taken } from './histogram-change.ts';
import { areOneKind, type HistogramFacts, histogramFacts } from './histogram-facts.ts';
import { eventsUpTo, histogramsBefore, isChangeAt, isResetAt, type MixedInput } from './mixed-kernels.ts';
import { type Kernel, put } from './range-kernels.ts';
import { ResetLosses } from './reset-losses.ts';
import { interpolate } from './smoothed-selector.ts';
import { timeAt } from './timeline.ts';

/** Runs an extended range function over a series with native histograms. `floatKernel` is the same function for numbers. */
export function runMixedExtended(func: string, isSmoothed: boolean, input: MixedInput, floatKernel: Kernel): void {
  if (func === 'changes') countEvents(input, (i) => isChangeAt(input, i));
  else if (func === 'resets') countEvents(input, (i) => isResetAt(input, i));
  else extendedChanges(func, isSmoothed, input, floatKernel);
}

function extendedChanges(func: string, isSmoothed: boolean, input: MixedInput, floatKernel: Kernel): void {
  const facts = histogramFacts(input);
  const losses = new ResetLosses(input.histograms, facts);
  const before = histogramsBefore(input);
  for (let k = 0; k < input.lo.length; k++) {
    const first = firstIndex(input, k);
    const last = lastIndex(input, k, isSmoothed);
    if (!isChangeFound(input, k, first, last, isSmoothed)) continue;
    const histograms = before[last + 1]! - before[first]!;
    if (histograms === 0) numbersOnly(input, k, first, last, floatKernel);
    else if (histograms < last - first + 1) input.notes.warn(HISTOGRAM_NOTES.mixedSamples(input.notes.name));
    else {
      const change = extendedChange(input, facts, losses, func !== 'delta', k, first, last, isSmoothed);
      if (change === undefined) continue;
      input.outHistograms[k] = gauge(func === 'rate' ? scale(change, 1000 / input.rangeMs) : change);
      input.present[k] = 1;
    }
  }
}

/** One window that holds numbers only, by itself. */
function numbersOnly(input: MixedInput, step: number, first: number, last: number, floatKernel: Kernel): void {
  const at = (index: number) => Int32Array.of(Math.max(0, Math.min(index, last + 1) - first));
  floatKernel({
    ...input,
    timestampsMs: input.timestampsMs.subarray(first, last + 1),
    values: input.values.subarray(first, last + 1),
    lo: at(input.lo[step]!),
    hi: at(input.hi[step]!),
    times: { ...input.times, startMs: timeAt(input.times, step), count: 1 },
    out: input.out.subarray(step, step + 1),
    present: input.present.subarray(step, step + 1),
  });
}

/** The change between the (interpolated) values at both ends, with what was lost at resets on the way. */
function extendedChange(
  input: MixedInput,
  facts: HistogramFacts,
  losses: ResetLosses,
  isCounter: boolean,
  step: number,
  first: number,
  last: number,
  isSmoothed: boolean,
): Histogram | undefined {
  const { timestampsMs, times, rangeMs, notes } = input;
  const histograms = input.histograms as readonly Histogram[];
  noteKind(input, facts, isCounter, first, last);
  if (!areOneKind(facts, first, last)) {
    notes.warn(HISTOGRAM_NOTES.mixedSchemas(notes.name));
    return undefined;
  }
  const endMs = timeAt(times, step);
  const startMs = endMs - rangeMs;
  const isLeftBetween = isSmoothed && timestampsMs[first]! < startMs && first < last;
  const isRightBetween = isSmoothed && timestampsMs[last]! > endMs && first < last;
  const left = isLeftBetween ? between(input, first, startMs, isCounter) : histograms[first]!;
  const right = isRightBetween ? between(input, last - 1, endMs, isCounter) : histograms[last]!;
  const change = taken(input, subtract(right, left), 'subtraction');
  if (!isCounter) return change;
  // What was interpolated across a reset has risen from nothing already.
  return taken(input, losses.addTo(change, first, isLeftBetween ? first + 2 : first + 1, last), 'addition');
}

function between(input: MixedInput, index: number, timeMs: number, isCounter: boolean): Histogram {
  const { timestampsMs } = input;
  const histograms = input.histograms as readonly Histogram[];
  const share = (timeMs - timestampsMs[index]!) / (timestampsMs[index + 1]! - timestampsMs[index]!);
  const isReset = isCounter && isResetAt(input, index + 1);
  return interpolate(histograms[index]!, histograms[index + 1]!, share, isReset);
}

/** Counts events between neighbours from the anchor to the end of the window. */
function countEvents(input: MixedInput, isEvent: (index: number) => boolean): void {
  const events = eventsUpTo(input, isEvent);
  for (let k = 0; k < input.lo.length; k++) {
    const first = firstIndex(input, k);
    const last = lastIndex(input, k, false);
    if (last < first || input.timestampsMs[last]! <= timeAt(input.times, k) - input.rangeMs) continue;
    put(input, k, events[last]! - events[first]!);
  }
}
