import { readRuleFile, readRuleTestFile } from '@tillwatch/config';
import { formatProblems } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { checkRuleTests } from '../../src/rule-tests/check-rule-tests.ts';
import { runRuleTests } from '../../src/rule-tests/run-rule-tests.ts';

const RULES = `
groups:
  - name: ratios
    interval: 5s
    rules:
      - record: shop:error_ratio
        expr: sum(rate(failed_total[2m])) / sum(rate(all_total[2m]))
  - name: alerts
    rules:
      - alert: ErrorsHigh
        expr: shop:error_ratio > 0.1
        for: 2m
        labels: { severity: page }
        annotations: { summary: '{{ $value | humanizePercentage }} in {{ $externalLabels.shop }}' }
      - alert: Gone
        expr: absent(all_total)
      - alert: Steps
        expr: max_over_time(failed_total[5m:]) > 1e9
`;

const FAILING = `
      - { series: all_total, values: '0+60x20' }
      - { series: failed_total, values: '0x5 30+30x14' }`;

function load(tests: string, rules = RULES) {
  const { file, problems } = readRuleTestFile({
    file: 'test.yml',
    text: `rule_files: [rules.yml]\nevaluation_interval: 1m\n${tests}`,
  });
  expect(formatProblems(problems)).toBe('');
  const read = readRuleFile({ file: 'rules.yml', text: rules });
  expect(formatProblems(read.problems)).toBe('');
  return { file: file!, rules: [{ file: 'rules.yml', groups: read.groups }] };
}

/** What went wrong, line by line. */
async function run(tests: string, rules = RULES): Promise<string[]> {
  const outcomes = await runRuleTests(load(tests, rules));
  return outcomes.flatMap(({ checks }) =>
    checks.flatMap(({ subject, error, missing, surplus, notes, passed }) =>
      passed
        ? []
        : [
            subject,
            ...(error === '' ? [] : [error]),
            ...missing.map((one) => `- ${one}`),
            ...surplus.map((one) => `+ ${one}`),
            ...notes,
          ],
    ),
  );
}

test('what is as it should be passes', async () => {
  expect(
    await run(`tests:
  - external_labels: { shop: eu }
    input_series: ${FAILING}
    alert_rule_test:
      - { eval_time: 7m, alertname: ErrorsHigh, exp_alerts: [] }
      - eval_time: 8m59s
        alertname: ErrorsHigh
        exp_alerts: [{ exp_labels: { severity: page }, exp_annotations: { summary: 50% in eu } }]
      - { eval_time: 20m, alertname: Gone, exp_alerts: [] }
    promql_expr_test:
      - { expr: 'shop:error_ratio', eval_time: 10m, exp_samples: [{ labels: 'shop:error_ratio', value: 0.5 }] }
      - { expr: 'count(ALERTS{alertname="ErrorsHigh"}) by (alertstate)', eval_time: 6m, exp_samples: [{ labels: '{alertstate="pending"}', value: 1 }] }
      - { expr: '0 / 0', exp_samples: [{ value: .nan }] }`),
  ).toEqual([]);
});

test('an alert that is pending is told from one that is not there, with the sides of its condition', async () => {
  const expected = `exp_alerts: [{ exp_labels: { severity: page } }]`;
  expect(
    await run(`tests:
  - input_series: ${FAILING}
    alert_rule_test: [{ eval_time: 7m, alertname: ErrorsHigh, ${expected} }]`),
  ).toEqual([
    'ErrorsHigh',
    '- {severity="page"}',
    'pending since 6m: {severity="page"} fires at 8m, after its for of 2m',
    'at 7m, shop:error_ratio: shop:error_ratio 0.5',
  ]);
});

test('a text that differs is told label by label', async () => {
  const alert = `{ exp_labels: { severity: page, team: ops }, exp_annotations: { summary: 50% in us } }`;
  const failures = await run(`tests:
  - external_labels: { shop: eu }
    input_series: ${FAILING}
    alert_rule_test: [{ eval_time: 9m, alertname: ErrorsHigh, exp_alerts: [${alert}] }]`);
  expect(failures.slice(1)).toEqual([
    '- {severity="page", team="ops"} summary="50% in us"',
    '+ {severity="page"} summary="50% in eu"',
    'label team: expected "ops", got none',
    'annotation summary: expected "50% in us", got "50% in eu"',
    'at 9m, shop:error_ratio: shop:error_ratio 0.5',
  ]);
});

