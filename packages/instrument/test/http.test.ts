import http, { type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpMetrics } from '../src/http/http-metrics.ts';
import { expressMetrics, fastifyMetrics, metricsHandler, nodeHttpMetrics } from '../src/index.ts';
import { expose } from '../src/serve/expose.ts';
import { parse } from './support.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => server.closeAllConnections(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The requests counted, as `METHOD route code` with their number. */
async function requests(registry: Registry): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const [key, value] of parse(await expose(registry))) {
    const [, code, method, route] = /^http_requests_total\{code="(.*)",method="(.*)",route="(.*)"\}$/.exec(key) ?? [];
    if (value > 0 && code !== undefined) counted[`${method} ${route} ${code}`] = value;
  }
  return counted;
}

describe('Fastify', () => {
  async function app() {
    const register = new Registry();
    const fastify = Fastify();
    closers.push(() => fastify.close());
    await fastify.register(fastifyMetrics, { register });
    fastify.get('/orders/:id', async () => 'ok');
    fastify.post('/pay', async (_request, reply) => reply.code(402).send());
    fastify.get('/boom', async () => {
      throw new Error('boom');
    });
    await fastify.register(async (inner) => void inner.get('/stock/:sku', async () => 'ok'), { prefix: '/api' });
    return { fastify, register };
  }

  test('counts by route template, never by path', async () => {
    const { fastify, register } = await app();
    for (const url of ['/orders/1', '/orders/2?session=x', '/boom', '/api/stock/7', '/wp-login.php', '/etc/passwd']) {
      await fastify.inject({ url });
    }
    await fastify.inject({ method: 'POST', url: '/pay' });
    expect(await requests(register)).toEqual({
      'GET /orders/:id 200': 2,
      'GET /boom 500': 1,
      'GET /api/stock/:sku 200': 1,
      'GET unmatched 404': 2,
      'POST /pay 402': 1,
    });
    expect(
      parse(await expose(register)).get(
        'http_request_duration_seconds_count{code="200",method="GET",route="/orders/:id"}',
      ),
    ).toBe(2);
  });

  test('a route has zeros for its first failure before its first request', async () => {
    const { fastify, register } = await app();
    await fastify.ready();
    const found = parse(await expose(register));
    expect(found.get('http_requests_total{code="500",method="POST",route="/pay"}')).toBe(0);
    expect(found.get('http_requests_total{code="502",method="GET",route="/api/stock/:sku"}')).toBe(0);
  });

  test('answers /metrics with the content type that Prometheus 3 needs, and does not count it', async () => {
    const { fastify, register } = await app();
    const response = await fastify.inject({ url: '/metrics' });
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, CONTENT_TYPE]);
    expect(response.body).toContain('# TYPE http_requests_total counter');
    expect(await requests(register)).toEqual({});
  });

  test('path false leaves /metrics to the shop', async () => {
    const fastify = Fastify();
    closers.push(() => fastify.close());
    const register = new Registry();
    await fastify.register(fastifyMetrics, { register, path: false });
    fastify.get('/internal/metrics', metricsHandler(register));
    expect((await fastify.inject({ url: '/metrics' })).statusCode).toBe(404);
    expect((await fastify.inject({ url: '/internal/metrics' })).headers['content-type']).toBe(CONTENT_TYPE);
  });
});

