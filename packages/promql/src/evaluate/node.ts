import { unreachable } from '@tillwatch/model';
import type { Expr } from '../parse/ast.ts';
import { evaluateAggregate } from './aggregate.ts';
import { evaluateBinary, negate } from './binary.ts';
import { evaluateCall } from './call.ts';
import type { Value } from './column.ts';
import { isInvariant } from './invariance.ts';
import type { Run } from './run.ts';
import { evaluateSelector } from './select.ts';
import { evaluateSmoothedSelector } from './smoothed-selector.ts';
import type { Timeline } from './timeline.ts';

/** Evaluates a node over all steps of a timeline; what gives the same at every step is evaluated once. */
export function evaluateNode(run: Run, expr: Expr, timeline: Timeline): Value {
  run.checkTime(expr.span);
  if (timeline.count > 1 && expr.kind !== 'number' && expr.kind !== 'string' && isInvariant(run, expr)) {
    return broadcast(evaluateOnce(run, expr, { startMs: timeline.startMs, stepMs: 0, count: 1 }), timeline.count);
  }
  return evaluateOnce(run, expr, timeline);
}

function evaluateOnce(run: Run, expr: Expr, timeline: Timeline): Value {
  switch (expr.kind) {
    case 'number':
      return { kind: 'scalar', values: new Float64Array(timeline.count).fill(expr.value) };
    case 'string':
      return { kind: 'string', text: expr.value };
    case 'vectorSelector':
      return expr.extension === 'smoothed'
        ? evaluateSmoothedSelector(run, expr, timeline)
        : evaluateSelector(run, expr, timeline);
    case 'matrixSelector':
    case 'subquery':
      throw new Error('the parser lets range vectors stand only where a function takes them');
    case 'call':
      return evaluateCall(run, expr, timeline);
    case 'aggregate':
      return evaluateAggregate(run, expr, timeline);
    case 'binary':
      return evaluateBinary(run, expr, timeline);
    case 'unary': {
      const value = evaluateNode(run, expr.expr, timeline);
      return expr.op === '-' ? negate(run, value, expr.span) : value;
    }
    case 'paren':
      return evaluateNode(run, expr.expr, timeline);
    default:
      return unreachable(expr);
  }
}

function broadcast(value: Value, count: number): Value {
  switch (value.kind) {
    case 'string':
      return value;
    case 'scalar':
      return { kind: 'scalar', values: new Float64Array(count).fill(value.values[0]!) };
    case 'vector':
      return {
        ...value,
        columns: value.columns.map((column) => ({
          ...column,
          values: new Float64Array(count).fill(column.values[0]!),
          present: new Uint8Array(count).fill(column.present[0]!),
          histograms: column.histograms && new Array(count).fill(column.histograms[0]),
        })),
      };
    default:
      return unreachable(value);
  }
}
