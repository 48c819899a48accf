import type { Problem } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { addScrapeConfigFiles, type PrometheusConfig, readPrometheusConfig, readTargetFile } from '../src/index.ts';

function read(text: string, environment?: Record<string, string>): PrometheusConfig {
  const source = { file: 'prometheus.yml', text };
  const { config, problems } = readPrometheusConfig(source, environment === undefined ? {} : { environment });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return config as PrometheusConfig;
}

const messages = (problems: readonly Problem[]) => problems.map(({ message }) => message);

test('an empty file is a configuration', () => {
  expect(read('')).toMatchObject({
    global: { scrapeIntervalMs: 60_000, scrapeTimeoutMs: 10_000, evaluationIntervalMs: 60_000 },
    ruleFiles: [],
    scrapeConfigs: [],
    alerting: { alertmanagers: [] },
  });
});

describe('what a job inherits', () => {
  test.for([
    ['the defaults', '', '', 60_000, 10_000],
    ['the global interval and timeout', '{scrape_interval: 30s, scrape_timeout: 20s}', '', 30_000, 20_000],
    ['a timeout cut to a short global interval', '{scrape_interval: 5s}', '', 5_000, 5_000],
    ['a timeout cut to its own interval', '{scrape_interval: 30s}', 'scrape_interval: 3s', 3_000, 3_000],
    [
      'its own interval and timeout',
      '{scrape_interval: 5s}',
      'scrape_interval: 1m, scrape_timeout: 50s',
      60_000,
      50_000,
    ],
    ['the global interval for 0', '{scrape_interval: 30s}', 'scrape_interval: 0s', 30_000, 10_000],
  ] as const)('%s', ([, global, job, intervalMs, timeoutMs]) => {
    const [found] = read(`global: ${global}\nscrape_configs: [{job_name: a, ${job}}]`).scrapeConfigs;
    expect([found?.scrapeIntervalMs, found?.scrapeTimeoutMs]).toEqual([intervalMs, timeoutMs]);
  });

  test('limits, and its own limits', () => {
    const { scrapeConfigs } = read(
      'global: {sample_limit: 5, body_size_limit: 1MB}\nscrape_configs: [{job_name: a}, {job_name: b, sample_limit: 7}]',
    );
    expect(scrapeConfigs.map(({ sampleLimit }) => sampleLimit)).toEqual([5, 7]);
    expect(scrapeConfigs[1]?.bodySizeLimitBytes).toBe(1_048_576);
  });
});

test('bearer_token is an authorization', () => {
  const [job] = read('scrape_configs: [{job_name: a, bearer_token: hunter2}]').scrapeConfigs;
  expect(job?.authorization).toMatchObject({ type: 'Bearer', credentialsFile: undefined });
  expect(job?.authorization?.credentials?.reveal()).toBe('hunter2');
  expect(JSON.stringify(job)).not.toContain('hunter2');
});

test('secrets of sections that are not used are not shown either', () => {
  const config = read(
    'remote_write: [{url: http://x, basic_auth: {username: u, password: hunter2}, headers: {X-Key: hunter2}, sigv4: {secret_key: hunter2}}]',
  );
  expect(JSON.stringify(config)).not.toContain('hunter2');
});

test('external labels take names from an environment', () => {
  const text = `global: {external_labels: {a: "\${SHOP}", b: "x-$REGION", c: "$$5", d: "\${NOWHERE}"}}`;
  expect(read(text, { SHOP: 'demo', REGION: 'eu' }).global.externalLabels.toRecord()).toEqual({
    a: 'demo',
    b: 'x-eu',
    c: '$5',
  });
  expect(read(text).global.externalLabels.get('a')).toBe('$'.concat('{SHOP}'));
});

test('relabelling rules get their defaults', () => {
  const [job] = read(
    'scrape_configs: [{job_name: a, relabel_configs: [{target_label: x}, {action: Drop, source_labels: [y], regex: z}]}]',
  ).scrapeConfigs;
  expect(job?.relabelConfigs).toEqual([
    {
      sourceLabels: [],
      separator: ';',
      regex: '(.*)',
      modulus: 0,
      targetLabel: 'x',
      replacement: '$1',
      action: 'replace',
    },
    { sourceLabels: ['y'], separator: ';', regex: 'z', modulus: 0, targetLabel: '', replacement: '$1', action: 'drop' },
  ]);
});

test('with the legacy scheme names must be identifiers', () => {
  const relabel = 'relabel_configs: [{target_label: a-b}]';
  const job = (scheme: string) =>
    `scrape_configs: [{job_name: a, metric_name_validation_scheme: ${scheme}, ${relabel}}]`;
  expect(readPrometheusConfig({ file: 'f', text: job('utf8') }).problems).toEqual([]);
  expect(messages(readPrometheusConfig({ file: 'f', text: job('legacy') }).problems)).toEqual([
    `"a-b" is invalid 'target_label' for replace action`,
  ]);
});

test('a target may be a URL when relabelling makes an address of it', () => {
  const text = (rule: string) =>
    `scrape_configs: [{job_name: a, static_configs: [{targets: ['http://shop/']}], relabel_configs: [${rule}]}]`;
  const probe = '{source_labels: [__address__], target_label: __param_target}';
  expect(messages(readPrometheusConfig({ file: 'f', text: text(probe) }).problems)).toEqual([
    '"http://shop/" is not a valid hostname',
  ]);
  const moved = `${probe}, {target_label: __address__, replacement: 'blackbox:9115'}`;
  expect(readPrometheusConfig({ file: 'f', text: text(moved) }).problems).toEqual([]);
});

