import { type Expr, selectorsOf } from '@tillwatch/promql';
import type { ReplayedRule } from './replayed-rule.ts';

/** Rules that need each other's results, or a single rule. */
export interface Component {
  /** In the order of evaluation. */
  readonly rules: readonly ReplayedRule[];
  /** Does any of them need what it gives itself, directly or through the others? */
  readonly isCyclic: boolean;
}

/**
 * Sorts rules so that each comes after those whose results it reads; those that go round in circles stay together. What
 * comes first here need not come first at a tick: a rule may read a later one's results of the ticks before.
 */
export function componentsOf(rules: readonly ReplayedRule[]): Component[] {
  const reads = rules.map((rule) => rules.filter((other) => mayRead(rule, other)));
  const indices = new Map<ReplayedRule, number>();
  const low = new Map<ReplayedRule, number>();
  const stack: ReplayedRule[] = [];
  const onStack = new Set<ReplayedRule>();
  const components: Component[] = [];

  // Tarjan's algorithm: a component is complete once everything that it reads is.
  const connect = (rule: ReplayedRule): void => {
    indices.set(rule, indices.size);
    low.set(rule, indices.get(rule)!);
    stack.push(rule);
    onStack.add(rule);
    for (const other of reads[rule.order]!) {
      if (!indices.has(other)) {
        connect(other);
        low.set(rule, Math.min(low.get(rule)!, low.get(other)!));
      } else if (onStack.has(other)) low.set(rule, Math.min(low.get(rule)!, indices.get(other)!));
    }
    if (low.get(rule) !== indices.get(rule)) return;
    const members = stack.splice(stack.indexOf(rule));
    for (const member of members) onStack.delete(member);
    members.sort((a, b) => a.order - b.order);
    components.push({ rules: members, isCyclic: members.length > 1 || reads[rule.order]!.includes(rule) });
  };
  for (const rule of rules) if (!indices.has(rule)) connect(rule);
  return components;
}

/** May a rule read what another one writes? Also when only its templates ask. */
export function mayRead(rule: ReplayedRule, other: ReplayedRule): boolean {
  const { rule: compiled } = rule.compiled;
  if (compiled === undefined) return false;
  // What a label template asks for is known when it is expanded.
  if (compiled.kind === 'alerting' && Object.values(compiled.labels).some((text) => /\{\{.*\bquery\b/s.test(text))) {
    return true;
  }
  return selectorsOf(compiled.expr).some(({ matchers }) => other.writes.mayMatch(matchers));
}

/** How far back any selector of an expression looks, windows and offsets of subqueries included; infinite when that cannot be told. */
export function lookbackOf(expr: Expr, instantMs: number): number {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return 0;
    case 'vectorSelector':
      if (expr.atModifier !== undefined || expr.offsetExpr !== undefined) return Number.POSITIVE_INFINITY;
      return Math.max(0, expr.offsetMs) + instantMs;
    case 'matrixSelector':
      return (
        (expr.rangeExpr === undefined ? expr.rangeMs : Number.POSITIVE_INFINITY) + lookbackOf(expr.selector, instantMs)
      );
    case 'subquery': {
      if (expr.atModifier !== undefined || expr.offsetExpr !== undefined || expr.rangeExpr !== undefined) {
        return Number.POSITIVE_INFINITY;
      }
      return Math.max(0, expr.offsetMs) + expr.rangeMs + lookbackOf(expr.expr, instantMs);
    }
    case 'call':
      return Math.max(0, ...expr.args.map((arg) => lookbackOf(arg, instantMs)));
    case 'aggregate':
    case 'paren':
    case 'unary':
      return lookbackOf(expr.expr, instantMs);
    case 'binary':
      return Math.max(lookbackOf(expr.lhs, instantMs), lookbackOf(expr.rhs, instantMs));
  }
}
