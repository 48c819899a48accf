import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, Matcher } from '@tillwatch/model';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type AlertmanagerConfigInput,
  type PrometheusConfigInput,
  type RuleGroupInput,
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
  Secret,
  SecretInFileError,
  writeAlertmanagerConfig,
  writePrometheusConfig,
  writeRuleFile,
} from '../src/index.ts';

const rules: readonly RuleGroupInput[] = [
  {
    name: 'checkout',
    intervalMs: 15_000,
    rules: [
      {
        kind: 'recording',
        record: 'checkout:technical_failures:ratio_rate5m',
        expr: 'sum by (provider) (rate(checkout_outcomes_total{outcome="failure", reason_class="technical"}[5m])) / ignoring (reason) group_left () sum by (provider) (rate(checkout_outcomes_total[5m]))',
      },
      {
        kind: 'alerting',
        alert: 'CheckoutErrors',
        expr: 'sum(rate(checkout_outcomes_total{outcome="failure"}[5m]))\n  > 0.02 * sum(rate(checkout_outcomes_total[5m]))\n',
        forMs: 120_000,
        keepFiringForMs: 300_000,
        labels: { severity: 'page', on: 'yes', code: '007' },
        annotations: { summary: '{{ $value | humanizePercentage }} of checkouts fail: look at "provider"', more: '' },
      },
    ],
  },
  { name: 'empty', rules: [] },
];

const prometheus: PrometheusConfigInput = {
  global: { scrapeIntervalMs: 15_000, evaluationIntervalMs: 15_000, externalLabels: { shop: 'demo' } },
  ruleFiles: ['rules/*.yml'],
  alerting: { alertmanagers: [{ staticConfigs: [{ targets: ['127.0.0.1:9093'] }] }] },
  scrapeConfigs: [
    {
      jobName: 'shop',
      scrapeIntervalMs: 5_000,
      honorLabels: true,
      sampleLimit: 10_000,
      bodySizeLimitBytes: 10 * 1024 * 1024,
      params: { view: ['all', 'slow'] },
      basicAuth: { username: 'prometheus', passwordFile: 'secrets/shop' },
      staticConfigs: [{ targets: ['127.0.0.1:3000'], labels: { region: 'eu', version: '1.10' } }],
      relabelConfigs: [{ sourceLabels: ['__address__'], regex: '(.*):\\d+', targetLabel: 'host' }],
      metricRelabelConfigs: [{ action: 'labeldrop', regex: 'tmp_.*' }],
    },
    { jobName: 'watch', metricsPath: '/internal/metrics', staticConfigs: [{ targets: ['127.0.0.1:9099'] }] },
  ],
};

const alertmanager: AlertmanagerConfigInput = {
  global: {
    smtpSmarthost: '127.0.0.1:2525',
    smtpFrom: 'tillwatch@shop.test',
    smtpRequireTls: false,
    slackApiUrlFile: 'secrets/slack',
  },
  templates: ['templates/*.tmpl'],
  route: {
    receiver: 'ops',
    groupBy: ['alertname', 'journey'],
    groupWaitMs: 10_000,
    routes: [
      { receiver: 'business', matchers: [new Matcher('audience', '=', 'say "business"')], continue: true },
      {
        matchers: ['severity=~"page|warn"', new Matcher('reason', '!=', 'a\\b\nc')],
        groupByAll: true,
        repeatIntervalMs: 3_600_000,
        muteTimeIntervals: ['nights'],
        routes: [{ receiver: 'business', groupBy: [], groupIntervalMs: 60_000 }],
      },
    ],
  },
  inhibitRules: [{ sourceMatchers: ['severity="page"'], targetMatchers: ['severity="warn"'], equal: ['journey'] }],
  receivers: [
    {
      name: 'ops',
      slackConfigs: [
        {
          channel: '#ops',
          sendResolved: true,
          title: '{{ template "tillwatch.title" . }}',
          fields: [{ title: 'Provider', value: '{{ .CommonLabels.provider }}', short: true }],
          actions: [{ type: 'button', text: 'Open', url: '{{ .ExternalURL }}' }],
        },
      ],
      webhookConfigs: [{ url: new Secret('http://127.0.0.1:9099/hook'), maxAlerts: 10 }],
    },
    {
      name: 'business',
      emailConfigs: [{ to: 'boss@shop.test', headers: { Subject: 'Till: {{ .Status }}' }, text: 'a\nb' }],
    },
  ],
  timeIntervals: [
    {
      name: 'nights',
      intervals: [
        {
          times: [{ startMinute: 22 * 60, endMinute: 1440 }],
          weekdays: [{ begin: 1, end: 5 }],
          daysOfMonth: [{ begin: -7, end: -1 }],
          months: [{ begin: 1, end: 3 }],
          years: [{ begin: 2025, end: 2025 }],
          location: 'Europe/Berlin',
        },
      ],
    },
  ],
};

