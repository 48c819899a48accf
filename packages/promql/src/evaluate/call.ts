import { Labels } from '@tillwatch/model';
import type { Call } from '../parse/ast.ts';
import { evaluateAbsent, evaluateAbsentOverTime } from './absent.ts';
import {
  type Column,
  droppedName,
  expectScalar,
  expectString,
  expectVector,
  floatsOf,
  mergeEqual,
  newColumn,
  type Value,
  vectorOf,
} from './column.ts';
import { evaluateElementwise, isElementwise, larger, smaller } from './elementwise.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogram.ts';
import { histogramStatistic } from './histogram-statistics.ts';
import { evaluateInfo } from './info.ts';
import { joinLabels, replaceLabels } from './label-functions.ts';
import { evaluateNode } from './node.ts';
import { evaluateRangeFunction } from './range-functions.ts';
import { rangeKernel } from './range-kernels.ts';
import { failSameLabels, type Run } from './run.ts';
import { evaluateSelectorTimestamps, evaluateStartTimestamps } from './select.ts';
import { sortByLabels, sortByValue } from './sort.ts';
import { type Timeline, timeAt } from './timeline.ts';

/** Evaluates a function call over a timeline. */
export function evaluateCall(run: Run, call: Call, timeline: Timeline): Value {
  const { func } = call;
  if (isElementwise(func)) return evaluateElementwise(run, call, timeline);
  if (rangeKernel(func) !== undefined) return evaluateRangeFunction(run, call, timeline);

  const vector = (at: number) => expectVector(evaluateNode(run, call.args[at]!, timeline));
  const scalar = (at: number) => expectScalar(evaluateNode(run, call.args[at]!, timeline));
  const text = (at: number) => expectString(evaluateNode(run, call.args[at]!, timeline));
  switch (func) {
    case 'time':
      return everyStep(timeline, (k) => timeAt(timeline, k) / 1000);
    case 'pi':
      return everyStep(timeline, () => Math.PI);
    case 'start':
      return everyStep(timeline, () => run.query.startMs / 1000);
    case 'end':
      return everyStep(timeline, () => run.queryEndMs / 1000);
    case 'range':
      return everyStep(timeline, () => (run.queryEndMs - run.query.startMs) / 1000);
    case 'step':
      return everyStep(timeline, () => run.query.stepMs / 1000);
    case 'min_of':
    case 'max_of': {
      const [a, b] = [scalar(0), scalar(1)];
      return everyStep(timeline, (k) => (func === 'min_of' ? smaller(a[k]!, b[k]!) : larger(a[k]!, b[k]!)));
    }
    case 'scalar':
      return { kind: 'scalar', values: onlyValues(floatsOf(vector(0)), timeline.count) };
    case 'vector':
      return vectorOf([
        { ...newColumn(Labels.empty, timeline.count), values: scalar(0), present: all(timeline.count) },
      ]);
    case 'timestamp':
      return timestamps(run, call, timeline);
    case 'start_timestamp':
      return startTimestamps(run, call, timeline);
    case 'absent':
      return evaluateAbsent(run, call, timeline);
    case 'absent_over_time':
      return evaluateAbsentOverTime(run, call, timeline);
    case 'label_replace':
      return replaceLabels(run, call, vector(0), [text(1), text(2), text(3), text(4)]);
    case 'label_join':
      return joinLabels(
        run,
        call,
        vector(0),
        call.args.slice(1).map((_, i) => text(i + 1)),
      );
    case 'histogram_quantile':
      return histogramQuantile(run, call, scalar(0), vector(1));
    case 'histogram_quantiles':
      return histogramQuantiles(
        run,
        call,
        vector(0),
        text(1),
        call.args.slice(2).map((_, i) => scalar(i + 2)),
      );
    case 'histogram_fraction':
      return histogramFraction(run, call, scalar(0), scalar(1), vector(2));
    case 'histogram_avg':
    case 'histogram_count':
    case 'histogram_sum':
    case 'histogram_stddev':
    case 'histogram_stdvar':
      return histogramStatistic(run, call, vector(0));
    case 'info':
      return evaluateInfo(run, call, timeline);
    case 'sort':
    case 'sort_desc':
      return sortByValue(run, call, vector(0), timeline);
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sortByLabels(
        run,
        call,
        vector(0),
        call.args.slice(1).map((_, i) => text(i + 1)),
        timeline,
      );
    default:
      throw new Error(`the parser knows a function that is not evaluated: ${func}`);
  }
}

function everyStep(timeline: Timeline, valueAt: (step: number) => number): Value {
  return { kind: 'scalar', values: Float64Array.from({ length: timeline.count }, (_, k) => valueAt(k)) };
}

function all(count: number): Uint8Array {
  return new Uint8Array(count).fill(1);
}

/** The value of the only series at each step, NaN where there are none or several. */
function onlyValues(columns: readonly Column[], count: number): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  const found = new Int32Array(count);
  for (const column of columns) {
    for (let k = 0; k < count; k++) {
      if (column.present[k] === 0) continue;
      found[k] = found[k]! + 1;
      values[k] = found[k] === 1 ? column.values[k]! : Number.NaN;
    }
  }
  return values;
}

/** `start_timestamp()` knows of the samples of selectors only; of anything else it gives nothing. */
function startTimestamps(run: Run, call: Call, timeline: Timeline): Value {
  let arg = call.args[0]!;
  while (arg.kind === 'paren') arg = arg.expr;
  if (arg.kind !== 'vectorSelector') return vectorOf([]);
  return dropNames(run, call, evaluateStartTimestamps(run, arg, timeline));
}

/** `timestamp()` of a selector gives the times of its samples; of anything else the time of evaluation. */
function timestamps(run: Run, call: Call, timeline: Timeline): Value {
  let arg = call.args[0]!;
  while (arg.kind === 'paren') arg = arg.expr;
  if (arg.kind === 'vectorSelector' && arg.extension === undefined) {
    return dropNames(run, call, evaluateSelectorTimestamps(run, arg, timeline));
  }
  const columns = expectVector(evaluateNode(run, arg, timeline));
  const seconds = Float64Array.from({ length: timeline.count }, (_, k) => timeAt(timeline, k) / 1000);
  return dropNames(
    run,
    call,
    columns.map((column) => ({ ...column, values: seconds, histograms: undefined })),
  );
}

function dropNames(run: Run, call: Call, columns: readonly Column[]): Value {
  const named = columns.map((column) => ({ ...column, ...droppedName(run, column.labels) }));
  return vectorOf(mergeEqual(named, () => failSameLabels(call.span)));
}
