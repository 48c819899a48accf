import type { Span } from '@tillwatch/model';
import { unreachable } from '@tillwatch/model';
import type { DurationExpr } from './ast.ts';

/** The times of a query that duration expressions may refer to, in seconds. */
export interface DurationScope {
  readonly stepSeconds: number;
  readonly rangeSeconds: number;
}

/** `seconds` is undefined when the expression refers to the scope and none was given. */
export interface DurationValue {
  readonly seconds: number | undefined;
  readonly problem: string | undefined;
  readonly span: Span;
}

/** Works out a duration expression. Without a scope, only what depends on nothing but numbers has a value. */
export function evaluateDuration(expr: DurationExpr, scope: DurationScope | undefined): DurationValue {
  try {
    return { seconds: secondsOf(expr, scope), problem: undefined, span: expr.span };
  } catch (error) {
    if (!(error instanceof DurationProblem)) throw error;
    return { seconds: undefined, problem: error.message, span: error.span };
  }
}

class DurationProblem extends Error {
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}

function secondsOf(expr: DurationExpr, scope: DurationScope | undefined): number | undefined {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'durationParen':
      return secondsOf(expr.expr, scope);
    case 'durationNegation': {
      const value = secondsOf(expr.expr, scope);
      return value === undefined ? undefined : -value;
    }
    case 'durationCall':
      return callValue(expr, scope);
    case 'durationBinary': {
      const rhs = secondsOf(expr.rhs, scope);
      if (rhs === 0 && expr.op === '/') throw new DurationProblem('division by zero', expr.span);
      if (rhs === 0 && expr.op === '%') throw new DurationProblem('modulo by zero', expr.span);
      const lhs = secondsOf(expr.lhs, scope);
      return lhs === undefined || rhs === undefined ? undefined : operate(expr.op, lhs, rhs);
    }
    default:
      return unreachable(expr);
  }
}

function callValue(
  expr: DurationExpr & { kind: 'durationCall' },
  scope: DurationScope | undefined,
): number | undefined {
  if (expr.func === 'step') return scope?.stepSeconds;
  if (expr.func === 'range') return scope?.rangeSeconds;
  const [a, b] = expr.args.map((arg) => secondsOf(arg, scope));
  if (a === undefined || b === undefined) return undefined;
  return expr.func === 'min_of' ? Math.min(a, b) : Math.max(a, b);
}

function operate(op: '+' | '-' | '*' | '/' | '%' | '^', lhs: number, rhs: number): number {
  switch (op) {
    case '+':
      return lhs + rhs;
    case '-':
      return lhs - rhs;
    case '*':
      return lhs * rhs;
    case '/':
      return lhs / rhs;
    case '%':
      return lhs % rhs;
    case '^':
      return lhs ** rhs;
    default:
      return unreachable(op);
  }
}
