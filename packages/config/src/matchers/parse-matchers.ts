import { type Labels, type Matcher, type MatchOp, quote } from '@tillwatch/model';
import { parseClassicMatchers } from './classic-matchers.ts';
import { MatcherError } from './matcher-error.ts';
import { parseUtf8Matchers } from './utf8-matchers.ts';

/** Which notation matchers are read in; the default is Alertmanager's. */
export type MatcherMode = 'utf8' | 'classic' | 'fallback';

/**
 * Reads a list of matchers, with or without braces: `{team="shop", severity=~"page|warn"}`. The default mode is Alertmanager's:
 * the UTF-8 notation first, the classic one when that fails; where both succeed with different results the classic one
 * is taken, so that old files keep their meaning. An empty text is an empty list.
 * @throws {MatcherError}
 */
export function parseMatchers(text: string, mode: MatcherMode = 'fallback'): Matcher[] {
  if (mode === 'classic') return parseClassicMatchers(text);
  if (mode === 'utf8') return parseUtf8Matchers(text);
  const classic = attempt(() => parseClassicMatchers(text));
  if (!(classic instanceof MatcherError)) return classic;
  const utf8 = attempt(() => parseUtf8Matchers(text));
  if (!(utf8 instanceof MatcherError)) return utf8;
  // The classic message is what Alertmanager says; the other one knows the place better.
  throw new MatcherError(classic.message, utf8.from, utf8.to, { cause: utf8 });
}

/**
 * Reads exactly one matcher.
 * @throws {MatcherError}
 */
export function parseMatcher(text: string, mode: MatcherMode = 'fallback'): Matcher {
  const matchers = parseMatchers(text, mode);
  if (matchers.length === 0) throw new MatcherError('no matchers', 0, text.length);
  if (matchers.length > 1) throw new MatcherError(`expected 1 matcher, found ${matchers.length}`, 0, text.length);
  return matchers[0]!;
}

function attempt(parse: () => Matcher[]): Matcher[] | MatcherError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MatcherError) return error;
    throw error;
  }
}

const BARE_NAME = /^[^\s{}!=~,\\"'`]+$/;

/** Writes a matcher as Alertmanager prints it: `name="value"`, the name in quotes when the notation needs them. */
export function formatMatcher(matcher: Matcher): string {
  const name = BARE_NAME.test(matcher.name) ? matcher.name : quote(matcher.name);
  return `${name}${matcher.op}"${matcher.value.replace(/[\\"\n]/g, escapeChar)}"`;
}

function escapeChar(char: string): string {
  return char === '\n' ? '\\n' : `\\${char}`;
}

/** The wire form of a matcher in Alertmanager's API. */
export interface MatcherJson {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export function matcherToJson({ name, op, value }: Matcher): MatcherJson {
  return { name, value, isRegex: op === '=~' || op === '!~', isEqual: op === '=' || op === '=~' };
}

/** The operator of a matcher in wire form; `isEqual` may be left out and then is true. */
export function opOfJson(json: { readonly isRegex: boolean; readonly isEqual?: boolean | undefined }): MatchOp {
  if (json.isEqual ?? true) return json.isRegex ? '=~' : '=';
  return json.isRegex ? '!~' : '!=';
}

/** Do all matchers match? An empty list matches everything. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matchesLabels(labels));
}
