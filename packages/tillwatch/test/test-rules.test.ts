import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../src/cli/program.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-test-rules-'));
  await write(
    'rules.yml',
    'groups: [{ name: a, rules: [{ alert: Down, expr: up == 0, for: 2m, labels: { severity: page } }] }]',
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(dir, name), text);
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = {
    out(text: string) {
      out += text.replaceAll(`${dir}/`, '');
    },
    err(text: string) {
      err += text.replaceAll(`${dir}/`, '');
    },
  };
  const paths = args.map((arg) => (arg.endsWith('.yml') || arg.endsWith('.xml') ? join(dir, arg) : arg));
  return { code: await runCli(['test', 'rules', ...paths], terminal), out, err };
}

const check = (evalTime: string, alerts: string, name = 'Down') =>
  `    alert_rule_test: [{ eval_time: ${evalTime}, alertname: ${name}, exp_alerts: ${alerts} }]\n`;
const file = (...tests: string[]) =>
  `rule_files: [rules.yml]\ntests:\n${tests.map((one, i) => `  - name: test <${i}>\n    input_series: [{ series: 'up{job="shop"}', values: '0x10' }]\n${one}`).join('')}`;

test('tests pass', async () => {
  await write('good.yml', file(check('2m', '[{ exp_labels: { job: shop, severity: page } }]'), check('1m', '[]')));
  expect(await run('good.yml')).toEqual({
    code: 0,
    out: 'good.yml\n  ok      test <0>\n  ok      test <1>\n2 tests in 1 file: 2 passed, 0 failed.\n',
    err: '',
  });
});

test('a failure is told in text, in JSON and for build servers', async () => {
  await write('bad.yml', file(check('2m', '[]'), check('1m', '[]')));
  const failed = [
    '    bad.yml:5:51: alert Down at 2m',
    '      + got       {job="shop", severity="page"}',
    '      - expected  nothing else',
    '      = at 2m, up: up{job="shop"} 0',
  ];
  expect(await run('bad.yml', '--junit', 'report.xml')).toEqual({
    code: 1,
    out: [
      'bad.yml',
      '  FAILED  test <0>',
      ...failed,
      '  ok      test <1>',
      '2 tests in 1 file: 1 passed, 1 failed.',
      '',
    ].join('\n'),
    err: '',
  });
  const xml = (await readFile(join(dir, 'report.xml'), 'utf8'))
    .replaceAll(`${dir}/`, '')
    .replaceAll(/ time="[\d.]+"/g, '');
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="bad.yml" tests="2" failures="1" errors="0">
    <testcase name="test &lt;0&gt;" classname="bad.yml">
      <failure message="Down at 2m">bad.yml:5:51: alert Down at 2m
  + got       {job="shop", severity="page"}
  - expected  nothing else
  = at 2m, up: up{job="shop"} 0</failure>
    </testcase>
    <testcase name="test &lt;1&gt;" classname="bad.yml"/>
  </testsuite>
</testsuites>
`);
  const json = await run('bad.yml', '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    passed: false,
    tests: 2,
    failed: 1,
    files: [
      {
        passed: false,
        tests: [
          {
            name: 'test <0>',
            passed: false,
            checks: [
              {
                kind: 'alert',
                subject: 'Down',
                evalTime: '2m',
                line: 5,
                column: 51,
                surplus: ['{job="shop", severity="page"}'],
              },
            ],
          },
          { passed: true },
        ],
      },
    ],
  });
});

test('what cannot be run is told with its place, and the other files run', async () => {
  await write('wrong.yml', file(check('2m', '[]', 'Dwn')));
  await write('lost.yml', 'rule_files: [gone.yml, "no*.yml"]\ntests: [{ promql_expr_test: [{ expr: up }] }]');
  await write('fine.yml', file(check('1m', '[]')));
  const { code, out, err } = await run('wrong.yml', 'lost.yml', 'fine.yml', 'absent.yml', '--junit', 'report.xml');
  expect(code).toBe(1);
  expect(err).toContain(
    'wrong.yml:5:51: error: no rule file has an alert "Dwn", so it never fires  [rule-test-unknown-alert]',
  );
  expect(err).toContain('= did you mean Down?');
  expect(err).toContain('lost.yml:1:14: error: cannot read gone.yml: there is no such file  [file-unreadable]');
  expect(err).toContain('lost.yml:1:24: error: no file matches no*.yml  [rule-test-no-file]');
  expect(err).toContain('cannot read absent.yml: there is no such file');
  expect(out).toContain('wrong.yml\n  FAILED  not run: see the problems above\n');
  expect(out).toContain('fine.yml\n  ok      test <0>\n');
  expect(out).toMatch(/\n1 test in 4 files: 1 passed, 0 failed, 3 files not run\.\n$/);
  expect(await readFile(join(dir, 'report.xml'), 'utf8')).toContain(
    '<error message="no rule file has an alert &quot;Dwn&quot;',
  );
});

test('check finds the same in a test file', async () => {
  await write('checked.yml', file(check('2m', '[]', 'Dwn')));
  let told = '';
  const terminal = {
    out() {},
    err(text: string) {
      told += text;
    },
  };
  expect(await runCli(['check', join(dir, 'checked.yml')], terminal)).toBe(1);
  expect(told).toContain('no rule file has an alert "Dwn", so it never fires  [rule-test-unknown-alert]');
});

test('single tests can be chosen', async () => {
  await write('some.yml', file(check('2m', '[]'), check('1m', '[]')));
  expect(await run('some.yml', '--run', '1>$')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 test in 1 file'),
  });
  expect(await run('--run', '1>', '--run', 'est <0', 'some.yml')).toMatchObject({
    code: 1,
    out: expect.stringContaining('2 tests in 1 file: 1 passed, 1 failed'),
  });
  expect(await run('some.yml', '--run', 'other')).toMatchObject({
    code: 1,
    err: 'tillwatch: no test has a name that matches other\n',
  });
  expect(await run('some.yml', '--run', '(')).toMatchObject({
    code: 1,
    err: expect.stringContaining('--run: invalid regular expression'),
  });
  expect(await run()).toMatchObject({ code: 2 });
});

test('unknown fields are errors, unless they are to be ignored', async () => {
  await write('odd.yml', `owner: me\n${file(check('1m', '[]'))}`);
  expect(await run('odd.yml')).toMatchObject({ code: 1, err: expect.stringContaining('[unknown-field]') });
  expect(await run('odd.yml', '--ignore-unknown-fields')).toMatchObject({
    code: 0,
    err: expect.stringContaining('warning'),
  });
});