/** Without the places, which depend on how a file is laid out. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: Record<string, unknown>, key, inner) {
      const original = this[key];
      return key === 'at' ? undefined : original instanceof Secret ? { secret: original.reveal() } : inner;
    }),
  );
}

function readBack<T>(reading: {
  config: T | undefined;
  problems: readonly { severity: string; message: string }[];
}): T {
  expect(reading.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return reading.config as T;
}

describe('what is written', () => {
  test('a rule file is short and readable', () => {
    expect(writeRuleFile(rules, { header: 'Written by Tillwatch.\nChange tillwatch.yaml instead.' })).toBe(`\
# Written by Tillwatch.
# Change tillwatch.yaml instead.

groups:
  - name: checkout
    interval: 15s
    rules:
      - record: checkout:technical_failures:ratio_rate5m
        expr: >-
          sum by (provider) (rate(checkout_outcomes_total{outcome="failure",
          reason_class="technical"}[5m])) / ignoring (reason) group_left () sum by (provider)
          (rate(checkout_outcomes_total[5m]))
      - alert: CheckoutErrors
        expr: |
          sum(rate(checkout_outcomes_total{outcome="failure"}[5m]))
            > 0.02 * sum(rate(checkout_outcomes_total[5m]))
        for: 2m
        keep_firing_for: 5m
        labels:
          severity: page
          "on": "yes"
          code: "007"
        annotations:
          summary: '{{ $value | humanizePercentage }} of checkouts fail: look at "provider"'
          more: ""

  - name: empty
    rules: []
`);
  });

  test('what is inherited or assumed anyway is left out', () => {
    const config = readBack(readPrometheusConfig({ file: 'f', text: 'scrape_configs: [{job_name: a}]' }));
    expect(writePrometheusConfig(config)).toBe('scrape_configs:\n  - job_name: a\n');
    const routed = readBack(
      readAlertmanagerConfig({
        file: 'f',
        text: 'route: {receiver: a, group_wait: 1m, routes: [{group_wait: 1m}]}\nreceivers: [{name: a}]',
      }),
    );
    expect(writeAlertmanagerConfig(routed)).toBe(
      'route:\n  receiver: a\n  group_wait: 1m\n  routes:\n    - {}\n\nreceivers:\n  - name: a\n',
    );
  });

  test('a secret is written only when asked for', () => {
    const config: AlertmanagerConfigInput = {
      global: { slackApiUrl: new Secret('https://hooks.slack.test/x') },
      route: { receiver: 'a' },
      receivers: [{ name: 'a' }],
    };
    expect(() => writeAlertmanagerConfig(config)).toThrow(SecretInFileError);
    expect(() => writeAlertmanagerConfig(config)).not.toThrow('hooks.slack.test');
    expect(writeAlertmanagerConfig(config, { revealSecrets: true })).toContain(
      'slack_api_url: https://hooks.slack.test/x',
    );
  });
});

describe('what is written reads back to the same', () => {
  test('prometheus.yml', () => {
    const first = readBack(readPrometheusConfig({ file: 'f', text: writePrometheusConfig(prometheus) }));
    const second = readBack(readPrometheusConfig({ file: 'f', text: writePrometheusConfig(first) }));
    expect(plain(second)).toEqual(plain(first));
    const [shop] = first.scrapeConfigs;
    expect(shop).toMatchObject({
      jobName: 'shop',
      scrapeIntervalMs: 5_000,
      scrapeTimeoutMs: 5_000,
      bodySizeLimitBytes: 10 * 1024 * 1024,
      params: { view: ['all', 'slow'] },
      basicAuth: { username: 'prometheus', passwordFile: 'secrets/shop' },
    });
    expect(shop?.staticConfigs[0]?.labels.equals(Labels.of({ region: 'eu', version: '1.10' }))).toBe(true);
  });

  test('a prometheus.yml in which everything is unusual', () => {
    const text = `
global:
  scrape_native_histograms: true
  metric_name_validation_scheme: legacy
  scrape_protocols: [PrometheusText0.0.4]
  sample_limit: 100
  external_labels: {a: b}
scrape_configs:
  - job_name: a
    metric_name_validation_scheme: utf8
    metric_name_escaping_scheme: dots
    scrape_protocols: [OpenMetricsText1.0.0]
    scrape_native_histograms: false
    fallback_scrape_protocol: PrometheusText0.0.4
    honor_timestamps: false
    enable_compression: false
    follow_redirects: false
    proxy_url: http://proxy.test:3128
    tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
    http_headers: {X-Tenant: {values: [a]}}
    authorization: {type: Token, credentials_file: f}
    file_sd_configs: [{files: [targets/*.json], refresh_interval: 1m}]
    http_sd_configs: [{url: 'http://sd.test/', basic_auth: {username: u, password_file: p}}]
    dns_sd_configs: [{names: [shop.test], type: A, port: 80}]
    relabel_configs: [{action: hashmod, modulus: 4, source_labels: [a, b], separator: '', target_label: c}]
  - job_name: b
`;
    const first = readBack(readPrometheusConfig({ file: 'f', text }));
    const second = readBack(readPrometheusConfig({ file: 'f', text: writePrometheusConfig(first) }));
    expect(plain(second)).toEqual(plain(first));
  });

  test('alertmanager.yml', () => {
    const first = readBack(readAlertmanagerConfig({ file: 'f', text: writeAlertmanagerConfig(alertmanager) }));
    const second = readBack(readAlertmanagerConfig({ file: 'f', text: writeAlertmanagerConfig(first) }));
    expect(plain(second)).toEqual(plain(first));
    expect(first.route.routes[0]?.matchers[0]?.value).toBe('say "business"');
    expect(first.route.routes[1]).toMatchObject({ receiver: 'ops', groupByAll: true, groupWaitMs: 10_000 });
    expect(first.route.routes[1]?.matchers[1]?.value).toBe('a\\b\nc');
    expect(first.route.routes[1]?.routes[0]).toMatchObject({
      groupByAll: false,
      groupBy: [],
      repeatIntervalMs: 3_600_000,
    });
    expect(plain(first.timeIntervals)).toEqual(plain(alertmanager.timeIntervals));
    expect(first.receivers[0]?.slackConfigs[0]?.apiUrlFile).toBe('secrets/slack');
  });

  test('secrets, each where it stands', () => {
    const text = `
global:
  slack_api_url: http://slack.test/global
  smtp_smarthost: mail.test:25
  smtp_from: a@b.test
  smtp_auth_password: globalpassword
  http_config: {basic_auth: {username: u, password: one}}
route: {receiver: a}
receivers:
  - name: a
    slack_configs:
      - {}
      - {api_url: 'http://slack.test/own'}
      - {app_token: xoxb-token}
      - {http_config: {basic_auth: {username: u, password: two}}}
    email_configs:
      - {to: a@b.test}
      - {to: a@b.test, auth_password: own, auth_secret: s, require_tls: false, force_implicit_tls: true}
    webhook_configs:
      - {url: 'https://user:pw@hook.test/'}
`;
    const first = readBack(readAlertmanagerConfig({ file: 'f', text }));
    const written = writeAlertmanagerConfig(first, { revealSecrets: true });
    expect(plain(readBack(readAlertmanagerConfig({ file: 'f', text: written })))).toEqual(plain(first));
    expect(JSON.stringify(first)).not.toMatch(/globalpassword|xoxb|slack\.test|user:pw/);
  });

  const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,12}$/).filter((name) => name !== '__name__');
  const anyText = fc.string({ unit: 'grapheme', maxLength: 160 });
  const wordyText = fc.array(fc.stringMatching(/^[!-~]{1,12}$/), { maxLength: 30 }).map((words) => words.join(' '));
  const texts = fc.dictionary(labelName, fc.oneof(anyText, wordyText), { maxKeys: 4 });
  const expr = fc
    .oneof(
      fc.constantFrom('up == 0', 'vector(1)\n', '# why\nsum(\n  up\n)', '  up', 'up\n\n', '"a # b: c"'),
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 20 }).map((names) => names.join(' + ')),
    )
    .filter(
      (text) =>
        !/\b(bool|by|without|on|ignoring|offset|and|or|unless|atan2|inf|nan|start|end|sum|avg|min|max)\b/.test(text) ||
        text.includes('sum('),
    );
  const common = { expr, labels: texts };
  const rule = fc.oneof(
    fc.record({ kind: fc.constant('recording' as const), record: fc.constantFrom('a:b', 'c'), ...common }),
    fc.record({
      kind: fc.constant('alerting' as const),
      alert: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 :#-]{0,20}[a-z]$/),
      forMs: fc.nat(10_000_000),
      keepFiringForMs: fc.nat(10_000_000),
      annotations: texts,
      ...common,
    }),
  );
  const groups = fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[!-~][ -~]{0,40}[!-~]$/),
      intervalMs: fc.option(fc.integer({ min: 1, max: 10_000_000 }), { nil: undefined }),
      limit: fc.nat(100),
      queryOffsetMs: fc.option(fc.nat(100_000), { nil: undefined }),
      labels: texts.map((record) => Labels.of(record)),
      rules: fc.array(rule, { maxLength: 4 }),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  );

  test('rule files of any kind', () => {
    fc.assert(
      fc.property(groups, (written) => {
        const { groups: read, problems } = readRuleFile({ file: 'f', text: writeRuleFile(written) });
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(plain(read)).toEqual(plain(written));
      }),
      { numRuns: 200 },
    );
  });
});

/** Debian's Prometheus 2.42 and Alertmanager 0.25 are asked too, where they are installed. */
const run = (tool: string, ...args: string[]) => spawnSync(tool, args, { encoding: 'utf8' });
const isThere = (tool: string) => run(tool, '--version').status === 0;
const folder = mkdtempSync(join(tmpdir(), 'tillwatch-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

test.skipIf(!isThere('promtool'))('promtool takes what is written', () => {
  put('rules/checkout.yml', writeRuleFile(rules));
  put('secrets/shop', 'x');
  const config = put('prometheus.yml', writePrometheusConfig(prometheus));
  const { status, stdout, stderr } = run('promtool', 'check', 'config', config);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('SUCCESS');
});

test.skipIf(!isThere('amtool'))('amtool takes what is written', () => {
  put('templates/a.tmpl', '{{ define "tillwatch.title" }}x{{ end }}');
  const config = put('alertmanager.yml', writeAlertmanagerConfig(alertmanager));
  const { status, stdout } = run('amtool', 'check-config', config);
  expect(stdout).toContain('SUCCESS');
  expect(status).toBe(0);
});
