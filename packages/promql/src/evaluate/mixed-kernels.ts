import type { Histogram } from '@tillwatch/model';
import type { HistogramTotal } from '../histogram/accumulate.ts';
import { isEqualHistogram, isHistogramReset } from '../histogram/compare.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import type { HistogramSteps } from './column.ts';
import { histogramChange, histogramChangeOfLastTwo } from './histogram-change.ts';
import { countBefore, histogramFacts } from './histogram-facts.ts';
import { HistogramSums } from './histogram-sums.ts';
import { isChange, isReset, type Kernel, type KernelInput, put } from './range-kernels.ts';
import { ResetLosses } from './reset-losses.ts';
import { startsAnew } from './start-timestamps.ts';

/** Where a kernel says what is worth knowing about its series. */
export interface RangeNotes {
  readonly name: string;
  warn(text: string): void;
  info(text: string): void;
}

/** What a range function works on when a series has native histograms, or may have them between its numbers. */
export interface MixedInput extends KernelInput {
  readonly histograms: readonly (Histogram | undefined)[];
  readonly startTimestampsMs: Float64Array | undefined;
  readonly outHistograms: HistogramSteps;
  readonly notes: RangeNotes;
}

/** Runs a range function over a series with native histograms. `floatKernel` is the same function for numbers. */
export function runMixed(func: string, input: MixedInput, floatKernel: Kernel): void {
  switch (func) {
    case 'count_over_time':
    case 'present_over_time':
    case 'ts_of_first_over_time':
    case 'ts_of_last_over_time':
      // Only where a sample is found matters, not what it is.
      floatKernel(input);
      break;
    case 'first_over_time':
      pickSamples(input, (k) => input.lo[k]!);
      break;
    case 'last_over_time':
      pickSamples(input, (k) => input.hi[k]! - 1);
      break;
    case 'changes':
      countMixedEvents(input, (i) => isChangeAt(input, i));
      break;
    case 'resets':
      countMixedEvents(input, (i) => isResetAt(input, i));
      break;
    case 'irate':
    case 'idelta':
      histogramChangeOfLastTwo(input, func === 'irate', floatKernel);
      break;
    case 'rate':
    case 'increase':
    case 'delta': {
      const facts = histogramFacts(input);
      const losses = new ResetLosses(input.histograms, facts);
      ofOneKind(input, floatKernel, (k) => histogramChange(input, facts, losses, func, k));
      break;
    }
    case 'sum_over_time':
    case 'avg_over_time': {
      const { lo, hi } = input;
      const starts = new Set(lo);
      const sums = new HistogramSums(input.histograms, (index) => starts.has(index));
      const ofWindow = func === 'sum_over_time' ? 'sum' : 'mean';
      ofOneKind(input, floatKernel, (k) => noted(input, sums[ofWindow](lo[k]!, hi[k]!)));
      break;
    }
    default:
      ofNumbers(input, floatKernel);
  }
}

function pickSamples(
  { lo, hi, values, histograms, out, outHistograms, present }: MixedInput,
  pick: (k: number) => number,
): void {
  for (let k = 0; k < lo.length; k++) {
    if (hi[k]! <= lo[k]!) continue;
    const index = pick(k);
    out[k] = values[index]!;
    outHistograms[k] = histograms[index];
    present[k] = 1;
  }
}

/** Did the value change from the sample before to this one? A change of kind is a change. */
export function isChangeAt({ values, histograms }: MixedInput, index: number): boolean {
  const [before, after] = [histograms[index - 1], histograms[index]];
  if (before !== undefined && after !== undefined) return !isEqualHistogram(after, before);
  return before !== after || isChange(values[index - 1]!, values[index]!);
}

