import type { Problem, SourceText } from '@tillwatch/model';
import { spanOf } from '@tillwatch/model';
import { AGGREGATE_OPS } from './functions.ts';
import { LiteralError, readNumber, unquote } from './literals.ts';

/** The kinds of token that error messages tell apart. */
type TokenKind =
  | 'identifier'
  | 'number'
  | 'duration'
  | 'string'
  | 'keyword'
  | 'aggregator'
  | 'operator'
  | 'mark'
  | 'end';

/** One token of the text; comments and blanks are none. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts the text into tokens as Prometheus does, for two purposes: literals and characters are judged here, with
 * Prometheus's messages, before the grammar sees the text; and a syntax error found by the grammar can name its token.
 * The text is read up to its first bad token.
 */
export function lex(source: SourceText): { tokens: Token[]; problem: Problem | undefined } {
  const lexer = new Lexer(source.text);
  try {
    lexer.run();
    return { tokens: lexer.tokens, problem: undefined };
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    const problem: Problem = {
      code: 'promql-syntax',
      severity: 'error',
      message: error.message,
      hint: error.hint,
      at: spanOf(source, error.from, error.to),
    };
    return { tokens: lexer.tokens, problem };
  }
}

/** Writes a token as Prometheus's messages do: `identifier "x"`, `<op:+>`, `<by>`, `end of input`. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of input';
    case 'keyword':
      return `<${token.text.toLowerCase()}>`;
    case 'aggregator':
      return `<aggr:${token.text.toLowerCase()}>`;
    case 'operator':
      return `<op:${token.text.toLowerCase()}>`;
    case 'mark':
      return `"${token.text}"`;
    case 'identifier':
      return `${token.text.includes(':') ? 'metric identifier' : 'identifier'} ${JSON.stringify(token.text)}`;
    default:
      return `${token.kind} ${token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text)}`;
  }
}

class LexError extends Error {
  readonly from: number;
  readonly to: number;
  readonly hint: string | undefined;

  constructor(message: string, from: number, to: number, hint?: string) {
    super(message);
    this.from = from;
    this.to = to;
    this.hint = hint;
  }
}

const KEYWORDS = new Set('offset by without on ignoring group_left group_right bool start end inf nan'.split(' '));
const WORD_OPERATORS = new Set(['and', 'or', 'unless', 'atan2']);
const AGGREGATORS: ReadonlySet<string> = new Set(AGGREGATE_OPS);
const DURATION_FUNCTIONS = new Set(['step', 'range', 'min_of', 'max_of']);

const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_WORD = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const NUMBER = /0[xX]_?[0-9a-fA-F_]*|(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y;
/** How far Prometheus reads before it gives up on a duration. */
const BAD_DURATION = /\d+(?:(?:ms|[smhdwy]s?)\d+)*(?:[smhdwy]s?)?/y;
const OPERATOR = /==|!=|>=|<=|<\/|>\/|[-+*/%^<>@]/y;
const MATCH_OPERATOR = /=~|!~|!=|=/y;
const BLANK = /[ \t\n\r]+|#[^\n]*/y;

