import { Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { evaluateRange } from '../src/evaluate/evaluate.ts';
import type { Feature } from '../src/features.ts';
import type { Expr } from '../src/parse/ast.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, type TestValue } from '../src/testing.ts';

type Data = Readonly<Record<string, readonly TestValue[]>>;

function read(text: string): Expr {
  const result = parse(text, { features: ['experimental-functions'] });
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.expr;
}

function store(data: Data): MemoryQueryable {
  const queryable = new MemoryQueryable();
  for (const [text, values] of Object.entries(data)) {
    const expr = read(text);
    if (expr.kind !== 'vectorSelector') throw new Error(text);
    const labels = Labels.from(expr.matchers.map(({ name, value }) => [name, value] as const));
    queryable.add(labels, 0, 60_000, values);
  }
  return queryable;
}

/** Evaluates at minutes 0, 1, 2; a step without a value is `undefined`. */
function atThreeMinutes(text: string, data: Data, features: Feature[] = []): Record<string, (number | undefined)[]> {
  const range = { startMs: 0, endMs: 120_000, stepMs: 60_000 };
  const { series } = evaluateRange(read(text), range, { queryable: store(data), features });
  return Object.fromEntries(
    series.map(({ labels, timestampsMs, values }) => {
      const byTime = new Map([...timestampsMs].map((t, i) => [t, values[i]]));
      return [labels.toString(), [0, 60_000, 120_000].map((t) => byTime.get(t))];
    }),
  );
}

const shop = {
  'orders{instance="a", job="shop"}': [1, 2, 3],
  'orders{instance="b", job="shop"}': [4, 5, 6],
  'target_info{instance="a", job="shop", region="eu", version="1"}': [1, 1, 1],
  'build_info{instance="b", job="shop", commit="c0ffee"}': [1, 1, 1],
};

describe('which info series, which labels', () => {
  test.for([
    [
      'info(orders)',
      {
        'orders{instance="a", job="shop", region="eu", version="1"}': [1, 2, 3],
        'orders{instance="b", job="shop"}': [4, 5, 6],
      },
    ],
    ['info(orders, {region=~".+"})', { 'orders{instance="a", job="shop", region="eu"}': [1, 2, 3] }],
    ['info(orders, {region="us"})', {}],
    [
      'info(orders, {region!="us"})',
      { 'orders{instance="a", job="shop", region="eu"}': [1, 2, 3], 'orders{instance="b", job="shop"}': [4, 5, 6] },
    ],
    [
      'info(orders{instance="b"}, {__name__=~"(build|target)_info"})',
      { 'orders{commit="c0ffee", instance="b", job="shop"}': [4, 5, 6] },
    ],
    [
      'info(orders{instance="b"}, {__name__!="target_info"})',
      { 'orders{commit="c0ffee", instance="b", job="shop"}': [4, 5, 6] },
    ],
    ['info(build_info, {__name__=~".+_info"})', { 'build_info{commit="c0ffee", instance="b", job="shop"}': [1, 1, 1] }],
    ['info(sum by (instance) (orders), {region=~".+"})', {}],
    ['info(sum(orders))', { '{}': [5, 7, 9] }],
    ['info(sum(orders), {region=~".+"})', {}],
    ['info(nothing)', {}],
  ] as const)('%s', ([text, expected]) => expect(atThreeMinutes(text, shop)).toEqual(expected));
});

describe('over time', () => {
  test.for([
    [
      'the newest of two that overlap counts',
      'info(orders)',
      {
        'orders{job="shop"}': [1, 2, 3],
        'target_info{job="shop", version="1"}': [1, 1],
        'target_info{job="shop", version="2"}': [undefined, undefined, 1],
      },
      {
        'orders{job="shop", version="1"}': [1, 2, undefined],
        'orders{job="shop", version="2"}': [undefined, undefined, 3],
      },
    ],
    [
      'it is looked at when the base is',
      'info(orders offset 1m)',
      { 'orders{job="shop"}': [1, 2, 3], 'target_info{job="shop", version="1"}': [1, 1, 'stale'] },
      { 'orders{job="shop", version="1"}': [undefined, 1, 2] },
    ],
    [
      'a base without times looks at each step',
      'info(label_replace(vector(7), "job", "shop", "", ""))',
      { 'target_info{job="shop", version="1"}': [undefined, 1, 'stale'] },
      { '{job="shop", version="1"}': [undefined, 7, undefined], '{job="shop"}': [7, undefined, 7] },
    ],
    [
      'values are matched as they are, not as expressions',
      'info(orders)',
      {
        'orders{job="shop", instance="a.b:1"}': [1, 1, 1],
        'orders{job="shop", instance="a|b"}': [1, 1, 1],
        'target_info{job="shop", instance="a.b:1", v="1"}': [1, 1, 1],
        'target_info{job="shop", instance="acb:1", v="2"}': [1, 1, 1],
      },
      {
        'orders{instance="a.b:1", job="shop", v="1"}': [1, 1, 1],
        'orders{instance="a|b", job="shop"}': [1, 1, 1],
      },
    ],
  ] as const)('%s', ([, text, data, expected]) => expect(atThreeMinutes(text, data)).toEqual(expected));
});

describe('the name of the base', () => {
  test('stays away when it was dropped', () => {
    const expected = { '{instance="a", job="shop", region="eu", version="1"}': [1, 2, 3] };
    const text = 'info(orders{instance="a"} * 1)';
    expect(atThreeMinutes(text, shop)).toEqual(expected);
    expect(atThreeMinutes(text, shop, ['delayed-name-removal'])).toEqual(expected);
  });
});

describe('failures', () => {
  test.for([
    [
      'two metrics disagree',
      'info(orders, {__name__=~".+_info"})',
      { 'orders{job="a"}': [1], 'x_info{job="a", v="1"}': [1], 'y_info{job="a", v="2"}': [1] },
      /conflicting label: v/,
    ],
    [
      'two series of one metric are equally new',
      'info(orders)',
      { 'orders{job="a"}': [1], 'target_info{job="a", v="1"}': [1], 'target_info{job="a", v="2"}': [1] },
      /found duplicate series for info metric/,
    ],
    [
      'two series become equal',
      'info(orders)',
      { 'orders{job="a"}': [1], 'orders{job="a", v="1"}': [1], 'target_info{job="a", v="1"}': [1] },
      /same labelset/,
    ],
  ] as const)('%s', ([, text, data, message]) => expect(() => atThreeMinutes(text, data)).toThrow(message));

  test('it is experimental', () => {
    const result = parse('info(orders)');
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual(['function "info" is not enabled']);
  });
});
