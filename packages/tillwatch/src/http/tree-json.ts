import { unreachable } from '@tillwatch/model';
import {
  type AtModifier,
  type Expr,
  functionSignature,
  type VectorMatching,
  type VectorSelector,
} from '@tillwatch/promql';
import { formatPlain } from './json.ts';

/** A tree of PromQL as `/api/v1/parse_query` of Prometheus gives it, for views of the tree. */
export function treeJson(expr: Expr): object {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'vectorSelector':
      return { type: 'vectorSelector', ...selectorJson(expr) };
    case 'matrixSelector':
      return { type: 'matrixSelector', ...selectorJson(expr.selector), range: expr.rangeMs };
    case 'subquery': {
      const { rangeMs: range, offsetMs: offset, stepMs: step } = expr;
      return { type: 'subquery', expr: treeJson(expr.expr), range, offset, step, ...atJson(expr.atModifier) };
    }
    case 'call':
      return { type: 'call', func: functionJson(expr.func), args: expr.args.map(treeJson) };
    case 'aggregate': {
      const { op, param, grouping, without } = expr;
      return {
        type: 'aggregation',
        op,
        expr: treeJson(expr.expr),
        param: param === undefined ? null : treeJson(param),
        grouping,
        without,
      };
    }
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: treeJson(expr.lhs),
        rhs: treeJson(expr.rhs),
        matching: expr.matching === undefined ? null : matchingJson(expr.matching),
        bool: expr.returnBool,
      };
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: treeJson(expr.expr) };
    case 'paren':
      return { type: 'parenExpr', expr: treeJson(expr.expr) };
    default:
      return unreachable(expr);
  }
}

function selectorJson({ name, offsetMs, matchers, atModifier, extension }: VectorSelector): object {
  return {
    name,
    offset: offsetMs,
    matchers: matchers.map((matcher) => ({ name: matcher.name, value: matcher.value, type: matcher.op })),
    ...atJson(atModifier),
    anchored: extension === 'anchored',
    smoothed: extension === 'smoothed',
  };
}

function atJson(at: AtModifier | undefined): object {
  return {
    timestamp: at?.kind === 'timestamp' ? at.timestampMs : null,
    startOrEnd: at === undefined || at.kind === 'timestamp' ? null : at.kind,
  };
}

/** A function that the table does not have cannot be in a tree. */
function functionJson(name: string): object {
  const signature = functionSignature(name);
  const { argTypes = [], variadic = 0, returnType = 'vector' } = signature ?? {};
  return { name, argTypes, variadic, returnType };
}

function matchingJson({ card, labels, on, include, fillLeft, fillRight }: VectorMatching): object {
  return { card, labels, on, include, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } };
}
