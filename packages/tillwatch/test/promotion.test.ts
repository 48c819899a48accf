import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../src/cli/program.ts';
import { loadShop } from '../src/shop-setup.ts';
import { createTillwatch, type Tillwatch } from '../src/tillwatch.ts';
import { type Exporter, startExporter, startWebhook, type Webhook } from './support/loopback.ts';
import { until } from './support/until.ts';

// A watch over a shop whose promotion begins in three hours: the check is told at once.

const HOUR = 3_600_000;
const METRICS = `# TYPE checkout_attempts_total counter
checkout_attempts_total{channel="web"} 100
# TYPE checkout_outcomes_total counter
checkout_outcomes_total{outcome="success"} 90
`;

let dir: string;
let file: string;
let exporter: Exporter;
let slack: Webhook;
let tillwatch: Tillwatch;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-promotion-'));
  exporter = await startExporter(METRICS);
  slack = await startWebhook();
  const iso = (ms: number) => new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
  file = join(dir, 'tillwatch.yaml');
  await writeFile(
    file,
    `shop: { name: Tea }
targets: [{ urls: [http://${exporter.address}/metrics] }]
scrape: { interval: 1s, timeout: 1s }
teams: { ops: { slack: { webhookUrlEnv: HOOK } } }
promotions:
  - { name: Big sale, from: '${iso(Date.now() + 3 * HOUR)}', to: '${iso(Date.now() + 9 * HOUR)}', expectedFactor: 4 }
  - { name: Old sale, from: '${iso(Date.now() - 9 * HOUR)}', to: '${iso(Date.now() - 8 * HOUR)}' }
`,
  );
  tillwatch = createTillwatch({
    load: () => loadShop({ file, dir: join(dir, 'generated'), environment: { HOOK: slack.url }, plan: { pace: 0.01 } }),
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    retentionMs: 24 * HOUR,
    logger: silentLogger,
  });
  await tillwatch.start();
});

afterAll(async () => {
  await tillwatch.stop();
  await exporter.stop();
  await slack.stop();
  await rm(dir, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli([...args, '--url', tillwatch.url()], {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
  });
  return { code, out, err };
}

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(new URL(path, tillwatch.url()), init);
  return { status: response.status, body: await response.json() };
};

test('the check is told to the team by a message, with what is not ready', async () => {
  const body = await until('the message', () => slack.bodies.find((one) => one.includes('Big sale')));
  expect(body).toMatch(/Big sale: .*not ready|Big sale: ready/);
  expect(body).toContain('view=promotions');
});

test('the command says what is ready, with what to do, and fails while something is not', async () => {
  exporter.text = '';
  const { code, out } = await until(
    'a scrape without checkouts',
    async () => {
      const answer = await run('promotion', 'ready');
      return /1 of 1 targets[\s\S]*reports no checkouts/.test(answer.out) ? answer : undefined;
    },
    30_000,
  );
  expect(code).toBe(1);
  expect(out).toMatch(/^Big sale, as of .*Z\n\n/);
  expect(out).toMatch(/ok {9}Targets +1 of 1 targets of shop answer\n/);
  expect(out).toMatch(/NOT READY {2}Targets +the shop reports no checkouts\n +=/);
  expect(out).toMatch(/Not ready: \d points? to mend before the start\.\n$/);
});

test('a test message through the watch that runs counts as reached', async () => {
  const tested = await run('notify', 'test');
  expect(tested).toMatchObject({ code: 0, out: 'ok      ops  slack[0]\n' });
  const { out } = await run('promotion', 'ready', 'Big sale');
  expect(out).toMatch(/ok {9}Receivers +ops \(slack\) took a message 1 minute ago\n/);
  expect(await run('notify', 'test', 'nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no receiver "nobody"'),
  });
});

test('the calendar lists what is ahead before what is over', async () => {
  const { out } = await run('promotion', 'list');
  expect(out).toMatch(/^ahead {2}Big sale {2}.*x4\nover {3}Old sale {2}.*x2\n$/);
  const { body } = await ask('/api/tillwatch/promotions');
  expect(body).toMatchObject({
    shop: { name: 'Tea', currency: 'EUR' },
    promotions: [
      { name: 'Big sale', phase: 'ahead', report: null },
      { name: 'Old sale', phase: 'over', readiness: null },
    ],
  });
});

test('beside another Prometheus, what it cannot know is not known', async () => {
  const beside = ['--prometheus', tillwatch.url(), '--config', file];
  const { out } = await run('promotion', 'ready', 'Big sale', '--json', ...beside);
  const { checks } = JSON.parse(out) as { checks: { topic: string; state: string }[] };
  expect(checks.map(({ topic }) => topic)).toContain('Targets');
  expect(checks.filter(({ topic }) => topic === 'Receivers')).toMatchObject([{ state: 'not-known' }]);
  expect(await run('promotion', 'report', 'Sale', ...beside)).toMatchObject({
    code: 1,
    err: 'tillwatch: there is no promotion "Sale"; there are: "Old sale", "Big sale"\n',
  });
});

test('a report of a time that was not watched says that it does not know', async () => {
  const { code, out } = await run('promotion', 'report');
  expect(code).toBe(0);
  expect(out).toMatch(/^Old sale, until .*Z\n\nOrders +not known\n/);
  expect(out).toContain('No incident: nobody had to be woken.\n');
  expect((await ask('/api/tillwatch/promotions/Old%20sale/report')).body).toMatchObject({
    basis: null,
    reachedFactor: null,
  });
});

test.for([
  ['a check', '/api/tillwatch/promotions/Sale/readiness'],
  ['a report', '/api/tillwatch/promotions/Sale/report'],
] as const)('%s of a promotion that there is not is refused with those that there are', async ([, path]) => {
  expect(await ask(path)).toEqual({
    status: 404,
    body: { error: 'there is no promotion "Sale"; there are: "Old sale", "Big sale"' },
  });
});

test('the check is told in the language that is asked for', async () => {
  const { body } = await ask('/api/tillwatch/promotions/Big%20sale/readiness?language=de');
  expect(body.checks[0]).toMatchObject({ topic: 'Ziele', finding: expect.stringContaining('von shop erreichbar') });
  expect((await ask('/api/tillwatch/promotions/Big%20sale/readiness?language=!')).status).toBe(200);
});

test('a receiver that is no name is refused', async () => {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ receiver: 7 }) };
  expect((await ask('/api/tillwatch/receivers/test', init)).status).toBe(400);
});

test('where nothing answers, the command says what to do', async () => {
  const said: string[] = [];
  const terminal = { out: () => undefined, err: (text: string) => void said.push(text) };
  expect(await runCli(['promotion', 'list', '--url', 'http://127.0.0.1:9'], terminal)).toBe(1);
  expect(said.join('')).toContain(
    'nothing that is Tillwatch answers at http://127.0.0.1:9: start it with tillwatch up',
  );
});
