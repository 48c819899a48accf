import { Matcher, type MatchOp, RegexError } from '@tillwatch/model';
import { unquoteGo } from './go-string.ts';
import { MatcherError } from './matcher-error.ts';

/**
 * Reads matchers in the notation of Alertmanager 0.27 and newer: `{name="value", "any name"=~regex}`, braces optional. Names
 * and values without quotes may hold anything but white space and the characters of the notation; in quotes they are Go
 * strings. Messages carry the columns (code points, from 0) of what they speak about.
 * @throws {MatcherError}
 */
export function parseUtf8Matchers(text: string): Matcher[] {
  return new Utf8Parser(text).matchers();
}

type TokenKind = '{' | '}' | ',' | 'operator' | 'quoted' | 'unquoted' | 'end';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const OPERATOR_EXPECTED = "expected an operator such as '=', '!=', '=~' or '!~'";
const UNQUOTED = /[^\s{}!=~,\\"'`]+/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/sy;

class Utf8Parser {
  readonly #text: string;
  #at = 0;
  #token: Token;

  constructor(text: string) {
    this.#text = text;
    this.#token = { kind: 'end', text: '', from: 0, to: 0 };
  }

  matchers(): Matcher[] {
    const matchers: Matcher[] = [];
    this.#advance('');
    const isBraced = this.#kind() === '{';
    if (isBraced) this.#advance('expected label name or close brace');
    while (this.#kind() !== '}' && this.#kind() !== 'end') {
      matchers.push(this.#matcher());
      if (this.#kind() === ',') this.#advance('expected label name');
      else if (this.#kind() !== '}' && this.#kind() !== 'end') {
        throw this.#unexpected(isBraced ? 'expected a comma or close brace' : 'expected a comma');
      }
    }
    if (this.#kind() === '}') {
      if (!isBraced) throw this.#fail(0, this.#text.length, '}: expected opening brace');
      this.#advance('expected end of input');
      if (this.#kind() !== 'end') throw this.#unexpected('expected end of input');
    } else if (isBraced) {
      throw this.#fail(0, this.#text.length, 'end of input: expected close brace');
    }
    return matchers;
  }

  #matcher(): Matcher {
    const name = this.#word('expected label name');
    const from = this.#token.from;
    this.#advance(OPERATOR_EXPECTED);
    if (this.#kind() !== 'operator') throw this.#unexpected(OPERATOR_EXPECTED);
    const op = this.#token.text as MatchOp;
    this.#advance('expected label value');
    const value = this.#word('expected label value');
    const to = this.#token.to;
    this.#advance('expected a comma or close brace');
    try {
      return new Matcher(name, op, value);
    } catch (cause) {
      if (!(cause instanceof RegexError)) throw cause;
      throw new MatcherError(cause.message, from, to, { cause });
    }
  }

  /** The kind of the current token; a call, since the compiler would take a field for unchanged. */
  #kind(): TokenKind {
    return this.#token.kind;
  }

  #word(expected: string): string {
    const { kind, text, from, to } = this.#token;
    if (kind === 'unquoted') return text;
    if (kind !== 'quoted') throw this.#unexpected(expected);
    const value = unquoteGo(text);
    if (value === undefined) throw this.#fail(from, to, `${text}: invalid input`);
    return value;
  }

  /** Reads the next token; `expected` words the error when the text goes on with something that is no token. */
  #advance(expected: string): void {
    const text = this.#text;
    while (/\s/.test(text[this.#at] ?? '')) this.#at++;
    const from = this.#at;
    const char = text[from];
    if (char === undefined) this.#take('end', from);
    else if (char === '{' || char === '}' || char === ',') this.#take(char, from + 1);
    else if (char === '=') this.#take('operator', text[from + 1] === '~' ? from + 2 : from + 1);
    else if (char === '!') {
      if (text[from + 1] !== '=' && text[from + 1] !== '~') {
        throw this.#fail(from, from + 1, "!: expected one of '=~' after it");
      }
      this.#take('operator', from + 2);
    } else if (char === '"') {
      const end = matchEnd(QUOTED, text, from);
      if (end === undefined) throw this.#fail(from, text.length, `${text.slice(from)}: missing end "`);
      this.#take('quoted', end);
    } else {
      const end = matchEnd(UNQUOTED, text, from);
      if (end === undefined) {
        const suffix = expected === '' ? '' : `: ${expected}`;
        throw this.#fail(from, from + 1, `${char}: invalid input${suffix}`);
      }
      this.#take('unquoted', end);
    }
  }

  #take(kind: TokenKind, to: number): void {
    this.#token = { kind, text: this.#text.slice(this.#at, to), from: this.#at, to };
    this.#at = to;
  }

  #unexpected(expected: string): MatcherError {
    const { kind, text, from, to } = this.#token;
    if (kind === 'end') return this.#fail(0, this.#text.length, `end of input: ${expected}`);
    return this.#fail(from, to, `unexpected ${text}: ${expected}`);
  }

  #fail(from: number, to: number, message: string): MatcherError {
    const column = (offset: number) => [...this.#text.slice(0, offset)].length;
    return new MatcherError(`${column(from)}:${column(to)}: ${message}`, from, to);
  }
}

function matchEnd(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
