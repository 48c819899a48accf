import { checkReceiverTexts } from '@tillwatch/alerting';
import { exampleConfig, readMessages, readTillwatchConfig, writeMessages } from '@tillwatch/checkout';
import {
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
  readRuleTestFile,
  readTargetFile,
  writeAlertmanagerConfig,
  writePrometheusConfig,
  writeRuleFile,
} from '@tillwatch/config';
import type { Problem } from '@tillwatch/model';
import { areOnlyWarnings, mustBePlain } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

/** What YAML has that other notations have not. */
const YAML = [
  '&a ',
  '*a',
  '<<: *a\n',
  '- ',
  ': ',
  '? ',
  '|\n  ',
  '>-\n  ',
  '!!binary ',
  '!!set ',
  '--- ',
  '%YAML 1.1\n',
  '# ',
  '~',
  'null',
  'yes',
  '0o17',
  '[[[[[[[[',
  '{a: {a: {a: ',
  '\n  ',
  '\n    - ',
  '__proto__: { polluted: 1 }\n',
  'constructor: { prototype: { polluted: 1 } }\n',
];

const RULES = `groups:
  - name: checkout
    interval: 15s
    limit: 10
    query_offset: 1s
    labels: { team: shop }
    rules:
      - record: checkout:failures:rate5m
        expr: sum by (step) (rate(checkout_outcomes_total{outcome="failure"}[5m]))
        labels: { source: rule }
      - alert: CheckoutErrors
        expr: |
          checkout:failures:rate5m
            > 0.02
        for: 1m
        keep_firing_for: 2m
        labels:
          severity: page
        annotations:
          summary: "{{ $labels.step }} fails: {{ $value | humanizePercentage }}"
`;

const PROMETHEUS = `global:
  scrape_interval: 15s
  evaluation_interval: 30s
  external_labels: { shop: main }
rule_files: [rules/*.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['127.0.0.1:9093'] }]
scrape_configs:
  - job_name: shop
    scrape_timeout: 5s
    metrics_path: /metrics
    params: { module: [a, b] }
    basic_auth: { username: u, password_file: /secret }
    static_configs:
      - targets: ['127.0.0.1:3000', 'shop:80']
        labels: { region: eu }
    file_sd_configs: [{ files: ['targets/*.json'], refresh_interval: 1m }]
    dns_sd_configs: [{ names: [shop.local], type: A, port: 80 }]
    relabel_configs:
      - source_labels: [__address__]
        regex: '([^:]+):.*'
        target_label: host
        replacement: '$1'
      - { action: labeldrop, regex: tmp_.* }
    metric_relabel_configs: [{ action: keep, source_labels: [__name__], regex: 'checkout_.*' }]
    sample_limit: 1000
    tls_config: { insecure_skip_verify: true }
storage:
  tsdb: { out_of_order_time_window: 10m, retention: { time: 15d, size: 2GB } }
  exemplars: { max_exemplars: 7 }
`;

const ALERTMANAGER = `global:
  resolve_timeout: 5m
  smtp_smarthost: localhost:25
  smtp_from: a@example.com
  smtp_require_tls: false
route:
  receiver: ops
  group_by: [alertname, step]
  group_wait: 10s
  routes:
    - receiver: dev
      matchers: [team="dev", severity=~"page|warn"]
      continue: true
      mute_time_intervals: [nights]
      group_by: [job]
receivers:
  - name: ops
    email_configs: [{ to: ops@example.com, send_resolved: true, headers: { Subject: '{{ .CommonLabels.alertname }}' } }]
  - name: dev
    slack_configs:
      - api_url: https://hooks.example.com/x
        channel: '#dev'
        title: '{{ template "slack.default.title" . }}'
        fields: [{ title: Step, value: '{{ .CommonLabels.step }}', short: true }]
        actions: [{ type: button, text: Run, url: '{{ .ExternalURL }}' }]
    webhook_configs: [{ url: 'http://127.0.0.1:9/', max_alerts: 3 }]
inhibit_rules:
  - { source_matchers: [severity="page"], target_matchers: [severity="warn"], equal: [job] }
time_intervals:
  - name: nights
    time_intervals:
      - times: [{ start_time: '22:00', end_time: '24:00' }]
        weekdays: ['monday:friday']
        days_of_month: ['1:5', '-3:-1']
        months: ['may:august']
        years: ['2020:2022']
        location: Europe/Vienna
`;

const RULE_TESTS = `rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'checkout_outcomes_total{outcome="failure",step="payment"}'
        values: '0+10x10 _x2 stale'
    alert_rule_test:
      - eval_time: 5m
        alertname: CheckoutErrors
        exp_alerts:
          - exp_labels: { step: payment, severity: page }
            exp_annotations: { summary: x }
    promql_expr_test:
      - expr: sum(checkout_outcomes_total)
        eval_time: 4m
        exp_samples: [{ labels: '{}', value: 40 }]
`;

const TARGETS = `[{"targets": ["a:1", "b:2"], "labels": {"job": "x", "__meta_a": "ü"}}]`;
const TARGETS_YAML = `- targets: [a:1]\n  labels:\n    job: x\n- targets:\n    - 'b:2'\n`;

