import { Labels } from '@tillwatch/model';
import type { Call } from '../parse/ast.ts';
import {
  type Column,
  droppedName,
  expectScalar,
  expectVector,
  floatsOf,
  mergeEqual,
  newColumn,
  type Value,
  vectorOf,
} from './column.ts';
import { evaluateNode } from './node.ts';
import { failSameLabels, type Run } from './run.ts';
import { type Timeline, timeAt } from './timeline.ts';

/** Is the function one that turns every value of a vector into another by itself? */
export function isElementwise(name: string): boolean {
  return NUMBERS.has(name) || CALENDAR.has(name) || PARAMETRIC.has(name);
}

/** Evaluates such a function. Calendar functions without an argument speak of the time of evaluation. */
export function evaluateElementwise(run: Run, call: Call, timeline: Timeline): Value {
  const calendar = CALENDAR.get(call.func);
  if (calendar !== undefined && call.args.length === 0) {
    const column = newColumn(Labels.empty, timeline.count);
    for (let k = 0; k < timeline.count; k++) column.values[k] = calendar(timeAt(timeline, k) / 1000);
    return vectorOf([{ ...column, present: column.present.fill(1) }]);
  }
  // Functions of numbers pass over histograms in silence.
  const columns = floatsOf(expectVector(evaluateNode(run, call.args[0]!, timeline)));
  const params = call.args.slice(1).map((arg) => expectScalar(evaluateNode(run, arg, timeline)));
  const parametric = PARAMETRIC.get(call.func);
  const plain = NUMBERS.get(call.func) ?? calendar;
  const apply = parametric === undefined ? (value: number) => plain!(value) : parametric;

  const out: Column[] = [];
  for (const column of columns) {
    run.tick(call.span);
    const named = droppedName(run, column.labels);
    const result: Column = { ...named, values: new Float64Array(timeline.count), present: column.present.slice() };
    for (let k = 0; k < timeline.count; k++) {
      if (column.present[k] === 0) continue;
      const value = apply(column.values[k]!, params[0]?.[k], params[1]?.[k]);
      if (value === undefined) result.present[k] = 0;
      else result.values[k] = value;
    }
    if (result.present.includes(1)) out.push(result);
  }
  return vectorOf(mergeEqual(out, () => failSameLabels(call.span)));
}

const NUMBERS: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['ceil', Math.ceil],
  ['floor', Math.floor],
  ['exp', Math.exp],
  ['sqrt', Math.sqrt],
  ['ln', Math.log],
  ['log2', Math.log2],
  ['log10', Math.log10],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['asinh', Math.asinh],
  ['acosh', Math.acosh],
  ['atanh', Math.atanh],
  ['rad', (degrees: number) => (degrees * Math.PI) / 180],
  ['deg', (radians: number) => (radians * 180) / Math.PI],
  ['sgn', Math.sign],
]);

type Parametric = (value: number, a: number | undefined, b: number | undefined) => number | undefined;

const PARAMETRIC: ReadonlyMap<string, Parametric> = new Map<string, Parametric>([
  ['clamp', (value, min = 0, max = 0) => (min > max ? undefined : larger(min, smaller(max, value)))],
  ['clamp_min', (value, min = 0) => larger(min, value)],
  ['clamp_max', (value, max = 0) => smaller(max, value)],
  ['round', (value, to = 1) => roundTo(value, to)],
]);

/** The larger of two numbers. Infinity is larger than NaN too, as in Go's library. */
export function larger(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b);
}

/** The smaller of two numbers. Minus infinity is smaller than NaN too, as in Go's library. */
export function smaller(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b);
}

/** Rounds to a multiple, halves up. Multiplying by the inverse keeps `round(x, 0.1)` free of digits that nobody asked for. */
function roundTo(value: number, to: number): number {
  const inverse = 1 / to;
  return Math.floor(value * inverse + 0.5) / inverse;
}

const CALENDAR: ReadonlyMap<string, (seconds: number) => number> = new Map([
  ['minute', (seconds: number) => date(seconds).getUTCMinutes()],
  ['hour', (seconds: number) => date(seconds).getUTCHours()],
  ['day_of_month', (seconds: number) => date(seconds).getUTCDate()],
  ['day_of_week', (seconds: number) => date(seconds).getUTCDay()],
  ['day_of_year', dayOfYear],
  ['month', (seconds: number) => date(seconds).getUTCMonth() + 1],
  ['year', (seconds: number) => date(seconds).getUTCFullYear()],
  ['days_in_month', daysInMonth],
]);

function date(seconds: number): Date {
  return new Date(Math.trunc(seconds) * 1000);
}

function dayOfYear(seconds: number): number {
  const day = date(seconds);
  const newYear = Date.UTC(day.getUTCFullYear(), 0, 1);
  return Math.floor((day.getTime() - newYear) / 86_400_000) + 1;
}

function daysInMonth(seconds: number): number {
  const day = date(seconds);
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}
