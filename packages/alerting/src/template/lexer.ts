import type { SourceText } from '@tillwatch/model';
import { TemplateError } from './template-error.ts';

/** What a token is. `char` is any single character that has no meaning of its own. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'word'
  | 'field'
  | 'variable'
  | 'string'
  | 'character'
  | 'number'
  | 'dot'
  | 'pipe'
  | 'open'
  | 'close'
  | 'declare'
  | 'assign'
  | 'char'
  | 'end';

/** One token: its text as written and where it stands. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  /** Does white space separate it from the token before? Fields chain only without. */
  readonly spaced: boolean;
}

const SPACE = ' \t\r\n';
const SPACES_AT_END = /[ \t\r\n]+$/;
const WORD = /[\p{L}\p{Nd}_]/u;
const NUMBER = /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;

/** Cuts a template into tokens; trim markers have done their work and comments are gone. @throws {TemplateError} */
export function tokenize(source: SourceText): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: SourceText;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #spaced = false;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): Token[] {
    let trimNext = false;
    for (;;) {
      const open = this.#text.indexOf('{{', this.#at);
      const trimsBefore = open !== -1 && this.#text[open + 2] === '-' && SPACE.includes(this.#text[open + 3] ?? 'x');
      this.#literal(open === -1 ? this.#text.length : open, trimNext, trimsBefore);
      if (open === -1) break;
      this.#at = open + (trimsBefore ? 4 : 2);
      const comment = this.#text.indexOf('/*', open);
      const isComment = comment !== -1 && this.#text.slice(open + (trimsBefore ? 3 : 2), comment).trim() === '';
      const hugs = isComment && (trimsBefore || comment === open + 2);
      trimNext = hugs ? this.#comment(open, comment) : this.#action(open);
    }
    this.#push('end', '', this.#text.length);
    return this.#tokens;
  }

  #literal(to: number, trimStart: boolean, trimEnd: boolean): void {
    let from = this.#at;
    if (trimStart) while (from < to && SPACE.includes(this.#text[from] ?? '')) from++;
    const text = this.#text.slice(from, to);
    const kept = trimEnd ? text.replace(SPACES_AT_END, '') : text;
    if (kept !== '') this.#push('text', kept, from);
  }

  #comment(open: number, from: number): boolean {
    const close = this.#text.indexOf('*/', from + 2);
    if (close === -1) throw this.#error('unclosed comment', open, open + 2);
    const match = /^(\s+-)?\}\}/.exec(this.#text.slice(close + 2));
    if (match === null) throw this.#error('comment ends before closing delimiter', close, close + 2);
    this.#at = close + 2 + match[0].length;
    return match[1] !== undefined;
  }

  /** Reads one action; returns whether its end trims what follows. */
  #action(open: number): boolean {
    this.#push('left', '{{', open);
    let parens = 0;
    for (;;) {
      this.#spaced = this.#skipSpace();
      const from = this.#at;
      const trims = this.#spaced && this.#text.startsWith('-}}', from);
      if (trims || this.#text.startsWith('}}', from)) {
        if (parens > 0) throw this.#error('unclosed left paren', from, from + 2);
        this.#at = from + (trims ? 3 : 2);
        this.#push('right', '}}', from);
        return trims;
      }
      if (from >= this.#text.length) throw this.#error('unclosed action', open, open + 2);
      const kind = this.#token();
      if (kind === 'open') parens++;
      if (kind === 'close' && --parens < 0) throw this.#error('unexpected right paren', from, from + 1);
      this.#push(kind, this.#text.slice(from, this.#at), from);
    }
  }

  #skipSpace(): boolean {
    const from = this.#at;
    while (this.#at < this.#text.length && SPACE.includes(this.#text[this.#at] ?? '')) this.#at++;
    return this.#at > from;
  }

  #token(): TokenKind {
    const from = this.#at;
    const char = String.fromCodePoint(this.#text.codePointAt(from) ?? 0);
    const next = this.#text[from + 1] ?? '';
    if (char === '"') return this.#quoted('"', 'string', 'unterminated quoted string');
    if (char === "'") return this.#quoted("'", 'character', 'unterminated character constant');
    if (char === '`') return this.#raw();
    if (/[\d+-]/.test(char) || (char === '.' && /\d/.test(next))) return this.#number();
    if (char === '.' || char === '$') {
      this.#at++;
      const length = this.#word();
      if (char === '$') return 'variable';
      return length === 0 ? 'dot' : 'field';
    }
    if (WORD.test(char)) {
      this.#word();
      return 'word';
    }
    if (char === ':') {
      if (next !== '=') throw this.#error('expected :=', from, from + 1);
      this.#at += 2;
      return 'declare';
    }
    this.#at += char.length;
    if (char === '(') return 'open';
    if (char === ')') return 'close';
    if (char === '|') return 'pipe';
    if (char === '=') return 'assign';
    if (/[!-~]/.test(char)) return 'char';
    throw this.#error(`unrecognized character in action: ${unicodeName(char)}`, from, this.#at);
  }

  #word(): number {
    const from = this.#at;
    for (;;) {
      const code = this.#text.codePointAt(this.#at);
      if (code === undefined) break;
      const char = String.fromCodePoint(code);
      if (!WORD.test(char)) break;
      this.#at += char.length;
    }
    return this.#at - from;
  }

  #quoted(quote: string, kind: TokenKind, unterminated: string): TokenKind {
    const from = this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      // A backslash at the very end skipped what is not there.
      if (char === undefined) throw this.#error(unterminated, from, this.#text.length);
      if (char === '\n') throw this.#error(unterminated, from, this.#at);
      this.#at += char === '\\' ? 2 : 1;
      if (char === quote) return kind;
    }
  }

  #raw(): TokenKind {
    const close = this.#text.indexOf('`', this.#at + 1);
    if (close === -1) throw this.#error('unterminated raw quoted string', this.#at, this.#at + 1);
    this.#at = close + 1;
    return 'string';
  }

  #number(): TokenKind {
    const from = this.#at;
    NUMBER.lastIndex = from;
    const match = NUMBER.exec(this.#text);
    this.#at = from + (match?.[0].length ?? 1);
    if (match === null || this.#word() > 0) {
      throw this.#error(`bad number syntax: "${this.#text.slice(from, this.#at)}"`, from, this.#at);
    }
    return 'number';
  }

  #push(kind: TokenKind, text: string, from: number): void {
    this.#tokens.push({ kind, text, from, spaced: this.#spaced });
  }

  #error(message: string, from: number, to: number): TemplateError {
    return new TemplateError('parse', this.#source, from, to, message);
  }
}

function unicodeName(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char) ? `U+${code} '${char}'` : `U+${code}`;
}
