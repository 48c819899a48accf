import {
  type Histogram,
  isStaleAt,
  Labels,
  type Matcher,
  type ReadWindows,
  type Series,
  type Span,
} from '@tillwatch/model';
import type { DurationExpr, TimeShift, VectorSelector } from '../parse/ast.ts';
import { evaluateDuration } from '../parse/duration-expr.ts';
import { type Column, newColumn, type Value, vectorOf } from './column.ts';
import { failExecution, type Run } from './run.ts';
import { summarize } from './summary-readers.ts';
import { endOf, type Timeline } from './timeline.ts';

/**
 * Samples of one series as they were stored, or as a subquery made them. Series that share their timestamps share the array,
 * so that windows are found once for all of them.
 */
export interface RawSeries {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** As in `Series`: there only when the series has native histograms. */
  readonly histograms?: readonly (Histogram | undefined)[] | undefined;
  /** As in `Series`: there only when they are known. */
  readonly startTimestampsMs?: Float64Array | undefined;
  readonly dropName: boolean;
  /** May there be staleness markers among the values? Looked for once, when the series is read. */
  readonly mayBeStale: boolean;
}

/** Where a selector or subquery looks when its node is evaluated on `timeline`: shifted by offset, pinned by `@`. */
export function shifted(run: Run, timeline: Timeline, shift: TimeShift): Timeline {
  const offsetMs = shift.offsetExpr === undefined ? shift.offsetMs : durationMs(run, shift.offsetExpr);
  const pinnedMs = pinnedTime(run, shift);
  if (pinnedMs === undefined) return { ...timeline, startMs: timeline.startMs - offsetMs };
  return { startMs: pinnedMs - offsetMs, stepMs: 0, count: timeline.count };
}

function pinnedTime(run: Run, { atModifier }: TimeShift): number | undefined {
  if (atModifier === undefined) return undefined;
  if (atModifier.kind === 'timestamp') return atModifier.timestampMs;
  return atModifier.kind === 'start' ? run.query.startMs : run.queryEndMs;
}

/** A range or step in ms: the number that was read, or what its expression comes to in this query. */
export function rangeMsOf(run: Run, ms: number, expr: DurationExpr | undefined): number {
  if (expr === undefined) return ms;
  const value = durationMs(run, expr);
  return value > 0 ? value : failExecution('duration must be greater than 0', expr.span);
}

function durationMs(run: Run, expr: DurationExpr): number {
  const { stepMs } = run.query;
  const scope = { stepSeconds: stepMs / 1000, rangeSeconds: (run.queryEndMs - run.query.startMs) / 1000 };
  const { seconds, problem, span } = evaluateDuration(expr, scope);
  if (problem !== undefined) failExecution(problem, span);
  if (!Number.isFinite(seconds)) failExecution('duration out of range', span);
  return Math.trunc((seconds as number) * 1000);
}

/** What a store need not read: what lies between the windows (t - range, t] of all steps. */
export function windowsOf({ stepMs }: Timeline, rangeMs: number): ReadWindows | undefined {
  return stepMs > rangeMs ? { stepMs, rangeMs } : undefined;
}

/**
 * Reads every series that the matchers choose, with all samples in (`afterMs`, `toMs`] that lie in one of `windows` (if given);
 * staleness markers included.
 */
export function selectSeries(
  run: Run,
  matchers: readonly Matcher[],
  afterMs: number,
  toMs: number,
  at: Span,
  windows: ReadWindows | undefined,
  isSummary = false,
): readonly RawSeries[] {
  const parts = windows === undefined ? 'whole' : `${windows.rangeMs} of ${windows.stepMs}`;
  const key = `${afterMs} ${toMs} ${parts} ${isSummary ? 'summary' : 'all'} ${matchers.join(',')}`;
  const known = run.selections.get(key);
  if (known !== undefined) return known;

  run.checkTime(at);
  const seen = new SharedTimestamps();
  const selected: RawSeries[] = [];
  for (const series of run.queryable.select(matchers, afterMs + 1, toMs, windows)) {
    run.countSeries(at);
    run.tick(at);
    run.countSamples(sizeOf(series), at);
    const timestampsMs = seen.sameOrLast(series.timestampsMs);
    const values = series.values.slice();
    const floats = { labels: series.labels, timestampsMs, values, dropName: false, mayBeStale: hasNaN(values) };
    selected.push(hasMore(series) ? { ...floats, ...copyMore(series, isSummary) } : floats);
  }
  run.selections.set(key, selected);
  return selected;
}