class Lexer {
  readonly tokens: Token[] = [];
  readonly #text: string;
  #pos = 0;
  #parens = 0;
  #inBraces = false;
  #inBrackets = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    for (;;) {
      while (this.#take(BLANK) !== undefined);
      if (this.#pos >= this.#text.length) break;
      if (this.#inBraces) this.#insideBraces();
      else if (this.#inBrackets) this.#insideBrackets();
      else this.#outside();
    }
    this.#end();
  }

  #end(): void {
    const end = this.#text.length;
    if (this.#inBraces) this.#fail('unexpected end of input inside braces', end, end, 'close the matchers with }');
    if (this.#inBrackets)
      this.#fail('unexpected end of input in duration expression', end, end, 'close the range with ]');
    if (this.#parens > 0) this.#fail('unclosed left parenthesis', end, end, 'there is a ( without its )');
    this.tokens.push({ kind: 'end', text: '', from: end, to: end });
  }

  #outside(): void {
    const char = this.#text[this.#pos] as string;
    if (this.#number() || this.#string(char)) return;
    const word = this.#take(WORD);
    if (word !== undefined) {
      this.#add(wordKind(word), word);
    } else if (char === '(' || char === ')') {
      this.#paren(char);
    } else if (char === '{' || char === '[') {
      this.#inBraces = char === '{';
      this.#inBrackets = char === '[';
      this.#mark(char);
    } else if (char === ',') {
      this.#mark(char);
    } else {
      this.#operator(char);
    }
  }

  #operator(char: string): void {
    const operator = this.#take(OPERATOR);
    if (operator !== undefined) {
      this.#add('operator', operator);
      return;
    }
    const next = this.#text[this.#pos + 1];
    if (char === '=') {
      if (next === '~') this.#fail(`unexpected character after '=': '~'`, this.#pos, this.#pos + 2);
      this.#mark(char);
      return;
    }
    if (char === '!') {
      const what = next === undefined ? 'end of input' : `'${next}'`;
      this.#fail(`unexpected character after '!': ${what}`, this.#pos, this.#pos + 2);
    }
    this.#unexpected(char);
  }

  #insideBraces(): void {
    const char = this.#text[this.#pos] as string;
    if (this.#string(char)) return;
    const word = this.#take(LABEL_WORD);
    if (word !== undefined) {
      this.#add('identifier', word);
      return;
    }
    const operator = this.#take(MATCH_OPERATOR);
    if (operator !== undefined) {
      this.#add('mark', operator);
    } else if (char === ',' || char === '}') {
      this.#inBraces = char === ',';
      this.#mark(char);
    } else {
      this.#fail(
        `unexpected character inside braces: ${quoteChar(this.#charAt())}`,
        this.#pos,
        this.#pos + this.#charAt().length,
      );
    }
  }

  #insideBrackets(): void {
    const char = this.#text[this.#pos] as string;
    if (this.#number()) return;
    const start = this.#pos;
    const word = this.#take(LABEL_WORD);
    if (word !== undefined) {
      if (!DURATION_FUNCTIONS.has(word.toLowerCase())) {
        this.#fail(`unexpected character: ${quoteChar(word[0] as string)}, expected ':'`, start, this.#pos);
      }
      this.#add('keyword', word);
      return;
    }
    if (char === '(' || char === ')') this.#paren(char);
    else if (char === ']') {
      this.#inBrackets = false;
      this.#mark(char);
    } else if (char === ':' || char === ',') this.#mark(char);
    else if ('+-*/%^'.includes(char)) {
      this.#pos++;
      this.#add('operator', char);
    } else this.#unexpected(this.#charAt());
  }

  #number(): boolean {
    const start = this.#pos;
    const duration = this.#take(DURATION);
    if (duration !== undefined && !this.#continues()) {
      this.#judge(duration, start);
      this.#add('duration', duration);
      return true;
    }
    this.#pos = start;
    const number = this.#take(NUMBER);
    if (number === undefined) return false;
    if (!this.#continues() && this.#text[this.#pos] !== '.') {
      this.#judge(number, start);
      this.#add('number', number);
      return true;
    }
    return this.#badNumber(start);
  }

  #badNumber(start: number): never {
    const isDotted = this.#text[this.#pos] === '.';
    if (!isDotted) {
      this.#pos = start;
      this.#take(BAD_DURATION);
    }
    if (/[.a-zA-Z_]/.test(this.#text[this.#pos] ?? '') && !/\d$/.test(this.#text.slice(start, this.#pos))) this.#pos++;
    else if (isDotted) this.#pos++;
    const text = this.#text.slice(start, this.#pos);
    const units = /^(?:\d+[a-z]+)+$/.test(text) ? text.match(/[a-z]+/g) : null;
    const unknown = units?.find((unit) => unit.length > 1 && unit !== 'ms');
    if (unknown?.endsWith('s')) {
      this.#fail(`unknown unit "${unknown}" in duration "${text}"`, start, this.#pos, DURATION_HINT);
    }
    return this.#fail(`bad number or duration syntax: "${text}"`, start, this.#pos, DURATION_HINT);
  }

  #judge(text: string, start: number): void {
    try {
      readNumber(text);
    } catch (error) {
      if (!(error instanceof LiteralError)) throw error;
      this.#fail(error.message, start, this.#pos, /[smhdwy]$/.test(text) ? DURATION_HINT : undefined);
    }
  }

  /** Would the token just read run on into a letter or digit? */
  #continues(): boolean {
    return /[a-zA-Z0-9_]/.test(this.#text[this.#pos] ?? '');
  }

  #string(mark: string): boolean {
    if (mark !== '"' && mark !== "'" && mark !== '`') return false;
    const start = this.#pos;
    const end = this.#text.length;
    let pos = start + 1;
    for (; ; pos++) {
      const char = this.#text[pos];
      if (char === undefined || (char === '\n' && mark !== '`')) {
        if (mark === '`') this.#fail('unterminated raw string', start, end, 'close it with `');
        this.#fail('unterminated quoted string', start, pos, `close it with ${mark}`);
      }
      if (char === mark) break;
      if (char !== '\\' || mark === '`') continue;
      pos++;
      if (pos >= end) this.#fail('escape sequence not terminated', start, end);
    }
    this.#pos = pos + 1;
    const text = this.#text.slice(start, this.#pos);
    try {
      unquote(text);
    } catch (error) {
      if (!(error instanceof LiteralError)) throw error;
      this.#fail(
        error.message,
        start,
        this.#pos,
        'a backslash in a quoted string is written twice, or use `backticks`',
      );
    }
    this.#add('string', text);
    return true;
  }

  #paren(char: '(' | ')'): void {
    this.#parens += char === '(' ? 1 : -1;
    if (this.#parens < 0) this.#fail(`unexpected right parenthesis ')'`, this.#pos, this.#pos + 1);
    this.#mark(char);
  }

  #mark(char: string): void {
    this.#pos++;
    this.#add('mark', char);
  }

  #add(kind: TokenKind, text: string): void {
    this.tokens.push({ kind, text, from: this.#pos - text.length, to: this.#pos });
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#pos;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#pos += match[0].length;
    return match[0];
  }

  #charAt(): string {
    return String.fromCodePoint(this.#text.codePointAt(this.#pos) ?? 0);
  }

  #unexpected(char: string): never {
    return this.#fail(`unexpected character: ${quoteChar(char)}`, this.#pos, this.#pos + char.length);
  }

  #fail(message: string, from: number, to: number, hint?: string): never {
    throw new LexError(message, from, Math.min(to, this.#text.length), hint);
  }
}

const DURATION_HINT = 'a duration is written like 30s, 5m or 1h30m: units y, w, d, h, m, s, ms, from large to small';

function wordKind(word: string): TokenKind {
  const lower = word.toLowerCase();
  if (KEYWORDS.has(lower)) return lower === 'inf' || lower === 'nan' ? 'number' : 'keyword';
  if (WORD_OPERATORS.has(lower)) return 'operator';
  return AGGREGATORS.has(lower) ? 'aggregator' : 'identifier';
}

function quoteChar(char: string): string {
  return char === "'" ? `'\\''` : `'${char}'`;
}
