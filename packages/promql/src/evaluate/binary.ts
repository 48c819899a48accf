import { type Histogram, type Span, unreachable } from '@tillwatch/model';
import { scale } from '../histogram/arithmetic.ts';
import {
  type ArithmeticOp,
  type Binary,
  type BinaryOp,
  type ComparisonOp,
  isComparisonOp,
  isSetOp,
} from '../parse/ast.ts';
import {
  type Column,
  droppedName,
  type HistogramSteps,
  mergeEqual,
  newColumn,
  newHistogramSteps,
  type Value,
  vectorOf,
  withHistograms,
} from './column.ts';
import { operateWithHistogram } from './histogram-operators.ts';
import { evaluateNode } from './node.ts';
import { failExecution, failSameLabels, type Run } from './run.ts';
import { evaluateSetOperation } from './set-operators.ts';
import type { Timeline } from './timeline.ts';
import { evaluateMatched } from './vector-matching.ts';

/** Evaluates an operation: numbers with numbers, a vector with a number, or two vectors. */
export function evaluateBinary(run: Run, expr: Binary, timeline: Timeline): Value {
  const lhs = evaluateNode(run, expr.lhs, timeline);
  const rhs = evaluateNode(run, expr.rhs, timeline);
  if (lhs.kind === 'scalar' && rhs.kind === 'scalar') {
    if (isTrimOp(expr.op))
      failExecution(`operator ${JSON.stringify(expr.op)} not allowed for Scalar operations`, expr.span);
    return { kind: 'scalar', values: lhs.values.map((value, k) => operate(expr.op, value, rhs.values[k]!)) };
  }
  if (lhs.kind === 'vector' && rhs.kind === 'scalar') return withScalar(run, expr, lhs.columns, rhs.values, false);
  if (lhs.kind === 'scalar' && rhs.kind === 'vector') return withScalar(run, expr, rhs.columns, lhs.values, true);
  if (lhs.kind !== 'vector' || rhs.kind !== 'vector')
    throw new Error('the parser lets only numbers and vectors get here');
  if (isSetOp(expr.op)) return vectorOf(evaluateSetOperation(expr, lhs.columns, rhs.columns, timeline.count));
  return vectorOf(evaluateMatched(run, expr, lhs.columns, rhs.columns, timeline.count));
}

/** The result of an operator between two numbers; comparisons give 1 or 0. */
export function operate(op: BinaryOp, a: number, b: number): number {
  if (isComparisonOp(op)) return compare(op, a, b) ? 1 : 0;
  if (isSetOp(op)) throw new Error('set operators have no numbers');
  return calculate(op, a, b);
}

export function compare(op: ComparisonOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    default:
      return unreachable(op);
  }
}

function calculate(op: ArithmeticOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      return power(a, b);
    case 'atan2':
      return Math.atan2(a, b);
    case '</':
    case '>/':
      return Number.NaN;
    default:
      return unreachable(op);
  }
}

/** IEEE 754 has 1 to any power, and -1 to an infinite one, as 1; JavaScript has NaN. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

/** Does the result of the operator stand for something else than the operand's metric? */
export function changesMeaning(expr: Binary): boolean {
  if (expr.op === '</' || expr.op === '>/') return false;
  return !isComparisonOp(expr.op) || expr.returnBool;
}

/** Does the operator stand for nothing between two numbers of vectors? */
export function isTrimOp(op: BinaryOp): boolean {
  return op === '</' || op === '>/';
}

function withScalar(
  run: Run,
  expr: Binary,
  columns: readonly Column[],
  scalar: Float64Array,
  isScalarLeft: boolean,
): Value {
  const { op } = expr;
  const out: Column[] = [];
  for (const column of columns) {
    run.tick(expr.span);
    const named = changesMeaning(expr) ? droppedName(run, column.labels) : column;
    const result = newColumn(named.labels, scalar.length, named.dropName || column.dropName);
    const isFilter = isComparisonOp(op) && !expr.returnBool;
    const { histograms } = column;
    const outHistograms = histograms === undefined ? undefined : newHistogramSteps(scalar.length);
    for (let k = 0; k < scalar.length; k++) {
      if (column.present[k] === 0) continue;
      const histogram = histograms?.[k];
      const value = column.values[k]!;
      if (histogram !== undefined || isTrimOp(op)) {
        const vectorSide = histogram ?? value;
        const [a, b] = isScalarLeft ? [scalar[k]!, vectorSide] : [vectorSide, scalar[k]!];
        putOperated(result, outHistograms, k, operateWithHistogram(run, expr, a, b));
        continue;
      }
      const [a, b] = isScalarLeft ? [scalar[k]!, value] : [value, scalar[k]!];
      if (isFilter && !compare(op, a, b)) continue;
      result.values[k] = isFilter ? value : operate(op, a, b);
      result.present[k] = 1;
    }
    if (result.present.includes(1))
      out.push(outHistograms === undefined ? result : withHistograms(result, outHistograms));
  }
  return vectorOf(mergeEqual(out, () => failSameLabels(expr.span)));
}

/** Puts the result of an operation with a histogram where it belongs; `undefined` is none. */
function putOperated(
  column: Column,
  histograms: HistogramSteps | undefined,
  step: number,
  result: number | Histogram | undefined,
): void {
  if (result === undefined) return;
  column.present[step] = 1;
  if (typeof result === 'number') column.values[step] = result;
  else histograms![step] = result;
}

/** The negative of a value. */
export function negate(run: Run, value: Value, span: Span): Value {
  if (value.kind === 'scalar') return { kind: 'scalar', values: value.values.map((number) => -number) };
  if (value.kind !== 'vector') return value;
  const columns = value.columns.map((column) => ({
    ...column,
    ...droppedName(run, column.labels),
    values: column.values.map((number) => -number),
    histograms: column.histograms?.map((histogram) => histogram && scale(histogram, -1)),
  }));
  return vectorOf(mergeEqual(columns, () => failSameLabels(span)));
}
