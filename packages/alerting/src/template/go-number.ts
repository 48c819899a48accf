/** Numbers as Go writes them (`strconv.FormatFloat`): JavaScript rounds ties up and switches to exponents elsewhere. */

/** Decimal digits without a point, and where the point goes: 0.d1d2d3… × 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/**
 * Formats a float with a Go verb: `e`, `f`, `g` or upper case. `precision` -1 takes the fewest digits that read back as the
 * same number.
 */
export function formatFloat(value: number, verb: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return `${sign === '' ? '+' : '-'}Inf`;
  const text = formatFinite(size, verb.toLowerCase(), precision);
  return sign + (verb === verb.toLowerCase() ? text : text.toUpperCase());
}

function formatFinite(value: number, verb: string, precision: number): string {
  const shortest = precision < 0;
  switch (verb) {
    case 'e':
      return exponential(shortest ? shortestDigits(value) : rounded(value, precision + 1), shortest ? -1 : precision);
    case 'f':
      return fixed(shortest ? shortestDigits(value) : roundedAt(value, precision), shortest ? -1 : precision);
    default:
      return general(value, precision, shortest);
  }
}

function general(value: number, precision: number, shortest: boolean): string {
  const wanted = precision === 0 ? 1 : precision;
  const decimal = shortest ? shortestDigits(value) : rounded(value, wanted);
  const digits = decimal.digits.replace(/0+$/, '');
  const trimmed = { digits, point: digits === '' ? 1 : decimal.point };
  // Go switches to an exponent from 21 digits on only in JSON; here six digits decide when the shortest form was asked for.
  let limit = shortest ? 6 : wanted;
  if (!shortest && limit > digits.length && digits.length >= trimmed.point) limit = digits.length;
  const exponent = trimmed.point - 1;
  if (exponent < -4 || exponent >= limit) return exponential(trimmed, Math.max(digits.length - 1, 0));
  return fixed(trimmed, Math.max(digits.length - trimmed.point, 0));
}

function exponential({ digits, point }: Decimal, precision: number): string {
  const fraction = precision < 0 ? digits.slice(1) : digits.slice(1).padEnd(precision, '0');
  const exponent = /^0*$/.test(digits) ? 0 : point - 1;
  const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return `${digits[0] ?? '0'}${fraction === '' ? '' : `.${fraction}`}e${power}`;
}

function fixed({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const rest = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  const fraction = precision < 0 ? rest : rest.slice(0, precision).padEnd(precision, '0');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function shortestDigits(value: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 };
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

function exactDigits(value: number): Decimal {
  if (value >= 1e21) {
    const digits = BigInt(value).toString();
    return { digits, point: digits.length };
  }
  const [mantissa = '', exponent = '0'] = value.toExponential(100).split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/** The value with `count` significant digits. */
function rounded(value: number, count: number): Decimal {
  if (value === 0) return { digits: '0'.repeat(Math.max(count, 1)), point: 1 };
  return cut(exactDigits(value), count);
}

/** The value with `places` digits behind the point. */
function roundedAt(value: number, places: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 };
  const exact = exactDigits(value);
  return cut(exact, exact.point + places);
}

/** Rounds half to even, on the exact decimal value, as Go does. */
function cut({ digits, point }: Decimal, count: number): Decimal {
  if (count < 0) return { digits: '', point };
  if (count >= digits.length) return { digits: digits.padEnd(count, '0'), point };
  const kept = digits.slice(0, count);
  const rest = digits.slice(count);
  const isTie = /^50*$/.test(rest);
  const up = isTie ? Number(kept.at(-1) ?? '0') % 2 === 1 : rest >= '5';
  if (!up) return { digits: kept, point };
  const next = (BigInt(kept === '' ? '0' : kept) + 1n).toString();
  const grown = next.padStart(count, '0');
  return grown.length > count
    ? { digits: count === 0 ? grown : grown.slice(0, Math.max(count, 1)), point: point + 1 }
    : { digits: grown, point };
}

/** A number in text that Go's `strconv.ParseFloat` accepts, `undefined` for anything else. */
export function parseFloatText(text: string): number | undefined {
  if (/^[+-]?(\d+(_?\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
  if (/^[+-]?0[xX][\da-fA-F]+$/.test(text)) {
    return text.startsWith('-') ? -Number(text.slice(1)) : Number(text.replace('+', ''));
  }
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(text) ? Number.NaN : undefined;
}
