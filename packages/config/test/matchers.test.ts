import { Labels, Matcher, type MatchOp } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatMatcher,
  MatcherError,
  type MatcherMode,
  matcherToJson,
  matchesAll,
  opOfJson,
  parseMatcher,
  parseMatchers,
} from '../src/index.ts';

const show = (matchers: readonly Matcher[]) => matchers.map(({ name, op, value }) => `${name} ${op} ${value}`);

describe('reading', () => {
  test.for<readonly [mode: MatcherMode, text: string, expected: readonly string[] | string]>([
    ['fallback', '', []],
    ['fallback', '{}', []],
    ['fallback', 'team="shop", severity=~"page|warn",', ['team = shop', 'severity =~ page|warn']],
    ['fallback', '"any name"!=x', ['any name != x']],
    ['fallback', 'a=b c', ['a = b c']],
    ['utf8', 'a=b c', '4:5: unexpected c: expected a comma'],
    ['utf8', 'a', "0:1: end of input: expected an operator such as '=', '!=', '=~' or '!~'"],
    ['utf8', '{a}', "2:3: unexpected }: expected an operator such as '=', '!=', '=~' or '!~'"],
    ['utf8', 'a=', '0:2: end of input: expected label value'],
    ['utf8', '{a=b}}', '5:6: unexpected }: expected end of input'],
    ['utf8', '{a=b,,}', '5:6: unexpected ,: expected label name'],
    ['utf8', 'é="x', '2:4: "x: missing end "'],
    ['utf8', 'a="\\x41\\102\\u0043\\U0001F600"', ['a = ABC😀']],
    ['utf8', 'a="\\q"', '2:6: "\\q": invalid input'],
    ['utf8', 'a="\\ud800"', '2:10: "\\ud800": invalid input'],
    ['utf8', 'a="\\777"', '2:8: "\\777": invalid input'],
    ['classic', 'a=\\q,b="\\"\\\\\\n"', ['a = \\q', 'b = "\\\n']],
    ['classic', 'a="b,c",d=e', ['a = b,c', 'd = e']],
    ['classic', 'a=b"', 'matcher value contains unescaped double quote: b"'],
    ['classic', '1a=b', 'bad matcher format: 1a=b'],
  ])('%s: %s', ([mode, text, expected]) => {
    let got: readonly string[] | string;
    try {
      got = show(parseMatchers(text, mode));
    } catch (error) {
      expect(error).toBeInstanceOf(MatcherError);
      got = (error as MatcherError).message;
    }
    expect(got).toEqual(expected);
  });

  test('an error knows its place in the text', () => {
    try {
      parseMatchers('good="yes", bad="no');
      expect.unreachable();
    } catch (error) {
      const { from, to } = error as MatcherError;
      expect('good="yes", bad="no'.slice(from, to)).toBe('"no');
    }
  });

  test('exactly one matcher is asked for', () => {
    expect(() => parseMatcher('{a=b,c=d}')).toThrow('expected 1 matcher, found 2');
    expect(() => parseMatcher('')).toThrow('no matchers');
  });
});

const op = fc.constantFrom<MatchOp>('=', '!=');

test('a printed matcher reads back to itself, in every notation', () => {
  const classicName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
  fc.assert(
    fc.property(classicName, op, fc.string({ unit: 'grapheme' }), (name, operator, value) => {
      const printed = formatMatcher(new Matcher(name, operator, value));
      for (const mode of ['utf8', 'classic', 'fallback'] as const) {
        expect(show([parseMatcher(`{${printed}}`, mode)])).toEqual([`${name} ${operator} ${value}`]);
      }
    }),
  );
});

test('any name that is not empty reads back in the UTF-8 notation', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), op, (name, operator) => {
      const printed = formatMatcher(new Matcher(name, operator, 'x'));
      expect(parseMatcher(printed, 'utf8').name).toBe(name);
    }),
  );
});

test('wire form', () => {
  for (const operator of ['=', '!=', '=~', '!~'] as const) {
    expect(opOfJson(matcherToJson(new Matcher('a', operator, 'b')))).toBe(operator);
  }
  expect(opOfJson({ isRegex: true })).toBe('=~');
});

test('a list of matchers matches when all do', () => {
  const labels = Labels.of({ team: 'shop', severity: 'page' });
  expect(matchesAll(parseMatchers('team=shop,severity!=warn'), labels)).toBe(true);
  expect(matchesAll(parseMatchers('team=shop,severity=warn'), labels)).toBe(false);
  expect(matchesAll([], labels)).toBe(true);
});
