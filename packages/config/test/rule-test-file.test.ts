import { formatProblems, Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRuleTestFile } from '../src/rule-tests/read-rule-test-file.ts';
import { readSeriesLabels } from '../src/rule-tests/series-labels.ts';
import { readSeriesValues } from '../src/rule-tests/series-values.ts';
import { readRuleFile } from '../src/rules/read-rule-file.ts';

const read = (text: string, options = {}) => readRuleTestFile({ file: 'rules.test.yml', text }, options);

const FULL = `
rule_files: [rules/*.yml, other.yml]
evaluation_interval: 30s
group_eval_order: [second, first]
fuzzy_compare: true
tests:
  - name: an outage
    interval: 15s
    start_timestamp: "2026-01-31T08:00:00Z"
    external_labels: { shop: eu }
    external_url: http://prometheus.example
    input_series:
      - series: 'up{job="shop"}'
        values: '1x2 _ stale'
      - { series: total, values: 7 }
    alert_rule_test:
      - eval_time: 5m
        alertname: Down
        exp_alerts:
          - exp_labels: { severity: page, count: 3 }
            exp_annotations: { summary: it is down }
          - {}
    promql_expr_test:
      - expr: up == 0
        eval_time: 0
        exp_samples:
          - { labels: 'up{job="shop"}', value: .nan }
          - { labels: '{}', value: -Inf }
          - { labels: h, histogram: '{{count:2 sum:3 buckets:[2]}}' }
  - promql_expr_test: [{ expr: vector(1), exp_samples: [{ value: 1 }] }]
`;

test('a file is read with all that it can hold', () => {
  const { file, problems } = read(FULL);
  expect(problems).toEqual([]);
  expect(file).toMatchObject({
    ruleFiles: [{ text: 'rules/*.yml' }, { text: 'other.yml' }],
    evaluationIntervalMs: 30_000,
    groupEvalOrder: [{ text: 'second' }, { text: 'first' }],
    fuzzyCompare: true,
  });
  const [outage, unnamed] = file!.tests;
  expect(outage).toMatchObject({ name: 'an outage', intervalMs: 15_000, startMs: Date.UTC(2026, 0, 31, 8) });
  expect(outage!.externalLabels.toRecord()).toEqual({ shop: 'eu' });
  expect(outage!.inputSeries.map(({ labels, values }) => [String(labels), values])).toEqual([
    ['up{job="shop"}', [1, 1, 1, undefined, 'stale']],
    ['total', [7]],
  ]);
  expect(outage!.alertChecks[0]).toMatchObject({ alertname: 'Down', evalTimeMs: 300_000 });
  expect(outage!.alertChecks[0]!.expected.map(({ labels }) => String(labels))).toEqual([
    '{alertname="Down", count="3", severity="page"}',
    '{alertname="Down"}',
  ]);
  expect(outage!.exprChecks[0]!.expected.map(({ value }) => value)).toEqual([Number.NaN, Number.NEGATIVE_INFINITY, 0]);
  expect(outage!.exprChecks[0]!.expected[2]!.histogram).toMatchObject({ count: 2, sum: 3 });
  expect(unnamed).toMatchObject({ name: 'unnamed#1', intervalMs: 30_000, startMs: 0 });
});

test('without an interval a minute is taken', () => {
  expect(read('tests: [{ promql_expr_test: [{ expr: "1" }] }]').file).toMatchObject({
    evaluationIntervalMs: 60_000,
    tests: [{ intervalMs: 60_000 }],
  });
});