/**
 * As `selectSeries`, but each series is valid only until the next is asked for: nothing is copied or kept, so that a window
 * of a month costs no more memory than one series. What the query reads again is kept all the same.
 */
export function* eachSeries(
  run: Run,
  selector: VectorSelector,
  afterMs: number,
  toMs: number,
  at: Span,
  windows: ReadWindows | undefined,
): Iterable<RawSeries> {
  if (run.isReadAgain(selector)) {
    yield* selectSeries(run, selector.matchers, afterMs, toMs, at, windows);
    return;
  }
  run.checkTime(at);
  const seen = new SharedTimestamps();
  for (const series of run.queryable.select(selector.matchers, afterMs + 1, toMs, windows)) {
    run.countSeries(at);
    run.tick(at);
    yield { ...rawSeries(run, series, at), timestampsMs: seen.sameOrLast(series.timestampsMs) };
  }
}

/** A series as it was stored, which is valid until the next is asked for. */
export function rawSeries(run: Run, series: Series, at: Span): RawSeries {
  run.countSamples(sizeOf(series), at);
  return { ...series, dropName: false, mayBeStale: hasNaN(series.values) };
}

function hasMore({ histograms, startTimestampsMs }: Series): boolean {
  return histograms !== undefined || startTimestampsMs !== undefined;
}

function copyMore(series: Series, isSummary: boolean): Pick<RawSeries, 'histograms' | 'startTimestampsMs'> {
  const histograms = isSummary ? summarize(series) : series.histograms?.slice();
  return { histograms, startTimestampsMs: series.startTimestampsMs?.slice() };
}

/** A histogram counts as many samples as it has numbers. */
function sizeOf({ values, histograms }: Series): number {
  let size = values.length;
  for (const histogram of histograms ?? []) {
    if (histogram !== undefined) size += 4 + histogram.positive.indices.length + histogram.negative.indices.length;
  }
  return size;
}

function hasNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value !== value) return true;
  }
  return false;
}

/** Finds out which timestamps are equal, so that windows are found once for them; neighbours mostly are the same object. */
class SharedTimestamps {
  #last: Float64Array = new Float64Array(0);

