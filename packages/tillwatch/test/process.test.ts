import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import type { LiveState } from '@tillwatch/web/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadStandardFiles } from '../src/configuration.ts';
import { ConfigurationError } from '../src/configuration-error.ts';
import { createTillwatch, type Tillwatch } from '../src/tillwatch.ts';
import { type Exporter, startExporter, startWebhook, type Webhook } from './support/loopback.ts';
import { BROKEN, WORKING, writeStandardFiles } from './support/standard-files.ts';
import { until } from './support/until.ts';

interface Answer {
  readonly status: 'success' | 'error';
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in there.
  readonly data?: any;
  readonly errorType?: string;
  readonly error?: string;
}

let dir: string;
let files: { prometheus: string; alertmanager: string };
let exporter: Exporter;
let webhook: Webhook;
let tillwatch: Tillwatch;
let url: string;

const watch = (dataDir: string) =>
  createTillwatch({
    async load() {
      const { value, problems } = await loadStandardFiles(files);
      return { value: value && { configuration: value, checkout: undefined }, problems };
    },
    dataDir,
    listen: { host: '127.0.0.1', port: 0 },
    retentionMs: 3_600_000,
    logger: silentLogger,
  });

const api = async (path: string, init?: RequestInit): Promise<Answer> => {
  const response = await fetch(`${url}/api/v1/${path}`, init);
  return (await response.json()) as Answer;
};
const query = async (expr: string) => (await api(`query?query=${encodeURIComponent(expr)}`)).data?.result;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-process-'));
  exporter = await startExporter(WORKING);
  webhook = await startWebhook();
  files = await writeStandardFiles(dir, exporter.address, webhook.url);
  tillwatch = watch(join(dir, 'data'));
  await tillwatch.start();
  url = tillwatch.url();
});

afterAll(async () => {
  await tillwatch.stop();
  await exporter.stop();
  await webhook.stop();
  await rm(dir, { recursive: true, force: true });
});

test('what the shop exposes can be asked for, with the labels of its target', async () => {
  const result = await until('samples', async () => {
    const found = await query('shop_orders_total{method="card"}');
    return found?.length > 0 ? found : undefined;
  });
  expect(result).toEqual([
    {
      metric: { __name__: 'shop_orders_total', instance: exporter.address, job: 'shop', method: 'card', region: 'eu' },
      value: [expect.any(Number), '40'],
    },
  ]);
  expect((await query('up'))[0].value[1]).toBe('1');
});

test('a sample can be asked for within a second of its scrape', async () => {
  exporter.text = `${WORKING}# TYPE shop_news gauge\nshop_news 7\n`;
  const scrapes = exporter.scrapes;
  await until('a scrape', () => (exporter.scrapes > scrapes ? true : undefined));
  const result = await until('the new sample', async () => (await query('shop_news'))?.[0], 1_000);
  expect(result.value[1]).toBe('7');
  exporter.text = WORKING;
});

test('a range query is answered for a form that was posted', async () => {
  await until('the recorded series', async () => (await query('shop:orders:sum'))?.[0]);
  const now = Date.now() / 1000;
  const { status, data } = await api('query_range', {
    method: 'POST',
    body: new URLSearchParams({ query: 'shop:orders:sum', start: `${now - 10}`, end: `${now}`, step: '1' }),
  });
  expect(status).toBe('success');
  expect(data.resultType).toBe('matrix');
  expect(data.result).toHaveLength(1);
  expect(data.result[0].metric).toEqual({ __name__: 'shop:orders:sum' });
  expect(data.result[0].values.at(-1)[1]).toBe('42');
});

test('series, labels, values of labels and metadata', async () => {
  const match = 'match[]=shop_orders_total';
  const { data: series } = await api(`series?${match}`);
  expect(series.map((labels: Record<string, string>) => labels.method)).toEqual(['card', 'invoice']);
  expect((await api(`labels?${match}`)).data).toEqual(['__name__', 'instance', 'job', 'method', 'region']);
  expect((await api('label/method/values')).data).toEqual(['card', 'invoice']);
  expect((await api('label/method/values?limit=1')).data).toEqual(['card']);
  expect((await api('metadata?metric=shop_orders_total')).data).toEqual({
    shop_orders_total: [{ type: 'counter', help: 'Orders.', unit: '' }],
  });
});

