import { Matcher, METRIC_NAME } from '@tillwatch/model';
import { childrenOf, type Expr, typeOf, type VectorSelector } from '@tillwatch/promql';

/** How a selector can be read for a whole slice of time at once. */
export type Reach =
  /** Everything it reads is there before the slice is evaluated, or at the same tick. */
  | 'free'
  /** It reads, at its own time, rules that come later: an instant selector can be read ahead, tick by tick. */
  | 'later'
  /** What it reads depends on what the rule itself gives, or on the query as a whole. */
  | 'bound';

/** Part of an expression whose values at all ticks are known before the rest is evaluated. */
export interface Leaf {
  /** The value of the metric name matcher that stands for it. */
  readonly id: string;
  /** `selector`: to be read as the rule sees it at each tick. `expr`: to be evaluated as a range, earlier leaves in it. */
  readonly kind: 'selector' | 'expr';
  readonly expr: Expr;
}

/** An expression with its leaves taken out, in the order in which they have to be evaluated. */
export interface Hoisted {
  readonly expr: Expr;
  readonly leaves: readonly Leaf[];
  /** Is the whole expression one leaf? */
  readonly isWhole: boolean;
}

/** Functions that look at the selector itself, not only at its values. */
const SEES_SELECTOR = new Set(['absent', 'timestamp', 'info']);

/** Where a selector stands. */
export interface Standing {
  /** How far the subqueries around it and itself look back by `offset`, ms. */
  readonly offsetMs: number;
  /** Is it an instant selector outside of subqueries, whose arguments are read as they are? */
  readonly isPlain: boolean;
}

/**
 * Takes the largest parts out of an expression that do not depend on what the rule itself gives: they are evaluated for
 * many ticks in one go, and only what remains is evaluated tick by tick.
 */
export function hoist(expr: Expr, reachOf: (selector: VectorSelector, standing: Standing) => Reach): Hoisted {
  const leaves: Leaf[] = [];
  const leaf = (kind: Leaf['kind'], of: Expr): VectorSelector => {
    const id = `\u0000leaf ${leaves.length}`;
    leaves.push({ id, kind, expr: of });
    const matchers = [new Matcher(METRIC_NAME, '=', id)];
    return { kind: 'vectorSelector', span: of.span, name: '', matchers, offsetMs: 0 };
  };

  /** The node with `later` selectors replaced, and whether it can be evaluated by columns now. */
  const walk = (node: Expr, standing: Standing): { node: Expr; isFree: boolean } => {
    if (node.kind === 'vectorSelector') {
      if (isPinned(node)) return { node, isFree: false };
      const reach = reachOf(node, { ...standing, offsetMs: standing.offsetMs + node.offsetMs });
      if (reach === 'later') return { node: leaf('selector', node), isFree: true };
      return { node, isFree: reach === 'free' };
    }
    if (isPinned(node)) return { node, isFree: false };
    const inner = {
      offsetMs: standing.offsetMs + (node.kind === 'subquery' ? node.offsetMs : 0),
      isPlain:
        standing.isPlain &&
        node.kind !== 'subquery' &&
        node.kind !== 'matrixSelector' &&
        !(node.kind === 'call' && SEES_SELECTOR.has(node.func)),
    };
    if (node.kind === 'call' && node.func === 'info') return { node, isFree: false };
    const before = leaves.length;
    const children = childrenOf(node).map((child) => walk(child, inner));
    if (children.every(({ isFree }) => isFree)) {
      return {
        node: withChildren(
          node,
          children.map((child) => child.node),
        ),
        isFree: true,
      };
    }
    // Evaluated at other times than the ticks: nothing inside can be taken out.
    if (node.kind === 'subquery' || node.kind === 'matrixSelector') {
      leaves.length = before;
      return { node, isFree: false };
    }
    if (node.kind === 'call' && SEES_SELECTOR.has(node.func)) {
      leaves.length = before;
      return { node, isFree: false };
    }
    return {
      node: withChildren(
        node,
        children.map((child) => (child.isFree ? taken(child.node) : child.node)),
      ),
      isFree: false,
    };
  };

  /** A part that is free while what is around it is not. */
  const taken = (node: Expr): Expr => {
    if (isLeaf(node, leaves)) return node;
    if (typeOf(node) === 'vector') return leaf('expr', node);
    // A range vector is read as it is by the function that takes it.
    if (typeOf(node) === 'matrix' || childrenOf(node).length === 0) return node;
    return withChildren(node, childrenOf(node).map(taken));
  };

  const whole = walk(expr, { offsetMs: 0, isPlain: true });
  if (!whole.isFree) return { expr: whole.node, leaves, isWhole: false };
  return { expr: leaf('expr', whole.node), leaves, isWhole: true };
}

function isLeaf(node: Expr, leaves: readonly Leaf[]): boolean {
  return node.kind === 'vectorSelector' && leaves.some(({ id }) => node.matchers[0]?.value === id);
}

/** Does the node refer to the query as a whole, or to the future? In one evaluation over many ticks it would mean another thing. */
function isPinned(node: Expr): boolean {
  switch (node.kind) {
    case 'vectorSelector':
      return (
        node.atModifier !== undefined ||
        node.offsetExpr !== undefined ||
        node.offsetMs < 0 ||
        node.extension !== undefined
      );
    case 'matrixSelector':
      return node.rangeExpr !== undefined;
    case 'subquery':
      return (
        node.atModifier !== undefined ||
        node.offsetExpr !== undefined ||
        node.rangeExpr !== undefined ||
        node.stepExpr !== undefined ||
        node.offsetMs < 0
      );
    default:
      return false;
  }
}

/** The node with other children, in the order of `childrenOf`. */
function withChildren(node: Expr, children: readonly Expr[]): Expr {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return node;
    case 'matrixSelector':
      return { ...node, selector: children[0] as VectorSelector };
    case 'subquery':
    case 'unary':
    case 'paren':
      return { ...node, expr: children[0]! };
    case 'call':
      return { ...node, args: children };
    case 'aggregate':
      return node.param === undefined
        ? { ...node, expr: children[0]! }
        : { ...node, param: children[0]!, expr: children[1]! };
    case 'binary':
      return { ...node, lhs: children[0]!, rhs: children[1]! };
  }
}

/** Can the expression give anything at all when leaves of which `isEmpty` is true give nothing? */
export function canGive(expr: Expr, isEmpty: (id: string) => boolean): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      return !isEmpty(expr.matchers[0]?.value ?? '');
    case 'paren':
    case 'unary':
      return canGive(expr.expr, isEmpty);
    case 'aggregate':
      return canGive(expr.expr, isEmpty);
    case 'binary': {
      const left = canGive(expr.lhs, isEmpty);
      if (expr.op === 'or') return left || canGive(expr.rhs, isEmpty);
      if (!left || expr.op === 'unless') return left;
      const isFilled = expr.matching?.fillLeft !== undefined || expr.matching?.fillRight !== undefined;
      return isFilled || canGive(expr.rhs, isEmpty);
    }
    default:
      return true;
  }
}
