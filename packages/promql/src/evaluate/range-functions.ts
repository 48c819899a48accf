import { type CounterSeries, invariant, Labels, type Span } from '@tillwatch/model';
import type { Call, Expr } from '../parse/ast.ts';
import {
  type Column,
  droppedName,
  expectScalar,
  mergeEqual,
  newColumn,
  newHistogramSteps,
  type Value,
  vectorOf,
  withHistograms,
} from './column.ts';
import { type CounterRange, CounterRates, counterRange } from './counter-rates.ts';
import { extendedKernel } from './extended-range.ts';
import { runMixedExtended } from './mixed-extended.ts';
import { type RangeNotes, runMixed } from './mixed-kernels.ts';
import { evaluateNode } from './node.ts';
import { quantileWarning } from './quantile.ts';
import { type Kernel, type KernelInput, rangeKernel, Scratch } from './range-kernels.ts';
import { evaluateRange, type RangeVector } from './range-vector.ts';
import { failExecution, failSameLabels, type Run } from './run.ts';
import { type RawSeries, withoutStale } from './select.ts';
import {
  increaseSinceStart,
  lastRateSinceStart,
  overlapWarning,
  resetsSinceStart,
  type Starts,
} from './start-timestamps.ts';
import type { Timeline } from './timeline.ts';
import { WindowFinder } from './windows.ts';

const KEEPS_NAME = new Set(['first_over_time', 'last_over_time']);

/** Evaluates a function of a range vector that makes one number of each window. */
export function evaluateRangeFunction(run: Run, call: Call, timeline: Timeline): Value {
  const at = rangeArgument(call);
  const matrix = call.args[at] as Expr;
  const params = call.args.filter((_, i) => i !== at).map((arg) => expectScalar(evaluateNode(run, arg, timeline)));
  checkParams(run, call, params);

  const extension = extensionOf(matrix);
  const kernel = extension === undefined ? rangeKernel(call.func) : extendedKernel(call.func, extension);
  if (kernel === undefined) failExtension(call, extension as string);
  const beyondMs = extension === undefined ? 0 : run.lookbackMs;
  const range =
    counterRange(run, call, matrix, timeline) ??
    evaluateRange(run, matrix, timeline, beyondMs, extension === 'smoothed' ? run.lookbackMs : 0, true);
  const columnOf = columnMaker(run, call, kernel as Kernel, extension, range, timeline, params);
  const columns: Column[] = [];
  for (const stored of range.series) {
    const column = columnOf(stored);
    if (column !== undefined) columns.push(column);
  }
  run.countSamples(columns.length * timeline.count, call.span);
  return vectorOf(mergeEqual(columns, () => failSameLabels(call.span)));
}

/**
 * The series below `rate` or `increase`, and how each becomes a column, for one who looks at columns one after the other: those of
 * counters share one, without labels of its own. `undefined` where the store does not tell counters.
 */
export function counterColumns(run: Run, call: Call, timeline: Timeline): CounterColumns | undefined {
  const range = call.args[0] && counterRange(run, call, call.args[0], timeline);
  if (range === undefined) return undefined;
  const shared = newColumn(Labels.empty, timeline.count);
  const kernel = rangeKernel(call.func) as Kernel;
  return { series: range.series, columnOf: columnMaker(run, call, kernel, undefined, range, timeline, [], shared) };
}

/** What `counterColumns` gives. */
export interface CounterColumns {
  readonly series: CounterRange['series'];
  /** The column of a series, valid until the next is asked for; `undefined` when it has no value at any step. */
  columnOf(series: RawSeries | CounterSeries): Column | undefined;
}

/** Makes columns of series. Those of counters are written to `shared`, if it is given, one over the other. */
function columnMaker(
  run: Run,
  call: Call,
  kernel: Kernel,
  extension: 'anchored' | 'smoothed' | undefined,
  { times, rangeMs }: RangeVector | CounterRange,
  timeline: Timeline,
  params: readonly Float64Array[],
  shared?: Column,
): (series: RawSeries | CounterSeries) => Column | undefined {
  const finder = new WindowFinder(times, rangeMs);
  const scratch = new Scratch();
  const span = call.args[rangeArgument(call)]!.span;
  const isRate = call.func === 'rate' || call.func === 'increase';
  let counters: CounterRates | undefined;
  let knownCounter = '';

  const counterColumn = (stored: CounterSeries): Column | undefined => {
    const column = shared ?? namelessColumn(run, stored.labels, timeline.count);
    shared?.present.fill(0);
    const windows = finder.find(stored.timestampsMs);
    counters ??= new CounterRates(times, rangeMs, call.func === 'rate');
    counters.fill(column, stored, windows);
    const name = stored.labels.metricName;
    if (name !== knownCounter) {
      if (isCounterName(name)) knownCounter = name;
      else noteIfNoCounter(notesFor(run, name, span), undefined, windows.lo, windows.hi);
    }
    return column.present.includes(1) ? column : undefined;
  };

  return (stored) => {
    run.tick(call.span);
    if ('changes' in stored) return counterColumn(stored);
    const { labels, timestampsMs, values, histograms, startTimestampsMs, dropName } = withoutStale(stored);
    const { lo, hi } = finder.find(timestampsMs);
    const named = KEEPS_NAME.has(call.func) ? { labels, dropName } : droppedName(run, labels);
    const column = newColumn(named.labels, timeline.count, named.dropName);
    const { values: out, present } = column;
    const input: KernelInput = {
      timestampsMs,
      values,
      lo,
      hi,
      times,
      rangeMs,
      lookbackMs: run.lookbackMs,
      evaluation: timeline,
      out,
      present,
      params,
      scratch,
    };
    const starts = run.usesStartTimestamps && extension === undefined ? startTimestampsMs : undefined;
    const notes = notesFor(run, labels.metricName, span);
    const floatKernel = starts === undefined ? kernel : startKernel(call.func, kernel, notes);
    if (histograms === undefined) {
      floatKernel(starts === undefined ? input : { ...input, startTimestampsMs: starts });
      if (isRate) noteIfNoCounter(notes, undefined, lo, hi);
      return present.includes(1) ? column : undefined;
    }
    const outHistograms = newHistogramSteps(timeline.count);
    const mixed = { ...input, histograms, startTimestampsMs: starts, outHistograms, notes };
    if (extension === undefined) runMixed(call.func, mixed, floatKernel);
    else runMixedExtended(call.func, extension === 'smoothed', mixed, floatKernel);
    if (isRate) noteIfNoCounter(notes, histograms, lo, hi);
    return present.includes(1) ? withHistograms(column, outHistograms) : undefined;
  };
}

