import { parseDuration } from '@tillwatch/model';

/** A literal that cannot be read: `message` in Prometheus's words. */
export class LiteralError extends Error {
  override readonly name = 'LiteralError';
}

const DURATION = /^(?:\d+(?:ms|[smhdwy]))+$/;
const HEX_INTEGER = /^0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*$/;
const OCTAL_INTEGER = /^0_?[0-7]+(?:_[0-7]+)*$/;
const UNDERSCORED_INTEGER = /^[1-9]\d*(?:_\d+)+$/;
const DECIMAL = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads a number or duration literal without sign. Durations become seconds. Integers follow Go: `0x1f` is hexadecimal,
 * `0755` octal, `1_000` one thousand (an underscore in a fraction is none).
 * @throws {LiteralError}
 */
export function readNumber(text: string): { value: number; isDuration: boolean } {
  if (DURATION.test(text)) return { value: readDurationSeconds(text), isDuration: true };
  return { value: readPlainNumber(text), isDuration: false };
}

function readDurationSeconds(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms / 1000;
  throw new LiteralError(
    isOrdered(text) ? 'duration out of range' : `not a valid duration string: ${JSON.stringify(text)}`,
  );
}

const UNIT_ORDER = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];

function isOrdered(text: string): boolean {
  const units = text.match(/[a-z]+/g) ?? [];
  return units.every((unit, i) => i === 0 || UNIT_ORDER.indexOf(unit) > UNIT_ORDER.indexOf(units[i - 1] as string));
}

function readPlainNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'inf') return Number.POSITIVE_INFINITY;
  if (lower === 'nan') return Number.NaN;
  if (HEX_INTEGER.test(text) || UNDERSCORED_INTEGER.test(text)) return Number(text.replaceAll('_', ''));
  if (OCTAL_INTEGER.test(text)) return Number.parseInt(text.replaceAll('_', ''), 8);
  if (!DECIMAL.test(text)) throw new LiteralError(numberProblem(text, 'invalid syntax'));
  const value = Number(text);
  if (!Number.isFinite(value)) throw new LiteralError(numberProblem(text, 'value out of range'));
  return value;
}

function numberProblem(text: string, why: string): string {
  return `error parsing number: strconv.ParseFloat: parsing "${text}": ${why}`;
}

/**
 * Unquotes a string literal as Go does: double and single quotes with escapes, backticks raw.
 * @throws {LiteralError}
 */
export function unquote(literal: string): string {
  const mark = literal[0] as string;
  const inside = literal.slice(1, -1);
  if (mark === '`') return inside;
  if (inside.includes('\n')) throw new LiteralError('unterminated quoted string');
  if (!inside.includes('\\')) return inside;
  return new Unquoter(inside, mark).run();
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** Walks over the text between the quotes. Byte escapes are gathered, since several may make up one character. */
class Unquoter {
  readonly #text: string;
  readonly #mark: string;
  #pos = 0;
  #out = '';
  #bytes: number[] = [];

  constructor(text: string, mark: string) {
    this.#text = text;
    this.#mark = mark;
  }

  run(): string {
    while (this.#pos < this.#text.length) {
      const char = this.#text[this.#pos++] as string;
      if (char === '\\') this.#escape();
      else this.#push(char);
    }
    this.#flush();
    return this.#out;
  }

  #escape(): void {
    const char = this.#text[this.#pos++];
    if (char === undefined) throw new LiteralError('escape sequence not terminated');
    const simple = char === this.#mark ? char : SIMPLE_ESCAPES[char];
    if (simple !== undefined) this.#push(simple);
    else if (char === 'x') this.#byte(this.#digits(2, 16));
    else if (char >= '0' && char <= '7') {
      this.#pos--;
      this.#byte(this.#digits(3, 8));
    } else if (char === 'u' || char === 'U') this.#codePoint(this.#digits(char === 'u' ? 4 : 8, 16));
    else throw new LiteralError(`unknown escape sequence ${describeChar(char)}`);
  }

  #digits(count: number, base: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const char = this.#text[this.#pos++];
      if (char === undefined) throw new LiteralError('escape sequence not terminated');
      const digit = Number.parseInt(char, base);
      if (Number.isNaN(digit)) throw new LiteralError(`illegal character ${describeChar(char)} in escape sequence`);
      value = value * base + digit;
    }
    return value;
  }

  #byte(value: number): void {
    if (value > 255) throw new LiteralError('escape sequence is an invalid Unicode code point');
    this.#bytes.push(value);
  }

  #codePoint(value: number): void {
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
      throw new LiteralError('escape sequence is an invalid Unicode code point');
    }
    this.#push(String.fromCodePoint(value));
  }

  #push(text: string): void {
    this.#flush();
    this.#out += text;
  }

  #flush(): void {
    if (this.#bytes.length === 0) return;
    this.#out += decodeBytes(this.#bytes);
    this.#bytes = [];
  }
}

function describeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${char}'`;
}

/** UTF-8 to text; a byte that is not part of a character becomes the lone surrogate U+DC00 + byte. */
function decodeBytes(bytes: readonly number[]): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) out += String.fromCharCode(0xdc00 + (bytes[i++] as number));
    else {
      out += decodeCharacter(bytes.slice(i, i + length));
      i += length;
    }
  }
  return out;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeCharacter(bytes: readonly number[]): string {
  return decoder.decode(Uint8Array.from(bytes));
}

function sequenceLength(bytes: readonly number[], at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    decodeCharacter(bytes.slice(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
