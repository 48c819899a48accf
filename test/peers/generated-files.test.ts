import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exampleConfig, plan, readTillwatchConfig } from '@tillwatch/checkout';
import { afterAll, describe, expect, test } from 'vitest';

// What Tillwatch writes, read by the programs that it is written for.

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function has(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

function run(
  folder: string,
  program: string,
  ...args: string[]
): { status: number | null; printed: string; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  return { status, printed: stdout, output: `${stdout}${stderr}` };
}

const MAPPED = `metrics:
  attempts: [{ series: shop_checkouts_started_total }]
  outcomes:
    - { series: 'shop_orders_total{state="paid"}', outcome: success, labels: { provider: gateway } }
    - { series: shop_order_errors_total, outcome: failure, reasonClass: technical, labels: { reason: error } }
`;

const PLANNED = `promotions:
  - { name: Black Friday, from: 2026-11-27, to: 2026-11-28, expectedFactor: 5 }
  - { name: 'Night "sale" {{ 1 }}', from: 2026-12-24T20:00, to: 2026-12-24T23:00, expectedFactor: 1.2, ramp: 30m }
`;

const BUDGETS = `  budgets:
    - { name: api, target: 99.5%, window: 28d, errors: 'http_requests_total{route=~"/api/.*",code=~"5.."}', total: 'http_requests_total{route=~"/api/.*"}' }
    - { name: pay-fast, target: 95%, window: 7d, latency: { histogram: 'checkout_step_duration_seconds{step="payment"}', below: 2500ms } }
    - { name: mails, description: 'Mails "sent" {{ 1 }}', target: 99.9%, errors: mail_failures_total, total: mail_sent_total }
`;

/** A shop with everything that a tillwatch.yaml can plan. */
const WITH_PLANS = exampleConfig({})
  .replace('promotions: []\n', PLANNED)
  .replace('objectives:\n', `objectives:\n${BUDGETS}`);

/** Writes the plan of a tillwatch.yaml into a folder of its own. */
function written(text: string, environment: Record<string, string> = {}): string {
  const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text });
  expect(problems).toEqual([]);
  const folder = mkdtempSync(join(tmpdir(), 'tillwatch-plan-'));
  folders.push(folder);
  for (const { path, content } of plan(config!, { environment, sentinel: { address: '127.0.0.1:9096' } })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const environment = { SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/hook', SMTP_URL: 'smtp://user:pw@mail.example:587' };
const configs: [string, string][] = [
  ['the example', exampleConfig({})],
  [
    'in German, every five seconds',
    exampleConfig({ language: 'de', shopName: 'Käse & "Wein" {{ 1 }}' }).replace('interval: 15s', 'interval: 5s'),
  ],
  ['scraped once a minute', exampleConfig({}).replace('interval: 15s', 'interval: 1m')],
  ['with other metric names', `${exampleConfig({})}${MAPPED}`],
  ['with promotions and error budgets', WITH_PLANS],
];

function ruleFiles(folder: string): string[] {
  const names = readdirSync(join(folder, 'rules')).filter(
    (name) => name.endsWith('.yml') && !name.endsWith('.test.yml'),
  );
  return names.map((name) => `rules/${name}`);
}

describe.runIf(has('promtool'))('promtool', () => {
  test.for(configs)('accepts prometheus.yml and the rules: %s', ([, text]) => {
    const folder = written(text, environment);
    expect(run(folder, 'promtool', 'check', 'config', 'prometheus.yml')).toMatchObject({ status: 0 });
    const rules = run(folder, 'promtool', 'check', 'rules', ...ruleFiles(folder));
    expect(rules, rules.output).toMatchObject({ status: 0, output: expect.not.stringContaining('duplicate') });
  });

  test.for(configs.filter(([name]) => name === 'the example' || name === 'scraped once a minute'))(
    'passes every generated rule test: %s',
    ([, text]) => {
      const folder = written(text);
      const result = run(folder, 'promtool', 'test', 'rules', 'rules/checkout.test.yml');
      expect(result.output).toContain('SUCCESS');
      expect(result).toMatchObject({ status: 0 });
    },
  );

  test('passes the tests of promotions and error budgets', () => {
    const folder = written(WITH_PLANS);
    const files = readdirSync(join(folder, 'rules')).filter((name) =>
      /^(?:promotion-\d+|objectives)\.test\.yml$/.test(name),
    );
    expect(files).toEqual(['objectives.test.yml', 'promotion-1.test.yml', 'promotion-2.test.yml']);
    const result = run(folder, 'promtool', 'test', 'rules', ...files.map((name) => `rules/${name}`));
    expect(result, result.output).toMatchObject({ status: 0 });
  });

  test('passes the tests of the rules on the evidence of the sentinel', () => {
    const folder = written(exampleConfig({}));
    const result = run(folder, 'promtool', 'test', 'rules', 'rules/sentinel.test.yml');
    expect(result, result.output).toMatchObject({ status: 0 });
  });

  test('a rule that says nothing fails its test', () => {
    const folder = written(exampleConfig({}));
    const rules = readFileSync(join(folder, 'rules/checkout.yml'), 'utf8');
    const quiet = rules.replace(/(alert: DatabasePoolExhausted\n\s+expr: ).*/, '$1vector(0) > 1');
    writeFileSync(join(folder, 'rules/checkout.yml'), quiet);
    expect(run(folder, 'promtool', 'test', 'rules', 'rules/checkout.test.yml')).toMatchObject({
      status: 1,
      output: expect.stringContaining('DatabasePoolExhausted'),
    });
  });
});

describe.runIf(has('amtool'))('amtool', () => {
  test.for(configs)('accepts alertmanager.yml and its templates: %s', ([, text]) => {
    const result = run(written(text, environment), 'amtool', 'check-config', 'alertmanager.yml');
    expect(result, result.output).toMatchObject({ status: 0 });
    expect(result.output).toContain('3 receivers');
  });

  test.for([
    ['a page about customers', 'severity=page area=customers', 'dev,ops,business'],
    ['a page about the platform', 'severity=page area=platform', 'dev,ops'],
    ['a notice', 'severity=inform area=customers', 'dev,ops'],
    ['an alert of somebody else', 'severity=critical', 'dev,ops'],
    ['a promotion', 'severity=inform area=promotion promotion=Sale', 'dev,ops,business'],
  ] as const)('%s goes to the right teams', ([, labels, receivers]) => {
    const folder = written(WITH_PLANS, environment);
    const { printed } = run(
      folder,
      'amtool',
      'config',
      'routes',
      'test',
      '--config.file=alertmanager.yml',
      ...labels.split(' '),
    );
    expect(printed.trim()).toBe(receivers);
  });
});

describe.runIf(has('vmalert'))('vmalert', () => {
  test.for(configs)('accepts the rules: %s', ([, text]) => {
    const result = run(written(text), 'vmalert', '-dryRun', '-rule=victoriametrics/*.yml');
    expect(result, result.output).toMatchObject({ status: 0 });
  });
});
