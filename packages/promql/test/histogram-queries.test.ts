import { type Histogram, Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { evaluateInstant, evaluateRange } from '../src/evaluate/evaluate.ts';
import { formatHistogram } from '../src/histogram/text.ts';
import type { Expr } from '../src/parse/ast.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, readHistogram, type TestValue } from '../src/testing.ts';

const MINUTE = 60_000;
const FEATURES = ['experimental-functions', 'extended-range-selectors'] as const;

function expr(text: string): Expr {
  const result = parse(text, { features: FEATURES });
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.expr;
}

const h = (text: string): Histogram => readHistogram(`{{${text}}}`).histogram;
const counting = (length: number, extra = ''): Histogram[] =>
  Array.from({ length }, (_, i) => h(`count:${3 * i} sum:${6 * i} buckets:[${i} ${2 * i}] ${extra}`));

const data = new MemoryQueryable();
const add = (labels: Record<string, string>, values: readonly TestValue[]) =>
  data.add(Labels.of(labels), 0, MINUTE, values);
add({ __name__: 'latency', pod: 'a' }, counting(10));
add({ __name__: 'latency', pod: 'b' }, counting(10));
add({ __name__: 'mixed' }, [1, 2, ...counting(4), 7, 8]);
add({ __name__: 'reset' }, [...counting(4).slice(2), ...counting(4)]);
add({ __name__: 'gauge' }, counting(10, 'counter_reset_hint:gauge'));
add({ __name__: 'bounds' }, [
  h('schema:-53 count:3 sum:9 custom_values:[1 2] buckets:[1 1 1]'),
  h('schema:-53 count:6 sum:9 custom_values:[2 3] buckets:[4 1 1]'),
]);
add({ __name__: 'orders_total' }, [0, 6, 12, 'stale', 3, 9]);

function ask(text: string, timeMs: number, queryable = data, features: readonly 'start-timestamps'[] = []) {
  const { value, annotations } = evaluateInstant(expr(text), timeMs, { queryable, features });
  if (value.type !== 'vector') throw new Error(value.type);
  const samples = value.samples.map(({ labels, value: number, histogram }) => [
    labels.toString(),
    histogram === undefined ? number : formatHistogram(histogram),
  ]);
  return { samples: Object.fromEntries(samples), notes: annotations.map(({ message }) => message) };
}

describe('values', () => {
  test.for([
    [
      'latency',
      {
        'latency{pod="a"}': '{count:12, sum:24, (0.5,1]:4, (1,2]:8}',
        'latency{pod="b"}': '{count:12, sum:24, (0.5,1]:4, (1,2]:8}',
      },
    ],
    ['sum(latency)', { '{}': '{count:24, sum:48, (0.5,1]:8, (1,2]:16}' }],
    ['avg(latency) * 2', { '{}': '{count:24, sum:48, (0.5,1]:8, (1,2]:16}' }],
    ['sum(increase(latency[3m]))', { '{}': '{count:18, sum:36, (0.5,1]:6, (1,2]:12}' }],
    ['histogram_count(rate(latency{pod="a"}[3m]))', { '{pod="a"}': 0.05 }],
    ['histogram_avg(latency{pod="a"})', { '{pod="a"}': 2 }],
    ['histogram_fraction(0, 1, sum(latency))', { '{}': 1 / 3 }],
    ['latency{pod="a"} - on () latency{pod="b"}', { '{}': '{count:0, sum:0}' }],
    ['latency{pod="a"} == on () latency{pod="b"}', { '{}': '{count:12, sum:24, (0.5,1]:4, (1,2]:8}' }],
    ['latency{pod="a"} </ 1', { 'latency{pod="a"}': '{count:4, sum:2.8284271247461903, (0.5,1]:4}' }],
    ['-latency{pod="a"}', { '{pod="a"}': '{count:-12, sum:-24, (0.5,1]:-4, (1,2]:-8}' }],
    ['count_values("value", latency)', { '{value="{count:12, sum:24, (0.5,1]:4, (1,2]:8}"}': 2 }],
    ['increase(reset[5m])', { '{}': '{count:11.25, sum:22.5, (0.5,1]:3.75, (1,2]:7.5}' }],
    ['count_over_time(mixed[10m])', { '{}': 5 }],
    ['first_over_time(mixed[3m])', { mixed: '{count:0, sum:0}' }],
    ['changes(mixed[10m])', { '{}': 4 }],
    ['resets(reset[10m])', { '{}': 1 }],
    ['max_over_time(mixed[10m])', { '{}': 2 }],
    ['abs(latency)', {}],
    ['topk(3, latency)', {}],
    ['latency > 3', {}],
  ] as const)('%s', ([text, expected]) => expect(ask(text, 4 * MINUTE).samples).toEqual(expected));
});

describe('what is said', () => {
  test.for([
    ['max(latency)', 'PromQL info: ignored histogram in max aggregation (1:5)'],
    ['sum(latency or mixed @ 60)', 'PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)'],
    ['rate(mixed[10m])', 'PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:6)'],
    [
      'max_over_time(mixed[10m])',
      'PromQL info: ignored histograms in a range containing both floats and histograms for metric name "mixed" (1:15)',
    ],
    ['rate(gauge[10m])', 'PromQL warning: this native histogram metric is not a counter: "gauge" (1:6)'],
    ['delta(latency[10m])', 'PromQL warning: this native histogram metric is not a gauge: "latency" (1:7)'],
    ['sum_over_time(bounds[10m])', 'PromQL info: mismatched custom buckets were reconciled during aggregation (1:15)'],
    ['latency + on () bounds', 'PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)'],
    [
      'latency ^ 2',
      'PromQL info: incompatible sample types encountered for binary operator "^": histogram ^ float (1:1)',
    ],
    [
      '1 </ (orders_total @ 60)',
      'PromQL info: incompatible sample types encountered for binary operator "</": float </ float (1:1)',
    ],
  ] as const)('%s', ([text, note]) => {
    const pod = text.replace('latency + on', 'latency{pod="a"} + on');
    expect(ask(pod, 4 * MINUTE).notes).toContain(note);
  });
});

test('a range query has at each step what an instant query has', () => {
  for (const text of [
    'latency',
    'sum(rate(latency[3m]))',
    'rate(reset[2m])',
    'last_over_time(mixed[2m])',
    'sum_over_time(latency[2m:30s])',
    'increase(latency[90s] smoothed)',
    'histogram_quantile(0.9, latency)',
  ]) {
    const range = { startMs: 0, endMs: 9 * MINUTE, stepMs: 30_000 };
    const { series } = evaluateRange(expr(text), range, { queryable: data });
    for (let t = range.startMs; t <= range.endMs; t += range.stepMs) {
      const there = series.flatMap(({ labels, timestampsMs, values, histograms }) => {
        const i = timestampsMs.indexOf(t);
        if (i === -1) return [];
        const histogram = histograms?.[i];
        return [[labels.toString(), histogram === undefined ? values[i] : formatHistogram(histogram)]];
      });
      expect(Object.fromEntries(there), `${text} at ${t}`).toEqual(ask(text, t).samples);
    }
  }
});

test('quantiles that change from step to step have labels that do', () => {
  const range = { startMs: MINUTE, endMs: 2 * MINUTE, stepMs: MINUTE };
  const text = 'histogram_quantiles(latency{pod="a"}, "q", time() / 240)';
  const { series } = evaluateRange(expr(text), range, { queryable: data });
  expect(series.map(({ labels, timestampsMs }) => [labels.get('q'), [...timestampsMs]])).toEqual([
    ['0.25', [MINUTE]],
    ['0.5', [2 * MINUTE]],
  ]);
});

test('queries of numbers have no place for histograms', () => {
  const range = { startMs: 0, endMs: 5 * MINUTE, stepMs: MINUTE };
  for (const text of ['orders_total', 'rate(orders_total[5m])', 'sum(orders_total)', 'orders_total * 2']) {
    const { series } = evaluateRange(expr(text), range, { queryable: data });
    expect(series.map((one) => 'histograms' in one && one.histograms !== undefined)).toEqual([false]);
  }
});

describe('start timestamps', () => {
  const queryable = new MemoryQueryable();
  const starts = Array.from({ length: 6 }, (_, i) => (i + 9) * MINUTE);
  queryable.add(Labels.of({ __name__: 'delta_total' }), 10 * MINUTE, MINUTE, [60, 60, 60, 60, 60, 60], starts);

  test.for([
    ['increase(delta_total[5m])', 300],
    ['rate(delta_total[5m])', 1],
    ['irate(delta_total[5m])', 1],
    ['resets(delta_total[5m])', 4],
  ] as const)('%s with them', ([text, value]) => {
    expect(ask(text, 15 * MINUTE, queryable, ['start-timestamps']).samples).toEqual({ '{}': value });
  });

  test('are not looked at unless asked for, and always told', () => {
    expect(ask('increase(delta_total[5m])', 15 * MINUTE, queryable).samples).toEqual({ '{}': 0 });
    expect(ask('start_timestamp(delta_total)', 15 * MINUTE, queryable).samples).toEqual({ '{}': 840 });
    expect(ask('start_timestamp(delta_total * 1)', 15 * MINUTE, queryable).samples).toEqual({});
  });
});
