import type { Problem } from '@tillwatch/model';
import { type Binary, type Expr, visit } from '@tillwatch/promql';

/** Functions that keep the labels of their argument, apart from the metric name. */
const KEEPS_LABELS = new Set([
  ...['abs', 'ceil', 'floor', 'round', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'sort', 'sort_desc'],
  ...['clamp', 'clamp_min', 'clamp_max'],
]);

const SETS = new Set(['and', 'unless']);

/**
 * Finds operators whose sides were aggregated to different labels, so that no series of one side has a partner on the other:
 * the result is empty, and a rule on it never fires.
 */
export function mismatchedSides(
  expr: Expr,
  spanAt: (range: { readonly from: number; readonly to: number }) => Problem['at'],
): Problem[] {
  const problems: Problem[] = [];
  visit(expr, (node) => {
    if (node.kind !== 'binary' || node.matching === undefined || node.matching.on || node.op === 'or') return;
    const ignored = node.matching.labels;
    const left = without(labelsOf(node.lhs), ignored);
    const right = without(labelsOf(node.rhs), ignored);
    if (left === undefined || right === undefined || isSame(left, right)) return;
    const shared = left.filter((name) => right.includes(name));
    problems.push({
      code: 'matching-labels',
      severity: 'warning',
      message: `the sides of ${node.op} have different labels (${told(left)} and ${told(right)}), so their series do not match`,
      hint: hint(node, left, right, shared),
      at: spanAt(node.span),
    });
  });
  return problems;
}

function hint({ op, matching }: Binary, left: readonly string[], right: readonly string[], shared: string[]): string {
  const on = `on (${shared.join(', ')})`;
  if (SETS.has(op)) return `write ${op} ${on}`;
  if (matching?.card !== 'one-to-one') return `write ${on} before the group modifier`;
  const isWider = left.length > right.length ? 'group_left ()' : 'group_right ()';
  return `aggregate both sides by the same labels, or write ${op} ${on} ${isWider}`;
}

function told(labels: readonly string[]): string {
  return labels.length === 0 ? 'none' : labels.join(', ');
}

/** The labels that the series of an expression can have; `undefined` when that cannot be told. */
function labelsOf(expr: Expr): readonly string[] | undefined {
  switch (expr.kind) {
    case 'paren':
    case 'unary':
      return labelsOf(expr.expr);
    case 'aggregate':
      return aggregated(expr);
    case 'call':
      if (KEEPS_LABELS.has(expr.func)) return expr.args[0] === undefined ? undefined : labelsOf(expr.args[0]);
      return expr.func === 'histogram_quantile' ? without(labelsOf(expr.args[1]!), ['le']) : undefined;
    case 'binary':
      return combined(expr);
    default:
      return undefined;
  }
}

function aggregated(expr: Extract<Expr, { kind: 'aggregate' }>): readonly string[] | undefined {
  if (expr.without) return without(labelsOf(expr.expr), expr.grouping);
  switch (expr.op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      // These choose among the series, which keep their labels.
      return labelsOf(expr.expr);
    case 'count_values':
      return undefined;
    default:
      return expr.grouping;
  }
}

function combined({ op, lhs, rhs, matching }: Binary): readonly string[] | undefined {
  // Beside a number, a vector keeps its labels.
  if (matching === undefined) return labelsOf(lhs) ?? labelsOf(rhs);
  if (op === 'or') return undefined;
  if (SETS.has(op)) return labelsOf(lhs);
  if (matching.card === 'many-to-one' && matching.include.length === 0) return labelsOf(lhs);
  if (matching.card === 'one-to-many' && matching.include.length === 0) return labelsOf(rhs);
  if (matching.card !== 'one-to-one') return undefined;
  return matching.on ? matching.labels : without(labelsOf(lhs), matching.labels);
}

function without(labels: readonly string[] | undefined, names: readonly string[]): readonly string[] | undefined {
  return labels?.filter((label) => !names.includes(label));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name) => b.includes(name)) && b.every((name) => a.includes(name));
}
