import type { Expr } from '../parse/ast.ts';
import { selectorsOf } from '../visit.ts';
import type { Run } from './run.ts';

/** Functions whose answer depends on the moment of evaluation even if their arguments do not. */
const TIME_DEPENDENT = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
]);

/** Does the expression have the same value at every step: is everything it reads pinned by `@`, or constant? */
export function isInvariant(run: Run, expr: Expr): boolean {
  const known = run.invariance.get(expr);
  if (known !== undefined) return known;
  const result = decide(run, expr);
  run.invariance.set(expr, result);
  return result;
}

function decide(run: Run, expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'vectorSelector':
    case 'subquery':
      return expr.atModifier !== undefined;
    case 'matrixSelector':
      return expr.selector.atModifier !== undefined;
    case 'call':
      // The time of a sample is as pinned as the sample; the time of anything else is that of evaluation.
      if (expr.func === 'timestamp' && unwrap(expr.args[0]!).kind !== 'vectorSelector') return false;
      // Info series are looked at when the base is: pinned with it, or at every step when it reads nothing.
      if (expr.func === 'info') return isInvariant(run, expr.args[0]!) && selectorsOf(expr.args[0]!).length > 0;
      return !TIME_DEPENDENT.has(expr.func) && expr.args.every((arg) => isInvariant(run, arg));
    case 'aggregate':
      return isInvariant(run, expr.expr) && (expr.param === undefined || isInvariant(run, expr.param));
    case 'binary':
      return isInvariant(run, expr.lhs) && isInvariant(run, expr.rhs);
    case 'unary':
    case 'paren':
      return isInvariant(run, expr.expr);
  }
}

function unwrap(expr: Expr): Expr {
  return expr.kind === 'paren' ? unwrap(expr.expr) : expr;
}
