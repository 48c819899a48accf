import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startTillwatch } from '../../support/tillwatch-process.ts';

// The generated files on VictoriaMetrics and vmalert, with a shop that breaks.

const isThere = ['victoria-metrics', 'vmalert'].every((program) => spawnSync('which', [program]).status === 0);

interface VmAlert {
  readonly name: string;
  readonly state: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

describe.runIf(isThere)('VictoriaMetrics', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-victoria-'));
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(dir, { recursive: true, force: true });
  });

  test('scrapes the shop, evaluates every rule and names the provider that fails', { timeout: 480_000 }, async () => {
    const { ready, stop } = await startTillwatch(['demo', '--json', '--listen', '0', '--data', dir]);
    ends.push(stop);
    const generated = join(dir, 'generated');
    const store = await freeAddress();
    const rules = await freeAddress();
    ends.push(
      await program('victoria-metrics', [
        `-promscrape.config=${join(generated, 'prometheus.yml')}`,
        '-promscrape.config.strictParse=false',
        '-search.latencyOffset=0s',
        `-httpListenAddr=${store}`,
        `-storageDataPath=${join(dir, 'victoria')}`,
        '-retentionPeriod=1d',
      ]),
    );
    await until('the store', async () => (await fetch(`http://${store}/health`)).ok);
    ends.push(
      await program('vmalert', [
        `-rule=${join(generated, 'victoriametrics', 'checkout.yml')}`,
        ...['datasource', 'remoteWrite', 'remoteRead'].map((part) => `-${part}.url=http://${store}`),
        '-remoteWrite.flushInterval=1s',
        // Nobody listens there: what vmalert would send is not looked at.
        '-notifier.url=http://127.0.0.1:9',
        '-evaluationInterval=5s',
        `-httpListenAddr=${rules}`,
      ]),
    );
    const ruleErrors = async () => {
      const { data } = await json<{ groups: { rules: { name: string; lastError?: string; lastSamples: number }[] }[] }>(
        `http://${rules}/api/v1/rules`,
      );
      return data.groups.flatMap((group) => group.rules).filter(({ lastError }) => lastError);
    };
    const alerts = async () =>
      ((await json<{ alerts: VmAlert[] | null }>(`http://${rules}/api/v1/alerts`)).data.alerts ?? []).filter(
        ({ state }) => state === 'firing',
      );
    // Rules compare with the minutes before, so that there must be some.
    await until('three minutes of the past', async () => {
      const result = await json<{ result: { value: [number, string] }[] }>(
        `http://${store}/api/v1/query?query=${encodeURIComponent('count_over_time(checkout:orders:increase1m[10m])')}`,
      );
      return Number(result.data.result[0]?.value[1] ?? 0) >= 36;
    });
    expect(await ruleErrors()).toEqual([]);
    expect(await alerts()).toEqual([]);

    const broken = await fetch(new URL('/api/tillwatch/demo/faults/provider-outage', ready.url as string), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ active: true }),
    });
    expect(broken.status).toBe(200);
    // Annotations are written anew at every evaluation: the parts stand out a moment after the alert.
    const named = await until('the alert with its parts', async () =>
      (await alerts()).find(
        ({ name, labels, annotations }) =>
          name === 'CheckoutErrorRateHigh' &&
          labels.provider === 'nordbank' &&
          /provider nordbank: \d/.test(annotations.components ?? ''),
      ),
    );
    expect(named.annotations.impact).toMatch(/orders per hour/);
    expect(JSON.stringify(named.annotations)).not.toContain('no value');
    expect(await ruleErrors()).toEqual([]);
  });
});

/** Starts a program that must go on running; what it wrote is told when it does not. */
async function program(name: string, args: readonly string[]): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(name, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    written = `${written}${chunk}`.slice(-4_000);
  });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  if (child.exitCode !== null) throw new Error(`${name} ended at once: ${written}`);
  return () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
}

/** A loopback address that was free a moment ago. */
function freeAddress(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(`127.0.0.1:${port}`));
    });
  });
}

async function json<T>(url: string): Promise<{ data: T }> {
  return (await (await fetch(url)).json()) as { data: T };
}

async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  const endMs = Date.now() + 300_000;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`${what} did not come within five minutes`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
