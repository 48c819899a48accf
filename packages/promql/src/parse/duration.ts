import type { SyntaxNode } from '@lezer/common';
import { type SourceText, spanOf } from '@tillwatch/model';
import type { DurationExpr } from './ast.ts';
import type { Report } from './check.ts';
import { evaluateDuration } from './duration-expr.ts';
import { readNumber } from './literals.ts';

/** The longest duration that Go's `time.Duration` holds, in seconds. */
const MAX_SECONDS = 9_223_372_036.854;

/** A duration that is known, or an expression to be worked out when the query's times are. */
export interface ReadDuration {
  readonly ms: number;
  readonly expr: DurationExpr | undefined;
}

/** Reads what stands in brackets and behind `offset`. */
export class DurationReader {
  readonly #source: SourceText;
  readonly #masked: string;
  readonly #isArithmeticEnabled: boolean;
  readonly #report: Report;

  constructor(source: SourceText, masked: string, isArithmeticEnabled: boolean, report: Report) {
    this.#source = source;
    this.#masked = masked;
    this.#isArithmeticEnabled = isArithmeticEnabled;
    this.#report = report;
  }

  /** A range or a step: greater than zero. */
  readRange(node: SyntaxNode): ReadDuration {
    const duration = this.#read(node);
    if (duration.expr === undefined && duration.ms <= 0) {
      const span = spanOf(this.#source, node.from, node.to);
      this.#report('duration', span, 'duration must be greater than 0', undefined);
    }
    return duration;
  }

  /** An offset: negative ones look into the future. */
  readOffset(node: SyntaxNode): ReadDuration {
    return this.#read(node);
  }

  #read(node: SyntaxNode): ReadDuration {
    const expr = this.#build(node);
    if (needsFeature(expr, node) && !this.#isArithmeticEnabled) {
      const message = 'experimental duration expression is not enabled';
      this.#report('feature', expr.span, message, 'write one duration, or enable the feature duration-expr');
      return { ms: 1, expr: undefined };
    }
    if (expr.kind !== 'number') {
      // What depends on numbers alone is judged now; the rest waits for the query.
      const result = evaluateDuration(expr, undefined);
      if (result.problem !== undefined) this.#report('duration', result.span, result.problem, undefined);
      return { ms: 0, expr };
    }
    if (!(Math.abs(expr.value) <= MAX_SECONDS)) {
      this.#report('duration', expr.span, 'duration out of range', undefined);
      return { ms: 1, expr: undefined };
    }
    return { ms: Math.round(expr.value * 1000), expr: undefined };
  }

  #build(node: SyntaxNode): DurationExpr {
    const children = meaningful(node);
    const span = spanOf(this.#source, node.from, node.to);
    const first = children[0]!;
    switch (first.name) {
      case 'NumberDurationLiteralInDurationContext':
        return { kind: 'number', span, ...readNumber(this.#text(first)) };
      case 'UnaryOp': {
        const expr = this.#build(children[1]!);
        if (this.#text(first) === '+') return expr;
        if (expr.kind === 'number') return { ...expr, span, value: -expr.value };
        return { kind: 'durationNegation', span, expr };
      }
      case 'DurationStep':
      case 'DurationRange':
        return { kind: 'durationCall', span, func: first.name === 'DurationStep' ? 'step' : 'range', args: [] };
      case 'DurationMinOf':
      case 'DurationMaxOf': {
        const args = children.slice(1).map((child) => this.#build(child));
        return { kind: 'durationCall', span, func: first.name === 'DurationMinOf' ? 'min_of' : 'max_of', args };
      }
      default:
        break;
    }
    if (children.length === 1) {
      const expr = this.#build(first);
      return expr.kind === 'durationParen' ? { ...expr, span } : { kind: 'durationParen', span, expr };
    }
    const op = this.#text(children[1]!) as '+' | '-' | '*' | '/' | '%' | '^';
    return { kind: 'durationBinary', span, op, lhs: this.#build(first), rhs: this.#build(children[2]!) };
  }

  #text(node: SyntaxNode): string {
    return this.#masked.slice(node.from, node.to);
  }
}

/** Signs, and one pair of parentheses behind a sign, are plain writing; everything else is arithmetic. */
function needsFeature(expr: DurationExpr, node: SyntaxNode): boolean {
  if (expr.kind === 'number') return false;
  const isSigned = node.firstChild?.name === 'UnaryOp';
  const inner = expr.kind === 'durationNegation' ? expr.expr : expr;
  return !(isSigned && inner.kind === 'durationParen' && inner.expr.kind === 'number');
}

function meaningful(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}
