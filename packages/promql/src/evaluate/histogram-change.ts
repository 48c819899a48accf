import type { Histogram } from '@tillwatch/model';
import { add, type Combined, scale, subtract } from '../histogram/arithmetic.ts';
import { hasCustomBuckets } from '../histogram/bounds.ts';
import { compact, emptyLike } from '../histogram/layout.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import { areOneKind, type HistogramFacts, hasGauge, histogramFacts } from './histogram-facts.ts';
import type { MixedInput } from './mixed-kernels.ts';
import type { Kernel } from './range-kernels.ts';
import type { ResetLosses } from './reset-losses.ts';
import { extrapolationFactor, overlapWarning, type Starts, zeroPoint } from './start-timestamps.ts';
import { timeAt } from './timeline.ts';

/** `rate`, `increase` or `delta` of the histograms in window `step`, which holds no numbers. */
export function histogramChange(
  input: MixedInput,
  facts: HistogramFacts,
  losses: ResetLosses,
  func: string,
  step: number,
): Histogram | undefined {
  const { timestampsMs, lo, hi, times, rangeMs, notes } = input;
  const histograms = input.histograms as readonly Histogram[];
  const isCounter = func !== 'delta';
  const first = lo[step]!;
  const last = hi[step]! - 1;
  const endMs = timeAt(times, step);
  const startMs = endMs - rangeMs;
  const starts = isCounter ? startsOf(input) : undefined;
  const zeroMs = starts === undefined ? undefined : zeroPoint(starts, first, startMs);
  if (last === first && zeroMs === undefined) return undefined;
  const overlaps = facts.overlapsUpTo;
  if (isCounter && overlaps !== undefined && overlaps[last]! > overlaps[first]!) notes.warn(overlapWarning(notes.name));

  noteKind(input, facts, isCounter, first, last);
  const isFresh = isCounter && facts.nextReset[first + 1] === first + 1 && last > first;
  const from = isFresh ? first + 1 : first;
  // Between gauges only the first and the last one count.
  if (isCounter ? !areOneKind(facts, from, last) : !isSameKind(histograms[first]!, histograms[last]!)) {
    notes.warn(HISTOGRAM_NOTES.mixedSchemas(notes.name));
    return undefined;
  }
  // After a reset at once, nothing of the first one is left in the change, not even its layout.
  const before = isFresh ? { ...emptyLike(histograms[first + 1]!), zeroThreshold: 0 } : histograms[first]!;
  let change = taken(input, subtract(histograms[last]!, before), 'subtraction');
  if (isCounter) change = taken(input, losses.addTo(change, first, from + 1, last), 'addition');
  const counter = isCounter ? { first: histograms[first]!.count, change: change.count } : undefined;
  if (zeroMs !== undefined) change = taken(input, add(change, histograms[first]!), 'addition');
  const samples = last - first + 1;
  const ends = { firstMs: timestampsMs[first]!, lastMs: timestampsMs[last]!, samples, startMs, endMs };
  const factor = extrapolationFactor({ ...ends, zeroMs, counter });
  return gauge(scale(change, func === 'rate' ? factor / (rangeMs / 1000) : factor));
}

/** `irate` or `idelta`: the change between the last two samples, if they are of one kind. */
export function histogramChangeOfLastTwo(input: MixedInput, isRate: boolean, floatKernel: Kernel): void {
  const { histograms, timestampsMs, lo, hi, present, outHistograms, notes } = input;
  floatKernel(input);
  const facts = histogramFacts(input);
  for (let k = 0; k < lo.length; k++) {
    const last = hi[k]! - 1;
    if (last <= lo[k]!) continue;
    const [before, after] = [histograms[last - 1], histograms[last]];
    if (before === undefined && after === undefined) continue;
    if (before === undefined || after === undefined) {
      present[k] = 0;
      notes.warn(HISTOGRAM_NOTES.mixedSamples(notes.name));
      continue;
    }
    noteKind(input, facts, isRate, last - 1, last);
    const isReset = isRate && facts.nextReset[last] === last;
    const change = isReset ? compact(after) : changeOrNote(input, before, after);
    const seconds = (timestampsMs[last]! - timestampsMs[last - 1]!) / 1000;
    outHistograms[k] = change && gauge(isRate ? scale(change, 1 / seconds) : change);
    present[k] = change === undefined ? 0 : 1;
  }
}

function changeOrNote(input: MixedInput, before: Histogram, after: Histogram): Histogram | undefined {
  const combined = subtract(after, before);
  if (combined !== undefined) return taken(input, combined, 'subtraction');
  input.notes.warn(HISTOGRAM_NOTES.mixedSchemas(input.notes.name));
  return undefined;
}

/** A result that is there, since the kinds of buckets were compared; what was reconciled on the way is said. */
export function taken({ notes }: MixedInput, combined: Combined | undefined, during: string): Histogram {
  if (combined === undefined) throw new Error('histograms of different kinds were to be put together');
  if (combined.areBoundsReconciled) notes.info(HISTOGRAM_NOTES.reconciledBounds(during));
  return combined.histogram;
}

export function gauge(histogram: Histogram): Histogram {
  if (histogram.counterResetHint === 'gauge') return histogram;
  return { ...histogram, counterResetHint: 'gauge' };
}

/** Says so when a counter's function is used on gauges, or when a gauge's function is used on counters. */
export function noteKind(
  { notes }: MixedInput,
  facts: HistogramFacts,
  isCounter: boolean,
  first: number,
  last: number,
): void {
  if (isCounter && hasGauge(facts, first, last)) notes.warn(HISTOGRAM_NOTES.notCounter(notes.name));
  const areGauges = hasGauge(facts, first, first) && hasGauge(facts, last, last);
  if (!isCounter && !areGauges) notes.warn(HISTOGRAM_NOTES.notGauge(notes.name));
}

function isSameKind(a: Histogram, b: Histogram): boolean {
  return hasCustomBuckets(a) === hasCustomBuckets(b);
}

function startsOf({ timestampsMs, startTimestampsMs }: MixedInput): Starts | undefined {
  return startTimestampsMs === undefined ? undefined : { timestampsMs, startTimestampsMs };
}
