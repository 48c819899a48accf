import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiPair, startApiPair } from '../support/api-pair.ts';
import { freePort, hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

const hasVmalert = spawnSync('vmalert', ['--version'], { stdio: 'ignore' }).error === undefined;

const RULES = `groups:
  - name: queue
    interval: 1s
    rules:
      - alert: VmalertSeesTheQueue
        expr: shop_queue > 1
        labels: { severity: page }
        annotations: { summary: "{{ $value }} are waiting at {{ $labels.shop }}" }
      - alert: VmalertSeesNothing
        expr: shop_queue > 100
      - record: vmalert:orders:sum
        expr: sum by (job) (shop_orders_total)
`;

interface VmAlert {
  readonly state: string;
  readonly name: string;
  readonly value: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

describe.skipIf(!hasVmalert || !hasPrometheus() || !hasVictoriaMetrics())("VictoriaMetrics' vmalert on our API", () => {
  let pair: ApiPair;
  /** Takes what is recorded. */
  let recorded: Prometheus;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tillwatch-vmalert-'));
    writeFileSync(join(dir, 'rules.yml'), RULES);
    [pair, recorded] = await Promise.all([startApiPair([]), Prometheus.start(undefined, 'victoriaMetrics')]);
  });
  afterAll(async () => {
    await pair?.stop();
    await recorded?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('evaluates rules on what we have scraped', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'vmalert',
      [
        `-datasource.url=${pair.ours.url()}`,
        `-rule=${join(dir, 'rules.yml')}`,
        `-httpListenAddr=${address}`,
        `-notifier.url=${pair.ours.url()}`,
        `-remoteWrite.url=${recorded.url}`,
        '-remoteWrite.flushInterval=1s',
        '-datasource.lookback=0s',
        '-loggerLevel=ERROR',
      ],
      { stdio: 'ignore' },
    );
    try {
      const firing = await untilFiring(address);
      expect(firing).toMatchObject([
        {
          state: 'firing',
          name: 'VmalertSeesTheQueue',
          value: '3',
          labels: { job: 'shop', shop: 'till', severity: 'page' },
          annotations: { summary: '3 are waiting at till' },
        },
      ]);
      // The alert came back to us as to an Alertmanager, and what was recorded went to where it was sent.
      expect(await toldOf(pair.ours.url())).toEqual(['VmalertSeesTheQueue']);
      const orders = await until('recorded orders', async () => {
        const { result } = await recorded.instant('vmalert:orders:sum', Date.now());
        return result.length > 0 ? result : undefined;
      });
      expect(orders).toMatchObject([{ metric: { job: 'shop' }, value: [expect.any(Number), '42'] }]);
    } finally {
      child.kill('SIGTERM');
    }
  });
});

function untilFiring(address: string): Promise<VmAlert[]> {
  return until('an alert', async () => {
    const response = await fetch(`http://${address}/api/v1/alerts`).catch(() => undefined);
    const { data } = ((await response?.json()) ?? {}) as { data?: { alerts: VmAlert[] | null } };
    const alerts = data?.alerts ?? [];
    return alerts.length > 0 ? alerts : undefined;
  });
}

/** The names of the alerts that vmalert told us of. */
function toldOf(url: string): Promise<string[]> {
  return until('an alert that is told', async () => {
    const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as { labels: Record<string, string> }[];
    const names = alerts.map(({ labels }) => labels.alertname ?? '').filter((name) => name.startsWith('Vmalert'));
    return names.length > 0 ? names : undefined;
  });
}