describe('further files of scrape configs', () => {
  const main = () =>
    read('global: {scrape_interval: 20s}\nscrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: a}]');

  test('inherit from the main file', () => {
    const { config, problems } = addScrapeConfigFiles(main(), [
      { file: 'jobs/b.yml', text: 'scrape_configs: [{job_name: b}]' },
    ]);
    expect(problems).toEqual([]);
    expect(config?.scrapeConfigs.map(({ jobName, scrapeIntervalMs }) => [jobName, scrapeIntervalMs])).toEqual([
      ['a', 20_000],
      ['b', 20_000],
    ]);
  });

  test.for([
    [
      'a job of the main file',
      'scrape_configs: [{job_name: a}]',
      'found multiple scrape configs with job name "a", first found in main config file',
    ],
    [
      'a timeout longer than the inherited interval',
      'scrape_configs: [{job_name: b, scrape_timeout: 30s}]',
      'scrape timeout greater than scrape interval for scrape config with job name "b"',
    ],
    ['anything but scrape configs', 'global: {}', 'field global not found'],
  ] as const)('are refused with %s', ([, text, message]) => {
    const { config, problems } = addScrapeConfigFiles(main(), [{ file: 'jobs/b.yml', text }]);
    expect(config).toBeUndefined();
    expect(messages(problems)).toEqual([message]);
    expect(problems[0]?.at.file).toBe('jobs/b.yml');
  });

  test('may not repeat each other', () => {
    const file = { file: 'jobs/b.yml', text: 'scrape_configs: [{job_name: b}]' };
    expect(messages(addScrapeConfigFiles(main(), [file, file]).problems)).toEqual([
      'found multiple scrape configs with job name "b", first found in "jobs/b.yml"',
    ]);
  });
});

test('a file of targets is YAML or JSON', () => {
  const { groups } = readTargetFile({
    file: 't.json',
    text: '[{"targets": ["a:1"], "labels": {"x": "y"}}, {"targets": []}]',
  });
  expect(groups.map(({ targets, labels }) => [targets, labels.toRecord()])).toEqual([
    [['a:1'], { x: 'y' }],
    [[], {}],
  ]);
  expect(readTargetFile({ file: 't.yml', text: '\n' })).toEqual({ groups: [], problems: [] });
  expect(messages(readTargetFile({ file: 't.yml', text: '-\n- {target: [a]}' }).problems)).toEqual([
    'nil target group item found',
    'field target not found',
  ]);
});

test.for([
  ['', { retentionMs: undefined, retentionBytes: undefined, outOfOrderWindowMs: 0 }],
  ['storage:', { retentionMs: undefined, retentionBytes: undefined, outOfOrderWindowMs: 0 }],
  [
    'storage: {tsdb: {retention: {time: 15d, size: 2GB}, out_of_order_time_window: 30m}}',
    { retentionMs: 15 * 86_400_000, retentionBytes: 2 * 2 ** 30, outOfOrderWindowMs: 1_800_000 },
  ],
  // 0 is no limit, as in Prometheus.
  [
    'storage: {tsdb: {retention: {time: 0s, size: 0B}}}',
    { retentionMs: undefined, retentionBytes: undefined, outOfOrderWindowMs: 0 },
  ],
] as const)('how long samples are kept: %s', ([text, storage]) => {
  expect(read(text).storage).toEqual({ maxExemplars: 100_000, ...storage });
});

test.for([
  ['storage: {exemplars: {max_exemplars: 7}}', 7],
  ['storage: {exemplars: {max_exemplars: 0}}', 0],
  ['storage: {exemplars: {max_exemplars: -1}}', 0],
  ['storage: {exemplars: {}}', 100_000],
] as const)('how many exemplars are kept: %s', ([text, count]) => {
  expect(read(text).storage?.maxExemplars).toBe(count);
});

test('what a job needs and the embedded engine lacks is a warning, or an error for whoever is about to run it', () => {
  const text = `scrape_configs:
  - job_name: pods
    kubernetes_sd_configs: [{ role: pod }]
    http_sd_configs:
      - url: http://cmdb/targets
        oauth2: { client_id: a, token_url: 'http://login/token', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }
`;
  const source = { file: 'prometheus.yml', text };
  const places = [text.indexOf('kubernetes'), text.indexOf("'urn:")];
  const warned = readPrometheusConfig(source);
  expect(warned.config).toBeDefined();
  expect(warned.problems.map(({ code, severity, at }) => [code, severity, at.from])).toEqual(
    places.map((from) => ['not-embedded', 'warning', from]),
  );
  const refused = readPrometheusConfig(source, { refuseUnsupported: true });
  expect(refused.config).toBeUndefined();
  expect(refused.problems.map(({ severity }) => severity)).toEqual(['error', 'error']);
  const main = readPrometheusConfig({ file: 'main.yml', text: '' }).config!;
  expect(addScrapeConfigFiles(main, [source], { refuseUnsupported: true }).config).toBeUndefined();
  expect(addScrapeConfigFiles(main, [source]).problems.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
});

test('headers for a proxy are secrets, each with one or several values', () => {
  const { config } = readPrometheusConfig({
    file: 'prometheus.yml',
    text: `scrape_configs:
  - job_name: shop
    proxy_url: http://proxy:3128
    proxy_connect_header: { X-Key: [one, two] }
`,
  });
  const header = config?.scrapeConfigs[0]?.proxyConnectHeader;
  expect(header?.['X-Key']?.map((value) => value.reveal())).toEqual(['one', 'two']);
  expect(JSON.stringify(header)).not.toContain('one');
});
