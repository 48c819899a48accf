import { Labels, type Queryable } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { evaluateInstant, evaluateRange } from '../src/evaluate/evaluate.ts';
import { QueryError } from '../src/evaluate/query-error.ts';
import type { EvalContext } from '../src/evaluate/run.ts';
import { format } from '../src/format.ts';
import type { Expr } from '../src/parse/ast.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, type TestValue } from '../src/testing.ts';

function read(text: string): Expr {
  const result = parse(text, { features: ['experimental-functions', 'duration-expr', 'extended-range-selectors'] });
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.expr;
}

function store(series: Readonly<Record<string, readonly TestValue[]>>, stepMs = 60_000): MemoryQueryable {
  const queryable = new MemoryQueryable();
  for (const [text, values] of Object.entries(series)) {
    const expr = read(text);
    if (expr.kind !== 'vectorSelector') throw new Error(text);
    queryable.add(Labels.from(expr.matchers.map(({ name, value }) => [name, value] as const)), 0, stepMs, values);
  }
  return queryable;
}

function instant(
  text: string,
  timeMs: number,
  queryable: Queryable,
  context: Partial<EvalContext> = {},
): Record<string, number> {
  const { value } = evaluateInstant(read(text), timeMs, { queryable, ...context });
  if (value.type === 'scalar') return { scalar: value.value };
  if (value.type !== 'vector') throw new Error(value.type);
  return Object.fromEntries(value.samples.map((sample) => [sample.labels.toString(), sample.value]));
}

const MINUTE = 60_000;
const up = (count: number, by = 1) => Array.from({ length: count }, (_, i) => i * by);

const data = store({
  'orders_total{outcome="ok", step="pay"}': up(20, 60),
  'orders_total{outcome="failed", step="pay"}': up(20, 6),
  'orders_total{outcome="ok", step="cart"}': up(20, 30),
  'owner{step="pay", team="money"}': Array(20).fill(1),
  'gauge{x="1"}': [1, 2, 'stale', 4, undefined, undefined],
});

describe('instant queries', () => {
  test.for([
    ['sum by (step) (rate(orders_total[5m]))', { '{step="pay"}': 1.1, '{step="cart"}': 0.5 }],
    ['sum(rate(orders_total{outcome="failed"}[5m])) / sum(rate(orders_total[5m]))', { '{}': 0.0625 }],
    [
      'rate(orders_total{outcome="failed"}[5m]) * on (step) group_left (team) owner',
      { '{outcome="failed", step="pay", team="money"}': 0.1 },
    ],
    ['orders_total > 500', { 'orders_total{outcome="ok", step="pay"}': 600 }],
    ['orders_total > bool 500 == 1', { '{outcome="ok", step="pay"}': 1 }],
    ['topk(1, orders_total)', { 'orders_total{outcome="ok", step="pay"}': 600 }],
    ['absent(nothing{a="b", c=~"d"})', { '{a="b"}': 1 }],
    ['scalar(sum(orders_total)) + time()', { scalar: 960 + 600 }],
    ['max_over_time(sum(orders_total)[5m:1m] offset 2m)', { '{}': 768 }],
    ['orders_total{outcome="failed"} @ 120', { 'orders_total{outcome="failed", step="pay"}': 12 }],
    ['-1 ^ 2', { scalar: -1 }],
    ['1 ^ NaN', { scalar: 1 }],
    ['gauge', {}],
  ] as const)('%s', ([text, expected]) => {
    const got = instant(text, 10 * MINUTE, data);
    expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, value] of Object.entries(expected)) expect(got[key]).toBeCloseTo(value, 9);
  });
});

describe('lookback is left-open and ends at staleness markers', () => {
  test.for([
    [60_000, 2],
    [119_999, 2],
    [120_000, undefined],
    [180_000, 4],
    [180_000 + 299_999, 4],
    [180_000 + 300_000, undefined],
  ] as const)('at %d', ([timeMs, value]) => expect(instant('gauge', timeMs, data)['gauge{x="1"}']).toBe(value));
});

describe('the metric name', () => {
  test.for([
    ['sum by (__name__) (rate(orders_total[5m]))', '{}', '{}'],
    [
      'label_replace(rate(orders_total{step="cart"}[5m]), "n", "$1", "__name__", "(.+)")',
      '{outcome="ok", step="cart"}',
      '{n="orders_total", outcome="ok", step="cart"}',
    ],
  ] as const)('%s', ([text, atOnce, delayed]) => {
    expect(Object.keys(instant(text, 10 * MINUTE, data))).toEqual([atOnce]);
    const late = instant(text, 10 * MINUTE, data, { features: ['delayed-name-removal'] });
    expect(Object.keys(late)).toEqual([delayed]);
  });
});

