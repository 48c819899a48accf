import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadStandardFiles } from '../src/configuration.ts';
import { ConfigurationError, createTillwatch, type Tillwatch } from '../src/tillwatch.ts';

const PAGE = [
  '# HELP shop_orders_total Orders.',
  '# TYPE shop_orders_total counter',
  'shop_orders_total{region="eu"} 7',
  'shop_orders_total{region="us"} 3',
  '',
].join('\n');

const ALERTMANAGER = (port: number) => `route: { receiver: team, group_wait: 0s }
receivers:
  - name: team
    slack_configs:
      - { api_url: 'http://127.0.0.1:${port}/hook', channel: '#team' }
`;

const RULES = `groups:
  - name: shop
    interval: 1s
    rules:
      - record: region:orders:sum
        expr: sum by (region) (shop_orders_total)
      - alert: ManyOrders
        expr: region:orders:sum > 5
        labels: { severity: page }
        annotations: { summary: '{{ $value }} orders in {{ $labels.region }}' }
`;

describe('one process on standard files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-test-'));
  const received: unknown[] = [];
  let exporter: Server;
  let slack: Server;
  let tillwatch: Tillwatch;

  beforeAll(async () => {
    exporter = await serve((_body, respond) => respond('text/plain; version=0.0.4', PAGE));
    slack = await serve((body, respond) => {
      received.push(JSON.parse(body));
      respond('text/plain', 'ok');
    });
    const prometheus = [
      'global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s, external_labels: { shop: test } }',
      'rule_files: [rules.yml]',
      'scrape_configs:',
      `  - { job_name: shop, static_configs: [{ targets: ['127.0.0.1:${portOf(exporter)}'] }] }`,
    ].join('\n');
    writeFileSync(join(dir, 'prometheus.yml'), prometheus);
    writeFileSync(join(dir, 'rules.yml'), RULES);
    writeFileSync(join(dir, 'alertmanager.yml'), ALERTMANAGER(portOf(slack)));
    tillwatch = createTillwatch({
      load: () => load(dir),
      dataDir: join(dir, 'data'),
      listen: { host: '127.0.0.1', port: 0 },
      retentionMs: 3_600_000,
      logger: silentLogger,
    });
    await tillwatch.start();
    await eventually(async () => {
      const { data } = await get('/api/v1/alerts');
      return data.alerts.length > 0 && received.length > 0;
    });
  }, 30_000);

  afterAll(async () => {
    await tillwatch.stop();
    await Promise.all([exporter, slack].map((server) => new Promise((done) => server.close(done))));
    rmSync(dir, { recursive: true, force: true });
  });

  const url = (path: string) => new URL(path, tillwatch.url());
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, looked at field by field
  const get = async (path: string, init?: RequestInit): Promise<any> => (await fetch(url(path), init)).json();

  test('what is scraped can be asked for', async () => {
    const answer = await get('/api/v1/query?query=sum(shop_orders_total)');
    expect(answer).toMatchObject({
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [expect.any(Number), '10'] }] },
    });
    expect((await get('/api/v1/query?query=up')).data.result[0].value[1]).toBe('1');
    expect((await get('/api/v1/query?query=1%2B1')).data).toMatchObject({
      resultType: 'scalar',
      result: [expect.any(Number), '2'],
    });
    expect((await get('/api/v1/query?query=%22a%22')).data.result[1]).toBe('a');
  });

  test('a range is asked for by form', async () => {
    const now = Date.now() / 1000;
    const body = new URLSearchParams({
      query: 'region:orders:sum',
      start: String(now - 60),
      end: String(now),
      step: '1',
    });
    const { data } = await get('/api/v1/query_range', { method: 'POST', body });
    expect(data.resultType).toBe('matrix');
    expect(data.result.map((series: { metric: object }) => series.metric)).toEqual([
      { __name__: 'region:orders:sum', region: 'eu' },
      { __name__: 'region:orders:sum', region: 'us' },
    ]);
  });

  test('series, labels and values', async () => {
    expect((await get('/api/v1/series?match[]=shop_orders_total{region="eu"}')).data).toEqual([
      { __name__: 'shop_orders_total', region: 'eu', job: 'shop', instance: `127.0.0.1:${portOf(exporter)}` },
    ]);
    expect((await get('/api/v1/labels')).data).toEqual(
      expect.arrayContaining(['__name__', 'alertname', 'instance', 'job', 'region']),
    );
    expect((await get('/api/v1/label/region/values')).data).toEqual(['eu', 'us']);
    expect((await get('/api/v1/label/region/values?limit=1')).warnings).toEqual(['results truncated due to limit']);
  });

  test('rules, alerts, targets, metadata and what runs', async () => {
    const { groups } = (await get('/api/v1/rules')).data;
    expect(groups[0]).toMatchObject({
      name: 'shop',
      interval: 1,
      rules: [
        { type: 'recording', health: 'ok' },
        { type: 'alerting', state: 'firing' },
      ],
    });
    expect((await get('/api/v1/rules?type=record')).data.groups[0].rules).toHaveLength(1);
    expect((await get('/api/v1/alerts')).data.alerts[0]).toMatchObject({
      labels: { alertname: 'ManyOrders', region: 'eu', severity: 'page' },
      annotations: { summary: '7 orders in eu' },
      state: 'firing',
      value: '7e+00',
    });
    expect((await get('/api/v1/targets')).data.activeTargets[0]).toMatchObject({
      scrapePool: 'shop',
      health: 'up',
      lastError: '',
    });
    expect((await get('/api/v1/metadata')).data.shop_orders_total).toEqual([
      { type: 'counter', help: 'Orders.', unit: '' },
    ]);
    expect((await get('/api/v1/status/buildinfo')).data.version).toMatch(/^3\./);
    expect((await get('/api/v1/format_query?query=sum(a)by(b)')).data).toBe('sum by (b) (a)');
    expect((await get('/api/v2/alerts'))[0]).toMatchObject({
      labels: { alertname: 'ManyOrders' },
      status: { state: 'active' },
    });
  });

  test.for([
    ['/api/v1/query?query=sum(', 400, 'bad_data'],
    ['/api/v1/query', 400, 'bad_data'],
    ['/api/v1/query?query=up&time=tomorrow', 400, 'bad_data'],
    ['/api/v1/query?query=up%20%2B%20on(job)%20shop_orders_total', 422, 'execution'],
    ['/api/v1/query_range?query=up&start=10&end=0&step=1', 400, 'bad_data'],
    ['/api/v1/query_range?query=up&start=0&end=10&step=0', 400, 'bad_data'],
    ['/api/v1/query_range?query=up&start=0&end=1000000&step=1', 400, 'bad_data'],
    ['/api/v1/series', 400, 'bad_data'],
    ['/api/v1/series?match[]=rate(up[5m])', 400, 'bad_data'],
    ['/api/v1/rules?type=other', 400, 'bad_data'],
  ] as const)('%s is refused with %d', async ([path, status, errorType]) => {
    const response = await fetch(url(path));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status: 'error', errorType, error: expect.stringMatching(/\S/) });
  });

  test('it is ready and healthy, and measures itself', async () => {
    expect((await fetch(url('/-/ready'))).status).toBe(200);
    expect((await fetch(url('/-/healthy'))).status).toBe(200);
    const metrics = await fetch(url('/metrics'));
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await metrics.text();
    expect(text).toMatch(/^tillwatch_build_info\{version="[^"]+"\} 1$/m);
    expect(text).toMatch(/^tillwatch_notifications_total\{receiver="team",integration="slack",result="sent"\} [1-9]/m);
  });

  test('a foreign page may change nothing, and answers carry their protection', async () => {
    const foreign = await fetch(url('/-/reload'), { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(foreign.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('the alert reached Slack', () => {
    expect(JSON.stringify(received[0])).toContain('ManyOrders');
  });

  test('a live state is sent to whoever looks', async () => {
    const abort = new AbortController();
    const response = await fetch(url('/api/tillwatch/live'), { signal: abort.signal });
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (/event: state\ndata: .+\n\n/.test(text)) break;
    }
    abort.abort();
    const state = JSON.parse(/data: (.+)\n/.exec(text)![1]!);
    expect(state).toMatchObject({
      overview: null,
      alerts: [{ name: 'ManyOrders', state: 'firing' }],
      targets: [{ job: 'shop', health: 'up' }],
      demo: null,
    });
  });

  test('a broken configuration is refused and the old one goes on', async () => {
    writeFileSync(join(dir, 'rules.yml'), RULES.replace('sum by', 'sum by by'));
    const refused = await fetch(url('/-/reload'), { method: 'POST' });
    expect(refused.status).toBe(500);
    expect(await refused.text()).toMatch(/rules\.yml:6:\d+: error: /);
    expect((await get('/api/v1/rules')).data.groups[0].rules).toHaveLength(2);

    writeFileSync(join(dir, 'rules.yml'), RULES.replace('ManyOrders', 'LotsOfOrders'));
    expect((await fetch(url('/-/reload'), { method: 'POST' })).status).toBe(200);
    await eventually(async () => (await get('/api/v1/alerts')).data.alerts[0]?.labels.alertname === 'LotsOfOrders');
  });
});

test('with a mistake nothing is started', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-test-'));
  writeFileSync(join(dir, 'prometheus.yml'), 'scrape_configs: [{ job_name: a, scrape_intervall: 5s }]\n');
  const tillwatch = createTillwatch({
    load: () => load(dir),
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    retentionMs: 3_600_000,
    logger: silentLogger,
  });
  const error = await tillwatch.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  const problems = (error as ConfigurationError).problems;
  expect(problems.some((problem) => problem.hint?.includes('scrape_interval'))).toBe(true);
  rmSync(dir, { recursive: true, force: true });
});

async function load(dir: string) {
  const { value, problems } = await loadStandardFiles({
    prometheus: join(dir, 'prometheus.yml'),
    alertmanager: join(dir, 'alertmanager.yml'),
  });
  return { value: value === undefined ? undefined : { configuration: value, checkout: undefined }, problems };
}

function serve(answer: (body: string, respond: (type: string, text: string) => void) => void): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => answer(body, (type, text) => response.writeHead(200, { 'content-type': type }).end(text)));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Waits for something that comes by itself; what does not come within 20 s is a failure. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
