import { format, formatAggregateHead, formatLeft, formatOperator, formatSubqueryTimes } from './format.ts';
import type { Expr } from './parse/ast.ts';

/** As wide as Prometheus's API writes a line before it breaks it. */
const LINE_WIDTH = 100;

/**
 * Writes an expression over several lines, as Prometheus's `format_query` does: what is longer than `width` characters in one
 * line is broken at its parentheses, commas and operators, and what is inside moves in by two blanks.
 */
export function prettify(expr: Expr, width = LINE_WIDTH): string {
  return lines(expr, 0, width);
}

function lines(expr: Expr, level: number, width: number): string {
  const line = format(expr);
  const margin = '  '.repeat(level);
  if ([...line].length <= width && expr.kind !== 'unary') return margin + line;
  const inside = (inner: Expr) => lines(inner, level + 1, width);
  const enclosed = (head: string, parts: readonly Expr[]) =>
    `${margin}${head}(\n${parts.map(inside).join(',\n')}\n${margin})`;
  switch (expr.kind) {
    case 'aggregate':
      return enclosed(formatAggregateHead(expr), expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]);
    case 'binary': {
      const left = expr.lhs.kind === 'number' ? `${margin}  ${formatLeft(expr)}` : inside(expr.lhs);
      return `${left}\n${margin}${formatOperator(expr)}\n${inside(expr.rhs)}`;
    }
    case 'call':
      return enclosed(expr.func, expr.args);
    case 'paren':
      return enclosed('', [expr.expr]);
    case 'subquery':
      return `${lines(expr.expr, level, width)}${formatSubqueryTimes(expr)}`;
    case 'unary':
      // The sign stands before the first line, which has its margin already.
      return `${margin}${expr.op}${lines(expr.expr, level, width).trimStart()}`;
    default:
      return margin + line;
  }
}
