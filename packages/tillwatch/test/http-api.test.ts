import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Labels, silentLogger } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadStandardFiles } from '../src/configuration.ts';
import { createTillwatch, type Tillwatch } from '../src/tillwatch.ts';

const SERIES = 300;
const T0 = Date.now() - 3_600_000;

const CONFIG = `scrape_configs:
  - job_name: nowhere
    basic_auth: { username: shop, password: very-secret }
    proxy_url: http://shop:very-secret@127.0.0.1:1
    http_headers: { X-Key: { secrets: [very-secret] } }
    http_sd_configs: [{ url: 'http://shop:very-secret:p@ss@127.0.0.1:1/targets' }]
rule_files: [rules.yml]
`;
const RULES = ['a', 'b', 'c']
  .map((name) => `  - name: ${name}\n    rules: [{ record: r${name}, expr: vector(1), labels: { group: ${name} } }]\n`)
  .join('');

let dir: string;
let tillwatch: Tillwatch;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-api-'));
  await writeFile(join(dir, 'prometheus.yml'), CONFIG);
  await writeFile(join(dir, 'rules.yml'), `groups:\n${RULES}`);
  const tsdb = await openTsdb(join(dir, 'data'), { retentionMs: 86_400_000 });
  const batch = tsdb.batch();
  for (let i = 0; i < SERIES; i++) batch.append(Labels.of({ __name__: 'stored', i: String(i) }), T0, i / 7);
  await batch.commit();
  await tsdb.close();
  tillwatch = createTillwatch({
    async load() {
      const { value, problems } = await loadStandardFiles({ prometheus: join(dir, 'prometheus.yml') });
      return { value: value && { configuration: value, checkout: undefined }, problems };
    },
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    retentionMs: 86_400_000,
    logger: silentLogger,
    corsOrigin: (origin) => origin === 'https://grafana.example',
  });
  await tillwatch.start();
});

afterAll(async () => {
  await tillwatch.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Raw {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Asks as it is, without the gzip that `fetch` takes by itself. */
function raw(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    request(`${tillwatch.url()}/api/v1/${path}`, { headers, method }, async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) });
    })
      .once('error', reject)
      .end();
  });
}

const json = ({ body }: Raw) => JSON.parse(body.toString());
const ALL = `query?query=stored&time=${T0 / 1000}`;
/** More than one piece of JSON. */
const LARGE = `query_range?query=stored&start=${T0 / 1000 - 1}&end=${T0 / 1000 + 250}&step=1`;

