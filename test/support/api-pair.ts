import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { loadStandardFiles } from '../../packages/tillwatch/src/configuration.ts';
import { createTillwatch, type Tillwatch } from '../../packages/tillwatch/src/tillwatch.ts';
import { Prometheus } from './prometheus.ts';
import type { TestSeries } from './promql-data.ts';
import { writeRequests } from './remote-write.ts';

const CENTURY_MS = 100 * 365 * 86_400_000;
const HALF_HOUR_MS = 1_800_000;

/** What both servers scrape: OpenMetrics with exemplars. */
const PAGE = `# TYPE shop_orders counter
# HELP shop_orders Orders.
shop_orders_total{method="card"} 40 # {trace_id="4bf92f35"} 1
shop_orders_total{method="invoice"} 2
# TYPE shop_queue gauge
# HELP shop_queue Waiting.
shop_queue 3
# TYPE shop_wait_seconds histogram
# UNIT shop_wait_seconds seconds
# HELP shop_wait_seconds Time until an order is taken.
shop_wait_seconds_bucket{le="0.1"} 8 # {trace_id="a"} 0.05
shop_wait_seconds_bucket{le="1.0"} 10 # {trace_id="b",span_id="7"} 0.7
shop_wait_seconds_bucket{le="+Inf"} 11
shop_wait_seconds_sum 4.5
shop_wait_seconds_count 11
# EOF
`;

const RULES = `groups:
  - name: orders
    rules:
      - record: shop:orders:sum
        expr: sum by(job) (shop_orders_total)
        labels: { kind: recorded }
      - alert: QueueLong
        expr: shop_queue > 1
        for: 0s
        keep_firing_for: 5m
        labels: { severity: page }
        annotations: { summary: "{{ $value }} are waiting" }
      - alert: QueueVeryLong
        expr: shop_queue > 100
        for: 2m
  - name: quiet
    interval: 2s
    limit: 10
    rules:
      - alert: NeverSeen
        expr: absent(shop_queue)
`;

/** A real Prometheus and the embedded engine with the same configuration, the same target and the same stored samples. */
export interface ApiPair {
  readonly theirs: Prometheus;
  readonly ours: Tillwatch;
  stop(): Promise<void>;
}

/** Starts both, with `series` stored in both. */
export async function startApiPair(series: readonly TestSeries[]): Promise<ApiPair> {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-api-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const exporter = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' });
      response.end(PAGE);
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    stops.push(() => void exporter.close(), exporter.closeAllConnections.bind(exporter));
    const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    const config = configOf(target);
    writeFileSync(join(dir, 'rules.yml'), RULES);

    const theirDir = join(dir, 'prometheus');
    mkdirSync(theirDir);
    writeFileSync(join(theirDir, 'rules.yml'), RULES);
    const theirs = await Prometheus.start(theirDir, 'prometheus', config, ['--enable-feature=exemplar-storage']);
    stops.push(() => theirs.stop());
    if (series.length > 0) for (const request of writeRequests(series, HALF_HOUR_MS)) await theirs.write(request);

    writeFileSync(join(dir, 'prometheus.yml'), config);
    await store(join(dir, 'data'), series);
    const ours = createTillwatch({
      async load() {
        const { value, problems } = await loadStandardFiles({ prometheus: join(dir, 'prometheus.yml') });
        return { value: value && { configuration: value, checkout: undefined }, problems };
      },
      dataDir: join(dir, 'data'),
      listen: { host: '127.0.0.1', port: 0 },
      retentionMs: CENTURY_MS,
      logger: silentLogger,
    });
    await ours.start();
    stops.push(() => ours.stop());
    return { theirs, ours, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configOf(target: string): string {
  return `global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: { region: eu }
rule_files: [rules.yml]
scrape_configs:
  - job_name: shop
    scrape_timeout: 1s
    static_configs:
      - targets: ['${target}']
        labels: { shop: till }
      - targets: ['127.0.0.1:1']
        labels: { drop: "yes" }
    relabel_configs:
      - source_labels: [drop]
        regex: "yes"
        action: drop
`;
}

async function store(dir: string, series: readonly TestSeries[]): Promise<void> {
  const tsdb = await openTsdb(dir, { retentionMs: CENTURY_MS });
  const batch = tsdb.batch();
  for (const { labels, timestampsMs, values } of series) {
    timestampsMs.forEach((t, i) => {
      const value = values[i]!;
      if (value === 'stale') batch.appendStale(labels, t);
      else batch.append(labels, t, value);
    });
  }
  await batch.commit();
  await tsdb.close();
}
