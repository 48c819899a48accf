// What the sentinel beside a Prometheus costs, as part of a core: `npm run bench:sentinel -- [--series N] [--scrape SECONDS] [--seconds N]`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, hasPrometheus } from '../support/prometheus.ts';

const { values: flags } = parseArgs({
  options: {
    series: { type: 'string', default: '5000' },
    scrape: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '120' },
  },
});
const SERIES = Number(flags.series);
for (const [name, text] of Object.entries(flags)) {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} ${text} is not a whole number from 1 to 999999`);
}
if (!hasPrometheus())
  throw new Error('prometheus is not on the path: install it first (Debian: apt-get install prometheus)');
/** /proc counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

const dir = await mkdtemp(join(tmpdir(), 'tillwatch-bench-'));
const children: ChildProcess[] = [];
let scrapes = 0;
const shop = createServer((_request, response) => {
  scrapes++;
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(exposition(scrapes));
});
shop.listen(0, '127.0.0.1');
await once(shop, 'listening');
try {
  const shopPort = (shop.address() as AddressInfo).port;
  const port = await freePort();
  await writeFile(
    join(dir, 'prometheus.yml'),
    `scrape_configs:\n  - job_name: shop\n    scrape_interval: ${flags.scrape}s\n    scrape_timeout: 5s\n    static_configs: [{ targets: ['127.0.0.1:${shopPort}'] }]\n`,
  );
  start('prometheus', [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  const sentinel = start(process.execPath, [
    'packages/tillwatch/bin/tillwatch.js',
    ...['sentinel', '--prometheus', url, '--listen', '127.0.0.1:0', '--json'],
  ]);
  const [line] = await once(sentinel.stdout!, 'data');
  const evidence = (JSON.parse(String(line)) as { url: string }).url;
  // A start compiles code and learns the past; what is measured is the watch after it.
  await sleep(Number(flags.scrape) * 2_000 + 20_000);
  const before = await processorSeconds(sentinel.pid!);
  const startedMs = performance.now();
  await sleep(Number(flags.seconds) * 1_000);
  const used = (await processorSeconds(sentinel.pid!)) - before;
  const share = used / ((performance.now() - startedMs) / 1_000);
  const metrics = await (await fetch(`${evidence}/metrics`)).text();
  const followed = /^tillwatch_sentinel_series (\d+)/m.exec(metrics)?.[1] ?? '0';
  console.log(`${followed} series followed, scraped every ${flags.scrape} s: ${(100 * share).toFixed(2)} % of a core`);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
  shop.closeAllConnections();
  shop.close();
  await rm(dir, { recursive: true, force: true });
}

/** Counters of a busy shop: a third of outcomes, two thirds of buckets, each rising at its own pace. */
function exposition(round: number): string {
  const lines: string[] = [];
  for (let i = 0; i < SERIES; i++) {
    const value = round * (1 + (i % 7));
    const part = `region="r${i % 5}",version="1.${i % 2}"`;
    lines.push(
      i % 3 === 0
        ? `checkout_outcomes_total{outcome="success",provider="p${i % 8}",method="m${i}",channel="web",${part}} ${value}`
        : `checkout_step_duration_seconds_bucket{step="payment",provider="p${i % 8}",outcome="success",le="${i}"} ${value}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout?.resume();
  children.push(child);
  return child;
}

/** Processor time of a process so far, user and system. */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