/** Was the counter reset between the sample before and this one? A change of kind is a reset. */
export function isResetAt(input: MixedInput, index: number): boolean {
  const { values, histograms, timestampsMs, startTimestampsMs } = input;
  if (startTimestampsMs !== undefined && startsAnew({ timestampsMs, startTimestampsMs }, index)) return true;
  const [before, after] = [histograms[index - 1], histograms[index]];
  if (before !== undefined && after !== undefined) return isHistogramReset(after, before);
  return before !== after || isReset(values[index - 1]!, values[index]!);
}

function countMixedEvents(input: MixedInput, isEvent: (index: number) => boolean): void {
  const { lo, hi } = input;
  const events = eventsUpTo(input, isEvent);
  for (let k = 0; k < lo.length; k++) if (hi[k]! > lo[k]!) put(input, k, events[hi[k]! - 1]! - events[lo[k]!]!);
}

/** For each sample, how many events there were up to it. */
export function eventsUpTo({ values }: MixedInput, isEvent: (index: number) => boolean): Int32Array {
  const events = new Int32Array(values.length);
  for (let i = 1; i < events.length; i++) events[i] = events[i - 1]! + (isEvent(i) ? 1 : 0);
  return events;
}

/** How many histograms there are before each sample; one entry more than samples. */
export function histogramsBefore({ histograms }: MixedInput): Int32Array {
  return countBefore(histograms, () => true);
}

/** The numbers of a series by themselves; results go to the same places. */
function numbersOf(input: MixedInput, before: Int32Array): KernelInput {
  const isNumber = (_: number, i: number) => input.histograms[i] === undefined;
  const moved = (index: number) => index - before[index]!;
  return {
    ...input,
    timestampsMs: input.timestampsMs.filter(isNumber),
    values: input.values.filter(isNumber),
    lo: input.lo.map(moved),
    hi: input.hi.map(moved),
    ...(input.startTimestampsMs === undefined ? {} : { startTimestampsMs: input.startTimestampsMs.filter(isNumber) }),
  };
}

/** A function of numbers only: histograms are passed over, which is said where there are numbers beside them. */
function ofNumbers(input: MixedInput, floatKernel: Kernel): void {
  const before = histogramsBefore(input);
  floatKernel(numbersOf(input, before));
  eachWindow(input, before, (_, numbers) => {
    if (numbers > 0) input.notes.info(HISTOGRAM_NOTES.ignoredInRange(input.notes.name));
  });
}

/** A function of numbers or of histograms, but not of both in one window. */
function ofOneKind(
  input: MixedInput,
  floatKernel: Kernel,
  ofHistograms: (step: number) => Histogram | undefined,
): void {
  const before = histogramsBefore(input);
  if (before.at(-1)! < input.values.length) floatKernel(numbersOf(input, before));
  eachWindow(input, before, (k, numbers) => {
    const result = numbers > 0 ? undefined : ofHistograms(k);
    if (numbers > 0) input.notes.warn(HISTOGRAM_NOTES.mixedSamples(input.notes.name));
    input.outHistograms[k] = result;
    input.present[k] = result === undefined ? 0 : 1;
  });
}

/** Calls `visit` for every window that has a histogram. */
function eachWindow({ lo, hi }: MixedInput, before: Int32Array, visit: (step: number, numbers: number) => void): void {
  for (let k = 0; k < lo.length; k++) {
    const histograms = before[hi[k]!]! - before[lo[k]!]!;
    if (histograms > 0) visit(k, hi[k]! - lo[k]! - histograms);
  }
}

/** The histogram of a total; what is worth knowing about it is said. */
function noted({ notes }: MixedInput, total: HistogramTotal | undefined): Histogram | undefined {
  if (total === undefined) notes.warn(HISTOGRAM_NOTES.mixedSchemas(notes.name));
  if (total?.hasHintConflict === true) notes.warn(HISTOGRAM_NOTES.hintConflict('aggregation'));
  if (total?.areBoundsReconciled === true) notes.info(HISTOGRAM_NOTES.reconciledBounds('aggregation'));
  return total?.histogram;
}
