import { formatMatcher, MatcherError, parseMatchers } from '@tillwatch/config';
import { Labels, Matcher, RegexError } from '@tillwatch/model';
import { unlessRefused } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

const LABELS = Labels.of({ team: 'shop', severity: 'page', 'utf8 name': 'ü' });

const matchers: Subject = {
  name: 'matchers',
  seeds: [
    '{team="shop", severity=~"page|warn"}',
    'a=b',
    '"utf8 name"!="\\u00fc\\n"',
    'foo!~ba.*,bar="\\"quoted\\""',
    '{a="b",}',
  ],
  words: ['=~', '!~', '!=', '=', ',', '{', '}', '"', '\\x41', '\\377', '\\U0010ffff', '.*', '(a+)+$', '[[:alpha:]]'],
  grammar: {
    start: ['<list>', '{<list>}', '{<list>,}'],
    list: ['<one>', '<one>,<list>', '<one> , <list>'],
    one: ['<name><op><value>', '<name> <op> <value>'],
    name: ['team', '"utf8 name"', 'a:b', '_', 'ü'],
    op: ['=', '!=', '=~', '!~'],
    value: ['shop', '"<text>"', '"<text>"', 'a|b'],
    text: ['', 'x', '\\n', '\\\\', '\\"', 'ü', ' ', ',', '}', '.*', '<text><text>'],
  },
  check(text) {
    let isAccepted = false;
    for (const mode of ['fallback', 'utf8', 'classic'] as const) {
      let parsed: Matcher[] | undefined;
      try {
        parsed = parseMatchers(text, mode);
      } catch (error) {
        if (!(error instanceof MatcherError)) throw error;
        const isInside = error.from >= 0 && error.from <= error.to && error.to <= text.length;
        must(isInside, `a place ${error.from}..${error.to} outside of a text of ${text.length}`);
        continue;
      }
      isAccepted = true;
      for (const matcher of parsed) matcher.matchesLabels(LABELS);
      if (mode !== 'utf8') continue;
      const written = `{${parsed.map(formatMatcher).join(',')}}`;
      mustEqual(parseMatchers(written, 'utf8').map(String), parsed.map(String), `matchers that are written ${written}`);
    }
    return isAccepted;
  },
};

const regexes: Subject = {
  name: 'regexes',
  seeds: ['page|warn', '5..', '(?i:shop)-[a-z]{1,3}', '.*', 'a.+b', '^x$', '\\d+\\.\\d*'],
  words: [
    '|',
    '(',
    ')',
    '(?i)',
    '(?:',
    '[^a]',
    '{1000}',
    '*',
    '+?',
    '\\pL',
    '\\b',
    '\\Q',
    '(?P<n>x)',
    '(a|b)*',
    '(?=x)',
  ],
  check(input) {
    // What takes a second to compile tells nothing more.
    const text = input.slice(0, 5_000);
    const matcher = unlessRefused(() => new Matcher('a', '=~', text), RegexError);
    if (matcher === undefined) return false;
    for (const value of ['', 'page', 'shop-ab', '503', 'a\nb', 'ü'.repeat(50)]) {
      const isMatch = matcher.matches(value);
      must(new Matcher('a', '!~', text).matches(value) !== isMatch, 'both =~ and !~ match, or none does');
    }
    return true;
  },
};

export const matcherSubjects: readonly Subject[] = [matchers, regexes];
