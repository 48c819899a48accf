import { RE2JS } from 're2js';
import type { Labels } from './labels.ts';
import { quote } from './labels.ts';

/** How a matcher compares: equal, not equal, regular expression matches, does not match. */
export type MatchOp = '=' | '!=' | '=~' | '!~';

/**
 * One condition on one label. Regular expressions have RE2 syntax and meaning, run in linear time, are anchored at both
 * ends, and `.` matches a newline too (Prometheus 3.x). An absent label counts as ''.
 */
export class Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
  readonly #test: (value: string) => boolean;

  /** @throws {RegexError} when `op` takes a regular expression and `value` is none. */
  constructor(name: string, op: MatchOp, value: string) {
    this.name = name;
    this.op = op;
    this.value = value;
    this.#test = compile(op, value);
  }

  matches(value: string): boolean {
    return this.#test(value);
  }

  matchesLabels(labels: Labels): boolean {
    return this.#test(labels.get(this.name));
  }

  toString(): string {
    return `${this.name}${this.op}${quote(this.value)}`;
  }
}

/** A text that was meant as a regular expression and is none in RE2's syntax. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

/**
 * Compiles a regular expression with RE2 meaning, anchored at both ends, `.` matching newlines.
 * @throws {RegexError}
 */
export function compileAnchoredRegex(pattern: string): RE2JS {
  try {
    const anchored = RE2JS.compile(`^(?s:${pattern})$`);
    // Alone too: `a)|(b` is no expression, although it would become one inside the anchors.
    RE2JS.compile(pattern);
    return anchored;
  } catch (cause) {
    throw new RegexError(`invalid regular expression ${quote(pattern)}: ${(cause as Error).message}`, { cause });
  }
}

const LITERAL_ALTERNATIVES = /^[\w\-/: %@,;<>=!"'#&~`]*(\|[\w\-/: %@,;<>=!"'#&~`]*)*$/;

function compile(op: MatchOp, value: string): (value: string) => boolean {
  switch (op) {
    case '=':
      return (candidate) => candidate === value;
    case '!=':
      return (candidate) => candidate !== value;
    case '=~':
      return compileRegexTest(value);
    case '!~': {
      const test = compileRegexTest(value);
      return (candidate) => !test(candidate);
    }
  }
}

/** The shapes that dashboards use all day (`.*`, `.+`, `a|b|c`) need no regular expression engine. */
function compileRegexTest(pattern: string): (value: string) => boolean {
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (candidate) => candidate !== '';
  if (LITERAL_ALTERNATIVES.test(pattern)) {
    const alternatives = new Set(pattern.split('|'));
    return (candidate) => alternatives.has(candidate);
  }
  const regex = compileAnchoredRegex(pattern);
  return (candidate) => regex.matches(candidate);
}