test('a range query gives at each step what an instant query gives there', () => {
  const texts = [
    'rate(orders_total[3m])',
    'sum by (step) (orders_total) / ignoring (x) sum by (step) (orders_total offset 1m)',
    'gauge or orders_total{outcome="failed"}',
    'avg_over_time((orders_total > 30)[4m:30s])',
    'quantile_over_time(0.5, gauge[3m]) unless orders_total @ end()',
    'count_values("v", gauge)',
    'topk(1, orders_total) + 0',
    'stddev(orders_total) and on () gauge',
  ];
  for (const text of texts) {
    const { series } = evaluateRange(
      read(text),
      { startMs: 0, endMs: 10 * MINUTE, stepMs: 45_000 },
      { queryable: data },
    );
    for (let t = 0; t <= 10 * MINUTE; t += 45_000) {
      if (text.includes('end()')) continue;
      const there: Record<string, number> = {};
      for (const one of series) {
        const at = Array.from(one.timestampsMs).indexOf(t);
        if (at !== -1) there[one.labels.toString()] = one.values[at]!;
      }
      expect(there, `${text} at ${t}`).toEqual(instant(text, t, data));
    }
  }
});

describe('errors', () => {
  const doubled = store({ 'a{x="1", y="1"}': [1], 'a{x="1", y="2"}': [2], 'b{x="1"}': [3] });
  test.for([
    ['a * on (x) b', 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'],
    [
      'b * on (x) a',
      'found duplicate series for the match group {x="1"} on the right hand-side of the operation: [{__name__="a", x="1", y="1"}, ' +
        '{__name__="a", x="1", y="2"}];many-to-many matching not allowed: matching labels must be unique on one side',
    ],
    ['label_replace(a, "y", "", "y", ".*")', 'vector cannot contain metrics with the same labelset'],
    ['topk(NaN, a)', 'Parameter value is NaN'],
  ] as const)('%s', ([text, message]) => {
    expect(() => instant(text, 0, doubled)).toThrow(message);
    try {
      instant(text, 0, doubled);
    } catch (error) {
      const [problem] = (error as QueryError).problems;
      expect(problem?.at.text).toBe(text);
    }
  });

  test.for([
    ['limit', { limits: { maxSamples: 10 } }],
    ['limit', { limits: { maxSeries: 1 } }],
    ['timeout', { limits: { deadlineMs: 1000, nowMs: () => 2000 } }],
    ['canceled', { signal: AbortSignal.abort() }],
  ] as const)('%s', ([kind, context]) => {
    let caught: unknown;
    try {
      instant('sum(rate(orders_total[10m]))', 10 * MINUTE, data, context);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(QueryError);
    expect((caught as QueryError).kind).toBe(kind);
  });
});

test.for([
  [
    'rate(gauge[5m])',
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "gauge" (1:6)',
  ],
  ['rate(orders_total[5m])', undefined],
  ['quantile(2, orders_total)', 'PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)'],
  [
    '1 +\n histogram_quantile(0.9, gauge)',
    'PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "gauge" (2:26)',
  ],
] as const)('%s is annotated', ([text, message]) => {
  const { annotations } = evaluateInstant(read(text), 3 * MINUTE, { queryable: data });
  expect(annotations[0]?.message).toBe(message);
});

test('a store that reuses its buffers is copied from', () => {
  const values = new Float64Array(3);
  const queryable: Queryable = {
    *select() {
      for (const [name, at] of [
        ['a', 0],
        ['b', 1000],
      ] as const) {
        const timestampsMs = Float64Array.of(at, at + 10_000, at + 20_000);
        values.set([at, at + 1, at + 2]);
        yield { labels: Labels.of({ __name__: 'm', name }), timestampsMs, values };
      }
    },
    selectLabels: () => [],
    labelNames: () => [],
    labelValues: () => [],
  };
  expect(instant('m', 25_000, queryable)).toEqual({ 'm{name="a"}': 2, 'm{name="b"}': 1002 });
  expect(instant('timestamp(m)', 25_000, queryable)).toEqual({ '{name="a"}': 20, '{name="b"}': 21 });
});

test('as deep as parsing allows, evaluation and printing go too', () => {
  const deep = read(`${'abs('.repeat(490)}orders_total${')'.repeat(490)}`);
  expect(format(deep)).toHaveLength(490 * 5 + 'orders_total'.length);
  expect(evaluateInstant(deep, 10 * MINUTE, { queryable: data }).value).toMatchObject({ type: 'vector' });
  const chain = read(`1${' + 1'.repeat(450)}`);
  expect(instant(format(chain), 0, data)).toEqual({ scalar: 451 });
});
