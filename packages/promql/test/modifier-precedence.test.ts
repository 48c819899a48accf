import { expect, test } from 'vitest';
import { format, parse } from '../src/index.ts';

/** Writes an expression with brackets around every operation, so that its structure can be seen. */
function structure(text: string): string {
  const result = parse(text);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '));
  const write = (expr: typeof result.expr): string => {
    if (expr.kind === 'binary') return `(${write(expr.lhs)} ${expr.op} ${write(expr.rhs)})`;
    if (expr.kind === 'unary') return `(${expr.op}${write(expr.expr)})`;
    if (expr.kind === 'paren') return write(expr.expr);
    return format(expr);
  };
  return write(result.expr);
}

// As Prometheus's grammar has it: a modifier binds tighter than every operator, and does not change how operators bind.
test.for([
  ['a + b offset 1m * 2', '(a + (b offset 1m * 2))'],
  ['a * b offset 1m + 2', '((a * b offset 1m) + 2)'],
  ['a + b offset 1m * c * d', '(a + ((b offset 1m * c) * d))'],
  ['a + b * c offset 1m ^ d ^ e', '(a + (b * (c offset 1m ^ (d ^ e))))'],
  ['a ^ b offset 1m ^ 2', '(a ^ (b offset 1m ^ 2))'],
  ['a - b offset 1m - c', '((a - b offset 1m) - c)'],
  ['-a offset 1m ^ 2', '(-(a offset 1m ^ 2))'],
  ['-a offset 1m * 2', '((-a offset 1m) * 2)'],
  ['a > 6 unless b offset 3m > 100', '((a > 6) unless (b offset 3m > 100))'],
  ['a or b @ 100 and c', '(a or (b @ 100.000 and c))'],
  ['a and b @ start() or c', '((a and b @ start()) or c)'],
  ['a > b offset 1d * 2 unless c offset 1d > 5 + d', '((a > (b offset 1d * 2)) unless (c offset 1d > (5 + d)))'],
  ['(a + b) * c offset 1m + d', '(((a + b) * c offset 1m) + d)'],
  ['a - rate(b[5m] offset 1m) * 2', '(a - (rate(b[5m] offset 1m) * 2))'],
] as const)('%s', ([text, expected]) => {
  expect(structure(text)).toBe(expected);
});

test('an operation that was moved keeps its matching and its place', () => {
  const result = parse('a + on (job) b offset 1m * on (job) group_left () c');
  if (!result.ok || result.expr.kind !== 'binary') throw new Error('not read');
  const { expr } = result;
  expect(expr.matching?.card).toBe('one-to-one');
  expect(expr.rhs).toMatchObject({ kind: 'binary', op: '*', matching: { card: 'many-to-one', labels: ['job'] } });
  expect([expr.span.from, expr.span.to]).toEqual([0, 51]);
  expect([expr.rhs.span.from, expr.rhs.span.to]).toEqual([13, 51]);
});