function namelessColumn(run: Run, stored: Labels, steps: number): Column {
  const { labels, dropName } = droppedName(run, stored);
  return newColumn(labels, steps, dropName);
}

function notesFor(run: Run, name: string, span: Span): RangeNotes {
  return {
    name,
    warn: (text) => run.annotations.warn(text, span),
    info: (text) => run.annotations.info(text, span),
  };
}

/** The kernel of numbers for series that know when their counting began. */
function startKernel(func: string, kernel: Kernel, notes: RangeNotes): Kernel {
  const withStarts = (run: (input: KernelInput & Starts) => void): Kernel => {
    return (input) => (hasStarts(input) ? run(input) : kernel(input));
  };
  switch (func) {
    case 'rate':
    case 'increase':
      return withStarts((input) =>
        increaseSinceStart(input, func === 'rate', () => notes.warn(overlapWarning(notes.name))),
      );
    case 'irate':
      return withStarts(lastRateSinceStart);
    case 'resets':
      return withStarts(resetsSinceStart);
    default:
      return kernel;
  }
}

function hasStarts(input: KernelInput): input is KernelInput & Starts {
  return input.startTimestampsMs !== undefined;
}

/** Histograms are counters by themselves; of a number only the name says so. */
function noteIfNoCounter(notes: RangeNotes, histograms: RawSeries['histograms'], lo: Int32Array, hi: Int32Array): void {
  const { name } = notes;
  if (isCounterName(name)) return;
  if (histograms?.includes(undefined) === false) return;
  const hasNumber = (from: number, to: number) =>
    histograms === undefined ? to > from : histograms.slice(from, to).includes(undefined);
  if (!hi.some((end, k) => hasNumber(lo[k]!, end))) return;
  const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket';
  notes.info(`${text}: ${JSON.stringify(name)}`);
}

/** Does the name say that it counts, or is there none to say anything? */
function isCounterName(name: string): boolean {
  return name === '' || /_(?:total|sum|count|bucket)$/.test(name);
}

function rangeArgument(call: Call): number {
  const at = call.args.findIndex((arg) => isRange(arg));
  invariant(at !== -1, 'a range function has a range vector among its arguments');
  return at;
}

function isRange(expr: Expr): boolean {
  return expr.kind === 'paren' ? isRange(expr.expr) : expr.kind === 'matrixSelector' || expr.kind === 'subquery';
}

function extensionOf(expr: Expr): 'anchored' | 'smoothed' | undefined {
  if (expr.kind === 'paren') return extensionOf(expr.expr);
  return expr.kind === 'matrixSelector' ? expr.selector.extension : undefined;
}

const EXTENDABLE = { anchored: 'changes, delta, increase, rate, resets', smoothed: 'delta, increase, rate' };

function failExtension(call: Call, extension: string): never {
  const allowed = EXTENDABLE[extension as keyof typeof EXTENDABLE];
  return failExecution(`${extension} modifier can only be used with: ${allowed} - not with ${call.func}`, call.span);
}

function checkParams(run: Run, call: Call, params: readonly Float64Array[]): void {
  if (call.func === 'quantile_over_time') {
    for (const q of params[0]!) {
      const warning = quantileWarning(q);
      if (warning !== undefined) run.annotations.warn(warning, call.args[0]!.span);
    }
  }
  if (call.func !== 'double_exponential_smoothing') return;
  for (const [i, name] of ['smoothing', 'trend'].entries()) {
    const wrong = params[i]!.find((factor) => factor <= 0 || factor >= 1);
    if (wrong !== undefined) {
      failExecution(
        `invalid ${name} factor. Expected: 0 < ${name[0] === 's' ? 'sf' : 'tf'} < 1, got: ${wrong.toFixed(6)}`,
        call.args[i + 1]!.span,
      );
    }
  }
}
