import type { SyntaxNode } from '@lezer/common';
import {
  closest,
  Matcher,
  type MatchOp,
  type Problem,
  RegexError,
  type SourceText,
  type Span,
  spanOf,
} from '@tillwatch/model';
import type { Feature } from '../features.ts';
import type {
  AggregateOp,
  AtModifier,
  BinaryOp,
  Call,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  TimeShift,
  VectorMatching,
  VectorSelector,
} from './ast.ts';
import { bindsTighter, isSetOp } from './ast.ts';
import {
  checkAggregate,
  checkBinary,
  checkCall,
  checkInfo,
  checkOperand,
  checkSelector,
  checkUnary,
  type Report,
} from './check.ts';
import { DurationReader, type ReadDuration } from './duration.ts';
import { functionNames, functionSignature } from './functions.ts';
import { readNumber, unquote } from './literals.ts';
import { typeOf } from './type-of.ts';

/** How deep a tree may be; more would endanger the stack of whoever walks it, and the grammar gives up at about 550. */
export const MAX_DEPTH = 500;

/** Turns the grammar's tree, free of syntax errors, into ours, collecting every problem of meaning. */
export function buildTree(
  source: SourceText,
  masked: { readonly text: string; readonly names: ReadonlyMap<number, string> },
  top: SyntaxNode,
  features: ReadonlySet<Feature>,
): { expr: Expr | undefined; problems: Problem[] } {
  const builder = new TreeBuilder(source, masked.text, masked.names, features);
  const root = childrenOf(top)[0];
  const expr = root === undefined ? undefined : builder.build(root);
  return { expr, problems: builder.problems };
}

class TreeBuilder {
  readonly problems: Problem[] = [];
  readonly #source: SourceText;
  /** What the grammar read: the source, with some words replaced by others of the same length. */
  readonly #masked: string;
  /** The words that were replaced, by where they stand. */
  readonly #names: ReadonlyMap<number, string>;
  readonly #features: ReadonlySet<Feature>;
  readonly #durations: DurationReader;

  constructor(source: SourceText, masked: string, names: ReadonlyMap<number, string>, features: ReadonlySet<Feature>) {
    this.#source = source;
    this.#masked = masked;
    this.#names = names;
    this.#features = features;
    this.#durations = new DurationReader(source, masked, features.has('duration-expr'), this.#report);
  }

  build(node: SyntaxNode): Expr {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return this.#number(node);
      case 'StringLiteral':
        return { kind: 'string', span: this.#span(node), value: unquote(this.#text(node)) };
      case 'VectorSelector':
        return this.#vectorSelector(node);
      case 'MatrixSelector':
        return this.#matrixSelector(node);
      case 'SubqueryExpr':
        return this.#subquery(node);
      case 'OffsetExpr':
        return this.#offset(node);
      case 'StepInvariantExpr':
        return this.#atModifier(node);
      case 'AnchoredExpr':
      case 'SmoothedExpr':
        return this.#extension(node);
      case 'ParenExpr':
        return { kind: 'paren', span: this.#span(node), expr: this.build(childrenOf(node)[0]!) };
      case 'UnaryExpr':
        return this.#unary(node);
      case 'BinaryExpr':
        return this.#binary(node);
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'FunctionCall':
        return this.#call(node);
      default:
        throw new Error(`the grammar has a node ${node.name} that the tree builder does not know`);
    }
  }

  readonly #report: Report = (code, span, message, hint) => {
    this.problems.push({ code: `promql-${code}`, severity: 'error', message, hint, at: span });
  };

