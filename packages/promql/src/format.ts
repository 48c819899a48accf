import { formatDuration, type Matcher, unreachable } from '@tillwatch/model';
import type {
  Aggregate,
  Binary,
  DurationExpr,
  Expr,
  NumberLiteral,
  Subquery,
  TimeShift,
  VectorSelector,
} from './parse/ast.ts';

/**
 * Writes an expression in Prometheus's canonical one-line form: matchers sorted, durations normalised, no comments.
 * Reading the result gives the same expression again (apart from places and the order of matchers).
 */
export function format(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return formatLiteral(expr);
    case 'string':
      return quoteText(expr.value);
    case 'vectorSelector':
      return `${formatSelector(expr)}${formatAt(expr)}${formatExtension(expr)}${formatOffset(expr)}`;
    case 'matrixSelector': {
      const range = formatRange(expr.rangeMs, expr.rangeExpr);
      return `${formatSelector(expr.selector)}[${range}]${formatExtension(expr.selector)}${formatShift(expr.selector)}`;
    }
    case 'subquery':
      return `${format(expr.expr)}${formatSubqueryTimes(expr)}`;
    case 'call':
      return `${expr.func}(${expr.args.map(format).join(', ')})`;
    case 'aggregate':
      return formatAggregate(expr);
    case 'binary':
      return `${formatLeft(expr)} ${formatOperator(expr)} ${format(expr.rhs)}`;
    case 'unary':
      return `${expr.op}${format(expr.expr)}`;
    case 'paren':
      return `(${format(expr.expr)})`;
    default:
      return unreachable(expr);
  }
}

/** Writes a number as Go's `FormatFloat(value, 'f', -1, 64)`: shortest digits, never an exponent; `+Inf`, `-Inf`, `NaN`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const exponentAt = text.indexOf('e');
  return exponentAt === -1 ? text : expandExponent(text.slice(0, exponentAt), Number(text.slice(exponentAt + 1)));
}

function expandExponent(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole, fraction = ''] = mantissa.slice(sign.length).split('.');
  const digits = `${whole}${fraction}`;
  const point = (whole as string).length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}${point < digits.length ? `.${digits.slice(point)}` : ''}`;
}

function formatLiteral({ value, isDuration }: NumberLiteral): string {
  return isDuration ? formatDuration(value * 1000) : formatNumber(value);
}

function formatRange(ms: number, expr: DurationExpr | undefined): string {
  return expr === undefined ? formatDuration(ms) : formatDurationExpr(expr);
}

function formatDurationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'number':
      return formatLiteral(expr);
    case 'durationParen':
      return `(${formatDurationExpr(expr.expr)})`;
    case 'durationNegation':
      return `-${formatDurationExpr(expr.expr)}`;
    case 'durationBinary':
      return `${formatDurationExpr(expr.lhs)} ${expr.op} ${formatDurationExpr(expr.rhs)}`;
    case 'durationCall':
      return `${expr.func}(${expr.args.map(formatDurationExpr).join(', ')})`;
    default:
      return unreachable(expr);
  }
}

function formatSelector({ name, matchers }: VectorSelector): string {
  const written = matchers
    .filter((matcher) => !(name !== '' && matcher.name === '__name__' && matcher.op === '=' && matcher.value === name))
    .map(formatMatcher)
    .sort(compareCodeUnits);
  if (written.length === 0) return name === '' ? '{}' : name;
  return `${name}{${written.join(',')}}`;
}

function formatMatcher({ name, op, value }: Matcher): string {
  return `${formatLabelName(name)}${op}${quoteText(value)}`;
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function formatExtension({ extension }: VectorSelector): string {
  return extension === undefined ? '' : ` ${extension}`;
}

function formatShift(shift: TimeShift): string {
  return formatAt(shift) + formatOffset(shift);
}

function formatAt({ atModifier }: TimeShift): string {
  if (atModifier === undefined) return '';
  return atModifier.kind === 'timestamp'
    ? ` @ ${(atModifier.timestampMs / 1000).toFixed(3)}`
    : ` @ ${atModifier.kind}()`;
}

function formatOffset({ offsetMs, offsetExpr }: TimeShift): string {
  if (offsetExpr !== undefined) return ` offset ${formatDurationExpr(offsetExpr)}`;
  return offsetMs === 0 ? '' : ` offset ${formatDuration(offsetMs)}`;
}

function formatAggregate(expr: Aggregate): string {
  const param = expr.param === undefined ? '' : `${format(expr.param)}, `;
  return `${formatAggregateHead(expr)}(${param}${format(expr.expr)})`;
}

/** What stands before the parenthesis of an aggregation: `sum by (a) `. */
export function formatAggregateHead({ op, grouping, without }: Aggregate): string {
  if (without) return `${op} without ${formatLabelNames(grouping)} `;
  return grouping.length > 0 ? `${op} by ${formatLabelNames(grouping)} ` : op;
}

/** What stands behind the expression of a subquery: `[1h:5m] offset 1d`. */
export function formatSubqueryTimes(expr: Subquery): string {
  const step = expr.stepExpr !== undefined || expr.stepMs !== 0 ? formatRange(expr.stepMs, expr.stepExpr) : '';
  return `[${formatRange(expr.rangeMs, expr.rangeExpr)}:${step}]${formatShift(expr)}`;
}

/** The sign of `+Inf ^ 1` would be read as one of the whole power, so infinity goes without its sign there. */
export function formatLeft({ op, lhs }: Binary): string {
  return op === '^' && lhs.kind === 'number' && lhs.value === Number.POSITIVE_INFINITY ? 'Inf' : format(lhs);
}

/** The operator of a binary expression with `bool` and how its sides match. */
export function formatOperator({ op, returnBool, matching }: Binary): string {
  let out: string = op;
  if (returnBool) out += ' bool';
  if (matching === undefined) return out;
  const isGrouped = matching.card === 'many-to-one' || matching.card === 'one-to-many';
  if (matching.on || matching.labels.length > 0 || isGrouped) {
    out += ` ${matching.on ? 'on' : 'ignoring'} ${formatLabelNames(matching.labels)}`;
  }
  if (isGrouped) {
    out += ` ${matching.card === 'many-to-one' ? 'group_left' : 'group_right'} ${formatLabelNames(matching.include)}`;
  }
  return out + formatFill(matching.fillLeft, matching.fillRight);
}

function formatFill(left: number | undefined, right: number | undefined): string {
  if (left !== undefined && left === right) return ` fill (${formatNumber(left)})`;
  let out = '';
  if (left !== undefined) out += ` fill_left (${formatNumber(left)})`;
  if (right !== undefined) out += ` fill_right (${formatNumber(right)})`;
  return out;
}

function formatLabelNames(names: readonly string[]): string {
  return `(${names.map(formatLabelName).join(', ')})`;
}

function formatLabelName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quoteText(name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** Writes a string as Go's `strconv.Quote`: what cannot be printed is escaped, bytes that are not UTF-8 as `\xff`. */
export function quoteText(text: string): string {
  let out = '"';
  for (const char of text) out += ESCAPES[char] ?? (isPrintable(char) ? char : escapeChar(char));
  return `${out}"`;
}

function isPrintable(char: string): boolean {
  return char === ' ' || !/[\p{C}\p{Z}]/u.test(char);
}

function escapeChar(char: string): string {
  const code = char.codePointAt(0) as number;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
