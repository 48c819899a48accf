// How long scrapes, rules and messages wait while clients ask for thirty days again and again: `npm run bench:main-thread`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { startTillwatch } from '../support/tillwatch-process.ts';

const SERIES = 300;
const DAYS = 30;
const SCRAPE_MS = 1_000;
const PHASE_MS = 30_000;
const CLIENTS = 6;
const DAY_MS = 86_400_000;

const QUERIES = [
  'sum by (step) (rate(shop_requests_total[5m]))',
  'quantile by (step) (0.9, rate(shop_requests_total[1h]))',
  'max_over_time(sum(rate(shop_requests_total[5m]))[1h:1m])',
];

interface Phase {
  readonly answers: number;
  readonly worstScrapeDelayMs: number;
  readonly worstLoopDelayMs: number;
  readonly alertToMessageMs: number;
}

const dir = await mkdtemp(join(tmpdir(), 'tillwatch-bench-'));
const scrapes: number[] = [];
let isBroken = false;
let onMessage: (() => void) | undefined;
const server = createServer((request, response) => {
  if (request.url === '/metrics') {
    scrapes.push(performance.now());
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`# TYPE shop_broken gauge\nshop_broken ${isBroken ? 1 : 0}\n`);
    return;
  }
  request.resume();
  request.on('end', () => {
    onMessage?.();
    response.end('ok');
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const shop = `127.0.0.1:${(server.address() as AddressInfo).port}`;

try {
  await fill(join(dir, 'data'));
  const { ready, stop } = await startTillwatch([
    ...['up', '--json', '--listen', '0', '--data', join(dir, 'data')],
    ...['--prometheus', await prometheusFile(), '--alertmanager', await alertmanagerFile()],
  ]);
  try {
    const url = ready.url as string;
    await sleep(5_000);
    const idle = await phase(url, 0);
    const busy = await phase(url, CLIENTS);
    console.table({ 'nobody asks': row(idle), [`${CLIENTS} clients ask for ${DAYS} days`]: row(busy) });
  } finally {
    await stop();
  }
} finally {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
}

function row({ answers, worstScrapeDelayMs, worstLoopDelayMs, alertToMessageMs }: Phase) {
  return {
    'queries answered': answers,
    'latest scrape, ms': Math.round(worstScrapeDelayMs),
    'longest block of the main thread, ms': Math.round(worstLoopDelayMs),
    'from failure to message, ms': Math.round(alertToMessageMs),
  };
}

/** Lets clients ask for a while; in the middle of it the shop breaks and heals. */
async function phase(url: string, clients: number): Promise<Phase> {
  const endMs = performance.now() + PHASE_MS;
  scrapes.length = 0;
  // The metric starts anew at every reading.
  await loopDelayMs(url);
  let answers = 0;
  const asking = Array.from({ length: clients }, async (_, i) => {
    for (let n = i; performance.now() < endMs; n++) {
      const endS = Date.now() / 1_000;
      const query = encodeURIComponent(QUERIES[n % QUERIES.length] as string);
      const range = `start=${endS - (DAYS * DAY_MS) / 1_000}&end=${endS}&step=3600`;
      const response = await fetch(`${url}/api/v1/query_range?query=${query}&${range}`);
      const body = (await response.json()) as { status: string; data?: { result: unknown[] } };
      if (body.status !== 'success' || body.data?.result.length === 0) throw new Error(JSON.stringify(body));
      answers++;
    }
  });
  await sleep(PHASE_MS / 3);
  const alertToMessageMs = await told(true);
  await sleep(PHASE_MS / 6);
  await told(false);
  await sleep(Math.max(0, endMs - performance.now()));
  const worstLoopDelayMs = await loopDelayMs(url);
  await Promise.all(asking);
  const gaps = scrapes.slice(1).map((atMs, i) => atMs - (scrapes[i] as number) - SCRAPE_MS);
  return { answers, worstScrapeDelayMs: Math.max(...gaps), worstLoopDelayMs, alertToMessageMs };
}

async function told(broken: boolean): Promise<number> {
  const startMs = performance.now();
  const arrived = new Promise<void>((resolve) => {
    onMessage = resolve;
  });
  isBroken = broken;
  await arrived;
  onMessage = undefined;
  return performance.now() - startMs;
}

async function loopDelayMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1]);
}

async function fill(dataDir: string): Promise<void> {
  const tsdb = await openTsdb(dataDir, { retentionMs: 2 * DAYS * DAY_MS });
  const startMs = Date.now() - DAYS * DAY_MS;
  const labels = Array.from({ length: SERIES }, (_, i) =>
    Labels.of({ __name__: 'shop_requests_total', step: `step${i % 5}`, instance: `shop-${i}` }),
  );
  for (let hour = 0; hour < DAYS * 24; hour++) {
    const batch = tsdb.batch();
    for (let minute = 0; minute < 60; minute++) {
      const at = hour * 60 + minute;
      labels.forEach((one, i) => {
        batch.append(one, startMs + at * 60_000, at * (1 + (i % 7)));
      });
    }
    await batch.commit();
  }
  await tsdb.close();
}

async function prometheusFile(): Promise<string> {
  await writeFile(
    join(dir, 'rules.yml'),
    'groups:\n  - name: shop\n    rules:\n      - alert: ShopBroken\n        expr: shop_broken > 0\n',
  );
  const file = join(dir, 'prometheus.yml');
  await writeFile(
    file,
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['${shop}'] }]
`,
  );
  return file;
}

async function alertmanagerFile(): Promise<string> {
  const file = join(dir, 'alertmanager.yml');
  await writeFile(
    file,
    `route: { receiver: oncall, group_wait: 0s, group_interval: 1s }
receivers:
  - name: oncall
    slack_configs: [{ api_url: 'http://${shop}/hook', channel: '#oncall', send_resolved: true }]
`,
  );
  return file;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
