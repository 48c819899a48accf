import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest, formatProblems, isError, type Problem, positionAt, spanOf } from '../src/problem.ts';

const text = 'groups:\n  - name: é\n\tfor: 5 minutes\r\n';
const at = (word: string, over: Partial<Problem> = {}): Problem => ({
  code: 'duration',
  severity: 'error',
  message: `${JSON.stringify(word)} is not a duration`,
  at: spanOf({ file: 'rules.yml', text }, text.indexOf(word), text.indexOf(word) + word.length),
  ...over,
});

test('a problem is printed with its place, a caret and the hint', () => {
  expect(formatProblems([at('5 minutes', { hint: 'write 5m' })])).toBe(
    [
      'rules.yml:3:7: error: "5 minutes" is not a duration  [duration]',
      '  3 |  for: 5 minutes',
      '    |       ^^^^^^^^^',
      '    = write 5m',
    ].join('\n'),
  );
});

test('columns count characters, and a place without text has no excerpt', () => {
  expect(positionAt('a😀b', 3)).toEqual({ line: 1, column: 3 });
  const nowhere: Problem = { code: 'x', severity: 'warning', message: 'm', at: spanOf({ file: 'f', text: '' }) };
  expect(formatProblems([nowhere])).toBe('f:1:1: warning: m  [x]');
  expect(isError(nowhere)).toBe(false);
  expect(formatProblems([])).toBe('');
});

test.for([
  ['the first character', 'a: 1', 0, 1, ['f:1:1: error: m  [x]', '  1 | a: 1', '    | ^']],
  ['a place of no length', 'a: 1', 3, 3, ['f:1:4: error: m  [x]', '  1 | a: 1', '    |    ^']],
  ['the end of the text', 'a: ', 3, 3, ['f:1:4: error: m  [x]', '  1 | a: ', '    |    ^']],
  ['the end of a line', 'ab\ncd', 2, 2, ['f:1:3: error: m  [x]', '  1 | ab', '    |   ^']],
  ['an empty line', 'ab\n\ncd', 3, 3, ['f:2:1: error: m  [x]']],
  ['a text that starts with an empty line', '\nab', 0, 0, ['f:1:1: error: m  [x]']],
  ['the line after an empty one', '\nab', 2, 3, ['f:2:2: error: m  [x]', '  2 | ab', '    |  ^']],
  ['characters beyond the basic plane', '😀😀: é漢', 6, 8, ['f:1:5: error: m  [x]', '  1 | 😀😀: é漢', '    |     ^^']],
  ['tabs', '\ta:\tb', 4, 5, ['f:1:5: error: m  [x]', '  1 |  a: b', '    |     ^']],
  ['a line that ends in CRLF', 'ab\r\ncd', 1, 4, ['f:1:2: error: m  [x]', '  1 | ab', '    |  ^']],
  ['a line with many digits', `${'\n'.repeat(99)}ab`, 99, 101, ['f:100:1: error: m  [x]', '  100 | ab', '      | ^^']],
] as const)('%s is marked', ([, content, from, to, lines]) => {
  const problem: Problem = {
    code: 'x',
    severity: 'error',
    message: 'm',
    at: spanOf({ file: 'f', text: content }, from, to),
  };
  expect(formatProblems([problem])).toBe(lines.join('\n'));
});

test('problems are printed one below the other, each with its severity', () => {
  const printed = formatProblems([at('name'), at('é', { severity: 'warning', code: 'label-name', message: 'odd' })]);
  expect(printed.split('\n').filter((line) => line.startsWith('rules'))).toEqual([
    'rules.yml:2:5: error: "name" is not a duration  [duration]',
    'rules.yml:2:11: warning: odd  [label-name]',
  ]);
});

test('a position counts the lines and characters before it', () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\t'), maxLength: 5 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(lines, (written) => {
      const last = written.at(-1) ?? '';
      const whole = written.join('\n');
      expect(positionAt(whole, whole.length)).toEqual({ line: written.length, column: [...last].length + 1 });
    }),
  );
});

test('a place that spans lines is marked to the end of its first', () => {
  const problem = at('é', { at: spanOf({ file: 'rules.yml', text }, text.indexOf('name'), text.length) });
  expect(formatProblems([problem]).split('\n')[2]).toBe('    |     ^^^^^^^');
});

test.for([
  ['scrap_interval', 'scrape_interval'],
  ['RATE', 'rate'],
  ['ratte', 'rate'],
  ['something_else', undefined],
  ['', undefined],
  ['x', undefined],
  ['Y', 'y'],
  ['incraese', 'increase'],
] as const)('%s may mean %s', ([word, meant]) => {
  expect(closest(word, ['scrape_interval', 'rate', 'increase', 'y'])).toBe(meant);
});
