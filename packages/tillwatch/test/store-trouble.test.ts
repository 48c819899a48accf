import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, type Logger, Matcher, silentLogger } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import type { LiveState } from '@tillwatch/web/api';
import { expect, onTestFinished, test } from 'vitest';
import { loadStandardFiles } from '../src/configuration.ts';
import { createTillwatch } from '../src/tillwatch.ts';
import { startExporter, startWebhook } from './support/loopback.ts';
import { BROKEN, WORKING, writeStandardFiles } from './support/standard-files.ts';
import { until } from './support/until.ts';

/** A shop and somebody on call, and a watch whose store is in a folder of this test. */
async function bench() {
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-store-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const exporter = await startExporter(WORKING);
  onTestFinished(() => exporter.stop());
  const webhook = await startWebhook();
  onTestFinished(() => webhook.stop());
  const files = await writeStandardFiles(dir, exporter.address, webhook.url);
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message) };
  const start = async (dataDir: string) => {
    const tillwatch = createTillwatch({
      async load() {
        const { value, problems } = await loadStandardFiles(files);
        return { value: value && { configuration: value, checkout: undefined }, problems };
      },
      dataDir,
      listen: { host: '127.0.0.1', port: 0 },
      retentionMs: 3_600_000,
      logger,
    });
    await tillwatch.start();
    onTestFinished(() => tillwatch.stop());
    return tillwatch;
  };
  return { dir, exporter, webhook, errors, start };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}

/** What the page says about the store. */
async function storeTrouble(url: string): Promise<string | null> {
  const state = (await (await fetch(`${url}/api/tillwatch/state`)).json()) as LiveState;
  return state.storeTrouble;
}

test.skipIf(!canMount())(
  'while the disk is full, alerts fire and are told; what was held is stored later (needs the right to mount)',
  {
    timeout: 60_000,
  },
  async () => {
    const { dir, exporter, webhook, errors, start } = await bench();
    const disk = join(dir, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['-l', disk]));
    const data = join(disk, 'data');
    const tillwatch = await start(data);
    const url = tillwatch.url();
    await until('the first samples', async () =>
      (await metric(url, 'tillwatch_samples_appended_total')) > 20 ? true : undefined,
    );
    fillUp(join(disk, 'ballast'));
    await until(
      'the disk is full',
      async () => ((await metric(url, 'tillwatch_tsdb_unwritable')) === 1 ? true : undefined),
      20_000,
    );
    expect(await metric(url, 'tillwatch_tsdb_held_samples')).toBeGreaterThan(0);
    expect(await storeTrouble(url)).toBe('unwritable');
    expect(errors).toContain('the store cannot be written; going on from memory');

    exporter.text = BROKEN;
    await until('the message', () => webhook.bodies.find((body) => body.includes('ShopBroken is firing')), 10_000);
    exporter.text = WORKING;
    await until('the all-clear', () => webhook.bodies.find((body) => body.includes('ShopBroken is resolved')), 10_000);
    expect(await metric(url, 'tillwatch_tsdb_unwritable')).toBe(1);

    rmSync(join(disk, 'ballast'));
    await until(
      'it is written',
      async () => ((await metric(url, 'tillwatch_tsdb_unwritable')) === 0 ? true : undefined),
      30_000,
    );
    expect(await metric(url, 'tillwatch_tsdb_held_samples')).toBe(0);
    expect(await metric(url, 'tillwatch_tsdb_lost_samples_total')).toBe(0);
    const query = new URLSearchParams({ query: 'max_over_time(shop_broken[10m])' });
    const answer = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as {
      data: { result: { value: [number, string] }[] };
    };
    expect(answer.data.result[0]?.value[1]).toBe('3');
    expect(webhook.bodies).toHaveLength(2);
  },
);

test('a store that is found damaged is replaced: silences and alerts go on, and the damage is told', {
  timeout: 30_000,
}, async () => {
  const { dir, exporter, webhook, errors, start } = await bench();
  const data = join(dir, 'data');
  exporter.text = BROKEN;
  const first = await start(data);
  await until('the message', () => webhook.bodies.find((body) => body.includes('ShopBroken is firing')), 10_000);
  await first.router().silences.create({
    matcherSets: [[new Matcher('alertname', '=', 'Other')]],
    startsAtMs: Date.now(),
    endsAtMs: Date.now() + 3_600_000,
    createdBy: 'ada',
    comment: 'maintenance',
  });
  await first.stop();
  const file = await open(join(data, 'tillwatch.db'), 'r+');
  await file.write(Buffer.alloc(512, 0xa5), 0, 512, 0);
  await file.close();

  const second = await start(data);
  expect(errors).toContain('the store was damaged: it was moved away, and what could be read was taken over');
  expect(await metric(second.url(), 'tillwatch_tsdb_quarantines')).toBe(1);
  expect(await storeTrouble(second.url())).toBe('quarantine');
  const silences = second.router().silences.list();
  expect(silences.map(({ comment, state }) => `${comment} ${state}`)).toEqual(['maintenance active']);
  const alerts = await until('the alert', async () => {
    const { data: found } = (await (await fetch(`${second.url()}/api/v1/alerts`)).json()) as {
      data: { alerts: { state: string }[] };
    };
    return found.alerts.length > 0 ? found.alerts : undefined;
  });
  expect(alerts.map(({ state }) => state)).toEqual(['firing']);
  // It was told before; it is not news.
  expect(webhook.bodies).toHaveLength(1);
});

test('after a restart with a clock that was set back, scraping goes on from the newest sample', async () => {
  const { dir, exporter, start } = await bench();
  const data = join(dir, 'data');
  const aheadMs = 600_000;
  const store = await openTsdb(data, { retentionMs: 3_600_000 });
  const batch = store.batch();
  const up = Labels.of({ __name__: 'up', job: 'shop', instance: exporter.address, region: 'eu' });
  const newestMs = Date.now() + aheadMs;
  batch.append(up, newestMs, 1);
  await batch.commit();
  await store.close();

  const url = (await start(data)).url();
  const ahead = await metric(url, 'tillwatch_clock_ahead_seconds');
  expect(ahead).toBeGreaterThan(aheadMs / 1000 - 60);
  expect(ahead).toBeLessThanOrEqual(aheadMs / 1000);
  const latest = await until('a newer sample', async () => {
    const answer = (await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent('timestamp(up)')}`)).json()) as {
      data: { result: { value: [number, string] }[] };
    };
    const timeMs = Number(answer.data.result[0]?.value[1]) * 1000;
    return timeMs > newestMs ? timeMs : undefined;
  });
  expect(latest).toBeLessThan(newestMs + 60_000);
  expect(await metric(url, 'tillwatch_tsdb_out_of_order_samples_total')).toBe(0);
});

/** Takes all the room that is left. */
function fillUp(file: string): void {
  const handle = openSync(file, 'w');
  for (let bytes = 65_536; bytes >= 512; ) {
    try {
      if (writeSync(handle, Buffer.alloc(bytes)) < bytes) bytes /= 2;
    } catch {
      bytes /= 2;
    }
  }
  closeSync(handle);
}

function canMount(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
}
