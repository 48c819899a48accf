import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { brokenShop } from '../support/broken-shop.ts';
import { hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import { writeRequests } from '../support/remote-write.ts';

const MAIN = fileURLToPath(new URL('../../packages/tillwatch/bin/tillwatch.js', import.meta.url));

/** Runs a sentinel beside a server until `seen` accepts what it serves, and returns that. */
async function evidence(prometheusUrl: string, seen: (metrics: string) => boolean): Promise<string> {
  const args = [
    MAIN,
    'sentinel',
    '--prometheus',
    prometheusUrl,
    '--listen',
    '127.0.0.1:0',
    '--interval',
    '1s',
    '--json',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface({ input: child.stdout }).once('line', (text) => resolve([text]));
    });
    const { url } = JSON.parse(line as string) as { url: string };
    let metrics = '';
    await expect
      .poll(
        async () => {
          metrics = await (await fetch(`${url}/metrics`)).text();
          return seen(metrics);
        },
        { timeout: 60_000, interval: 250 },
      )
      .toBe(true);
    return metrics;
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

describe.each([
  ['Prometheus', 'prometheus', hasPrometheus()],
  ['VictoriaMetrics', 'victoriaMetrics', hasVictoriaMetrics()],
] as const)('tillwatch sentinel beside %s', (_, name, isThere) => {
  test.skipIf(!isThere).for([
    ['tells an outage that began before it was started', 5, true],
    ['finds nothing in a healthy shop', 0, false],
  ] as const)('%s', async ([, brokenMinutes, isBroken]) => {
    const peer = await Prometheus.start(undefined, name);
    try {
      const series = brokenShop(Date.now(), 100, brokenMinutes);
      for (const request of writeRequests(series, 30 * 60_000)) await peer.write(request);
      await peer.settle();
      const metrics = await evidence(peer.url, (text) => text.includes('tillwatch_sentinel_ticks_total 2'));
      const incidents = metrics.split('\n').filter((line) => line.startsWith('tillwatch_incident{'));
      const named = expect.stringMatching(/provider="nordbank".*signal="failures"/);
      expect(incidents).toEqual(isBroken ? [named] : []);
      expect(metrics).toMatch(/^tillwatch_sentinel_learned_seconds [56]\d{3}/m);
    } finally {
      await peer.stop();
    }
  });
});
