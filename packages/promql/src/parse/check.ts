import type { Matcher, Span } from '@tillwatch/model';
import type { Feature } from '../features.ts';
import { type AggregateOp, type BinaryOp, type Expr, isComparisonOp, isSetOp, type VectorMatching } from './ast.ts';
import { aggregateParamType, type FunctionSignature } from './functions.ts';
import { describeType, typeOf } from './type-of.ts';

/** Takes one finding; the code goes without its prefix. */
export type Report = (code: string, span: Span, message: string, hint: string | undefined) => void;

/** Judges what a selector chooses by. Returns whether its name is given twice. */
export function checkSelector(
  name: string,
  matchers: readonly Matcher[],
  quotedNames: number,
  span: Span,
  report: Report,
): boolean {
  const named = matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=');
  if (name !== '' && named !== undefined) {
    const message = `metric name must not be set twice: ${JSON.stringify(name)} or ${JSON.stringify(named.value)}`;
    report('selector', span, message, 'keep one of the two');
    return true;
  }
  if (quotedNames > 1) {
    const values = matchers
      .filter((matcher) => matcher.name === '__name__')
      .map((matcher) => JSON.stringify(matcher.value));
    report('selector', span, `metric name must not be set twice: ${values[0]} or ${values[1]}`, 'keep one of the two');
    return true;
  }
  if (name === '' && matchers.every((matcher) => matcher.matches(''))) {
    const message = 'vector selector must contain at least one non-empty matcher';
    report('empty-selector', span, message, 'name the metric, or add a matcher that no empty value satisfies');
  }
  return false;
}

export function checkUnary(expr: Expr, span: Span, report: Report): void {
  const type = typeOf(expr);
  if (type === 'scalar' || type === 'vector') return;
  const message = `unary expression only allowed on expressions of type scalar or instant vector, got ${JSON.stringify(describeType(type))}`;
  report('type', span, message, undefined);
}

interface BinaryParts {
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
}

interface BinaryPlaces {
  readonly op: Span;
  readonly modifiers: Span;
  readonly whole: Span;
}

/** Judges an operation; returns the matching to keep: it has a meaning only between two instant vectors. */
export function checkBinary(parts: BinaryParts, places: BinaryPlaces, report: Report): VectorMatching | undefined {
  const { op, matching } = parts;
  const [left, right] = [typeOf(parts.lhs), typeOf(parts.rhs)];
  if (parts.returnBool && !isComparisonOp(op)) {
    report('bool', places.modifiers, 'bool modifier can only be used on comparison operators', 'remove bool');
  }
  if (isComparisonOp(op) && !parts.returnBool && left === 'scalar' && right === 'scalar') {
    const hint = `write ${op} bool: two numbers can only be compared to 0 or 1`;
    report('bool', places.whole, 'comparisons between scalars must use BOOL modifier', hint);
  }
  if (matching.on) {
    const both = matching.include.find((label) => matching.labels.includes(label));
    if (both !== undefined) {
      const message = `label ${JSON.stringify(both)} must not occur in ON and GROUP clause at once`;
      report('matching', places.modifiers, message, 'labels of on (…) are in the result anyway');
    }
  }
  checkOperand(parts.lhs, report);
  checkOperand(parts.rhs, report);
  if (left === 'vector' && right === 'vector') {
    checkSetOperation(parts, places, report);
    return matching;
  }
  checkScalarSides(parts, places, report, left === 'scalar' || right === 'scalar');
  return undefined;
}

/** Judges one side of an operation. */
export function checkOperand(side: Expr, report: Report): void {
  const type = typeOf(side);
  if (type === 'scalar' || type === 'vector') return;
  const hint = type === 'matrix' ? 'a range vector needs a function around it, such as rate(…)' : undefined;
  report('type', side.span, 'binary expression must contain only scalar and instant vector types', hint);
}

function checkSetOperation({ op, matching }: BinaryParts, places: BinaryPlaces, report: Report): void {
  if (!isSetOp(op)) return;
  if (matching.card === 'one-to-many' || matching.card === 'many-to-one') {
    report(
      'matching',
      places.whole,
      `no grouping allowed for ${JSON.stringify(op)} operation`,
      'remove group_left or group_right',
    );
    report('matching', places.whole, 'set operations must always be many-to-many', undefined);
  }
  if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
    report(
      'matching',
      places.modifiers,
      'filling in missing series not allowed for set operators',
      'remove the fill modifier',
    );
  }
}

