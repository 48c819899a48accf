import { formatProblems, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { type RuleFileOptions, readRuleFile, ruleName } from '../src/index.ts';

const read = (text: string, options?: RuleFileOptions) => readRuleFile({ file: 'rules.yml', text }, options);

test('rules with and without their optional parts', () => {
  const { groups, problems } = read(`
groups:
  - name: checkout
    interval: 15s
    limit: 10
    query_offset: 30s
    labels: {team: shop}
    rules:
      - record: a:b
        expr: 1
      - alert: Down
        expr: up == 0
        for: 2m
        keep_firing_for: 5m
        labels: {severity: page}
        annotations: {summary: "{{ $value }}"}
  - name: plain
`);
  expect(problems).toEqual([]);
  const [checkout, plain] = groups;
  expect(checkout).toMatchObject({ intervalMs: 15_000, limit: 10, queryOffsetMs: 30_000 });
  expect(checkout?.labels.toRecord()).toEqual({ team: 'shop' });
  expect(checkout?.rules).toMatchObject([
    { kind: 'recording', record: 'a:b', expr: '1', labels: {} },
    {
      kind: 'alerting',
      alert: 'Down',
      expr: 'up == 0',
      forMs: 120_000,
      keepFiringForMs: 300_000,
      labels: { severity: 'page' },
      annotations: { summary: '{{ $value }}' },
    },
  ]);
  expect(plain).toMatchObject({ intervalMs: undefined, limit: 0, queryOffsetMs: undefined, rules: [] });
});

test('a rule knows where it stands', () => {
  const { groups } = read('groups: [{name: a, rules: [{alert: Down, expr: up}]}]');
  const rule = groups[0]!.rules[0]!;
  const { text, from, to } = rule.at!;
  expect(text.slice(from, to)).toBe(ruleName(rule));
});

test.for([
  ['plain', 'expr: rate(up)'],
  ['in double quotes behind an escape', 'expr: "\\trate(up)"'],
  ['in a block', 'expr: |\n          # comment\n          rate(up)'],
  ['in a folded block', 'expr: >-\n          1 +\n          rate(up)'],
  ['behind an anchor', 'expr: &e rate(up)'],
] as const)('the place in an expression that is written %s', ([, expr]) => {
  const { problems, groups } = read(`groups:\n  - name: a\n    rules:\n      - record: x\n        ${expr}`);
  expect(groups).toEqual([]);
  expect(problems.map(({ at }) => at.text.slice(at.from, at.to))).toEqual(['up']);
});

test('every wrong expression of a file is reported', () => {
  const { problems } = read(
    'groups:\n- name: a\n  rules:\n  - {record: x, expr: "1 +"}\n  - {record: y, expr: "rate(1"}\n- name: a',
  );
  expect(problems.map(({ code }) => code)).toEqual(['promql-syntax', 'promql-syntax', 'duplicate-name']);
});

test('templates are checked by whoever knows them, in their place', () => {
  const checkTemplate = (source: SourceText): Problem[] => {
    const at = source.text.indexOf('$label.');
    if (at === -1) return [];
    return [
      { code: 'template', severity: 'error', message: 'undefined variable "$label"', at: spanOf(source, at, at + 6) },
    ];
  };
  const text = `groups:
  - name: a
    rules:
      - alert: Down
        expr: up
        labels: {severity: page}
        annotations:
          summary: |
            shop
            {{ $label.shop }} is down
`;
  const { problems, groups } = read(text, { checkTemplate });
  expect(groups).toEqual([]);
  expect(formatProblems(problems)).toBe(`\
rules.yml:10:16: error: annotation "summary": undefined variable "$label"  [template]
  10 |             {{ $label.shop }} is down
     |                ^^^^^^`);
});

test.for([
  [
    'other labels on the other side',
    'sum by (provider, reason) (a) / sum by (provider) (b)',
    'provider, reason and provider',
  ],
  ['no labels on the other side', 'sum by (provider) (a) > 0.02 and sum(b) >= 20', 'provider and none'],
  ['through functions and parentheses', 'round(sum by (p) (a)) / (max by (q) (b) * 100)', 'p and q'],
  [
    'quantiles have no le',
    'histogram_quantile(0.9, sum by (le, step) (a)) > sum by (le, step) (b)',
    'step and le, step',
  ],
  ['what is left after ignoring', 'sum by (p, q) (a) / ignoring (q) sum by (r) (b)', 'p and r'],
  ['the same labels in another order', 'sum by (p, q) (a) / sum by (q, p) (b)', ''],
  ['what is ignored does not count', 'sum by (p, q) (a) / ignoring (q) sum by (p) (b)', ''],
  ['what is matched on is said', 'sum by (p) (a) / on () group_left () sum(b)', ''],
  ['either of two', 'sum by (p) (a) or sum(b)', ''],
  ['labels that nobody knows', 'rate(a[5m]) / rate(b[5m])', ''],
  ['chosen series keep their labels', 'topk by (p) (3, a) / sum by (p) (b)', ''],
  ['a number has none', 'sum by (p) (a) > 3 * 2', ''],
] as const)('sides that do not match: %s', ([, expr, sides]) => {
  const { problems } = read(`groups: [{name: a, rules: [{record: x, expr: "${expr}"}]}]`);
  const expected = sides === '' ? [] : [expect.stringContaining(`have different labels (${sides})`)];
  expect(problems.map(({ message }) => message)).toEqual(expected);
  expect(problems.every(({ code, severity }) => code === 'matching-labels' && severity === 'warning')).toBe(true);
});

test.for([
  ['rate over one scrape', 'rate(up[15s])', 1],
  ['rate over just enough', 'rate(up[1m])', 0],
  ['rate over two scrapes, of which one may be lost', 'rate(up[45s])', 1],
  ['a gauge needs one scrape only', 'max_over_time(up[15s])', 0],
  ['deep inside', 'sum(a) / sum(1 + increase(b[20s]))', 1],
] as const)('windows that are too short: %s', ([, expr, count]) => {
  const { problems, groups } = read(`groups: [{name: a, rules: [{record: x, expr: "${expr}"}]}]`, {
    scrapeIntervalMs: 15_000,
  });
  expect(problems.map(({ code }) => code)).toEqual(Array(count).fill('short-window'));
  expect(groups).toHaveLength(1);
});