test('targets, rules and build information', async () => {
  const { data: targets } = await api('targets');
  expect(targets.activeTargets).toMatchObject([
    {
      scrapePool: 'shop',
      health: 'up',
      lastError: '',
      scrapeUrl: `http://${exporter.address}/metrics`,
      labels: { instance: exporter.address, job: 'shop', region: 'eu' },
    },
  ]);
  const { data: rules } = await api('rules');
  expect(rules.groups).toMatchObject([
    {
      name: 'shop',
      interval: 0.2,
      rules: [
        { type: 'recording', name: 'shop:orders:sum', health: 'ok' },
        { type: 'alerting', name: 'ShopBroken', state: 'inactive', health: 'ok' },
      ],
    },
  ]);
  expect((await api('rules?type=alert')).data.groups[0].rules).toHaveLength(1);
  expect((await api('status/buildinfo')).data.version).toMatch(/^3\./);
  expect((await api('format_query?query=sum(a)by(b)')).data).toBe('sum by (b) (a)');
});

test.for([
  ['an expression that cannot be read', 'query?query=sum(', 400, 'bad_data'],
  ['a query that is missing', 'query', 400, 'bad_data'],
  ['a time that is none', 'query?query=up&time=soon', 400, 'bad_data'],
  ['a range that ends before it starts', 'query_range?query=up&start=10&end=1&step=1', 400, 'bad_data'],
  ['more points than are answered', 'query_range?query=up&start=0&end=20000&step=1', 400, 'bad_data'],
  ['series without a selector', 'series', 400, 'bad_data'],
  ['a type of rule that there is not', 'rules?type=odd', 400, 'bad_data'],
  ['data that does not fit', `query?query=${encodeURIComponent('up + on(job) shop_orders_total')}`, 422, 'execution'],
] as const)('%s is refused as Prometheus refuses it', async ([, path, status, errorType]) => {
  const response = await fetch(`${url}/api/v1/${path}`);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status: 'error', errorType, error: expect.stringMatching(/./) });
});

test('it says that it is ready and healthy, and exposes its own metrics', async () => {
  expect((await fetch(`${url}/-/ready`)).status).toBe(200);
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await metrics.text();
  expect(text).toMatch(/^tillwatch_tsdb_series [1-9]/m);
  // Lags without the time between two looks in them, and none that would need looking every few milliseconds.
  expect(text).toMatch(/^nodejs_eventloop_lag_max_seconds \d/m);
  expect(text.match(/^nodejs_eventloop_lag_\w+(?= )/gm)).toHaveLength(3);
});

test('every answer carries the headers that protect the page', async () => {
  const { headers } = await fetch(`${url}/api/v1/labels`);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('content-security-policy')).not.toContain("script-src 'self' 'unsafe");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
});

