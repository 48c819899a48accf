import { diagnose } from '@tillwatch/checkout';
import type { Querier, Queryable } from '@tillwatch/model';
import { evaluateInstant, parse } from '@tillwatch/promql';
import { describe, expect, test } from 'vitest';
import { brokenShop } from '../support/broken-shop.ts';
import { hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import { queryableOf } from '../support/promql-data.ts';
import { writeRequests } from '../support/remote-write.ts';
import { runTillwatch } from '../support/tillwatch-process.ts';

const MINUTE_MS = 60_000;
const ASKED_MS = Date.UTC(2026, 10, 27, 19, 40);
const BROKEN_MS = ASKED_MS - 10 * MINUTE_MS;

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
    const series = brokenShop(ASKED_MS, 100, 10);
    const peer = await Prometheus.start(undefined, name);
    try {
      for (const request of writeRequests(series, 30 * MINUTE_MS)) await peer.write(request);
      await peer.settle();
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