test('where a recorded series is not there, what it is made of is told', async () => {
  const failures = await run(`tests:
  - input_series: [{ series: all_total, values: '0+60x20' }]
    alert_rule_test: [{ eval_time: 7m, alertname: ErrorsHigh, exp_alerts: [{ exp_labels: { severity: page } }] }]`);
  expect(failures.slice(2)).toEqual([
    'at 7m, shop:error_ratio: nothing',
    'at 7m, sum(rate(failed_total[2m])) / sum(rate(all_total[2m])): nothing',
    'at 7m, sum(rate(failed_total[2m])): nothing',
    'at 7m, sum(rate(all_total[2m])): {} 1',
  ]);
});

test('series are seen only until the last evaluation, and never before their time', async () => {
  expect(
    await run(`tests:
  - interval: 10s
    input_series: [{ series: up, values: '0+1x100' }]
    promql_expr_test:
      - { expr: up, eval_time: 1m50s, exp_samples: [{ labels: up, value: 6 }] }
      - { expr: up offset -1m, eval_time: 1m, exp_samples: [{ labels: up, value: 6 }] }`),
  ).toEqual([]);
});

test('subqueries without a step take the evaluation interval', async () => {
  const rules = `groups: [{ name: a, rules: [{ record: n, expr: 'count_over_time(up[10m:])' }] }]`;
  const { file, rules: files } = load(
    `tests:
  - input_series: [{ series: up, values: '1x40' }]
    promql_expr_test: [{ expr: n, eval_time: 20m, exp_samples: [{ labels: n, value: 5 }] }]`,
    rules,
  );
  const outcomes = await runRuleTests({ file: { ...file, evaluationIntervalMs: 120_000 }, rules: files });
  expect(outcomes[0]!.checks[0]!.surplus).toEqual([]);
});

test('groups are evaluated in the order that is asked for', async () => {
  const rules = `groups:
  - { name: later, rules: [{ record: b, expr: 'a + 1' }] }
  - { name: first, rules: [{ record: a, expr: 'time() / 60' }] }`;
  const check = `tests: [{ promql_expr_test: [{ expr: b, eval_time: 3m, exp_samples: [{ labels: b, value: 4 }] }] }]`;
  expect(await run(`group_eval_order: [first, later]\n${check}`, rules)).toEqual([]);
  expect(await run(check, rules)).toEqual(['b', '- b 4', '+ b 3']);
});

test('a rule that cannot be evaluated ends its test', async () => {
  const rules = `groups: [{ name: a, rules: [{ record: r, expr: 'x / on (p) y' }] }]`;
  const failures = await run(
    `tests:
  - input_series:
      - { series: 'x{p="1",q="1"}', values: 1 }
      - { series: 'x{p="1",q="2"}', values: 1 }
      - { series: 'y{p="1"}', values: 1 }
    promql_expr_test: [{ expr: x, exp_samples: [] }]`,
    rules,
  );
  expect(failures).toEqual(['r', expect.stringContaining('many-to-one matching must be explicit')]);
});

test('neighbouring numbers are equal when that is asked for', async () => {
  const check = (value: string) => `tests: [{ promql_expr_test: [{ expr: '3', exp_samples: [{ value: ${value} }] }] }]`;
  expect(await run(`fuzzy_compare: true\n${check('2.9999999999999996')}`)).toEqual([]);
  expect(await run(check('2.9999999999999996'))).not.toEqual([]);
  expect(await run(`fuzzy_compare: true\n${check('2.9999999999999987')}`)).not.toEqual([]);
});

test('only wanted tests are run', async () => {
  const loaded = load(
    'tests: [{ name: a, promql_expr_test: [{ expr: "1" }] }, { name: b, promql_expr_test: [{ expr: "1", exp_samples: [{ value: 1 }] }] }]',
  );
  const outcomes = await runRuleTests({ ...loaded, isWanted: (name) => name === 'b' });
  expect(outcomes).toMatchObject([{ name: 'b', passed: true }]);
});

