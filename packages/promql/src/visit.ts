import type { Expr, VectorSelector } from './parse/ast.ts';

/** The direct sub-expressions of a node, in reading order. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return [];
    case 'matrixSelector':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case 'binary':
      return [expr.lhs, expr.rhs];
  }
}

/**
 * Calls `fn` for a node and everything below it, parents first, in reading order. `path` holds the ancestors, outermost
 * first. When `fn` returns `false`, the node's children are skipped.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a visitor that never skips should not have to return anything.
export function visit(expr: Expr, fn: (expr: Expr, path: readonly Expr[]) => boolean | void): void {
  const path: Expr[] = [];
  const walk = (node: Expr) => {
    if (fn(node, path) === false) return;
    path.push(node);
    for (const child of childrenOf(node)) walk(child);
    path.pop();
  };
  walk(expr);
}

/** Every selector of an expression, in reading order. */
export function selectorsOf(expr: Expr): VectorSelector[] {
  const selectors: VectorSelector[] = [];
  visit(expr, (node) => {
    if (node.kind === 'vectorSelector') selectors.push(node);
  });
  return selectors;
}

/**
 * The metric names that an expression reads by name, sorted, each once. A selector that chooses its name by a regular
 * expression, or names none, adds nothing.
 */
export function metricNames(expr: Expr): string[] {
  const names = new Set<string>();
  for (const selector of selectorsOf(expr)) {
    const named = selector.matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=');
    if (named !== undefined && named.value !== '') names.add(named.value);
  }
  return [...names].sort();
}