  /** These timestamps, or the last ones if they are equal. */
  sameOrLast(timestampsMs: Float64Array): Float64Array {
    if (timestampsMs !== this.#last && !isEqual(timestampsMs, this.#last)) this.#last = timestampsMs;
    return this.#last;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length || a[0] !== b[0] || a[a.length - 1] !== b[b.length - 1]) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** An instant vector selector: at each step the newest sample in (t - lookback, t], nothing after a staleness marker. */
export function evaluateSelector(run: Run, selector: VectorSelector, timeline: Timeline): Value {
  return vectorOf(newestSamples(run, selector, timeline, undefined));
}

/** The timestamps in seconds of the samples that a selector chooses: `timestamp(selector)`. */
export function evaluateSelectorTimestamps(run: Run, selector: VectorSelector, timeline: Timeline): Column[] {
  return newestSamples(run, selector, timeline, (series, i) => series.timestampsMs[i]! / 1000);
}

/** When the counting of the chosen samples began, in seconds, 0 where that is not known: `start_timestamp(selector)`. */
export function evaluateStartTimestamps(run: Run, selector: VectorSelector, timeline: Timeline): Column[] {
  return newestSamples(run, selector, timeline, (series, i) => (series.startTimestampsMs?.[i] ?? 0) / 1000);
}

/**
 * The series of an instant vector selector, and the column of each, for one who looks at columns one after the other: they share one.
 * `undefined` where the query reads the same series in another place too, for which they are kept.
 */
export function selectorColumns(run: Run, selector: VectorSelector, timeline: Timeline): SelectorColumns | undefined {
  if (selector.extension !== undefined || run.isReadAgain(selector) || run.readsSummariesOnly(selector))
    return undefined;
  const times = shifted(run, timeline, selector);
  const windows = windowsOf(times, run.lookbackMs);
  const series = eachSeries(run, selector, times.startMs - run.lookbackMs, endOf(times), selector.span, windows);
  const indicesOf = newestFinder(times, run.lookbackMs);
  const shared = newColumn(Labels.empty, timeline.count);
  const columnOf = ({ timestampsMs, values, histograms }: RawSeries) => {
    const indices = indicesOf(timestampsMs);
    const isThere = fillNewest(shared, indices, values, (i) => values[i]!);
    if (!isThere) return undefined;
    return histograms === undefined ? shared : { ...shared, histograms: Array.from(indices, (i) => histograms[i]) };
  };
  return { series, columnOf };
}

/** What `selectorColumns` gives. */
export interface SelectorColumns {
  readonly series: Iterable<RawSeries>;
  /** The column of a series, without its labels and valid until the next is asked for; `undefined` when it has no value at any step. */
  columnOf(series: RawSeries): Column | undefined;
}

/** Takes the newest sample at each step, or what `pick` makes of it. */
function newestSamples(
  run: Run,
  selector: VectorSelector,
  timeline: Timeline,
  pick: ((series: RawSeries, index: number) => number) | undefined,
): Column[] {
  const times = shifted(run, timeline, selector);
  const { matchers, span } = selector;
  const isSummary = run.readsSummariesOnly(selector);
  const windows = windowsOf(times, run.lookbackMs);
  const raw = selectSeries(run, matchers, times.startMs - run.lookbackMs, endOf(times), span, windows, isSummary);
  const indicesOf = newestFinder(times, run.lookbackMs);
  const columns: Column[] = [];
  for (const series of raw) {
    run.tick(selector.span);
    const indices = indicesOf(series.timestampsMs);
    const column = newColumn(series.labels, timeline.count);
    const { histograms, values } = series;
    const isThere = fillNewest(column, indices, values, (i) => (pick === undefined ? values[i]! : pick(series, i)));
    if (!isThere) continue;
    const isFloat = histograms === undefined || pick !== undefined;
    columns.push(isFloat ? column : { ...column, histograms: Array.from(indices, (i) => histograms[i]) });
  }
  run.countSamples(columns.length * timeline.count, selector.span);
  return columns;
}

/** Puts at each step what `pick` makes of the newest sample there. Returns whether there is any. */
function fillNewest(
  { values: out, present }: Column,
  indices: Int32Array,
  values: Float64Array,
  pick: (index: number) => number,
): boolean {
  let isThere = false;
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k]!;
    present[k] = i < 0 || isStaleAt(values, i) ? 0 : 1;
    if (present[k] === 0) continue;
    out[k] = pick(i);
    isThere = true;
  }
  return isThere;
}

/** Finds `newestIndices`, once for all series that share their timestamps. */
function newestFinder(times: Timeline, lookbackMs: number): (timestampsMs: Float64Array) => Int32Array {
  const known = new Map<Float64Array, Int32Array>();
  return (timestampsMs) => {
    let indices = known.get(timestampsMs);
    if (indices === undefined) {
      indices = newestIndices(timestampsMs, times, lookbackMs);
      known.set(timestampsMs, indices);
    }
    return indices;
  };
}

/** For each step the index of the newest sample in (t - lookback, t], or -1. */
export function newestIndices(timestampsMs: Float64Array, times: Timeline, lookbackMs: number): Int32Array {
  const indices = new Int32Array(times.count);
  let next = 0;
  for (let k = 0; k < times.count; k++) {
    const t = times.startMs + k * times.stepMs;
    while (next < timestampsMs.length && timestampsMs[next]! <= t) next++;
    indices[k] = next > 0 && timestampsMs[next - 1]! > t - lookbackMs ? next - 1 : -1;
  }
  return indices;
}

/** The same series without its staleness markers, which no window may see; the series itself when it has none. */
export function withoutStale(series: RawSeries): RawSeries {
  const { values, timestampsMs } = series;
  if (!series.mayBeStale) return series;
  let markers = 0;
  for (let i = 0; i < values.length; i++) if (isStaleAt(values, i)) markers++;
  if (markers === 0) return series;

  const keptTimes = new Float64Array(values.length - markers);
  const keptValues = new Float64Array(values.length - markers);
  let kept = 0;
  for (let i = 0; i < values.length; i++) {
    if (isStaleAt(values, i)) continue;
    keptTimes[kept] = timestampsMs[i]!;
    keptValues[kept++] = values[i]!;
  }
  const isKept = (_: unknown, i: number) => !isStaleAt(values, i);
  return {
    ...series,
    timestampsMs: keptTimes,
    values: keptValues,
    histograms: series.histograms?.filter(isKept),
    startTimestampsMs: series.startTimestampsMs?.filter(isKept),
    mayBeStale: false,
  };
}
