import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Labels } from '../src/labels.ts';
import { compileAnchoredRegex, Matcher, RegexError } from '../src/matcher.ts';

test.for([
  ['=', 'a', 'a', true],
  ['=', '', '', true],
  ['!=', 'a', 'b', true],
  ['!=', 'a', 'a', false],
  ['=~', 'a.c', 'abc', true],
  ['=~', 'a.c', 'xabcx', false],
  ['=~', 'a.b', 'a\nb', true],
  ['=~', 'a|b', 'b', true],
  ['=~', 'a|b', 'ab', false],
  ['=~', '.*', '', true],
  ['=~', '.+', '', false],
  ['=~', 'a||b', '', true],
  ['=~', '(?i)abc', 'ABC', true],
  ['=~', '', '', true],
  ['=~', '', 'a', false],
  ['=~', '.*', 'a\nb', true],
  ['=~', '.+', '\n', true],
  ['=~', '^a$', 'a', true],
  ['=~', 'a', 'a\n', false],
  ['=~', 'a$', 'a\n', false],
  ['=~', '(?-s:a.b)', 'a\nb', false],
  ['=~', 'a|b.', 'a', true],
  ['=~', 'a|b.', 'ax', false],
  ['=~', 'a|b.', 'xbc', false],
  ['=~', 'a.b', 'a😀b', true],
  ['=~', '\\d+', '42', true],
  ['=~', '[[:alpha:]]+', 'abc', true],
  ['=~', '\\pL', 'é', true],
  ['!~', '', '', false],
  ['!~', '.*', 'a', false],
  ['!~', '.+', '', true],
  ['!~', 'a|b', 'b', false],
  ['!=', '', '', false],
  ['!~', 'a.*', 'b', true],
  ['!~', 'a.*', 'abc', false],
] as const)('%s%s on %s: %s', ([op, pattern, value, matches]) => {
  expect(new Matcher('label', op, pattern).matches(value)).toBe(matches);
});

test('an absent label counts as empty', () => {
  expect(new Matcher('x', '=', '').matchesLabels(Labels.of({ y: '1' }))).toBe(true);
  expect(new Matcher('x', '=~', '.+').matchesLabels(Labels.of({ y: '1' }))).toBe(false);
});

test('shapes with a short cut mean what the regular expression means', () => {
  const word = fc.constantFrom('a', 'b', 'a-b', 'shop', '', 'x y', '/api', 'ab', '"', '#~&', '.*', '.+', 'a\nb');
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, (words, value) => {
      const pattern = words.join('|');
      expect(new Matcher('l', '=~', pattern).matches(value)).toBe(compileAnchoredRegex(pattern).matches(value));
    }),
  );
});

test.for(['(', ')', 'a)|(b', 'a{2,1}', '[z-a]', '(?=a)', '\\1', '*', 'a**', '(?P<n', 'a\\', 'a{1001}'])(
  '%s is no regular expression',
  (pattern) => {
    expect(() => new Matcher('l', '=~', pattern)).toThrow(RegexError);
  },
);

test('an expression that takes others exponential time is matched at once', () => {
  expect(new Matcher('l', '=~', '(a+)+b').matches('a'.repeat(5_000))).toBe(false);
});

test('a matcher prints as PromQL', () => {
  expect(new Matcher('job', '!~', 'a"b').toString()).toBe('job!~"a\\"b"');
});