  #number(node: SyntaxNode): NumberLiteral {
    const text = this.#text(node);
    const sign = text[0] === '-' ? -1 : 1;
    const { value, isDuration } = readNumber(text.replace(/^[+-](?:\s|#[^\n]*(?:\n|$))*/, ''));
    return { kind: 'number', span: this.#span(node), value: sign * value, isDuration };
  }

  #vectorSelector(node: SyntaxNode): VectorSelector {
    const span = this.#span(node);
    const identifier = node.getChild('Identifier');
    const name = identifier === null ? '' : this.#text(identifier);
    const matchers: Matcher[] = [];
    const braces = node.getChild('LabelMatchers');
    for (const child of braces === null ? [] : childrenOf(braces)) {
      const matcher = this.#matcher(child);
      if (matcher !== undefined) matchers.push(matcher);
    }
    const quotedNames = braces === null ? [] : braces.getChildren('QuotedLabelName');
    const isNamedTwice = checkSelector(name, matchers, quotedNames.length, span, this.#report);
    if (name !== '' && !isNamedTwice) matchers.push(new Matcher('__name__', '=', name));
    return { kind: 'vectorSelector', span, name, matchers, offsetMs: 0 };
  }

  #matcher(node: SyntaxNode): Matcher | undefined {
    if (node.name === 'QuotedLabelName') return new Matcher('__name__', '=', unquote(this.#text(node)));
    const [nameNode, opNode, valueNode] = childrenOf(node);
    const name = nameNode!.name === 'LabelName' ? this.#text(nameNode!) : unquote(this.#text(nameNode!));
    try {
      return new Matcher(name, this.#text(opNode!) as MatchOp, unquote(this.#text(valueNode!)));
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      this.#report(
        'regex',
        this.#span(valueNode!),
        error.message,
        'the syntax is RE2: no look-around, no back references',
      );
      return undefined;
    }
  }

  /**
   * What follows a selector (range, offset, @ …) binds tighter than any operator, but the grammar hangs it on the whole
   * operation before it: `a * b offset 5m` as `(a * b) offset 5m`. Here it is handed down to the last operand.
   */
  #postfix(expr: Expr, to: number, apply: (operand: Expr) => Expr): Expr {
    if (expr.kind !== 'unary' && expr.kind !== 'binary') return apply(expr);
    const span = this.#spanBetween(expr.span.from, to);
    if (expr.kind === 'binary') {
      const rhs = this.#postfix(expr.rhs, to, apply);
      // A range makes another type of it, and was not there when the operation was judged.
      if (typeOf(rhs) !== typeOf(expr.rhs)) checkOperand(rhs, this.#report);
      return { ...expr, span, rhs };
    }
    const operand = this.#postfix(expr.expr, to, apply);
    checkUnary(operand, span, this.#report);
    return { ...expr, span, expr: operand };
  }

  #matrixSelector(node: SyntaxNode): Expr {
    const [inner, range] = childrenOf(node);
    const duration = this.#durations.readRange(range!);
    return this.#postfix(this.build(inner!), node.to, (selector) =>
      this.#ranged(selector, duration, this.#spanBetween(inner!.to, node.to)),
    );
  }

  #ranged(selector: Expr, { ms, expr: rangeExpr }: ReadDuration, place: Span): Expr {
    const span = this.#spanBetween(selector.span.from, place.to);
    if (selector.kind !== 'vectorSelector') {
      const hint = typeOf(selector) === 'vector' ? 'a subquery needs a colon: [5m:] or [5m:1m]' : undefined;
      this.#report('range', place, 'ranges only allowed for vector selectors', hint);
      return { kind: 'matrixSelector', span, selector: placeholder(selector.span), rangeMs: ms, rangeExpr };
    }
    if (isShifted(selector)) {
      this.#report(
        'range',
        place,
        'no offset modifiers allowed before range',
        'write the range first: name[5m] offset 5m',
      );
    }
    if (selector.atModifier !== undefined) {
      this.#report('range', place, 'no @ modifiers allowed before range', 'write the range first: name[5m] @ 0');
    }
    return { kind: 'matrixSelector', span, selector, rangeMs: ms, rangeExpr };
  }

  #subquery(node: SyntaxNode): Expr {
    const [inner, range, step] = childrenOf(node);
    const { ms: rangeMs, expr: rangeExpr } = this.#durations.readRange(range!);
    const { ms: stepMs, expr: stepExpr } = step === undefined ? NO_STEP : this.#durations.readRange(step);
    return this.#postfix(this.build(inner!), node.to, (expr) => {
      const type = typeOf(expr);
      const span = this.#spanBetween(expr.span.from, node.to);
      if (type !== 'vector') {
        this.#report('type', span, `subquery is only allowed on instant vector, got ${type} instead`, undefined);
      }
      return { kind: 'subquery', span, expr, rangeMs, rangeExpr, stepMs, stepExpr, offsetMs: 0 };
    });
  }

  #offset(node: SyntaxNode): Expr {
    const [inner, , duration] = childrenOf(node);
    const { ms: offsetMs, expr: offsetExpr } = this.#durations.readOffset(duration!);
    return this.#postfix(this.build(inner!), node.to, (expr) => {
      const shift = shiftOf(expr);
      if (shift === undefined) {
        const message =
          'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery';
        this.#report('modifier', expr.span, message, 'move the offset into the expression, behind the selector');
      } else if (isShifted(shift)) {
        this.#report('modifier', expr.span, 'offset may not be set multiple times', undefined);
      }
      return withShift(expr, { offsetMs, offsetExpr }, this.#spanBetween(expr.span.from, node.to));
    });
  }

  #atModifier(node: SyntaxNode): Expr {
    const [inner, , time] = childrenOf(node);
    return this.#postfix(this.build(inner!), node.to, (expr) => {
      const shift = shiftOf(expr);
      if (shift === undefined) {
        const message =
          '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery';
        this.#report('modifier', expr.span, message, 'move it into the expression, behind the selector');
      } else if (shift.atModifier !== undefined) {
        this.#report('modifier', expr.span, '@ <timestamp> may not be set multiple times', undefined);
      }
      const atModifier = this.#atTime(time!, expr.span);
      return withShift(expr, { atModifier }, this.#spanBetween(expr.span.from, node.to));
    });
  }

  #atTime(node: SyntaxNode, place: Span): AtModifier {
    if (node.name === 'AtModifierPreprocessors') {
      return { kind: this.#text(node).toLowerCase() === 'start' ? 'start' : 'end' };
    }
    const { value } = this.#number(node);
    const ms = value * 1000;
    if (!Number.isFinite(ms) || Math.abs(ms) >= 2 ** 63) {
      this.#report('modifier', place, `timestamp out of bounds for @ modifier: ${outOfBoundsText(value)}`, undefined);
    }
    return { kind: 'timestamp', timestampMs: roundHalfAway(ms) };
  }

  #extension(node: SyntaxNode): Expr {
    const word = node.name === 'AnchoredExpr' ? 'anchored' : 'smoothed';
    if (!this.#features.has('extended-range-selectors')) {
      const message = `${word} modifier is experimental and not enabled`;
      this.#report('feature', this.#span(node), message, 'it needs the feature extended-range-selectors');
    }
    return this.#postfix(this.build(childrenOf(node)[0]!), node.to, (expr) => this.#extended(expr, word, node.to));
  }

  #extended(expr: Expr, word: 'anchored' | 'smoothed', to: number): Expr {
    const span = this.#spanBetween(expr.span.from, to);
    const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
    if (selector.kind !== 'vectorSelector') {
      const message = `${word} modifier must be preceded by an instant vector selector or range vector selector`;
      this.#report('modifier', expr.span, message, undefined);
      return expr;
    }
    if (selector.extension !== undefined) {
      const message =
        selector.extension === word
          ? `${word} modifier may not be set multiple times`
          : 'anchored and smoothed modifiers cannot be used together';
      this.#report('modifier', expr.span, message, undefined);
    }
    const extended: VectorSelector = { ...selector, extension: word };
    return expr.kind === 'matrixSelector' ? { ...expr, span, selector: extended } : { ...extended, span };
  }

  #unary(node: SyntaxNode): Expr {
    const [opNode, inner] = childrenOf(node);
    const op = this.#text(opNode!) as '-' | '+';
    const expr = this.build(inner!);
    const span = this.#span(node);
    if (expr.kind === 'number') return { ...expr, span, value: op === '-' ? -expr.value : expr.value };
    checkUnary(expr, span, this.#report);
    return { kind: 'unary', span, op, expr };
  }

  #binary(node: SyntaxNode): Expr {
    const children = childrenOf(node);
    const lhs = this.build(children[0]!);
    const opNode = children[1]!;
    const op = this.#text(opNode).toLowerCase() as BinaryOp;
    const rhs = this.build(children.at(-1)!);
    const returnBool = children.some((child) => child.name === 'BoolModifier');
    const matching = this.#matching(children, op);
    const span = this.#spanBetween(lhs.span.from, node.to);

    // The grammar reads the sign of "-1 ^ 2" as part of the number; the power binds tighter.
    const isSigned = op === '^' && lhs.kind === 'number' && /^[+-]/.test(this.#text(children[0]!));
    if (isSigned && lhs.kind === 'number')
      return this.#signedPower(lhs, rhs, span, this.#text(children[0]!)[0] as '-' | '+');

    const modifiers = this.#spanBetween(opNode.from, children.at(-2)!.to);
    const join = (left: Expr): Expr => {
      const whole = this.#spanBetween(left.span.from, node.to);
      const place = { op: this.#span(opNode), modifiers, whole };
      const kept = checkBinary({ op, lhs: left, rhs, returnBool, matching }, place, this.#report);
      return { kind: 'binary', span: whole, op, lhs: left, rhs, returnBool, matching: kept };
    };
    return this.#climb(lhs, op, node.to, join);
  }

  /**
   * Joins an operation to the operand before it that it binds to. The grammar has seen to that, but for what stands before a
   * modifier (see `#postfix`): in `a + b offset 5m * 2` it takes `a + b offset 5m` for the left side of the product.
   */
  #climb(left: Expr, op: BinaryOp, to: number, join: (left: Expr) => Expr): Expr {
    const span = this.#spanBetween(left.span.from, to);
    if (left.kind === 'unary' && op === '^') return { ...left, span, expr: this.#climb(left.expr, op, to, join) };
    if (left.kind !== 'binary' || !bindsTighter(op, left.op)) return join(left);
    return { ...left, span, rhs: this.#climb(left.rhs, op, to, join) };
  }

  #signedPower(lhs: NumberLiteral, rhs: Expr, span: Span, sign: '-' | '+'): Expr {
    const base: NumberLiteral = { ...lhs, value: sign === '-' ? -lhs.value : lhs.value };
    const power: Expr = { kind: 'binary', span, op: '^', lhs: base, rhs, returnBool: false, matching: undefined };
    return { kind: 'unary', span, op: sign, expr: power };
  }

  #matching(children: readonly SyntaxNode[], op: BinaryOp): VectorMatching {
    const clause = children.find((child) => child.name === 'MatchingModifierClause');
    const parts = clause === undefined ? [] : childrenOf(clause);
    const labelLists = parts.filter((part) => part.name === 'GroupingLabels').map((part) => this.#labelNames(part));
    const isLeft = parts.some((part) => part.name === 'GroupLeft');
    const isRight = parts.some((part) => part.name === 'GroupRight');
    const fill = this.#fill(children.find((child) => child.name === 'FillModifier'));
    return {
      card: isLeft ? 'many-to-one' : isRight ? 'one-to-many' : isSetOp(op) ? 'many-to-many' : 'one-to-one',
      on: parts.some((part) => part.name === 'On'),
      labels: labelLists[0] ?? [],
      include: labelLists[1] ?? [],
      ...fill,
    };
  }

  #fill(node: SyntaxNode | undefined): Pick<VectorMatching, 'fillLeft' | 'fillRight'> {
    if (node === undefined) return {};
    if (!this.#features.has('binop-fill-modifiers')) {
      const message = 'binary operation fill modifiers are experimental and not enabled';
      this.#report('feature', this.#span(node), message, 'they need the feature binop-fill-modifiers');
    }
    const out: { fillLeft?: number; fillRight?: number } = {};
    for (const clause of childrenOf(node)) {
      const literal = clause.getChild('NumberDurationLiteral');
      const value = literal === null ? Number.NaN : this.#number(literal).value;
      if (clause.name !== 'FillRightClause') out.fillLeft = value;
      if (clause.name !== 'FillLeftClause') out.fillRight = value;
    }
    return out;
  }

  #labelNames(node: SyntaxNode): string[] {
    return childrenOf(node).map((child) =>
      child.name === 'LabelName' ? this.#text(child) : unquote(this.#text(child)),
    );
  }

  #aggregate(node: SyntaxNode): Expr {
    const op = this.#text(node.getChild('AggregateOp')!).toLowerCase() as AggregateOp;
    const modifier = node.getChild('AggregateModifier');
    const span = this.#span(node);
    const args = this.#args(node);
    checkAggregate(op, args, span, this.#features, this.#report);
    return {
      kind: 'aggregate',
      span,
      op,
      expr: args.at(-1) ?? placeholder(span),
      param: args.length > 1 ? args[0] : undefined,
      grouping: modifier === null ? [] : this.#labelNames(modifier.getChild('GroupingLabels')!),
      without: modifier !== null && modifier.getChild('Without') !== null,
    };
  }

  #call(node: SyntaxNode): Call {
    const identifier = node.getChild('FunctionIdentifier')!;
    const func = this.#text(identifier);
    const span = this.#span(node);
    const signature = functionSignature(func);
    const before = this.problems.length;
    const args = this.#args(node);
    if (signature === undefined) {
      const place = this.#spanBetween(identifier.from, identifier.from + func.length);
      const near = closest(func, functionNames());
      const hint = near === undefined ? undefined : `did you mean ${near}?`;
      this.#report('unknown-function', place, `unknown function with name ${JSON.stringify(func)}`, hint);
      return { kind: 'call', span, func, args };
    }
    if (func === 'info' && args[1] !== undefined) {
      this.#forgiveEmptySelector(before, args[1].span);
      checkInfo(args[1], this.#report);
    }
    checkCall(signature, args, span, this.#features, this.#report);
    return { kind: 'call', span, func, args };
  }

  /** The second argument of info() selects labels, not series: it may be empty. */
  #forgiveEmptySelector(before: number, span: Span): void {
    const at = this.problems.findIndex(
      (p, i) => i >= before && p.code === 'promql-empty-selector' && p.at.from === span.from,
    );
    if (at !== -1) this.problems.splice(at, 1);
  }

  #args(node: SyntaxNode): Expr[] {
    return childrenOf(node.getChild('FunctionCallBody')!).map((child) => this.build(child));
  }

  #text(node: SyntaxNode): string {
    return this.#names.get(node.from) ?? this.#masked.slice(node.from, node.to);
  }

  #span(node: SyntaxNode): Span {
    return spanOf(this.#source, node.from, node.to);
  }

  #spanBetween(from: number, to: number): Span {
    return spanOf(this.#source, from, to);
  }
}

const NO_STEP: ReadDuration = { ms: 0, expr: undefined };

/** The children that mean something: comments are left out. */
function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

function placeholder(span: Span): VectorSelector {
  return { kind: 'vectorSelector', span, name: '', matchers: [], offsetMs: 0 };
}

function shiftOf(expr: Expr): VectorSelector | Subquery | undefined {
  if (expr.kind === 'matrixSelector') return expr.selector;
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? expr : undefined;
}

function isShifted(shift: TimeShift): boolean {
  return shift.offsetMs !== 0 || shift.offsetExpr !== undefined;
}

function withShift(expr: Expr, shift: Partial<TimeShift>, span: Span): Expr {
  if (expr.kind === 'matrixSelector') {
    const moved: MatrixSelector = { ...expr, span, selector: { ...expr.selector, ...shift } };
    return moved;
  }
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? { ...expr, ...shift, span } : expr;
}

function roundHalfAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

function outOfBoundsText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return `${BigInt(Math.trunc(value))}.000000`;
}
