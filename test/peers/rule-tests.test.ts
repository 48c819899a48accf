import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exampleConfig, plan, readTillwatchConfig } from '@tillwatch/checkout';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { runCli } from '../../packages/tillwatch/src/cli/program.ts';

// The same files of rule tests through `promtool test rules` and `tillwatch test rules`.

const PROMTOOL = 'promtool';
const hasPromtool = spawnSync('which', [PROMTOOL]).status === 0;
const root = mkdtempSync(join(tmpdir(), 'tillwatch-rule-test-peers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function written(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

async function both(folder: string, file: string): Promise<{ ours: boolean; theirs: boolean; output: string }> {
  let output = '';
  const terminal = {
    out(text: string) {
      output += text;
    },
    err(text: string) {
      output += text;
    },
  };
  const code = await runCli(['test', 'rules', join(folder, file)], terminal);
  const theirs = spawnSync(PROMTOOL, ['test', 'rules', file], { cwd: folder, encoding: 'utf8' });
  output += `--- promtool\n${theirs.stdout}${theirs.stderr}`;
  return { ours: code === 0, theirs: theirs.status === 0, output };
}

const RULES = `groups:
  - name: ratios
    rules:
      - record: shop:error_ratio
        expr: sum by (p) (rate(failed_total[90s])) / sum by (p) (rate(all_total[90s]))
  - name: alerts
    rules:
      - alert: ErrorsHigh
        expr: shop:error_ratio > 0.1
        for: 1m
        labels: { severity: page, where: '{{ $labels.p }}' }
        annotations: { summary: '{{ $value | printf "%.2f" }} in {{ $externalLabels.shop }}' }
      - { alert: Gone, expr: absent(all_total), for: 30s }
`;

const SERIES = `
    interval: 30s
    external_labels: { shop: eu }
    input_series:
      - { series: 'all_total{p="a"}', values: '0+60x20 _x3 1500+60x20' }
      - { series: 'all_total{p="b"}', values: '0+60x10 stale 0+6x20' }
      - { series: 'failed_total{p="a"}', values: '0x8 30+30x12 _ 500x20' }
      - { series: 'failed_total{p="b"}', values: '0x30' }`;

const page = (p: string, value: string) =>
  `[{ exp_labels: { severity: page, where: ${p}, p: ${p} }, exp_annotations: { summary: ${value} in eu } }]`;
const alertCheck = (time: string, alerts: string, name = 'ErrorsHigh') =>
  `    alert_rule_test: [{ eval_time: ${time}, alertname: ${name}, exp_alerts: ${alerts} }]`;
const exprCheck = (expr: string, time: string, samples: string) =>
  `    promql_expr_test: [{ expr: '${expr}', eval_time: ${time}, exp_samples: ${samples} }]`;

describe.runIf(hasPromtool)('promtool and we agree', () => {
  test.for([
    ['an alert fires', alertCheck('8m', page('a', '0.50')), true],
    ['an alert with another text', alertCheck('8m', page('a', '0.51')), false],
    ['an alert that is pending', alertCheck('5m', '[]'), true],
    ['an alert between two evaluations', alertCheck('7m10s', page('a', '0.50')), true],
    ['an alert that is not expected', alertCheck('8m', '[]'), false],
    ['an alert that is expected in vain', alertCheck('8m', '[{}]', 'Gone'), false],
    [
      'a recorded value',
      exprCheck('shop:error_ratio{p="a"}', '8m', `[{ labels: 'shop:error_ratio{p="a"}', value: 0.5 }]`),
      true,
    ],
    [
      'another value',
      exprCheck('shop:error_ratio{p="a"}', '8m', `[{ labels: 'shop:error_ratio{p="a"}', value: 0.4 }]`),
      false,
    ],
    ['one sample too few', exprCheck('all_total', '2m', `[{ labels: 'all_total{p="a"}', value: 240 }]`), false],
    ['a series that ended', exprCheck('all_total{p="b"}', '5m30s', '[]'), true],
    ['a series that goes on', exprCheck('all_total{p="b"}', '6m', `[{ labels: 'all_total{p="b"}', value: 0 }]`), true],
    ['a gap', exprCheck('timestamp(all_total{p="a"})', '11m', `[{ labels: '{p="a"}', value: 600 }]`), true],
    ['a scalar', exprCheck('time()', '3m', '[{ value: 180 }]'), true],
    [
      'alert states',
      exprCheck('sum by (alertstate) (ALERTS)', '5m', `[{ labels: '{alertstate="pending"}', value: 1 }]`),
      true,
    ],
    ['a range vector', exprCheck('all_total[5m]', '5m', '[]'), false],
    ['an expression that cannot be evaluated', exprCheck('all_total / on () failed_total', '5m', '[]'), false],
    ['an expression that cannot be read', exprCheck('sum(', '5m', '[]'), false],
    ['an unknown field', '    expr_test: []', false],
  ] as const)('%s', async ([, check, passes]) => {
    const folder = written({
      'rules.yml': RULES,
      'test.yml': `rule_files: [rules.yml]\nevaluation_interval: 30s\ntests:\n  - name: one${SERIES}\n${check}\n`,
    });
    const { ours, theirs, output } = await both(folder, 'test.yml');
    expect({ ours, theirs }, output).toEqual({ ours: passes, theirs: passes });
  });

  test('about what random series come to', async () => {
    const value = fc.oneof(
      fc.integer({ min: -20, max: 50 }).map(String),
      fc.constantFrom('_', 'stale', '_x3'),
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -3, max: 9 }), fc.integer({ min: 0, max: 6 }))
        .map(([first, step, times]) => `${first}${step < 0 ? step : `+${step}`}x${times}`),
    );
    const expr = fc.constantFrom(
      'x',
      'sum(x)',
      'count by (a) (x > 5)',
      'sum by (a) (delta(x[95s]))',
      'max_over_time(x[125s])',
      'x or y offset 65s',
      'resets(x[185s])',
      'absent(x)',
    );
    const values = fc.array(value, { minLength: 1, maxLength: 8 }).map((items) => items.join(' '));
    await fc.assert(
      fc.asyncProperty(values, values, values, expr, fc.integer({ min: 0, max: 20 }), async (x1, x2, y, text, at) => {
        // Off the grid of the samples, where Prometheus 2 and 3 mean the same.
        const file = (samples: string) =>
          `evaluation_interval: 10s\ntests:\n  - interval: 30s\n    input_series:\n      - { series: 'x{a="1"}', values: '${x1}' }\n      - { series: 'x{a="2"}', values: '${x2}' }\n      - { series: y, values: '${y}' }\n    promql_expr_test: [{ expr: '${text}', eval_time: ${at * 30 + 10}s, exp_samples: ${samples} }]\n`;
        const folder = written({ 'empty.yml': file('[]') });
        const json = await answer(join(folder, 'empty.yml'));
        // What we say is there must be what promtool finds there.
        writeFileSync(join(folder, 'test.yml'), file(json));
        const { ours, theirs, output } = await both(folder, 'test.yml');
        expect({ ours, theirs }, `${file(json)}\n${output}`).toEqual({ ours: true, theirs: true });
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

/** What the one check of a file finds, as YAML of expected samples. */
async function answer(file: string): Promise<string> {
  let out = '';
  const terminal = {
    out(text: string) {
      out += text;
    },
    err() {},
  };
  await runCli(['test', 'rules', file, '--json'], terminal);
  const result = JSON.parse(out) as { files: { tests: { checks: { surplus: string[] }[] }[] }[] };
  const surplus = result.files[0]?.tests[0]?.checks[0]?.surplus ?? [];
  const samples = surplus.map((text) => {
    const [, labels = '', value = ''] = /^(.*) (\S+)$/.exec(text) ?? [];
    return `{ labels: '${labels}', value: ${value} }`;
  });
  return `[${samples.join(', ')}]`;
}

describe.runIf(hasPromtool)('the tests that are generated with the rules', () => {
  test('pass with us', async () => {
    const text = exampleConfig({}).replace('interval: 15s', 'interval: 1m');
    const { config } = readTillwatchConfig({ file: 'tillwatch.yaml', text });
    const files = plan(config!).filter(({ path }) => path.startsWith('rules/'));
    const folder = written(Object.fromEntries(files.map(({ path, content }) => [path, content])));
    let output = '';
    const terminal = {
      out(part: string) {
        output += part;
      },
      err(part: string) {
        output += part;
      },
    };
    const code = await runCli(['test', 'rules', join(folder, 'rules/checkout.test.yml')], terminal);
    expect(code, output).toBe(0);
    expect(output).not.toContain('warning');
  });
});