test('the page opens under the paths of queries, our own and that of Prometheus', async () => {
  const page = await (await fetch(`${url}/`)).text();
  for (const path of ['/query?expr=up', '/graph?g0.expr=up&g0.tab=1']) {
    const answer = await fetch(`${url}${path}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await answer.text()).toBe(page);
  }
});

test('a page of another origin changes nothing; our own page and tools may', async () => {
  const reload = async (origin?: string) =>
    (await fetch(`${url}/-/reload`, { method: 'POST', headers: origin === undefined ? {} : { origin } })).status;
  expect(await reload('https://evil.example')).toBe(403);
  expect(await reload('null')).toBe(403);
  expect(await reload(url)).toBe(200);
  expect(await reload()).toBe(200);
});

test('a reload with a broken file says where, and the old rules go on', async () => {
  const rules = join(dir, 'rules.yml');
  const good = await readFile(rules, 'utf8');
  try {
    await writeFile(rules, good.replace('sum(shop_orders_total)', 'sum(shop_orders_total'));
    const refused = await fetch(`${url}/-/reload`, { method: 'POST' });
    expect(refused.status).toBe(500);
    expect(await refused.text()).toMatch(/rules\.yml:5:\d+: error: /);
    expect((await api('status/runtimeinfo')).data.reloadConfigSuccess).toBe(false);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^tillwatch_config_last_reload_successful 0$/m);
    expect((await api('rules')).data.groups[0].rules).toHaveLength(2);
    const [before] = await until('the recorded series', () => query('timestamp(shop:orders:sum)'));
    await until('a later evaluation', async () =>
      Number((await query('timestamp(shop:orders:sum)'))?.[0]?.value[1]) > Number(before.value[1]) ? true : undefined,
    );
  } finally {
    await writeFile(rules, good);
  }
});

test('a reload takes up how long samples are kept', async () => {
  const flag = async () => (await api('status/flags')).data['storage.tsdb.retention.time'];
  const before = await flag();
  const good = await readFile(files.prometheus, 'utf8');
  try {
    await writeFile(files.prometheus, `${good}\nstorage: { tsdb: { retention: { time: 7d } } }\n`);
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
    expect(await flag()).toBe('1w');
    expect((await api('status/runtimeinfo')).data.storageRetention).toBe('1w');
  } finally {
    await writeFile(files.prometheus, good);
    await fetch(`${url}/-/reload`, { method: 'POST' });
  }
  expect(await flag()).toBe(before);
});

test('a reload takes up new jobs from files of jobs', async () => {
  await mkdir(join(dir, 'jobs'), { recursive: true });
  await writeFile(
    join(dir, 'jobs', 'second.yml'),
    `scrape_configs:\n  - job_name: second\n    static_configs: [{targets: ['${exporter.address}']}]\n`,
  );
  expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await until('the second job', async () => (await query('up{job="second"} == 1'))?.[0]);
  await rm(join(dir, 'jobs', 'second.yml'));
  expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await until('its end', async () => ((await query('up{job="second"}'))?.length === 0 ? true : undefined));
});

test('the page is fed by server-sent events', async () => {
  const end = new AbortController();
  const response = await fetch(`${url}/api/tillwatch/live`, { signal: end.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (/event: state\ndata: .*\n\n/.test(text)) break;
  }
  end.abort();
  const state = JSON.parse(/data: (.*)\n/.exec(text)![1]!) as LiveState;
  expect(state.overview).toBeNull();
  expect(state.targets).toMatchObject([{ job: 'shop', health: 'up' }]);
});

test('a shop that breaks becomes an alert and one Slack message, and then an all-clear', async () => {
  const before = webhook.bodies.length;
  exporter.text = BROKEN;
  await until('the alert', async () => {
    const { data } = await api('alerts');
    return data.alerts.find(({ state }: { state: string }) => state === 'firing');
  });
  const { alerts } = (await api('alerts')).data;
  expect(alerts).toMatchObject([
    {
      labels: { alertname: 'ShopBroken', severity: 'page', region: 'eu' },
      annotations: { summary: 'The shop in eu is broken: 3' },
      value: '3e+00',
    },
  ]);
  await until('the message', () => webhook.bodies[before]);
  expect(webhook.bodies[before]).toContain('ShopBroken is firing');
  expect(webhook.bodies[before]).toContain('The shop in eu is broken: 3');

  exporter.text = WORKING;
  await until('the all-clear', () => webhook.bodies[before + 1]);
  expect(webhook.bodies[before + 1]).toContain('ShopBroken is resolved');
  expect(webhook.bodies).toHaveLength(before + 2);
});

test('stop ends the server and the scrapes, and frees the store for the next', async () => {
  await tillwatch.stop();
  await expect(fetch(`${url}/-/ready`)).rejects.toThrow();
  const { scrapes } = exporter;
  // The next one opens the same store, and sees what was stored.
  exporter.text = WORKING.replace('40', '41');
  const next = watch(join(dir, 'data'));
  await next.start();
  url = next.url();
  try {
    await until('new samples', async () =>
      (await query('shop_orders_total{method="card"}'))?.[0]?.value[1] === '41' ? true : undefined,
    );
    const history = await query('max_over_time(shop_broken{job="shop"}[5m])');
    expect(history[0].value[1]).toBe('3');
    expect(exporter.scrapes).toBeGreaterThan(scrapes);
  } finally {
    await next.stop();
  }
});

test('a configuration with a mistake starts nothing and leaves no lock behind', async () => {
  const good = await readFile(files.alertmanager, 'utf8');
  await writeFile(files.alertmanager, good.replace('receiver:', 'reciever:'));
  const broken = watch(join(dir, 'other-data'));
  const error = await broken.start().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as ConfigurationError).problems[0]).toMatchObject({ at: { file: files.alertmanager } });
  await writeFile(files.alertmanager, good);
});

test('a mistake in the text of a receiver is reported, and its messages are sent in plain form', async () => {
  const good = await readFile(files.alertmanager, 'utf8');
  await writeFile(files.alertmanager, good.replace('.CommonAnnotations.summary', '.Annotations.summary'));
  const { problems } = await loadStandardFiles(files);
  expect(problems).toMatchObject([{ code: 'template-execution', severity: 'error', at: { file: files.alertmanager } }]);
  const [{ at }] = problems as [(typeof problems)[number]];
  expect(at.text.slice(at.from, at.to)).toContain('.Annotations.summary');

  const before = webhook.bodies.length;
  exporter.text = BROKEN;
  const running = watch(join(dir, 'plain-data'));
  await running.start();
  url = running.url();
  try {
    await until('the message', () => webhook.bodies[before]);
    expect(webhook.bodies[before]).toContain('ShopBroken');
    expect(webhook.bodies[before]).toMatch(/plain message, because the template of \w+ in .*oncall/);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^tillwatch_notification_failures_total\{.*\} 1$/m);
    expect(metrics).toMatch(/^tillwatch_notifications_total\{.*result="template"\} 1$/m);
  } finally {
    await running.stop();
    await writeFile(files.alertmanager, good);
  }
});