describe('what is wrong is found at its place', () => {
  test.for([
    ['an unknown field', 'tests: [{ input_serie: [] }]', '1:11: error: field input_serie not found  [unknown-field]'],
    [
      'a series that is none',
      `tests: [{ input_series: [{ series: 'up{job=shop}', values: 1 }] }]`,
      '1:44: error: unexpected identifier "shop" in label matching, expected string  [series-notation]',
    ],
    [
      'a series with a matcher',
      `tests: [{ input_series: [{ series: 'up{job!="shop"}', values: 1 }] }]`,
      '1:37: error: a series has labels, not matchers: job!="shop"  [series-notation]',
    ],
    [
      'a value that is none',
      `tests: [{ input_series: [{ series: up, values: '1 2 3*4' }] }]`,
      '1:53: error: "3*4" is not a value  [series-notation]',
    ],
    [
      'a histogram that is none',
      `tests: [{ input_series: [{ series: up, values: '1 {{count:x}}' }] }]`,
      '1:51: error: not a number: x  [series-notation]',
    ],
    [
      'an expression that cannot be read',
      `tests: [{ promql_expr_test: [{ expr: 'sum(up' }] }]`,
      '1:44: error: unclosed left parenthesis  [promql-syntax]',
    ],
    [
      'an alert check without a name',
      'tests: [{ alert_rule_test: [{ eval_time: 1m }] }]',
      '1:31: error: field alertname is missing  [missing-field]',
    ],
    [
      'a time that is none',
      'tests: [{ promql_expr_test: [{ expr: up, eval_time: soon }] }]',
      '1:53: error: "soon" is not a duration  [duration]',
    ],
    [
      'the same series twice',
      `tests: [{ input_series: [{ series: up, values: 1 }, { series: 'up{}', values: 2 }], promql_expr_test: [{ expr: up }] }]`,
      '1:63: error: the series up is given twice  [duplicate-name]',
    ],
    [
      'a group named twice',
      'group_eval_order: [a, a]\ntests: [{ promql_expr_test: [{ expr: up }] }]',
      '1:23: error: group name repeated in evaluation order: a  [duplicate-name]',
    ],
    [
      'a moment that is none',
      'tests: [{ start_timestamp: yesterday }]',
      '1:28: error: "yesterday" is not a moment  [wrong-value]',
    ],
    [
      'more evaluations than anybody waits for',
      'evaluation_interval: 1ms\ntests: [{ promql_expr_test: [{ expr: up, eval_time: 1h }] }]',
      '2:53: error: more than 1000000 evaluations until then  [wrong-value]',
    ],
    ['no tests at all', 'rule_files: [a.yml]', '1:1: warning: no tests  [rule-test-no-check]'],
    [
      'a test without checks',
      'tests: [{ name: idle }]',
      '1:17: warning: the test "idle" checks nothing but that the rules can be evaluated  [rule-test-no-check]',
    ],
  ] as const)('%s', ([, text, expected]) => {
    expect(formatProblems(read(text).problems)).toContain(`rules.test.yml:${expected}`);
  });
});

test('unknown fields can be passed over, with a warning', () => {
  const text = 'owner: me\ntests: [{ why: so, promql_expr_test: [{ expr: "1", note: x }] }]';
  expect(read(text).file).toBeUndefined();
  const { file, problems } = read(text, { ignoreUnknownFields: true });
  expect(problems.map(({ severity, code }) => [severity, code])).toEqual([
    ['warning', 'unknown-field'],
    ['warning', 'unknown-field'],
    ['warning', 'unknown-field'],
  ]);
  expect(file!.tests[0]!.exprChecks[0]!.expr).toBe('1');
  const rules = 'groups: [{ name: a, owner: me, rules: [{ record: x, expr: "1" }] }]';
  const options = { ignoreUnknownFields: true };
  expect(readRuleFile({ file: 'rules.yml', text: rules }, options)).toMatchObject({
    groups: [{ name: 'a' }],
    problems: [{ severity: 'warning', code: 'unknown-field' }],
  });
});

describe('values', () => {
  test.for<[string, unknown]>([
    ['', []],
    ['1 2.5 -3 +4 1e3 .5', [1, 2.5, -3, 4, 1000, 0.5]],
    ['Inf -Inf +inf', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
    ['NaN', [Number.NaN]],
    ['7x2', [7, 7, 7]],
    ['0x2', [0, 0, 0]],
    ['0+10x3', [0, 10, 20, 30]],
    ['-2+4x3', [-2, 2, 6, 10]],
    ['1-2x2', [1, -1, -3]],
    ['0+.5x2', [0, 0.5, 1]],
    ['_ 1 _x2 stale', [undefined, 1, undefined, undefined, 'stale']],
    ['1x0', [1]],
  ])('%j', ([text, values]) => {
    expect(readSeriesValues(text)).toEqual(values);
  });

  test.for(['1,2', '1*3', 'stalex2', '_a4', '1+1', 'x3', '{{count:1', '{{count:1}} x', '1x1000001'])(
    '%j is refused',
    (text) => {
      expect(readSeriesValues(text)).toMatchObject({ message: expect.any(String) });
    },
  );

  test('a counting segment adds as Prometheus does, step by step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), fc.double({ noNaN: true, min: 0, max: 1e6 }), (times, step) => {
        const values = readSeriesValues(`0+${step}x${times}`) as number[];
        let sum = 0;
        for (let i = 0; i <= times; i++, sum += step) expect(values[i]).toBe(sum);
        expect(values).toHaveLength(times + 1);
      }),
    );
  });
});

test.for<[string, string]>([
  ['', '{}'],
  ['{}', '{}'],
  ['up', 'up'],
  ['up{}', 'up'],
  ['{a="b"}', '{a="b"}'],
  ['{a=""}', '{}'],
  ['x{a="}",b=\'"\'}', 'x{a="}", b="\\""}'],
  ['{"with space", le="+Inf"}', '{"with space", le="+Inf"}'],
])('the series %j', ([text, expected]) => {
  const labels = readSeriesLabels(text);
  expect(labels).toBeInstanceOf(Labels);
  expect(String(labels)).toBe(expected);
});
