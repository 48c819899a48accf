import { describe, expect, test } from 'vitest';
import { format } from '../src/format.ts';
import { type ParseOptions, parse } from '../src/parse/parse.ts';
import { metricNames, selectorsOf, visit } from '../src/visit.ts';

function problemsOf(text: string, options?: ParseOptions): string[] {
  const result = parse(text, options);
  if (result.ok) return [];
  return result.problems.map(({ message, at }) => `${at.from}-${at.to} ${message}`);
}

function hintOf(text: string): string | undefined {
  const result = parse(text);
  return result.ok ? undefined : result.problems[0]?.hint;
}

describe('canonical form', () => {
  test.for([
    ['SUM(rate(a_total{b="c", a=~"x|y"}[5m])) BY (b)', 'sum by (b) (rate(a_total{a=~"x|y",b="c"}[5m]))'],
    ['a*b offset 5m', 'a * b offset 5m'],
    ['a ^ b ^ c', 'a ^ b ^ c'],
    ['-sum_over_time(a[5m:1m] offset 3600)', '-sum_over_time(a[5m:1m] offset 1h)'],
    ['-1 ^ 2', '-1 ^ 2'],
    ['0x1F + 1_000 + .5 + 1e-7 + 1.', '31 + 1000 + 0.5 + 0.0000001 + 1'],
    ['5m + 300', '5m + 300'],
    ['{"utf8 name", "a b"=\'c\'}', '{"a b"="c",__name__="utf8 name"}'],
    ['a / on(x) group_left b # why', 'a / on (x) group_left () b'],
    ['topk(2, a) and ignoring(q) b', 'topk(2, a) and ignoring (q) b'],
    ['a @ 1.5 offset -1m', 'a @ 1.500 offset -1m'],
    ['sum by (constructor) (constructor) / __proto__', 'sum by (constructor) (constructor) / __proto__'],
    ['rate(a[300])', 'rate(a[5m])'],
    ['avg_over_time((a > bool 1)[1h:])', 'avg_over_time((a > bool 1)[1h:])'],
    ['`raw\\n` == "x"', undefined],
    ['"tab\\t\\u00e9 \\xff"', '"tab\\té \\xff"'],
  ] as const)('%s', ([text, printed]) => {
    const result = parse(text);
    if (printed === undefined) return expect(result.ok).toBe(false);
    if (!result.ok) return expect.fail(result.problems[0]?.message ?? '');
    expect(format(result.expr)).toBe(printed);
  });
});

test('operators bind as in Prometheus', () => {
  const shape = (text: string): string => {
    const result = parse(text);
    if (!result.ok) throw new Error(text);
    const show = (expr: typeof result.expr): string => {
      if (expr.kind === 'binary') return `(${show(expr.lhs)} ${expr.op} ${show(expr.rhs)})`;
      if (expr.kind === 'unary') return `${expr.op}[${show(expr.expr)}]`;
      return format(expr);
    };
    return show(result.expr);
  };
  expect(shape('a or b and c == d + e * f ^ g')).toBe('(a or (b and (c == (d + (e * (f ^ g))))))');
  expect(shape('a - b - c')).toBe('((a - b) - c)');
  expect(shape('a ^ b ^ c')).toBe('(a ^ (b ^ c))');
  expect(shape('-a ^ b')).toBe('-[(a ^ b)]');
  expect(shape('-2 ^ b * c')).toBe('(-[(2 ^ b)] * c)');
  expect(shape('a + b offset 5m')).toBe('(a + b offset 5m)');
  expect(shape('-a @ 5')).toBe('-[a @ 5.000]');
});

