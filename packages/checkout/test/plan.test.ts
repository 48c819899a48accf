import { readAlertmanagerConfig, readPrometheusConfig, readRuleFile } from '@tillwatch/config';
import { parse } from '@tillwatch/promql';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { exampleConfig, plan, readTillwatchConfig, type TillwatchConfig } from '../src/index.ts';

function config(change: (text: string) => string = (text) => text): TillwatchConfig {
  const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text: change(exampleConfig({})) });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return config as TillwatchConfig;
}

function file(files: ReturnType<typeof plan>, path: string): string {
  const found = files.find((one) => one.path === path);
  expect(found, path).toBeDefined();
  return found!.content;
}

interface WrittenRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly keep_firing_for?: string;
}

function rules(content: string): WrittenRule[] {
  return (parseYaml(content) as { groups: { rules: WrittenRule[] }[] }).groups.flatMap((group) => group.rules);
}

test('the same config gives the same bytes', () => {
  expect(plan(config())).toEqual(plan(config()));
});

test('the embedded engine reads every standard file without a problem', () => {
  const files = plan(config(), {
    environment: { SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/x', SMTP_URL: 'smtp://u:p@mail.example:587' },
  });
  const source = (path: string) => ({ file: path, text: file(files, path) });
  expect(readPrometheusConfig(source('prometheus.yml')).problems).toEqual([]);
  expect(readAlertmanagerConfig(source('alertmanager.yml')).problems).toEqual([]);
  for (const path of ['rules/checkout.yml', 'victoriametrics/checkout.yml']) {
    const { groups, problems } = readRuleFile(source(path));
    expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
    expect(groups.length).toBeGreaterThan(3);
  }
});

describe('rules', () => {
  test.for([
    ['15s', '[1m]'],
    ['5s', '[1m]'],
    ['60s', '[4m]'],
  ])('every expression is PromQL and windows hold enough scrapes at %s', ([interval, window]) => {
    const all = rules(
      file(plan(config((text) => text.replace('interval: 15s', `interval: ${interval}`))), 'rules/checkout.yml'),
    );
    for (const { expr, record, alert } of all)
      expect(parse(expr), `${record ?? alert}: ${expr}`).toMatchObject({ ok: true });
    expect(all[0]?.expr).toContain(window);
  });

  test('every alert has a severity, an area, links and words for each audience', () => {
    const alerts = rules(file(plan(config()), 'rules/checkout.yml')).filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThanOrEqual(17);
    for (const { alert, labels, annotations } of alerts) {
      expect(labels).toMatchObject({
        severity: expect.stringMatching(/^(page|inform)$/),
        area: expect.any(String),
        journey: 'checkout',
      });
      expect(annotations?.runbook_url).toBe(`http://localhost:9095/docs/runbooks/${alert}`);
      for (const name of [
        'summary',
        'description',
        'components',
        'impact',
        'dev',
        'ops',
        'business',
        'dashboard_url',
      ]) {
        expect(annotations?.[name], `${alert} ${name}`).toBeTruthy();
      }
    }
  });

  test('declines and trickles inform, failures page', () => {
    const severity = new Map(
      rules(file(plan(config()), 'rules/checkout.yml')).map(({ alert, labels }) => [alert, labels?.severity]),
    );
    expect(severity.get('CheckoutDeclinesHigh')).toBe('inform');
    expect(severity.get('CheckoutFailureTrickle')).toBe('inform');
    expect(severity.get('CheckoutSuccessRateLow')).toBe('page');
  });

  test('thresholds come from the objectives', () => {
    const text = file(plan(config((yaml) => yaml.replace('target: 95%', 'target: 90%'))), 'rules/checkout.yml');
    const decision = rules(text).find(({ record }) => record === 'checkout:breach:success_ratio');
    expect(decision?.expr).toContain('checkout:error_ratio:2m > 0.1\n');
    const alert = rules(text).find(({ alert }) => alert === 'CheckoutSuccessRateLow');
    expect(alert?.expr).toContain('checkout:breach:success_ratio');
  });

  test('older vmalert gets the same alerts without keep_firing_for', () => {
    const files = plan(config());
    const modern = rules(file(files, 'rules/checkout.yml'));
    const older = rules(file(files, 'victoriametrics/checkout.yml'));
    expect(older).toEqual(modern.map(({ keep_firing_for: _, ...rule }) => rule));
    expect(modern.some((rule) => rule.keep_firing_for === '2m')).toBe(true);
  });

  test('other metric names are recorded under ours, per instance', () => {
    const mapped = config(
      (text) =>
        `${text}metrics:\n  outcomes:\n    - { series: 'orders_total{state="paid"}', outcome: success, labels: { provider: gateway } }\n`,
    );
    const rule = rules(file(plan(mapped), 'rules/checkout.yml')).find(
      ({ record }) => record === 'checkout_outcomes_total',
    );
    expect(rule?.labels).toEqual({ outcome: 'success' });
    expect(rule?.expr).toMatch(
      /^sum by \(job, instance, .*provider.*\) \(label_replace\(orders_total\{state="paid"\}, "provider", "\$1", "gateway"/,
    );
  });
});

describe('pace', () => {
  test('shortens politeness, never evidence', () => {
    const normal = rules(file(plan(config()), 'rules/checkout.yml'));
    const drill = rules(file(plan(config(), { pace: 0.1 }), 'rules/checkout.yml'));
    expect(drill.map(({ expr }) => expr)).toEqual(normal.map(({ expr }) => expr));
    expect(drill.find(({ alert }) => alert === 'CheckoutSuccessRateLow')?.keep_firing_for).toBe('12s');
    expect(file(plan(config(), { pace: 0.1 }), 'alertmanager.yml')).toContain('group_wait: 1s');
  });
});

describe('secrets', () => {
  const environment = {
    SLACK_WEBHOOK_URL: 'https://hooks.example/T/B/secret1',
    SMTP_URL: 'smtp://u:secret2@mail.example:2525',
  };

  test('are nowhere but in files below secrets/', () => {
    for (const { path, content } of plan(config(), { environment })) {
      if (!path.startsWith('secrets/')) expect(content, path).not.toMatch(/secret1|secret2/);
    }
    const files = plan(config(), { environment });
    expect(file(files, 'secrets/dev-slack-webhook-url')).toBe(environment.SLACK_WEBHOOK_URL);
    expect(file(files, 'secrets/smtp-password')).toBe('secret2');
  });

  test('without an environment there is no such file', () => {
    expect(plan(config()).filter(({ path }) => path.startsWith('secrets/'))).toEqual([]);
  });

  test.for([
    ['smtp://u:p@mail.example:2525', 'mail.example:2525', true, true],
    ['smtps://mail.example', 'mail.example:465', true, false],
    ['smtp://127.0.0.1:1025', '127.0.0.1:1025', false, false],
    ['smtp://mail.example?tls=optional', 'mail.example:587', false, false],
    [undefined, 'localhost:25', false, false],
  ] as const)('mail goes through %s', ([url, smarthost, tls, hasPassword]) => {
    const text = file(plan(config(), { environment: { SMTP_URL: url }, secretsDir: '/run/s' }), 'alertmanager.yml');
    const { global } = parseYaml(text) as { global: Record<string, unknown> };
    expect(global).toMatchObject({ smtp_smarthost: smarthost, smtp_require_tls: tls });
    expect(global.smtp_auth_password_file).toBe(hasPassword ? '/run/s/smtp-password' : undefined);
  });
});

test('every team has its receiver, business hears of customers only, nobody is left out', () => {
  const { route, receivers } = parseYaml(file(plan(config()), 'alertmanager.yml')) as {
    route: {
      receiver: string;
      group_by: string[];
      routes: { receiver: string; matchers: string[]; continue: boolean }[];
    };
    receivers: { name: string }[];
  };
  expect(receivers.map(({ name }) => name)).toEqual(['dev', 'ops', 'business']);
  expect(route).toMatchObject({ receiver: 'ops', group_by: ['journey', 'severity'] });
  expect(route.routes).toEqual([
    { receiver: 'dev', matchers: [], continue: true },
    { receiver: 'ops', matchers: [], continue: true },
    { receiver: 'business', matchers: ['severity="page"', 'area="customers"'], continue: true },
  ]);
});

describe('promotions', () => {
  const PLANNED = 'promotions:\n  - { name: "Sale {{ 1 }}", from: 2026-11-27, to: 2026-11-28, expectedFactor: 5 }\n';
  const planned = () => plan(config((text) => text.replace('promotions: []', PLANNED)));

  test('have rules of their own, and nothing when none is planned', () => {
    const paths = (files: ReturnType<typeof plan>) =>
      files.map(({ path }) => path).filter((path) => /promotion/.test(path));
    expect(paths(plan(config()))).toEqual([]);
    expect(paths(planned())).toEqual([
      'rules/promotions.yml',
      'rules/promotion-1.test.yml',
      'victoriametrics/promotions.yml',
    ]);
    expect(file(plan(config()), 'prometheus.yml')).not.toContain('promotion');
    expect(file(planned(), 'prometheus.yml')).toContain('rules/promotions.yml');
    expect(file(plan(config()), 'rules/checkout.yml')).not.toContain('promotion');
    expect(file(planned(), 'rules/checkout.yml')).toContain('checkout:promotion:scale');
  });

  test('are marked on the dashboards, beside the orders that they let expect', () => {
    const shown = file(planned(), 'grafana/dashboards/tillwatch-overview.json');
    expect(shown).toContain('checkout:promotion:planned_factor{phase=\\"live\\"}');
    expect(shown).toContain('checkout:promotion:expected_orders:increase10m / 10');
    expect(file(plan(config()), 'grafana/dashboards/tillwatch-overview.json')).not.toContain('promotion');
  });

  test('are told to every team, each promotion by itself, and to nobody twice', () => {
    const { route } = parseYaml(file(planned(), 'alertmanager.yml')) as {
      route: {
        routes: { matchers: string[]; continue?: boolean; group_by?: string[]; routes?: { receiver: string }[] }[];
      };
    };
    const [own, ...others] = route.routes;
    expect(own).toMatchObject({
      matchers: ['area="promotion"'],
      group_by: ['alertname', 'promotion'],
      routes: [{ receiver: 'dev' }, { receiver: 'ops' }, { receiver: 'business' }],
    });
    expect(own?.continue).toBeUndefined();
    expect(others).toHaveLength(3);
  });

  test('keep their names, whatever is in them', () => {
    const content = file(planned(), 'rules/promotions.yml');
    const { groups, problems } = readRuleFile({ file: 'promotions.yml', text: content });
    expect(problems).toEqual([]);
    expect(groups).toHaveLength(2);
    const announced = rules(content).find(({ alert }) => alert === 'CheckoutPromotion');
    // Labels and annotations of alerts are templates; those of recording rules are not.
    expect(announced?.labels?.promotion).toBe('{{ "Sale {{ 1 }}" }}');
    expect(announced?.annotations?.summary).toMatch(
      /^\{\{ "Sale \{\{ 1 \}\}" \}\}: from Nov 27, 2026, 12:00 AM to Nov 28, 2026/,
    );
    expect(rules(content)[0]?.labels?.promotion).toBe('Sale {{ 1 }}');
  });
});

describe('error budgets', () => {
  const BUDGETS = `  budgets:
    - { name: api, target: 99.5%, errors: 'http_requests_total{code=~"5.."}', total: http_requests_total }
    - { name: pay-fast, target: 95%, window: 7d, latency: { histogram: 'pay_seconds{step="a"}', below: 2s }, burn: inform }
    - { name: lax, target: 90%, window: 1d, errors: a_total, total: b_total }
`;
  const content = () =>
    file(plan(config((text) => text.replace('objectives:\n', `objectives:\n${BUDGETS}`))), 'rules/objectives.yml');
  const alert = (name: string, objective: string) =>
    rules(content()).find((rule) => rule.alert === name && rule.labels?.objective === objective);

  test('are read without a problem, and every expression is PromQL', () => {
    const { problems } = readRuleFile({ file: 'objectives.yml', text: content() });
    expect(problems).toEqual([]);
    for (const { expr } of rules(content())) expect(parse(expr), expr).toMatchObject({ ok: true });
  });

  test.for([
    ['checkout', 'inform'],
    ['api', 'page'],
    ['pay-fast', 'inform'],
  ] as const)('of %s %s when they burn fast, and inform when slowly', ([objective, severity]) => {
    expect(alert('ErrorBudgetBurnsFast', objective)?.labels).toMatchObject({ severity, journey: 'objectives' });
    expect(alert('ErrorBudgetBurnsSlowly', objective)?.labels).toMatchObject({ severity: 'inform' });
  });

  test('burn by the rates of their window, in both windows of a pair, with enough errors', () => {
    const fast = alert('ErrorBudgetBurnsFast', 'api')?.expr;
    expect(fast).toContain('objective:burn_rate:1h{objective="api"} > 14.4\n');
    expect(fast).toContain('objective:burn_rate:5m{objective="api"} > 14.4\n');
    expect(fast).toContain('objective:burn_rate:30m{objective="api"} > 6\n');
    expect(fast).toContain('objective:errors:increase1h{objective="api"} >= 5\n');
    expect(alert('ErrorBudgetBurnsFast', 'pay-fast')?.expr).toContain(
      'objective:burn_rate:1h{objective="pay-fast"} > 3.36\n',
    );
  });

  test('have no rule that cannot fire: of a budget of a day there is no slow burn', () => {
    expect(alert('ErrorBudgetBurnsSlowly', 'lax')).toBeUndefined();
  });

  test('of durations count what is slower than a bucket of the histogram, however its bound is written', () => {
    const slow = rules(content()).find(
      ({ record, labels }) => record === 'objective:errors:increase5m' && labels?.objective === 'pay-fast',
    );
    expect(slow?.expr).toContain('increase(pay_seconds_bucket{step="a",le=~"2(\\\\.0)?"}[5m])');
    expect(slow?.expr).toContain('increase(pay_seconds_count{step="a"}[5m])');
  });
});

test('targets that differ in path or scheme share their job', () => {
  const text = file(
    plan(
      config((yaml) =>
        yaml.replace(
          '      - http://localhost:3000/metrics',
          '      - http://a:3000/metrics\n      - https://b/internal',
        ),
      ),
    ),
    'prometheus.yml',
  );
  const { scrape_configs: scrapes, rule_files: ruleFiles } = parseYaml(text) as {
    scrape_configs: Record<string, unknown>[];
    rule_files: string[];
  };
  expect(scrapes).toMatchObject([
    { job_name: 'shop', static_configs: [{ targets: ['a:3000'] }] },
    {
      job_name: 'shop-2',
      scheme: 'https',
      metrics_path: '/internal',
      static_configs: [{ targets: ['b:443'] }],
      relabel_configs: [{ target_label: 'job', replacement: 'shop' }],
    },
  ]);
  // The tests of the rules lie beside them and are no rules.
  expect(ruleFiles).toContain('rules/checkout.yml');
  expect(ruleFiles).not.toContain('rules/*.yml');
});

describe('dashboards', () => {
  test.for(['overview', 'checkout', 'objectives'])(
    '%s binds to a data source without an import dialogue, and all of it is PromQL',
    (name) => {
      const content = file(plan(config()), `grafana/dashboards/tillwatch-${name}.json`);
      const dashboard = JSON.parse(content) as {
        panels: {
          id: number;
          type: string;
          datasource?: { uid: string };
          targets?: { expr: string; datasource: { uid: string } }[];
        }[];
        templating: { list: { name: string; type: string; query: string }[] };
      };
      expect(content).not.toContain('__inputs');
      expect(dashboard.templating.list).toMatchObject([
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
      ]);
      expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
      for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
        expect(panel.datasource?.uid).toBe('$' + '{datasource}');
        for (const { expr, datasource } of panel.targets ?? []) {
          expect(datasource.uid).toBe('$' + '{datasource}');
          expect(parse(expr.replaceAll('$__rate_interval', '1m')), expr).toMatchObject({ ok: true });
        }
      }
    },
  );
});

test('a name with braces is no template', () => {
  const text = file(
    plan(config((yaml) => yaml.replace('name: My shop', 'name: "{{ .Boom }}"'))),
    'templates/tillwatch.tmpl',
  );
  expect(text).not.toMatch(/(?<!")\{\{ \.Boom \}\}/);
});

test('the templates of Alertmanager say what the shop has changed, and nothing in it is a template or markup', () => {
  const own = config((yaml) => yaml);
  const override = {
    readers: 'ops',
    language: 'en',
    texts: { notice: 'Heads up', all_clear: 'Fine {{.Boom}} <again>', link: { page: 'Till & co' } },
  } as const;
  const text = file(plan({ ...own, messages: { dir: undefined, overrides: [override] } }), 'templates/tillwatch.tmpl');
  const templateOf = (name: string) => text.slice(text.indexOf(`{{ define "tillwatch.${name}" }}`)).split('\n\n')[0];
  expect(templateOf('title.ops')).toContain('Heads up: ');
  expect(templateOf('title.dev')).toContain('Notice: ');
  expect(templateOf('title.ops')).toContain('{{ "Fine {.Boom} <again>" }}');
  expect(templateOf('slacktitle.ops')).toContain('{{ template "tillwatch.mrkdwn" "Fine {.Boom} <again>" }}');
  expect(templateOf('html.ops')).toContain('{{ "Till & co" }}</a>');
  expect(templateOf('html.dev')).toContain('Look at the checkout</a>');
});