describe('Express', () => {
  async function app() {
    const register = new Registry();
    const shop = express();
    const failures: unknown[] = [];
    shop.use(expressMetrics({ register }));
    shop.get('/metrics', metricsHandler(register));
    shop.get('/', (_request, response) => void response.send('ok'));
    const orders = express.Router();
    orders.get('/orders/:id', (_request, response) => void response.send('ok'));
    orders.get('/', (_request, response) => void response.send('ok'));
    const pay = express.Router();
    pay.post('/pay', (_request, response) => void response.status(402).end());
    orders.use('/checkout/:step', pay);
    shop.use('/shops/:shop', orders);
    shop.get(/^\/legacy/, (_request, response) => void response.send('ok'));
    shop.get('/boom', () => {
      throw new Error('boom');
    });
    shop.use(((error, _request, response, _next) => {
      failures.push(error);
      response.status(500).end();
    }) as express.ErrorRequestHandler);
    return { register, failures, url: await listen(shop) };
  }

  test('puts the templates of mounted routers together', async () => {
    const { register, failures, url } = await app();
    const paths = ['/', '/shops/berlin/orders/1', '/shops/paris/orders/2', '/shops/a%20b/orders/3', '/shops/berlin'];
    for (const path of [...paths, '/legacy/x', '/boom', '/nothing', '/shops/x/nothing'])
      await (await fetch(url + path)).text();
    await fetch(`${url}/shops/berlin/checkout/payment/pay`, { method: 'POST' });
    expect(failures.map(String)).toEqual(['Error: boom']);
    expect(await requests(register)).toEqual({
      'GET / 200': 1,
      'GET /shops/:shop/orders/:id 200': 3,
      'GET /shops/:shop 200': 1,
      'POST /shops/:shop/checkout/:step/pay 402': 1,
      'GET ^\\\\/legacy 200': 1,
      'GET /boom 500': 1,
      'GET unmatched 404': 2,
    });
  });

  test('answers /metrics', async () => {
    const { url } = await app();
    const response = await fetch(`${url}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, CONTENT_TYPE]);
    expect(await response.text()).toContain('http_requests_total');
  });
});

describe('node:http', () => {
  test('counts by the route that the shop names, and clients that go away', async () => {
    const register = new Registry();
    let reached: (request: IncomingMessage) => void = () => {};
    const arrived = new Promise<IncomingMessage>((resolve) => {
      reached = resolve;
    });
    const route = (request: IncomingMessage) => {
      if (request.url === '/bug') throw new Error('bug');
      return request.url?.startsWith('/o/') ? '/o/:id' : undefined;
    };
    const url = await listen(
      nodeHttpMetrics({ register, route }, (request, response) => {
        if (request.url === '/o/slow') reached(request);
        else response.end('ok');
      }),
    );
    for (const path of ['/o/1', '/o/2', '/x', '/bug']) await (await fetch(url + path)).text();
    const abort = new AbortController();
    const slow = fetch(`${url}/o/slow`, { signal: abort.signal }).catch(() => {});
    const request = await arrived;
    const closed = new Promise((resolve) => request.socket.once('close', resolve));
    abort.abort();
    await Promise.all([slow, closed]);
    expect(await requests(register)).toEqual({ 'GET /o/:id 200': 2, 'GET unmatched 200': 2, 'GET /o/:id 499': 1 });
  });

  test('a metric that cannot be collected fails the scrape visibly', async () => {
    const register = new Registry();
    new Counter({
      ...{ name: 'broken_total', help: 'h', registers: [register] },
      collect: () => Promise.reject(new Error('secret')),
    });
    const response = await fetch(await listen(metricsHandler(register)));
    expect([response.status, await response.text()]).toEqual([500, 'collecting the metrics failed\n']);
  });
});

test('routes, methods and codes are bounded whatever comes in', async () => {
  const register = new Registry();
  const metrics = new HttpMetrics({ register, maxRoutes: 10 });
  for (let i = 0; i < 1000; i++) metrics.observe(`M${i}`, `/r${i}`, [200, 404, i + 600][i % 3]!, 0.1);
  metrics.observe('GET', undefined, 200, 0.1);
  const keys = [...parse(await expose(register)).keys()].filter((key) => key.startsWith('http_requests_total'));
  expect(keys.length).toBeLessThanOrEqual(100);
  expect(keys.some((key) => key.includes('M999'))).toBe(false);
  expect((await requests(register))['GET unmatched 200']).toBe(1);
});
