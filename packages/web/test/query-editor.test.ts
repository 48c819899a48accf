import { expect, test } from 'vitest';
import { mistakesIn } from '../src/promql/query-editor.ts';

test.for(['', '  ', 'up', 'sum by (step) (rate(a_total[5m]))'])('%j has no mistake', (text) => {
  expect(mistakesIn(text)).toEqual([]);
});

test('a mistake is marked at its place, with the words of the server', () => {
  const [mistake, ...others] = mistakesIn('sum by (step (rate(a_total[5m])))');
  expect(others).toEqual([]);
  expect(mistake).toMatchObject({ from: 13, severity: 'error' });
  expect(mistake!.message).toContain('unexpected "("');
});

test('types are checked, too', () => {
  const [mistake] = mistakesIn('rate(up)');
  expect(mistake!.message).toContain('range vector');
  expect(mistake!.from).toBe(5);
});