describe('checks that say nothing', () => {
  const alertCheck = (check: string, series = FAILING) => `tests:
  - input_series: ${series}
    alert_rule_test: [${check}]`;

  test.for([
    [
      'an alert that no rule has',
      alertCheck('{ eval_time: 9m, alertname: ErorsHigh, exp_alerts: [] }'),
      'error: no rule file has an alert "ErorsHigh", so it never fires  [rule-test-unknown-alert]',
      'did you mean ErrorsHigh?',
    ],
    [
      'a recording rule',
      alertCheck('{ eval_time: 9m, alertname: "shop:error_ratio", exp_alerts: [] }'),
      'error: no rule file has an alert "shop:error_ratio", so it never fires  [rule-test-unknown-alert]',
      'test its value with promql_expr_test',
    ],
    [
      'before its for is over',
      alertCheck('{ eval_time: 1m59s, alertname: ErrorsHigh, exp_alerts: [{}] }'),
      'error: ErrorsHigh cannot fire at 1m59s: its for is 2m  [rule-test-never-applies]',
      'test it at 2m or later',
    ],
    [
      'another label than the rule has',
      alertCheck('{ eval_time: 9m, alertname: ErrorsHigh, exp_alerts: [{ exp_labels: { severity: warn } }] }'),
      'error: ErrorsHigh always has severity="page", here severity="warn" is expected  [rule-test-never-applies]',
      'write severity: page',
    ],
    [
      'long after the data',
      alertCheck('{ eval_time: 1h, alertname: ErrorsHigh, exp_alerts: [] }'),
      'error: nothing can be there at 1h: the series end at 20m  [rule-test-never-applies]',
      'say so with stale or _x20',
    ],
    [
      'a metric whose name is misspelt',
      alertCheck(
        '{ eval_time: 9m, alertname: ErrorsHigh, exp_alerts: [] }',
        "\n      - { series: al_total, values: '0x20' }",
      ),
      'error: no series of this test is read by ErrorsHigh, so the check passes whatever the rule says  [rule-test-never-applies]',
      'it reads failed_total, all_total; the test has al_total',
    ],
    [
      'other metrics altogether',
      alertCheck(
        '{ eval_time: 9m, alertname: ErrorsHigh, exp_alerts: [] }',
        "\n      - { series: up, values: '0x20' }",
      ),
      'warning: no series of this test is read by ErrorsHigh, so the check passes whatever the rule says  [rule-test-no-data]',
      'do the labels fit?',
    ],
    [
      'samples after the last evaluation',
      `tests:
  - interval: 10s
    input_series: [{ series: up, values: '0+1x100' }]
    promql_expr_test: [{ expr: up, eval_time: 1m50s, exp_samples: [{ labels: up, value: 6 }] }]`,
      'warning: the samples at 1m50s are not seen at 1m50s: the last evaluation is at 1m  [rule-test-off-grid]',
      'of which eval_time is a multiple',
    ],
    [
      'a group that no rule file has',
      'group_eval_order: [alert]\ntests: [{ promql_expr_test: [{ expr: "1" }] }]',
      'error: no rule file has a group "alert"  [rule-test-unknown-group]',
      'did you mean alerts?',
    ],
  ] as const)('%s', ([, tests, message, hint]) => {
    const { file, rules } = load(tests);
    const report = formatProblems(checkRuleTests(file, rules));
    expect(report).toContain(message);
    expect(report).toContain(hint);
  });

  test.for([
    [
      'the end of the data, when it is said',
      alertCheck(
        '{ eval_time: 1h, alertname: ErrorsHigh, exp_alerts: [] }',
        "\n      - { series: all_total, values: '0+1x20 stale' }",
      ),
    ],
    [
      'the end of the data, when it is left open',
      alertCheck(
        '{ eval_time: 1h, alertname: ErrorsHigh, exp_alerts: [] }',
        "\n      - { series: all_total, values: '0+1x20 _x60' }",
      ),
    ],
    [
      'that the data end, when something else is expected',
      alertCheck(
        '{ eval_time: 1h, alertname: ErrorsHigh, exp_alerts: [] }, { eval_time: 1h, alertname: Gone, exp_alerts: [{}] }',
      ),
    ],
    [
      'a rule that needs no series',
      alertCheck('{ eval_time: 1m, alertname: Gone, exp_alerts: [] }', "\n      - { series: up, values: '0x20' }"),
    ],
    [
      'alert states',
      `tests:
  - input_series: ${FAILING}
    promql_expr_test: [{ expr: 'ALERTS{severity="page"}', eval_time: 10h, exp_samples: [] }]`,
    ],
  ] as const)('%s can be tested', ([, tests]) => {
    const { file, rules } = load(tests);
    expect(formatProblems(checkRuleTests(file, rules))).toBe('');
  });
});
