import type { Problem } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { type AlertmanagerConfig, type Route, readAlertmanagerConfig } from '../src/index.ts';

function read(text: string): AlertmanagerConfig {
  const { config, problems } = readAlertmanagerConfig({ file: 'alertmanager.yml', text });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return config as AlertmanagerConfig;
}

const messages = (problems: readonly Problem[]) => problems.map(({ message }) => message);
const receivers = (...names: string[]) => `receivers: [${names.map((name) => `{name: ${name}}`).join(', ')}]`;

describe('routes', () => {
  test('the root has the defaults', () => {
    expect(read(`route: {receiver: a}\n${receivers('a')}`).route).toEqual({
      receiver: 'a',
      groupBy: [],
      groupByAll: false,
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
      matchers: [],
      continue: false,
      muteTimeIntervals: [],
      activeTimeIntervals: [],
      labels: {},
      routes: [],
    });
  });

  const pick = ({ receiver, groupBy, groupByAll, groupWaitMs, labels }: Route) => ({
    receiver,
    groupBy,
    groupByAll,
    groupWaitMs,
    labels,
  });

  test('children inherit what they do not say', () => {
    const { route } = read(`
route:
  receiver: a
  group_by: [x]
  group_wait: 1m
  labels: {why: root, who: all}
  routes:
    - routes: [{group_wait: 0s}]
      labels: {why: child}
    - {receiver: b, group_by: ['...'], continue: true, active_time_intervals: [t], routes: [{}, {group_by: []}]}
time_intervals: [{name: t, time_intervals: [{}]}]
${receivers('a', 'b')}`);
    const [first, second] = route.routes as [Route, Route];
    const inherited = { receiver: 'a', groupBy: ['x'], groupByAll: false };
    expect(pick(first)).toEqual({ ...inherited, groupWaitMs: 60_000, labels: { why: 'child', who: 'all' } });
    expect(pick(first.routes[0]!)).toEqual({ ...inherited, groupWaitMs: 0, labels: { why: 'child', who: 'all' } });
    expect([second.receiver, second.groupByAll, second.continue]).toEqual(['b', true, true]);
    // What says when and whether to go on is a route's own.
    expect(second.routes.map((route) => [route.groupByAll, route.continue, route.activeTimeIntervals])).toEqual([
      [true, false, []],
      [false, false, []],
    ]);
  });

  test('matchers of every notation are one list', () => {
    const { route, inhibitRules } = read(`
route:
  receiver: a
  routes:
    - match: {a: 1, empty: }
      match_re: {b: x|y}
      matchers: ['{c!="d",e=~f}', '"any name"=g']
inhibit_rules:
  - source_match: {a: b}
    target_matchers: [c=d]
    equal: [e]
${receivers('a')}`);
    expect(route.routes[0]?.matchers.map(String)).toEqual([
      'a="1"',
      'empty=""',
      'b=~"x|y"',
      'c!="d"',
      'e=~"f"',
      'any name="g"',
    ]);
    expect(inhibitRules[0]?.sourceMatchers.map(String)).toEqual(['a="b"']);
    expect(inhibitRules[0]).toMatchObject({ equal: ['e'], name: undefined });
  });

  test.for([
    [
      'a duplicate beside a wrong field',
      'route: {receiver: a, grp: x}\nreceivers: [{name: a}, {name: a}]',
      ['field grp not found', 'notification config name "a" is not unique'],
    ],
    ['a null route', 'route: {receiver: a, routes: [null]}\nreceivers: [{name: a}]', ['empty or null list item']],
    ['a list as a route', 'route: [a]\nreceivers: []', ['expected a map, got a list']],
    [
      'an interval name twice',
      `route: {receiver: a}\n${receivers('a')}\nmute_time_intervals: [{name: t}]\ntime_intervals: [{name: t}]`,
      ['no route uses the time interval "t"', 'time interval "t" is not unique'].slice(1),
    ],
  ] as const)('%s is refused', ([, text, expected]) => {
    expect(messages(readAlertmanagerConfig({ file: 'f', text }).problems)).toEqual(expected);
  });
});

