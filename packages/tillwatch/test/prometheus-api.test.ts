import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createPrometheusApi } from '../src/prometheus-api/prometheus-api.ts';

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server that answers everything with one body and remembers what it was asked. */
async function answering(body: unknown, status = 200): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const form = Object.fromEntries(new URLSearchParams(await read(request)));
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization, form });
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const success = (resultType: string, result: unknown) => ({ status: 'success', data: { resultType, result } });

describe('createPrometheusApi', () => {
  test('asks instant queries and reads vectors, scalars and special values', async () => {
    const vector = await answering(
      success('vector', [
        { metric: { job: 'a' }, value: [12.5, '+Inf'] },
        { metric: { job: 'b' }, value: [12.5, 'NaN'] },
        { metric: { job: 'c' }, histogram: [12.5, {}] },
      ]),
    );
    const samples = await createPrometheusApi({ url: vector.url }).instant('up > 0', 12_500);
    expect(samples.map(({ labels, timestampMs, value }) => [labels.get('job'), timestampMs, value])).toEqual([
      ['a', 12_500, Number.POSITIVE_INFINITY],
      ['b', 12_500, Number.NaN],
    ]);
    expect(vector.asked).toEqual([
      { path: '/api/v1/query', authorization: undefined, form: { query: 'up > 0', time: '12.5' } },
    ]);
    const scalar = await answering(success('scalar', [3, '7']));
    expect((await createPrometheusApi({ url: scalar.url }).instant('7', 3_000))[0]?.value).toBe(7);
  });

  test('asks range queries below a path, with basic authentication that the name does not show', async () => {
    const { url, asked } = await answering(
      success('matrix', [
        {
          metric: { a: 'b' },
          values: [
            [1, '2'],
            [2, '-Inf'],
          ],
        },
      ]),
    );
    const api = createPrometheusApi({ url: `${url.replace('http://', 'http://me:s%40crt@')}/prometheus` });
    const [series] = await api.range('x', 1_000, 2_000, 1_000);
    expect([...(series?.values ?? [])]).toEqual([2, Number.NEGATIVE_INFINITY]);
    expect(asked[0]).toEqual({
      path: '/prometheus/api/v1/query_range',
      authorization: `Basic ${Buffer.from('me:s@crt').toString('base64')}`,
      form: { query: 'x', start: '1', end: '2', step: '1' },
    });
    expect(api.name).not.toContain('s@crt');
    expect(api.name).toMatch(/^127\.0\.0\.1:\d+\/prometheus$/);
  });

  test('reads stored samples of a left-open interval, whatever the server includes', async () => {
    const { url, asked } = await answering(
      success('matrix', [
        {
          metric: { a: '1' },
          values: [
            [10, '1'],
            [20, '2'],
            [30, '3'],
            [40, '4'],
          ],
        },
        { metric: { a: '2' }, values: [[10, '1']] },
      ]),
    );
    const series = await createPrometheusApi({ url }).samples('up{job="shop"}', 10_000, 30_000);
    expect(series.map(({ timestampsMs, values }) => [[...timestampsMs], [...values]])).toEqual([
      [
        [20_000, 30_000],
        [2, 3],
      ],
    ]);
    expect(asked[0]?.form).toEqual({ query: 'up{job="shop"}[20s]', time: '30' });
  });

  test('sends a token that is read for each request', async () => {
    const { url, asked } = await answering(success('vector', []));
    let renewed = 0;
    const api = createPrometheusApi({ url, bearerToken: async () => `t${++renewed}` });
    await api.instant('up', 0);
    await api.instant('up', 0);
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test.for([
    ['an error of Prometheus', { status: 'error', error: 'parse error: no' }, 400, /answered 400: parse error: no/],
    ['a proxy that wants a login', 'Please log in', 401, /answered 401: Please log in; check the user and password/],
    ['something that is no Prometheus', '<html>', 200, /answered 200: <html>/],
    ['another kind of result', success('string', [1, 'x']), 200, /something else than an instant vector/],
  ] as const)('says so for %s', async ([, body, status, message]) => {
    const { url } = await answering(body, status);
    await expect(createPrometheusApi({ url }).instant('up', 0)).rejects.toThrow(message);
  });

  test('says so when nobody answers, when the URL is none, and when an answer is too long', async () => {
    const { url } = await answering(success('vector', []));
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(createPrometheusApi({ url }).instant('up', 0)).rejects.toThrow(/ECONNREFUSED; is it running/);
    expect(() => createPrometheusApi({ url: 'localhost:9090' })).toThrow(/not an http or https URL/);
    expect(() => createPrometheusApi({ url: 'http://me:100%@localhost:9090' })).toThrow(/write %25 for %/);
    const long = await answering(
      success(
        'vector',
        Array.from({ length: 100 }, () => ({ metric: {}, value: [1, '1'] })),
      ),
    );
    await expect(createPrometheusApi({ url: long.url, maxAnswerBytes: 100 }).instant('up', 0)).rejects.toThrow(
      /larger than/,
    );
  });
});