function checkScalarSides(
  { op, matching }: BinaryParts,
  places: BinaryPlaces,
  report: Report,
  isScalar: boolean,
): void {
  if (matching.labels.length > 0) {
    report('matching', places.whole, 'vector matching only allowed between instant vectors', undefined);
  }
  if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
    report('matching', places.modifiers, 'filling in missing series only allowed between instant vectors', undefined);
  }
  if (isScalar && isSetOp(op)) {
    const message = `set operator ${JSON.stringify(op)} not allowed in binary scalar expression`;
    report('type', places.whole, message, 'put the number into vector(…)');
  }
}

export function checkAggregate(
  op: AggregateOp,
  args: readonly Expr[],
  span: Span,
  features: ReadonlySet<Feature>,
  report: Report,
): void {
  if ((op === 'limitk' || op === 'limit_ratio') && !features.has('experimental-functions')) {
    const message = `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`;
    report('feature', span, message, 'it needs the feature experimental-functions');
  }
  if (args.length === 0) {
    report('arguments', span, 'no arguments for aggregate expression provided', undefined);
    return;
  }
  const paramType = aggregateParamType(op);
  const wanted = paramType === undefined ? 1 : 2;
  if (args.length !== wanted) {
    const message = `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`;
    report('arguments', span, message, undefined);
    return;
  }
  const vector = args.at(-1)!;
  expectType(vector, 'vector', 'aggregation expression', report);
  if (paramType !== undefined) expectType(args[0]!, paramType, 'aggregation parameter', report);
}

export function checkCall(
  signature: FunctionSignature,
  args: readonly Expr[],
  span: Span,
  features: ReadonlySet<Feature>,
  report: Report,
): void {
  const { name, argTypes } = signature;
  if (signature.experimental && !features.has('experimental-functions')) {
    report(
      'feature',
      span,
      `function ${JSON.stringify(name)} is not enabled`,
      'it needs the feature experimental-functions',
    );
  }
  const counts = argumentProblem(signature, args.length);
  if (counts !== undefined) report('arguments', span, counts, undefined);
  for (const [i, arg] of args.entries()) {
    const type = argTypes[i] ?? (signature.variadic < 0 ? argTypes.at(-1) : undefined);
    if (type !== undefined) expectType(arg, type, `call to function ${JSON.stringify(name)}`, report);
  }
}

function argumentProblem({ name, argTypes, variadic }: FunctionSignature, count: number): string | undefined {
  const tail = `argument(s) in call to ${JSON.stringify(name)}, got ${count}`;
  if (variadic === 0) return count === argTypes.length ? undefined : `expected ${argTypes.length} ${tail}`;
  const least = argTypes.length - 1;
  if (count < least) return `expected at least ${least} ${tail}`;
  return variadic > 0 && count > least + variadic ? `expected at most ${least + variadic} ${tail}` : undefined;
}

export function checkInfo(arg: Expr, report: Report): void {
  if (arg.kind !== 'vectorSelector') {
    report('type', arg.span, 'expected label selectors only', undefined);
  } else if (arg.name !== '') {
    report('type', arg.span, 'expected label selectors only, got vector selector instead', 'leave out the name: {…}');
  }
}

function expectType(
  arg: Expr,
  wanted: 'scalar' | 'vector' | 'matrix' | 'string',
  context: string,
  report: Report,
): void {
  const type = typeOf(arg);
  if (type === wanted) return;
  const message = `expected type ${describeType(wanted)} in ${context}, got ${describeType(type)}`;
  report('type', arg.span, message, typeHint(arg, type, wanted));
}

function typeHint(arg: Expr, type: string, wanted: string): string | undefined {
  if (wanted === 'matrix' && type === 'vector') {
    return arg.kind === 'vectorSelector' ? 'add a range in brackets: name[5m]' : 'make it a subquery: (…)[5m:]';
  }
  if (wanted === 'vector' && type === 'matrix') return 'remove the range, or put a function such as rate(…) around it';
  if (wanted === 'vector' && type === 'scalar') return 'put the number into vector(…)';
  if (wanted === 'scalar' && type === 'vector') return 'make it one number with scalar(…)';
  return wanted === 'string' ? 'put it in quotes' : undefined;
}
