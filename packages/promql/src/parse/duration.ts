import type { SyntaxNode } from '@lezer/common';
import { type SourceText, type Span, spanOf } from '@tillwatch/model';
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
  readonly #isArithmeticEnabled: boolean;
  readonly #report: Report;

  constructor(source: SourceText, isArithmeticEnabled: boolean, report: Report) {
    this.#source = source;
    this.#isArithmeticEnabled = isArithmeticEnabled;
    this.#report = report;
  }

  /** A range or a step: greater than zero. */
  readRange(node: SyntaxNode): ReadDuration {
    return this.#read(node, (seconds, span) => {
      if (seconds > 0) return true;
      this.#report('duration', span, 'duration must be greater than 0', undefined);
      return false;
    });
  }

  /** An offset: negative ones look into the future. */
  readOffset(node: SyntaxNode): ReadDuration {
    return this.#read(node, () => true);
  }

  #read(node: SyntaxNode, accept: (seconds: number, span: Span) => boolean): ReadDuration {
    const expr = this.#build(node);
    const span = expr.span;
    if (needsFeature(expr, node) && !this.#isArithmeticEnabled) {
      const message = 'experimental duration expression is not enabled';
      this.#report('feature', span, message, 'write one duration, or enable the feature duration-expr');
      return { ms: 1, expr: undefined };
    }
    const literal = plainValue(expr);
    if (literal === undefined) {
      this.#checkConstant(expr, accept);
      return { ms: 0, expr };
    }
    if (!(Math.abs(literal) <= MAX_SECONDS)) this.#report('duration', span, 'duration out of range', undefined);
    else accept(literal, span);
    return { ms: Math.round(literal * 1000), expr: undefined };
  }

  /** An expression of numbers alone is judged now; `undefined` values wait for the query. */
  #checkConstant(expr: DurationExpr, accept: (seconds: number, span: Span) => boolean): void {
    const result = evaluateDuration(expr, undefined);
    if (result.problem !== undefined) this.#report('duration', result.span, result.problem, undefined);
    else if (result.seconds !== undefined) {
      if (Math.abs(result.seconds) > MAX_SECONDS) this.#report('duration', expr.span, 'duration out of range', undefined);
      else accept(result.seconds, expr.span);
    }
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
    return { kind: 'durationBinary', span: this.#opSpan(node), op, lhs: this.#build(first), rhs: this.#build(children[2]!) };
  }

  #opSpan(node: SyntaxNode): Span {
    return spanOf(this.#source, node.from, node.to);
  }

  #text(node: SyntaxNode): string {
    return this.#source.text.slice(node.from, node.to);
  }
}

/** Signs, and one pair of parentheses behind a sign, are plain writing; everything else is arithmetic. */
function needsFeature(expr: DurationExpr, node: SyntaxNode): boolean {
  if (expr.kind === 'number') return false;
  const isSigned = node.firstChild?.name === 'UnaryOp';
  const inner = expr.kind === 'durationNegation' ? expr.expr : expr;
  return !(isSigned && inner.kind === 'durationParen' && inner.expr.kind === 'number');
}

function plainValue(expr: DurationExpr): number | undefined {
  return expr.kind === 'number' ? expr.value : undefined;
}

function meaningful(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}
