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
  ['rate over one scrape', 'rate(up[15s])', 1],
  ['rate over just enough', 'rate(up[30s])', 0],
  ['a gauge needs one scrape only', 'max_over_time(up[15s])', 0],
  ['deep inside', 'sum(a) / sum(1 + increase(b[20s]))', 1],
] as const)('windows that are too short: %s', ([, expr, count]) => {
  const { problems, groups } = read(`groups: [{name: a, rules: [{record: x, expr: "${expr}"}]}]`, {
    scrapeIntervalMs: 15_000,
  });
  expect(problems.map(({ code }) => code)).toEqual(Array(count).fill('short-window'));
  expect(groups).toHaveLength(1);
});
