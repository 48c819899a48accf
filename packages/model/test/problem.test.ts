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
] as const)('%s may mean %s', ([word, meant]) => {
  expect(closest(word, ['scrape_interval', 'rate', 'increase'])).toBe(meant);
});