/** How often the slow laws are looked at: writing a file and reading it again takes several times what reading it does. */
const isTurn = (text: string) => text.length % 4 === 0;

/** A file without its places, as text. */
function meaning(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner) => {
      if (key === 'at') return undefined;
      if (typeof inner === 'number') return String(inner);
      return inner instanceof Object && Symbol.iterator in inner && !Array.isArray(inner) && typeof inner !== 'string'
        ? [...(inner as Iterable<unknown>)]
        : inner;
    }) ?? 'null',
  );
}

function fileSubject(
  name: string,
  seeds: readonly string[],
  words: readonly string[],
  read: (text: string) => { readonly problems: readonly Problem[]; readonly value: unknown },
  /** Writes what was read, so that it is read as the same again. */
  write?: (value: never) => string,
  share = 0.2,
): Subject {
  return {
    name,
    seeds,
    words: [...YAML, ...words],
    share,
    check(text) {
      const { problems, value } = read(text);
      const isAccepted = areOnlyWarnings(problems);
      if (!isAccepted || value === undefined) return isAccepted;
      mustBePlain(value);
      if (write === undefined || !isTurn(text)) return true;
      const written = write(value as never);
      const again = read(written);
      must(
        areOnlyWarnings(again.problems),
        `what is written is refused: ${again.problems[0]?.message} in\n${written.slice(0, 1_000)}`,
      );
      mustEqual(meaning(again.value), meaning(value), 'what was written and read again');
      return true;
    },
  };
}

export const fileSubjects: readonly Subject[] = [
  fileSubject(
    'rule files',
    [RULES],
    ['groups:', 'rules:', 'expr: ', 'record: ', 'alert: ', 'for: ', '{{ $value }}', '{{', 'limit: -1'],
    (text) => {
      const { groups, problems } = readRuleFile({ file: 'rules.yml', text }, { scrapeIntervalMs: 15_000 });
      return { problems, value: groups };
    },
    (groups) => writeRuleFile(groups),
  ),
  fileSubject(
    'prometheus.yml',
    [PROMETHEUS],
    [
      'scrape_configs:',
      'job_name: ',
      'targets: ',
      '$1',
      '$2',
      'action: hashmod',
      'modulus: ',
      'https',
      '$(HOME)',
      'files: [x]',
    ],
    (text) => {
      const { config, problems } = readPrometheusConfig(
        { file: 'prometheus.yml', text },
        { environment: { HOME: 'x' } },
      );
      return { problems, value: config };
    },
    (config) => writePrometheusConfig(config, { revealSecrets: true }),
  ),
  fileSubject(
    'alertmanager.yml',
    [ALERTMANAGER],
    [
      'receiver: ',
      'routes:',
      'matchers: ',
      'a="b"',
      '=~',
      '{{ template "x" . }}',
      'continue: true',
      '25:00',
      'sunday',
      '-31',
      'continue',
    ],
    (text) => {
      const { config, problems } = readAlertmanagerConfig({ file: 'alertmanager.yml', text });
      const found = config === undefined || !isTurn(text) ? [] : checkReceiverTexts(config, []);
      areOnlyWarnings(found);
      return { problems, value: config };
    },
    (config) => writeAlertmanagerConfig(config, { revealSecrets: true }),
  ),
  fileSubject(
    'tillwatch.yaml',
    [exampleConfig({}), exampleConfig({ shopName: 'Ü: "x"', timezone: 'Europe/Vienna', providers: ['a', 'b'] })],
    [
      '100%',
      '-1%',
      '0.5h',
      'teams: {}',
      'receives: [page]',
      'language: de-AT',
      'promotions: [{ name: x, from: 2026-11-27T00:00, to: 2026-11-28T00:00, expectedFactor: 5 }]',
      'metrics: { attempts: [{ series: x }] }',
    ],
    (text) => {
      const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text }, { nowMs: 0 });
      return { problems, value: config };
    },
  ),
  fileSubject(
    'rule tests',
    [RULE_TESTS],
    ['tests:', 'values: ', '0+1x5', '_x3', 'stale', '{{schema:0}}', 'eval_time: ', 'exp_samples: '],
    (text) => {
      const { file, problems } = readRuleTestFile({ file: 'tests.yml', text });
      return { problems, value: file };
    },
  ),
  fileSubject(
    'target files',
    [TARGETS, TARGETS_YAML, ''],
    ['"targets"', '"labels"', '[{"', '__address__', 'a:1', '"]}', ','],
    (text) => {
      const { groups, problems } = readTargetFile({ file: 'targets.json', text });
      return { problems, value: groups };
    },
  ),
  fileSubject(
    'message files',
    [writeMessages('business', 'en').content, writeMessages('page', 'de').content],
    ['{step}', '[', ']', '[[', '{{', '{', '}', '[ {since}]'],
    (text) => {
      const { override, problems } = readMessages({ file: 'business.en.yml', text });
      return { problems, value: override };
    },
    undefined,
    // What a file may say is worked out anew for each.
    0.05,
  ),
];
