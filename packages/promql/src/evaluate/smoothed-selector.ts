import type { Histogram } from '@tillwatch/model';
import { add, scale, subtract } from '../histogram/arithmetic.ts';
import { hasCustomBuckets } from '../histogram/bounds.ts';
import { isHistogramReset } from '../histogram/compare.ts';
import type { VectorSelector } from '../parse/ast.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import { type Column, newColumn, newHistogramSteps, type Value, vectorOf, withHistograms } from './column.ts';
import type { Run } from './run.ts';
import { newestIndices, type RawSeries, selectSeries, shifted, withoutStale } from './select.ts';
import { endOf, type Timeline, timeAt } from './timeline.ts';

/** A `smoothed` selector: at each step the value between the neighbours that the lookback reaches, or the earlier one. */
export function evaluateSmoothedSelector(run: Run, selector: VectorSelector, timeline: Timeline): Value {
  const times = shifted(run, timeline, selector);
  const { lookbackMs } = run;
  const [afterMs, toMs] = [times.startMs - lookbackMs, endOf(times) + lookbackMs];
  const { matchers, span } = selector;
  const raw = selectSeries(run, matchers, afterMs, toMs, span, undefined, run.readsSummariesOnly(selector));
  const columns: Column[] = [];
  for (const stored of raw) {
    run.tick(selector.span);
    const series = withoutStale(stored);
    const column = smooth(run, selector, series, times);
    if (column.present.includes(1)) columns.push(column);
  }
  return vectorOf(columns);
}

function smooth(run: Run, selector: VectorSelector, series: RawSeries, times: Timeline): Column {
  const { labels, timestampsMs, values, histograms } = series;
  const column = newColumn(labels, times.count);
  const smoothed = histograms === undefined ? undefined : newHistogramSteps(times.count);
  const before = newestIndices(timestampsMs, times, run.lookbackMs);
  const hasBoth = histograms?.includes(undefined) === true && histograms.some((histogram) => histogram !== undefined);
  for (let k = 0; k < times.count; k++) {
    const i = before[k]!;
    if (i < 0) continue;
    const t = timeAt(times, k);
    const isBetween = i + 1 < values.length && timestampsMs[i]! < t && timestampsMs[i + 1]! <= t + run.lookbackMs;
    const share = isBetween ? (t - timestampsMs[i]!) / (timestampsMs[i + 1]! - timestampsMs[i]!) : 0;
    if (smoothed !== undefined) {
      if (hasBoth && isMixed(series, t, run.lookbackMs)) {
        run.annotations.warn(HISTOGRAM_NOTES.mixedSamples(labels.metricName), selector.span);
        continue;
      }
      const [left, right] = [histograms![i], histograms![i + 1]];
      if (left !== undefined) {
        smoothed[k] = isBetween ? histogramBetween(run, selector, series, left, right!, share) : left;
        column.present[k] = smoothed[k] === undefined ? 0 : 1;
        continue;
      }
    }
    column.values[k] = isBetween ? values[i]! + (values[i + 1]! - values[i]!) * share : values[i]!;
    column.present[k] = 1;
  }
  return smoothed === undefined ? column : withHistograms(column, smoothed);
}

/** Are there numbers and histograms within reach? */
function isMixed({ timestampsMs, histograms }: RawSeries, t: number, lookbackMs: number): boolean {
  let hasNumber = false;
  let hasHistogram = false;
  for (let i = 0; i < timestampsMs.length; i++) {
    if (timestampsMs[i]! <= t - lookbackMs || timestampsMs[i]! > t + lookbackMs) continue;
    if (histograms![i] === undefined) hasNumber = true;
    else hasHistogram = true;
  }
  return hasNumber && hasHistogram;
}

function histogramBetween(
  run: Run,
  selector: VectorSelector,
  { labels }: RawSeries,
  left: Histogram,
  right: Histogram,
  share: number,
): Histogram | undefined {
  if (hasCustomBuckets(left) !== hasCustomBuckets(right)) {
    run.annotations.warn(HISTOGRAM_NOTES.mixedSchemas(labels.metricName), selector.span);
    return undefined;
  }
  return interpolate(left, right, share, left.counterResetHint !== 'gauge' && isHistogramReset(right, left));
}

/** The histogram between two that have the same kind of buckets. After a reset a counter rises from nothing. */
export function interpolate(left: Histogram, right: Histogram, share: number, isReset: boolean): Histogram {
  if (isReset) return scale(right, share);
  const change = scale(subtract(right, left)!.histogram, share);
  return { ...add(left, change)!.histogram, counterResetHint: left.counterResetHint };
}