describe('problems', () => {
  test.for([
    ['', ['0-0 no expression found in input']],
    ['sum by (outcome (rate(x[5m])))', ['16-17 unexpected "(" in grouping opts, expected "," or ")"']],
    ['rat(x[5m])', ['0-3 unknown function with name "rat"']],
    ['rate(x)', ['5-6 expected type range vector in call to function "rate", got instant vector']],
    ['rate(x[5 minutes])', ["9-16 unexpected character: 'm', expected ':'"]],
    ['x[5m1h]', ['2-6 not a valid duration string: "5m1h"']],
    ['{a=~".*"}', ['0-9 vector selector must contain at least one non-empty matcher']],
    ['1 > 2', ['0-5 comparisons between scalars must use BOOL modifier']],
    ['a + bool b', ['2-8 bool modifier can only be used on comparison operators']],
    ['x{a=~"("}', [expect.stringContaining('invalid regular expression')]],
    ['a and 1', ['0-7 set operator "and" not allowed in binary scalar expression']],
    ['limitk(1, a)', [expect.stringContaining('limitk() is experimental')]],
    ['a[step()]', ['2-8 experimental duration expression is not enabled']],
    ['"é" + "ü', ['6-8 unterminated quoted string']],
    ['a + b[5m]', ['4-9 binary expression must contain only scalar and instant vector types']],
    ['a and b * c[5m] @ 1', ['10-15 binary expression must contain only scalar and instant vector types']],
    ['a or b[5m:1m]', ['5-13 binary expression must contain only scalar and instant vector types']],
  ] as const)('%s', ([text, problems]) => expect(problemsOf(text)).toEqual(problems));

  test('all at once, in reading order', () => {
    expect(
      problemsOf('rat(x[5m]) + floor(1) + {a=""} + (1 > 2)').map((one) => one.split(' ').slice(1, 4).join(' ')),
    ).toEqual([
      'unknown function with',
      'expected type instant',
      'vector selector must',
      'comparisons between scalars',
    ]);
  });

  test.for([
    ['incrase(x[5m])', 'did you mean increase?'],
    ['rate(x)', 'add a range in brackets: name[5m]'],
    ['rate(sum(x)[5m])', 'a subquery needs a colon: [5m:] or [5m:1m]'],
  ] as const)('%s has the hint %s', ([text, hint]) => expect(hintOf(text)).toBe(hint));

  test('what a feature widens is refused by name without it', () => {
    expect(problemsOf('mad_over_time(x[5m])')).toEqual(['0-20 function "mad_over_time" is not enabled']);
    expect(problemsOf('mad_over_time(x[5m])', { features: ['experimental-functions'] })).toEqual([]);
    expect(problemsOf('rate(x[5m] anchored)', { features: ['extended-range-selectors'] })).toEqual([]);
  });
});

describe('depth and length are bounded', () => {
  test.for([
    ['parentheses', `${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
    ['signs', `${'-'.repeat(100_000)}a`],
    ['a chain', `a${' + b'.repeat(20_000)}`],
    ['calls', `${'abs('.repeat(20_000)}a${')'.repeat(20_000)}`],
    ['subqueries', `a${'[5m:]'.repeat(20_000)}`],
  ] as const)('%s', ([, text]) => expect(problemsOf(text)[0]).toContain('nested more than 500 levels deep'));

  test('but a long list of alternatives is read', () => {
    const result = parse(`a${' or b'.repeat(400)}`);
    expect(result.ok).toBe(true);
  });

  test('length', () => expect(problemsOf(`a{b="${'x'.repeat(300_000)}"}`)[0]).toContain('at most 262144 are read'));
});

test('helpers for lints', () => {
  const result = parse('sum(rate(b_total[5m])) / sum(a{x="1"} or {__name__=~"c.*"})');
  if (!result.ok) throw new Error('must be read');
  expect(metricNames(result.expr)).toEqual(['a', 'b_total']);
  expect(selectorsOf(result.expr).map(format)).toEqual(['b_total', 'a{x="1"}', '{__name__=~"c.*"}']);
  const kinds: string[] = [];
  visit(result.expr, (node, path) => {
    kinds.push(`${path.length}${node.kind}`);
    return node.kind !== 'aggregate';
  });
  expect(kinds).toEqual(['0binary', '1aggregate', '1aggregate']);
});
