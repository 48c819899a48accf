import { diagnose } from '@tillwatch/checkout';
import { Labels, type Querier, type Queryable } from '@tillwatch/model';
import { evaluateInstant, parse } from '@tillwatch/promql';
import { describe, expect, test } from 'vitest';
import { hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import { queryableOf, type TestSeries } from '../support/promql-data.ts';
import { writeRequests } from '../support/remote-write.ts';
import { runTillwatch } from '../support/tillwatch-process.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 27, 18);
const BROKEN_MS = START_MS + 90 * MINUTE_MS;
const ASKED_MS = BROKEN_MS + 10 * MINUTE_MS;

/** A shop in which, for the last ten minutes, nine in ten payments with nordbank time out. */
function shop(): TestSeries[] {
  const series: TestSeries[] = [];
  const counter = (labels: Record<string, string>, perMinute: (minute: number) => number) => {
    const timestampsMs: number[] = [];
    const values: number[] = [];
    let total = 0;
    for (let atMs = START_MS; atMs <= ASKED_MS; atMs += MINUTE_MS / 4) {
      timestampsMs.push(atMs);
      values.push(total);
      total += perMinute((atMs - START_MS) / MINUTE_MS) / 4;
    }
    series.push({ labels: Labels.of({ job: 'shop', instance: 'shop:3000', ...labels }), timestampsMs, values });
  };
  const failsAt = (provider: string, minute: number) =>
    provider === 'nordbank' && minute >= (BROKEN_MS - START_MS) / MINUTE_MS ? 0.9 : 0.01;
  counter({ __name__: 'up' }, () => 0);
  for (const region of ['eu', 'us']) {
    counter({ __name__: 'checkout_attempts_total', channel: 'web', region }, () => 36);
    for (const provider of ['acme-pay', 'nordbank', 'walletly']) {
      const labels = { __name__: 'checkout_outcomes_total', channel: 'web', region, provider };
      counter({ ...labels, outcome: 'success' }, (minute) => 12 * (1 - failsAt(provider, minute)));
      counter(
        { ...labels, outcome: 'failure', reason_class: 'technical', reason: 'timeout', step: 'payment' },
        (minute) => 12 * failsAt(provider, minute),
      );
    }
  }
  return series;
}

function querierOf(queryable: Queryable): Querier {
  return {
    async instant(expr, atMs) {
      const parsed = parse(expr);
      if (!parsed.ok) throw new Error(expr);
      const { value } = evaluateInstant(parsed.expr, atMs, { queryable });
      return value.type === 'vector' ? value.samples : [];
    },
    range: () => Promise.reject(new Error('the diagnosis asks no range queries')),
  };
}

describe.each([
  ['Prometheus', 'prometheus', hasPrometheus()],
  ['VictoriaMetrics', 'victoriaMetrics', hasVictoriaMetrics()],
] as const)('tillwatch diagnose beside %s', (_, name, isThere) => {
  test.skipIf(!isThere)('names the failing provider, as the embedded engine does', async () => {
    const series = shop();
    const peer = await Prometheus.start(undefined, name);
    try {
      for (const request of writeRequests(series, 30 * MINUTE_MS)) await peer.write(request);
      const at = new Date(ASKED_MS).toISOString();
      const flags = ['--prometheus', peer.url, '--at', at, '--for', '10m'];
      const { code, out, err } = await runTillwatch(['diagnose', ...flags, '--json'], 60_000);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const told = JSON.parse(out) as Awaited<ReturnType<typeof diagnose>>;
      expect(told.failures).toHaveLength(1);
      expect(told.failures[0]).toMatchObject({
        labels: { provider: 'nordbank', step: 'payment' },
        reasons: [{ reason: 'timeout' }],
      });
      expect(told.missing).toEqual([]);

      const periods = { sinceMs: BROKEN_MS, untilMs: ASKED_MS, pastMs: 60 * MINUTE_MS };
      const ours = await diagnose(querierOf(queryableOf(series)), periods);
      expect(told.failures[0]?.labels).toEqual(ours.failures[0]?.labels);
      // Windows end a sample earlier or later in the three engines.
      expect(told.failures[0]?.extra).toBeCloseTo(ours.failures[0]!.extra, -1);
    } finally {
      await peer.stop();
    }
  });
});
