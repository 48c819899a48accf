// What scraping and storing costs, beside Prometheus on the same pages:
// `npm run bench:ingest -- [--targets N] [--series N] [--interval SECONDS] [--warm SECONDS] [--seconds N]`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, hasPrometheus } from '../support/prometheus.ts';
import { waitFor } from '../support/tillwatch-process.ts';

const { values: flags } = parseArgs({
  options: {
    targets: { type: 'string', default: '20' },
    series: { type: 'string', default: '5000' },
    interval: { type: 'string', default: '5' },
    warm: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '40' },
  },
});
for (const [name, text] of Object.entries(flags)) {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} ${text} is not a whole number from 1 to 999999`);
}
const [targets, series] = [Number(flags.targets), Number(flags.series)];
/** /proc counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface Engine {
  readonly name: string;
  command(dir: string, port: number): readonly [file: string, ...args: string[]];
}

/** What one engine took. */
interface Cost {
  readonly cpuUs: number;
  readonly memoryMb: number;
  readonly memoryAskedMb: number;
  readonly diskBytes: number;
}

const ENGINES: readonly Engine[] = [
  {
    name: 'ours',
    command: (dir, port) => [
      process.execPath,
      'packages/tillwatch/bin/tillwatch.js',
      ...['up', '--prometheus', join(dir, 'prometheus.yml'), '--data', join(dir, 'data'), '--log-level', 'warn'],
      ...['--listen', `127.0.0.1:${port}`],
    ],
  },
  {
    name: 'Prometheus',
    command: (dir, port) => [
      'prometheus',
      ...[`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ],
  },
];

let samplesServed = 0;
const shops = await Promise.all(Array.from({ length: targets }, (_, shop) => startShop(shop)));
try {
  const costs = new Map<string, Cost>();
  for (const engine of ENGINES) {
    if (engine.name === 'Prometheus' && !hasPrometheus()) {
      console.error('prometheus is not on the path: only our own cost is shown (Debian: apt-get install prometheus)');
      continue;
    }
    costs.set(engine.name, await measure(engine));
  }
  const theirs = costs.get('Prometheus');
  const times = (own: number, other: number | undefined) =>
    other === undefined ? '' : ` (${(own / other).toFixed(2)} of theirs)`;
  console.log(`${targets} targets of ${series} series every ${flags.interval} s`);
  for (const [name, cost] of costs) {
    const other = name === 'ours' ? theirs : undefined;
    console.log(
      `${name}: ${cost.cpuUs.toFixed(2)} µs of processor time a sample${times(cost.cpuUs, other?.cpuUs)}, ` +
        `memory at most ${cost.memoryMb.toFixed(0)} MB${times(cost.memoryMb, other?.memoryMb)}, ` +
        `${cost.memoryAskedMb.toFixed(0)} MB once all series were counted${times(cost.memoryAskedMb, other?.memoryAskedMb)}, ` +
        `${cost.diskBytes.toFixed(1)} bytes a sample to disk`,
    );
  }
} finally {
  for (const shop of shops) shop.close();
}

/** Lets an engine collect for a while, from when it knows all series. */
async function measure({ name, command }: Engine): Promise<Cost> {
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-bench-'));
  await mkdir(join(dir, 'data'));
  const ports = shops.map((shop) => (shop.address() as AddressInfo).port);
  await writeFile(
    join(dir, 'prometheus.yml'),
    `global: { scrape_interval: ${flags.interval}s, scrape_timeout: ${flags.interval}s }\nscrape_configs:\n  - job_name: shop\n` +
      `    static_configs: [{ targets: [${ports.map((port) => `'127.0.0.1:${port}'`).join(', ')}] }]\n`,
  );
  const port = await freePort();
  const [file, ...args] = command(dir, port);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitFor(`${name} is ready`, 60_000, async () => {
      return await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    await sleep(Number(flags.warm) * 1_000);
    const [cpuBefore, servedBefore, bytesBefore] = [await cpuSeconds(child), samplesServed, await bytesIn(dir)];
    await sleep(Number(flags.seconds) * 1_000);
    const served = samplesServed - servedBefore;
    const cpuUs = ((await cpuSeconds(child)) - cpuBefore) / (served / 1e6);
    const diskBytes = ((await bytesIn(dir)) - bytesBefore) / served;
    const memoryMb = await peakMemoryMb(child);
    const stored = await count(url);
    if (stored !== targets * series) throw new Error(`${name} has ${stored} series of ${targets * series}`);
    return { cpuUs, diskBytes, memoryMb, memoryAskedMb: await peakMemoryMb(child) };
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
}

/** A shop with as many series, of which seven of eight are counters; every page says other values. */
async function startShop(shop: number): Promise<Server> {
  const texts = Array.from({ length: series }, (_, i) => {
    const labels = `step="step-${i % 7}",provider="provider-${i % 4}",region="${i % 2 === 0 ? 'eu' : 'us'}",route="/api/v1/r${i}/:id"`;
    return i % 8 === 0 ? `shop_queue_depth{${labels}} ` : `shop_requests_total{${labels}} `;
  });
  let scrapes = shop;
  const server = createServer((_request, response) => {
    scrapes++;
    samplesServed += series;
    let page = '';
    texts.forEach((text, i) => {
      const value = i % 8 === 0 ? (40 + 7 * Math.sin(scrapes + i)).toPrecision(6) : scrapes * (i % 90);
      page += `${text}${value}\n`;
    });
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function count(url: string): Promise<number> {
  const query = encodeURIComponent('count({__name__=~"shop_.+"})');
  const response = await fetch(`${url}/api/v1/query?query=${query}`);
  const body = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1]);
}

async function cpuSeconds({ pid }: ChildProcess): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function peakMemoryMb({ pid }: ChildProcess): Promise<number> {
  return Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

async function bytesIn(dir: string): Promise<number> {
  let bytes = 0;
  for (const file of await readdir(dir, { recursive: true })) {
    // A file can go while we look.
    const found = await stat(join(dir, file)).catch(() => undefined);
    if (found?.isFile() === true) bytes += found.blocks * 512;
  }
  return bytes;
}
