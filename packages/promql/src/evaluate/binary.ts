import { type Span, unreachable } from '@tillwatch/model';
import {
  type ArithmeticOp,
  type Binary,
  type BinaryOp,
  type ComparisonOp,
  isComparisonOp,
  isSetOp,
} from '../parse/ast.ts';
import { type Column, droppedName, mergeEqual, newColumn, type Value, vectorOf } from './column.ts';
import { evaluateNode } from './node.ts';
import { QueryError } from './query-error.ts';
import { failSameLabels, type Run } from './run.ts';
import { evaluateSetOperation } from './set-operators.ts';
import type { Timeline } from './timeline.ts';
import { evaluateMatched } from './vector-matching.ts';

/** Evaluates an operation: numbers with numbers, a vector with a number, or two vectors. */
export function evaluateBinary(run: Run, expr: Binary, timeline: Timeline): Value {
  if (expr.op === '</' || expr.op === '>/') {
    throw new QueryError('parse', 'native histogram trim operators are not supported yet', expr.span);
  }
  const lhs = evaluateNode(run, expr.lhs, timeline);
  const rhs = evaluateNode(run, expr.rhs, timeline);
  if (lhs.kind === 'scalar' && rhs.kind === 'scalar') {
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
  return !isComparisonOp(expr.op) || expr.returnBool;
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
    for (let k = 0; k < scalar.length; k++) {
      if (column.present[k] === 0) continue;
      const value = column.values[k]!;
      const [a, b] = isScalarLeft ? [scalar[k]!, value] : [value, scalar[k]!];
      if (isFilter && !compare(op, a, b)) continue;
      result.values[k] = isFilter ? value : operate(op, a, b);
      result.present[k] = 1;
    }
    if (result.present.includes(1)) out.push(result);
  }
  return vectorOf(mergeEqual(out, () => failSameLabels(expr.span)));
}

/** The negative of a value. */
export function negate(run: Run, value: Value, span: Span): Value {
  if (value.kind === 'scalar') return { kind: 'scalar', values: value.values.map((number) => -number) };
  if (value.kind !== 'vector') return value;
  const columns = value.columns.map((column) => ({
    ...column,
    ...droppedName(run, column.labels),
    values: column.values.map((number) => -number),
  }));
  return vectorOf(mergeEqual(columns, () => failSameLabels(span)));
}