describe('Slack', () => {
  const slack = (global: string, entry: string) => {
    const text = `global: ${global}\nroute: {receiver: a}\nreceivers: [{name: a, slack_configs: [${entry}]}]`;
    return read(text).receivers[0]!.slackConfigs[0]!;
  };

  test('texts are templates by default', () => {
    expect(slack('{slack_api_url_file: f}', '{channel: "#ops"}')).toMatchObject({
      channel: '#ops',
      sendResolved: false,
      username: '{{ template "slack.default.username" . }}',
      title: '{{ template "slack.default.title" . }}',
      titleLink: '{{ template "slack.default.titlelink" . }}',
      text: '{{ template "slack.default.text" . }}',
      fallback: '{{ template "slack.default.fallback" . }}',
      color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
      fields: [],
      actions: [],
      apiUrlFile: 'f',
    });
  });

  test.for([
    ['the global URL', '{slack_api_url: http://g.test}', '{}', { apiUrl: 'http://g.test' }],
    ['its own file before the global URL', '{slack_api_url: http://g.test}', '{api_url_file: f}', { apiUrlFile: 'f' }],
    ['its own token before the global URL', '{slack_api_url: http://g.test}', '{app_token: t}', { appToken: 't' }],
    [
      'its own URL before the global token',
      '{slack_app_token: t}',
      '{api_url: http://o.test}',
      { apiUrl: 'http://o.test' },
    ],
    ['the global token', '{slack_app_token_file: t}', '{}', { appTokenFile: 't' }],
    [
      'its own authorization for the global Web API',
      '{slack_app_token: t, slack_api_url: https://slack.com/api/chat.postMessage}',
      '{http_config: {authorization: {credentials: c}}}',
      { apiUrl: 'https://slack.com/api/chat.postMessage' },
    ],
  ] as const)('an entry uses %s', ([, global, entry, expected]) => {
    const { apiUrl, apiUrlFile, appToken, appTokenFile } = slack(global, entry);
    const used = { apiUrl: apiUrl?.reveal(), apiUrlFile, appToken: appToken?.reveal(), appTokenFile };
    expect(JSON.parse(JSON.stringify(used))).toEqual(expected);
  });
});

describe('e-mail', () => {
  const GLOBAL = 'smtp_smarthost: "mail.test:587", smtp_from: till@shop.test';
  const email = (global: string, entry: string) => {
    const text = `global: {${GLOBAL}, ${global}}\nroute: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: o@b.test, ${entry}}]}]`;
    return read(text).receivers[0]!.emailConfigs[0]!;
  };

  test('what an entry inherits', () => {
    expect(email('smtp_hello: shop, smtp_auth_username: u, smtp_require_tls: false', '')).toMatchObject({
      to: 'o@b.test',
      from: 'till@shop.test',
      smarthost: 'mail.test:587',
      hello: 'shop',
      authUsername: 'u',
      requireTls: false,
      html: '{{ template "email.default.html" . }}',
      text: '',
      headers: {},
      forceImplicitTls: undefined,
    });
  });

  test('what an entry says itself', () => {
    const found = email(
      'smtp_auth_password: global, smtp_auth_secret_file: s',
      'smarthost: "[::1]:25", auth_password_file: own, require_tls: false, headers: {x-SHOP: a}, html: "", text: b, send_resolved: true',
    );
    expect(found).toMatchObject({
      smarthost: '[::1]:25',
      authPassword: undefined,
      authPasswordFile: 'own',
      authSecretFile: 's',
      requireTls: false,
      headers: { 'X-Shop': 'a' },
      html: '',
      text: 'b',
      sendResolved: true,
    });
  });

  test.for([
    ['localhost', 'address localhost: missing port in address'],
    ['localhost:', 'address "localhost:": port cannot be empty'],
  ])('the smarthost %s is refused', ([smarthost, message]) => {
    const text = `global: {smtp_smarthost: "${smarthost}"}\nroute: {receiver: a}\n${receivers('a')}`;
    expect(messages(readAlertmanagerConfig({ file: 'f', text }).problems)).toEqual([message]);
  });
});

test('a webhook', () => {
  const { receivers: found } = read(
    'global: {http_config: {proxy_url: "http://p.test"}}\nroute: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: http://h.test/token}, {url: "http://h/{{ .Status }}", max_alerts: 5, timeout: 3s, send_resolved: false}]}]',
  );
  const [first, second] = found[0]!.webhookConfigs;
  expect(first).toMatchObject({
    sendResolved: true,
    maxAlerts: 0,
    timeoutMs: 0,
    httpConfig: { proxyUrl: 'http://p.test' },
  });
  expect(first?.url?.reveal()).toBe('http://h.test/token');
  expect(second).toMatchObject({ sendResolved: false, maxAlerts: 5, timeoutMs: 3_000 });
  expect(JSON.stringify(found)).not.toContain('h.test');
});

test('other integrations are taken, named, and their secrets dropped', () => {
  const text =
    'global: {opsgenie_api_key: hunter2}\nroute: {receiver: a}\nreceivers: [{name: a, opsgenie_configs: [{}], pagerduty_configs: [{routing_key: hunter2}]}]';
  const { config, problems } = readAlertmanagerConfig({ file: 'f', text });
  expect(config?.receivers[0]?.unsupportedConfigs).toEqual(['opsgenie_configs', 'pagerduty_configs']);
  expect(problems.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    'warning not-embedded',
    'warning not-embedded',
  ]);
  expect(JSON.stringify({ config, problems })).not.toContain('hunter2');
});
