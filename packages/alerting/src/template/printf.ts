import { formatFloat } from './go-number.ts';
import { HostObject, integerOf, mapEntries, printValue, sliceItems, textOf, typeName, type Value } from './value.ts';

interface Directive {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly verb: string;
}

const DIRECTIVE = /%(?:\[(\d+)\])?([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(?:\[(\d+)\])?([\s\S]|$)/gu;

/** How wide or precise a single directive may ask to be. */
const MAX_WIDTH = 1000;

/** Go's `fmt.Sprintf` for the verbs and flags that make sense for template values; wrong uses print `%!d(string=x)` as there. */
export function sprintf(format: string, args: readonly Value[]): string {
  let next = 0;
  let reordered = false;
  const takeStar = (): number => Number(integerOf(args[next++]) ?? 0n);
  const out = format.replace(DIRECTIVE, (all, before, flags, width, precision, after, verb) => {
    if (verb === '%') return '%';
    if (verb === '') return '%!(NOVERB)';
    const index = before ?? after;
    if (index !== undefined) {
      next = Number(index) - 1;
      reordered = true;
    }
    const wide = width === '*' ? takeStar() : width === undefined ? undefined : Number(width);
    const exact =
      precision === '*'
        ? takeStar()
        : precision === undefined
          ? /\.[^\d*]/.test(all)
            ? 0
            : undefined
          : Number(precision);
    if (next >= args.length || next < 0) return `%!${verb}(${index === undefined ? 'MISSING' : 'BADINDEX'})`;
    const directive: Directive = {
      flags: wide !== undefined && wide < 0 ? `${flags}-` : flags,
      width: wide === undefined ? undefined : Math.min(Math.abs(wide), MAX_WIDTH),
      precision: exact === undefined ? undefined : Math.min(exact, MAX_WIDTH),
      verb,
    };
    return format1(directive, args[next++]);
  });
  if (reordered || next >= args.length) return out;
  return `${out}%!(EXTRA ${args
    .slice(next)
    .map((arg) => `${argType(arg)}=${printValue(arg)}`)
    .join(', ')})`;
}

function argType(value: Value): string {
  return value === null || value === undefined ? '<nil>' : typeName(value);
}

function format1(directive: Directive, value: Value): string {
  const { verb } = directive;
  if (verb === 'T') return pad(argType(value), directive);
  if (verb === 'v' || verb === 's' || verb === 'q' || verb === 'x' || verb === 'X') {
    const items = verb === 'v' || isText(value) ? undefined : sliceItems(value);
    if (items !== undefined) return `[${items.map((item) => format1(directive, item)).join(' ')}]`;
  }
  switch (verb) {
    case 'v':
      return formatDefault(directive, value);
    case 't':
      return typeof value === 'boolean' ? pad(String(value), directive) : wrong(verb, value);
    case 's':
    case 'q':
      return formatText(directive, value);
    case 'x':
    case 'X':
      if (isText(value)) return pad(hexText(printValue(value), verb), directive);
      return typeof value === 'number' ? wrong(verb, value) : formatInteger(directive, value);
    case 'd':
    case 'b':
    case 'o':
    case 'c':
    case 'U':
      return formatInteger(directive, value);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return typeof value === 'number'
        ? formatNumber(directive, value, verb === 'F' ? 'f' : verb, verb.toLowerCase() === 'g' ? -1 : 6)
        : wrong(verb, value);
    default:
      return wrong(verb, value);
  }
}

function isText(value: Value): boolean {
  return textOf(value) !== undefined || (value instanceof HostObject && value.parts.text !== undefined);
}

function wrong(verb: string, value: Value): string {
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${printValue(value)})`;
}

function formatDefault(directive: Directive, value: Value): string {
  if (typeof value === 'number') return formatNumber(directive, value, 'g', -1);
  if (typeof value === 'bigint') return formatInteger({ ...directive, verb: 'd' }, value);
  if (directive.flags.includes('#') && typeof value === 'string') return pad(quoteGo(value), directive);
  return pad(printValue(value), directive);
}

function formatText(directive: Directive, value: Value): string {
  const { verb, precision } = directive;
  if (!isText(value)) {
    if (verb === 'q' && typeof value === 'bigint') return pad(`'${String.fromCodePoint(Number(value))}'`, directive);
    const entries = mapEntries(value);
    if (entries === undefined) return wrong(verb, value);
    return `map[${entries.map(([key, inner]) => `${format1(directive, key)}:${format1(directive, inner)}`).join(' ')}]`;
  }
  const whole = printValue(value);
  const text = precision === undefined ? whole : [...whole].slice(0, precision).join('');
  return pad(verb === 'q' ? quoteGo(text, directive.flags.includes('+')) : text, directive);
}

function hexText(text: string, verb: string): string {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  return verb === 'X' ? hex.toUpperCase() : hex;
}

function formatInteger(directive: Directive, value: Value): string {
  const integer = integerOf(value);
  const { verb, flags, precision } = directive;
  if (integer === undefined) return wrong(verb, value);
  if (verb === 'c') return pad(String.fromCodePoint(Number(integer)), directive);
  const size = integer < 0n ? -integer : integer;
  if (verb === 'U') return pad(`U+${size.toString(16).toUpperCase().padStart(4, '0')}`, directive);
  const radix = verb === 'b' ? 2 : verb === 'o' ? 8 : verb === 'd' ? 10 : 16;
  const digits = size.toString(radix).padStart(precision ?? 0, '0');
  const prefix = !flags.includes('#') ? '' : verb === 'o' ? '0' : verb.toLowerCase() === 'x' ? `0${verb}` : '';
  return padNumber(sign(integer < 0n, flags), prefix + (verb === 'X' ? digits.toUpperCase() : digits), {
    ...directive,
    flags: precision === undefined ? flags : flags.replaceAll('0', ''),
  });
}

function formatNumber(directive: Directive, value: number, verb: string, defaultPrecision: number): string {
  const text = formatFloat(value, verb, directive.precision ?? defaultPrecision);
  const negative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '');
  const flags = Number.isFinite(value) ? directive.flags : directive.flags.replaceAll('0', '');
  const plus = text.startsWith('+') ? `${flags}+` : flags;
  return padNumber(sign(negative, plus), digits, { ...directive, flags });
}

function sign(negative: boolean, flags: string): string {
  if (negative) return '-';
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

function padNumber(signText: string, digits: string, directive: Directive): string {
  const { flags, width } = directive;
  if (width !== undefined && flags.includes('0') && !flags.includes('-')) {
    return signText + digits.padStart(width - signText.length, '0');
  }
  return pad(signText + digits, directive);
}

function pad(text: string, { flags, width }: Directive): string {
  const missing = (width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  return flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** Quotes text as Go's `%q`: escapes what cannot be printed, and with `ascii` everything beyond ASCII. */
export function quoteGo(text: string, ascii = false): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const printable = code < 0x80 ? code >= 0x20 && code !== 0x7f : !ascii && /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char);
    if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (printable) out += char;
    else if (code < 0x80) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${out}"`;
}
