import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import type { TestSeries } from '../support/promql-data.ts';
import { writeRequests } from '../support/remote-write.ts';
import { runTillwatch } from '../support/tillwatch-process.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 27, 18);
const MINUTES = 180;
const BROKEN = { from: 120, to: 140 };

/** Three hours of a shop, in which payments fail for twenty minutes. */
function shop(): TestSeries[] {
  const counter = (labels: Record<string, string>, perMinute: (minute: number) => number): TestSeries => {
    const timestampsMs: number[] = [];
    const values: number[] = [];
    let total = 0;
    for (let minute = 0; minute <= MINUTES; minute += 1 / 4) {
      timestampsMs.push(START_MS + minute * MINUTE_MS);
      values.push(total);
      total += perMinute(minute) / 4;
    }
    return { labels: Labels.of({ job: 'shop', instance: 'shop:3000', ...labels }), timestampsMs, values };
  };
  const isBroken = (minute: number) => minute >= BROKEN.from && minute < BROKEN.to;
  const outcomes = { __name__: 'checkout_outcomes_total', provider: 'acme-pay' };
  return [
    counter({ ...outcomes, outcome: 'success', step: 'confirm' }, (minute) => (isBroken(minute) ? 4 : 40)),
    counter(
      { ...outcomes, outcome: 'failure', reason_class: 'technical', reason: 'timeout', step: 'payment' },
      (minute) => (isBroken(minute) ? 36 : 0),
    ),
    counter({ __name__: 'checkout_attempts_total' }, () => 40),
    counter({ __name__: 'unrelated_total' }, () => 4),
  ];
}

const RULES = `
groups:
  - name: shop
    interval: 15s
    rules:
      - record: checkout:error_ratio:2m
        expr: sum by (provider) (rate(checkout_outcomes_total{outcome="failure"}[2m])) / sum by (provider) (rate(checkout_outcomes_total[2m]))
      - alert: CheckoutErrorRateHigh
        expr: checkout:error_ratio:2m > 0.05
        for: 1m
        labels: { severity: page }
`;

const ALERTMANAGER = `
route: { receiver: ops, group_by: [alertname], group_wait: 30s }
receivers: [{ name: ops, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }]
`;

function openMetrics(series: readonly TestSeries[]): string {
  const lines = series.flatMap(({ labels, timestampsMs, values }) =>
    timestampsMs.map((ms, i) => `${labels} ${values[i]} ${ms / 1_000}`),
  );
  return `${lines.join('\n')}\n# EOF\n`;
}

describe.each([
  ['Prometheus', 'prometheus', hasPrometheus()],
  ['VictoriaMetrics', 'victoriaMetrics', hasVictoriaMetrics()],
] as const)('tillwatch backtest on the past of %s', (_, name, isThere) => {
  test.skipIf(!isThere)('finds what it finds in a file of the same samples', async () => {
    const series = shop();
    const dir = await mkdtemp(join(tmpdir(), 'tillwatch-backtest-'));
    const peer = await Prometheus.start(undefined, name);
    try {
      for (const request of writeRequests(series, 30 * MINUTE_MS)) await peer.write(request);
      await peer.settle();
      await writeFile(join(dir, 'rules.yml'), RULES);
      await writeFile(join(dir, 'alertmanager.yml'), ALERTMANAGER);
      await writeFile(join(dir, 'past.om'), openMetrics(series));
      const times = [START_MS + 60 * MINUTE_MS, START_MS + MINUTES * MINUTE_MS].map((ms) => new Date(ms).toISOString());
      const flags = [
        '--rules',
        'rules.yml',
        '--alertmanager',
        'alertmanager.yml',
        '--json',
        '--from',
        times[0]!,
        '--to',
        times[1]!,
      ];
      const by = async (...source: string[]) => {
        const { code, out, err } = await runTillwatch(['backtest', ...flags, ...source], 120_000, dir);
        expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^[^\n]+ replayed in [^\n]+\n$/) });
        return JSON.parse(out);
      };
      const fromFile = await by('--openmetrics', 'past.om');
      const fromPeer = await by('--prometheus', peer.url);
      expect(fromFile.incidents).toHaveLength(1);
      expect(fromFile.incidents[0].told[0].receiver).toBe('ops');
      expect(fromFile.incidents[0].cost.whole.orders.mid).toBeGreaterThan(300);
      for (const part of ['incidents', 'alerts', 'notifications', 'missing', 'failures', 'pagesPerWeek']) {
        expect(fromPeer[part]).toEqual(fromFile[part]);
      }
    } finally {
      await peer.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
