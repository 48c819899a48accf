import fc from 'fast-check';
import { expect, test } from 'vitest';
import { format, formatNumber } from '../src/format.ts';
import type { Expr } from '../src/parse/ast.ts';
import { parse } from '../src/parse/parse.ts';
import { prettify } from '../src/prettify.ts';
import { vectorText } from './expressions.ts';

/** The tree without places, and with matchers in a fixed order. */
function shape(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, value) => {
      if (key === 'span') return undefined;
      if (key === 'matchers')
        return (value as { name: string; op: string; value: string }[]).map((m) => `${m.name}${m.op}${m.value}`).sort();
      return typeof value === 'number' ? String(value) : value;
    }),
  );
}

test('parse(format(e)) is e', () => {
  fc.assert(
    fc.property(vectorText, (text) => {
      const first = parse(text);
      if (!first.ok) throw new Error(`${text}: ${first.problems[0]?.message}`);
      const printed = format(first.expr);
      const second = parse(printed);
      if (!second.ok) throw new Error(`${printed}: ${second.problems[0]?.message}`);
      expect(shape(second.expr)).toEqual(shape(first.expr));
      expect(format(second.expr)).toBe(printed);
      // Broken over lines it is the same expression, however narrow the lines are.
      const third = parse(prettify(first.expr, 10));
      if (!third.ok) throw new Error(`${prettify(first.expr, 10)}: ${third.problems[0]?.message}`);
      expect(format(third.expr)).toBe(printed);
    }),
    { numRuns: 500 },
  );
});

test.for([
  [1e21, '1000000000000000000000'],
  [1.5e-7, '0.00000015'],
  [123456789.125, '123456789.125'],
  [-0, '-0'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
] as const)('%d is written %s', ([value, text]) => expect(formatNumber(value)).toBe(text));

test.for([
  ['Inf ^ 1', 'Inf ^ 1'],
  ['up + Inf ^ 1', 'up + Inf ^ 1'],
  ['-Inf ^ 2', '-Inf ^ 2'],
  ['Inf * 2', '+Inf * 2'],
] as const)('%s is written %s', ([text, written]) => {
  const parsed = parse(text);
  expect(parsed.ok && format(parsed.expr)).toBe(written);
});
