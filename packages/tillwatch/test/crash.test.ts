import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startExporter, startWebhook } from './support/loopback.ts';
import { BROKEN, writeStandardFiles } from './support/standard-files.ts';
import { until } from './support/until.ts';

const command = fileURLToPath(new URL('../bin/tillwatch.js', import.meta.url));
const isBuilt = existsSync(new URL('../dist/main.js', import.meta.url));

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
}

async function up(dir: string, files: { prometheus: string; alertmanager: string }): Promise<Running> {
  const child = spawn(
    process.execPath,
    [
      command,
      ...['up', '--json', '--prometheus', files.prometheus, '--alertmanager', files.alertmanager],
      ...['--data', join(dir, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'warn'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    printed += chunk;
  });
  const ready = await until('the address', () => /^\{.*\}$/m.exec(printed)?.[0], 20_000);
  const { url, pid } = JSON.parse(ready) as { url: string; pid: number };
  expect(pid).toBe(child.pid);
  return { url, child };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects in there.
async function ask({ url }: Running, path: string): Promise<any> {
  const response = await fetch(`${url}/api/v1/${path}`);
  return ((await response.json()) as { data: unknown }).data;
}

test.skipIf(!isBuilt)('what was stored and what was told survives kill -9 (needs the built package)', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-crash-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const exporter = await startExporter(BROKEN);
  onTestFinished(() => exporter.stop());
  const webhook = await startWebhook();
  onTestFinished(() => webhook.stop());
  const files = await writeStandardFiles(dir, exporter.address, webhook.url);

  const first = await up(dir, files);
  await until('the message', () => webhook.bodies[0]);
  expect(webhook.bodies[0]).toContain('ShopBroken is firing');

  // Query threads see what the main thread has just stored.
  exporter.text = `${BROKEN}shop_news 7\n`;
  const { scrapes } = exporter;
  await until('a scrape', () => (exporter.scrapes > scrapes ? true : undefined));
  const news = async () => (await ask(first, 'query?query=shop_news')).result[0]?.value[1];
  expect(await until('the new sample', news, 1_000)).toBe('7');

  const delivered = async (running: Running) => {
    const { deliveries } = (await (await fetch(`${running.url}/api/tillwatch/state`)).json()) as {
      deliveries: { id: string; state: string }[];
    };
    return deliveries.map(({ id, state }) => `${id} ${state}`);
  };
  const told = await until('the delivery is recorded', async () => {
    const all = await delivered(first);
    return all.length > 0 && all.every((one) => one.endsWith('delivered')) ? all : undefined;
  });
  const stored = (await ask(first, 'query?query=shop_orders_total[5m]')).result as {
    metric: { method: string };
    values: [number, string][];
  }[];
  const [firingBefore] = (await ask(first, 'alerts')).alerts;
  await end(first, 'SIGKILL');

  const startedAtMs = Date.now();
  const second = await up(dir, files);
  const kept = (await ask(second, 'query?query=shop_orders_total[5m]')).result as typeof stored;
  expect(stored.map(({ metric }) => metric.method)).toEqual(['card', 'invoice']);
  for (const [i, series] of stored.entries()) expect(kept[i]!.values).toEqual(expect.arrayContaining(series.values));

  // Long enough for several evaluations and group intervals, in which a doubled message would go out.
  await until('two seconds of evaluations', async () => {
    const [group] = (await ask(second, 'rules')).groups;
    return Date.parse(group.lastEvaluation) > startedAtMs + 2_000 ? true : undefined;
  });
  const [firing] = (await ask(second, 'alerts')).alerts;
  expect(firing).toMatchObject({ state: 'firing', activeAt: firingBefore.activeAt });
  expect(webhook.bodies).toHaveLength(1);
  expect(await delivered(second)).toEqual(told);
  expect(await end(second, 'SIGTERM')).toBe(0);
});
