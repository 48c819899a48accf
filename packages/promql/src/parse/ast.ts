import type { Matcher, Span } from '@tillwatch/model';

/** The four kinds of value an expression can have. `vector` is an instant vector, `matrix` a range vector. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

/** What stands behind `@`: a fixed moment, or the start or the end of the query. */
export type AtModifier =
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'start' | 'end' };

/** A number, or a duration used as one (`5m` is 300). `isDuration` keeps how it was written. */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly span: Span;
  readonly value: number;
  readonly isDuration: boolean;
}

/** A string after unquoting. Bytes that are not UTF-8 are lone surrogates U+DC80 to U+DCFF. */
export interface StringLiteral {
  readonly kind: 'string';
  readonly span: Span;
  readonly value: string;
}

/** How far a selector or subquery is shifted, and where it is pinned. A positive `offsetMs` looks into the past. */
export interface TimeShift {
  readonly offsetMs: number;
  /** Present when the offset is not a plain number: it is worked out when the query's step and range are known. */
  readonly offsetExpr?: DurationExpr | undefined;
  readonly atModifier?: AtModifier | undefined;
}

/** Chooses series. `name` is the name written before the braces, '' when there is none; it is in `matchers` too. */
export interface VectorSelector extends TimeShift {
  readonly kind: 'vectorSelector';
  readonly span: Span;
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Extended range selection (experimental): look beyond the window's edges, or interpolate at them. */
  readonly extension?: 'anchored' | 'smoothed' | undefined;
}

/** A selector with a window: `selector[5m]`. Its time shift is that of the selector. */
export interface MatrixSelector {
  readonly kind: 'matrixSelector';
  readonly span: Span;
  readonly selector: VectorSelector;
  readonly rangeMs: number;
  readonly rangeExpr?: DurationExpr | undefined;
}

/** An instant expression evaluated over a window: `expr[1h:5m]`. `stepMs` 0 means the default step. */
export interface Subquery extends TimeShift {
  readonly kind: 'subquery';
  readonly span: Span;
  readonly expr: Expr;
  readonly rangeMs: number;
  readonly rangeExpr?: DurationExpr | undefined;
  readonly stepMs: number;
  readonly stepExpr?: DurationExpr | undefined;
}

/** A function call. */
export interface Call {
  readonly kind: 'call';
  readonly span: Span;
  readonly func: string;
  readonly args: readonly Expr[];
}

/** The aggregation operators. */
export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'count'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values'
  | 'limitk'
  | 'limit_ratio';

/** An aggregation: `op by (grouping) (param, expr)`. */
export interface Aggregate {
  readonly kind: 'aggregate';
  readonly span: Span;
  readonly op: AggregateOp;
  readonly expr: Expr;
  readonly param?: Expr | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

/** Binary operators between numbers. `</` and `>/` trim native histograms. */
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2' | '</' | '>/';
/** Binary operators that compare. */
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<=';
/** Binary operators between sets of series. */
export type SetOp = 'and' | 'or' | 'unless';
/** Every operator between two expressions. */
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp;

/** How the series of both sides find their partners. */
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** `on (labels)` when true, `ignoring (labels)` when false. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels that `group_left` or `group_right` take from the "one" side. */
  readonly include: readonly string[];
  /** Values for partners that are missing (experimental `fill` modifiers). */
  readonly fillLeft?: number | undefined;
  readonly fillRight?: number | undefined;
}

/** Two expressions joined by an operator. `matching` is there exactly when both sides are instant vectors. */
export interface Binary {
  readonly kind: 'binary';
  readonly span: Span;
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly returnBool: boolean;
  readonly matching?: VectorMatching | undefined;
}

/** A sign before an expression. */
export interface Unary {
  readonly kind: 'unary';
  readonly span: Span;
  readonly op: '-' | '+';
  readonly expr: Expr;
}

/** An expression in parentheses. */
export interface Paren {
  readonly kind: 'paren';
  readonly span: Span;
  readonly expr: Expr;
}

/** A node of the tree. Every node knows its place in the text it was read from. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

/** Arithmetic on durations (experimental): `[2 * step()]`, `offset (5m + 10s)`. Values are seconds. */
export type DurationExpr =
  | NumberLiteral
  | { readonly kind: 'durationParen'; readonly span: Span; readonly expr: DurationExpr }
  | { readonly kind: 'durationNegation'; readonly span: Span; readonly expr: DurationExpr }
  | {
      readonly kind: 'durationBinary';
      readonly span: Span;
      readonly op: '+' | '-' | '*' | '/' | '%' | '^';
      readonly lhs: DurationExpr;
      readonly rhs: DurationExpr;
    }
  | {
      readonly kind: 'durationCall';
      readonly span: Span;
      readonly func: 'step' | 'range' | 'min_of' | 'max_of';
      readonly args: readonly DurationExpr[];
    };

const BINDING: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  ...{ and: 2, unless: 2 },
  ...{ '==': 3, '!=': 3, '<': 3, '<=': 3, '>': 3, '>=': 3, '</': 3, '>/': 3 },
  ...{ '+': 4, '-': 4 },
  ...{ '*': 5, '/': 5, '%': 5, atan2: 5 },
  '^': 6,
};

/** Does `x before y op z` mean `x before (y op z)`? Operators of one precedence group to the left, but for `^`. */
export function bindsTighter(op: BinaryOp, before: BinaryOp): boolean {
  return BINDING[op] > BINDING[before] || (op === '^' && before === '^');
}

/** Is the operator one of `and`, `or`, `unless`? */
export function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless';
}

/** Is the operator a comparison? */
export function isComparisonOp(op: BinaryOp): op is ComparisonOp {
  return op === '==' || op === '!=' || op === '>' || op === '<' || op === '>=' || op === '<=';
}