describe('gzip', () => {
  test('is given to those who accept it, for what is worth it', async () => {
    const plain = await raw(ALL);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(json(plain).data.result).toHaveLength(SERIES);
    const zipped = await raw(ALL, { 'accept-encoding': 'br, gzip;q=0.5' });
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    const small = await raw('query?query=1', { 'accept-encoding': 'gzip' });
    expect(small.headers['content-encoding']).toBeUndefined();
    const refused = await raw(ALL, { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  test('is the same answer when it comes in pieces', async () => {
    const plain = await raw(LARGE);
    expect(plain.headers['content-length']).toBeUndefined();
    expect(plain.body.length).toBeGreaterThan(1 << 20);
    const { status, data } = json(plain);
    expect(status).toBe('success');
    expect(data.result).toHaveLength(SERIES);
    const seventh = data.result.find(({ metric }: { metric: { i: string } }) => metric.i === '7');
    expect(seventh.values[0]).toEqual([T0 / 1000, '1']);
    const zipped = await raw(LARGE, { 'accept-encoding': 'gzip' });
    expect(zipped.body.length).toBeLessThan(plain.body.length / 4);
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  });
});

test('a client that goes away in the middle of a large answer harms nothing', async () => {
  for (let i = 0; i < 5; i++) {
    const gone = new AbortController();
    const response = await fetch(`${tillwatch.url()}/api/v1/${LARGE}`, { signal: gone.signal });
    const reader = response.body!.getReader();
    await reader.read();
    gone.abort();
    await expect(reader.read()).rejects.toThrow();
  }
  expect(json(await raw('query?query=1')).status).toBe('success');
});

test('a body of a kind that means nothing is passed over', async () => {
  for (const [type, body] of [
    ['application/json', ''],
    ['application/json', '{"query":"2"}'],
    ['text/strange', 'query=2'],
  ] as const) {
    const init = { method: 'POST', headers: { 'content-type': type }, body };
    const response = await fetch(`${tillwatch.url()}/api/v1/query?query=1`, init);
    expect(await response.json()).toMatchObject({ data: { result: [expect.any(Number), '1'] } });
  }
});

test('answers are not to be cached', async () => {
  for (const path of [ALL, LARGE, 'query?query=(', 'rules', 'status/config']) {
    expect((await raw(path)).headers['cache-control'], path).toBe('no-store');
  }
});

test('a cut answer says so', async () => {
  for (const path of [`${ALL}&limit=2`, `${LARGE}&limit=2`]) {
    const { data, warnings } = json(await raw(path));
    expect(data.result).toHaveLength(2);
    expect(warnings).toEqual(['results truncated due to limit']);
  }
  expect(json(await raw(`${ALL}&limit=${SERIES}`)).warnings).toBeUndefined();
});

test('the costs of a query are told when they are asked for', async () => {
  const { data } = json(await raw(`${ALL}&stats=all`));
  expect(data.stats.samples).toEqual({ totalQueryableSamples: SERIES, peakSamples: SERIES });
  expect(data.stats.timings.evalTotalTime).toBeGreaterThan(0);
  expect(json(await raw(ALL)).data.stats).toBeUndefined();
});

test('how far a selector looks back can be chosen; 0 means as usual', async () => {
  const after = `query?query=count(stored)&time=${T0 / 1000 + 60}`;
  const countOf = async (path: string) => json(await raw(path)).data.result[0]?.value[1];
  expect(await countOf(`${after}&lookback_delta=2m`)).toBe(String(SERIES));
  expect(await countOf(`${after}&lookback_delta=30`)).toBeUndefined();
  expect(await countOf(`${after}&lookback_delta=0`)).toBe(String(SERIES));
});

test('all mistakes of a query are in the details, with their places', async () => {
  const { error, details } = json(await raw(`query?query=${encodeURIComponent('sum(ü\n+ rate(x) + (y)')}`));
  expect(error).toMatch(/^invalid parameter "query": \d:\d+: parse error: /);
  expect(details).toMatch(/query:\d:\d+: error: .*\[promql-.*\]\n.*\|.*\n.*\^/);
});

describe('other origins', () => {
  const friend = { origin: 'https://grafana.example' };
  const stranger = { origin: 'https://grafana.example.evil' };

  test('may read where they are allowed to', async () => {
    const { headers, status } = await raw(ALL, friend);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': friend.origin,
      'access-control-expose-headers': 'Date',
    });
    expect((await raw('query', friend, 'OPTIONS')).headers['access-control-allow-methods']).toBe('GET, POST, OPTIONS');
    expect((await raw('query?query=1', friend, 'POST')).status).toBe(200);
  });

  test('may not where they are not', async () => {
    expect((await raw(ALL, stranger)).headers['access-control-allow-origin']).toBeUndefined();
    expect((await raw('query?query=1', stranger, 'POST')).status).toBe(403);
    const reload = await fetch(`${tillwatch.url()}/-/reload`, { method: 'POST', headers: friend });
    expect(reload.status).toBe(403);
  });
});

test('HEAD has the headers of GET and no body', async () => {
  const { status, headers, body } = await raw(ALL, {}, 'HEAD');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json');
  expect(body).toHaveLength(0);
});

describe('rules', () => {
  const names = (answer: Raw) => json(answer).data.groups.map(({ name }: { name: string }) => name);

  test('come page by page', async () => {
    const first = await raw('rules?group_limit=2');
    expect(names(first)).toEqual(['a', 'b']);
    const { groupNextToken } = json(first).data;
    const second = await raw(`rules?group_limit=2&group_next_token=${groupNextToken}`);
    expect(names(second)).toEqual(['c']);
    expect(json(second).data.groupNextToken).toBeUndefined();
  });

  test.for([
    ['rules?group_limit=0', /greater than 0/],
    ['rules?group_limit=x', /must be a number/],
    ['rules?group_next_token=abc', /group_limit needs to be present/],
    ['rules?group_limit=1&group_next_token=abc', /were rule groups changed/],
    ['rules?exclude_alerts=perhaps', /neither true nor false/],
    ['rules?match[]=(', /match\[\]/],
  ] as const)('%s is refused', async ([path, error]) => {
    const answer = await raw(path);
    expect(answer.status).toBe(400);
    expect(json(answer)).toMatchObject({ errorType: 'bad_data', error: expect.stringMatching(error) });
  });

  test('are chosen by their labels', async () => {
    expect(names(await raw(`rules?match[]=${encodeURIComponent('{group=~"b|c"}')}`))).toEqual(['b', 'c']);
  });
});

test('the configuration is shown without its secrets', async () => {
  const { yaml } = json(await raw('status/config')).data;
  expect(yaml).toContain('job_name: nowhere');
  expect(yaml).toContain('<secret>');
  expect(yaml).not.toContain('very-secret');
  expect(yaml).toContain('http://shop:xxxxx@127.0.0.1:1');
  expect(yaml).toContain('http://shop:xxxxx@127.0.0.1:1/targets');
});

test('a tree is given in the form of Prometheus', async () => {
  const query = 'sum by (job) (rate(x{a!~"b"}[5m] offset 1m @ end())) / on (job) group_left (team) -(y) > bool 1e-7';
  const { data } = json(await raw(`parse_query?query=${encodeURIComponent(query)}`));
  expect(data).toMatchObject({
    type: 'binaryExpr',
    op: '>',
    bool: true,
    matching: null,
    rhs: { type: 'numberLiteral', val: '0.0000001' },
    lhs: {
      op: '/',
      matching: {
        card: 'many-to-one',
        labels: ['job'],
        on: true,
        include: ['team'],
        fillValues: { lhs: null, rhs: null },
      },
      lhs: {
        type: 'aggregation',
        op: 'sum',
        grouping: ['job'],
        without: false,
        param: null,
        expr: {
          type: 'call',
          func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
          args: [
            {
              type: 'matrixSelector',
              name: 'x',
              range: 300_000,
              offset: 60_000,
              matchers: [
                { name: 'a', type: '!~', value: 'b' },
                { name: '__name__', type: '=', value: 'x' },
              ],
              timestamp: null,
              startOrEnd: 'end',
              anchored: false,
              smoothed: false,
            },
          ],
        },
      },
      rhs: { type: 'unaryExpr', op: '-', expr: { type: 'parenExpr', expr: { type: 'vectorSelector', name: 'y' } } },
    },
  });
});
