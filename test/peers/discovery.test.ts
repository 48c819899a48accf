import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadStandardFiles } from '../../packages/tillwatch/src/configuration.ts';
import { createTillwatch, type Tillwatch } from '../../packages/tillwatch/src/tillwatch.ts';
import { hasPrometheus, Prometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

/** What is not in Prometheus 2.42 yet. */
const NEWER = [
  '__scrape_native_histograms__',
  '__always_scrape_classic_histograms__',
  '__convert_classic_histograms_to_nhcb__',
];

interface Found {
  readonly activeTargets: readonly { labels: Labels; discoveredLabels: Labels; scrapeUrl: string; health: string }[];
  readonly droppedTargets: readonly { discoveredLabels: Labels }[];
}
type Labels = Readonly<Record<string, string>>;

/** The same prometheus.yml, files and endpoint in front of us and of the real Prometheus. */
describe.skipIf(!hasPrometheus())('targets are found as Prometheus finds them', () => {
  const ends: (() => unknown)[] = [];
  let prometheus: Prometheus;
  let tillwatch: Tillwatch;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tillwatch-peer-sd-'));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    const shop = createServer((request, response) => {
      if (request.url === '/targets') {
        const groups = [{ targets: ['web-1:80', '[::1]:81'], labels: { team: 'web', __metrics_path__: '/m' } }];
        response.setHeader('content-type', 'application/json').end(JSON.stringify(groups));
      } else response.setHeader('content-type', 'text/plain').end('a 1\n');
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      shop.closeAllConnections();
      shop.close();
    });
    const address = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
    mkdirSync(join(dir, 'targets'));
    writeFileSync(
      join(dir, 'targets/eu.json'),
      JSON.stringify([
        { targets: [address, 'shop-2:2', 'us-1:1'], labels: { zone: 'b', empty: '', __param_debug: '1' } },
        { targets: [address] },
      ]),
    );
    writeFileSync(
      join(dir, 'targets/us.yml'),
      `- labels: { zone: c }\n- targets: ['${address}']\n  labels: { zone: d }\n`,
    );
    writeFileSync(join(dir, 'targets/broken.yml'), '- targets: [');
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: files
    params: { module: [a, b], debug: ['0'] }
    file_sd_configs: [{ files: ['targets/*.json', 'targets/*.yml', none.yml] }]
    relabel_configs:
      - { source_labels: [__address__], regex: us-.*, action: drop }
      - { source_labels: [__meta_filepath], regex: '.*/(..)\\.[a-z]+', target_label: region }
      - { action: labelmap, regex: '__meta_(file)path', replacement: 'from_$1' }
  - job_name: endpoint
    http_sd_configs: [{ url: 'http://${address}/targets' }]
    relabel_configs:
      - { source_labels: [__meta_url], target_label: source }
      - { source_labels: [__address__], modulus: 4, action: hashmod, target_label: shard }
`;
    prometheus = await Prometheus.start(dir, 'prometheus', config);
    ends.push(() => prometheus.stop());
    tillwatch = createTillwatch({
      async load() {
        const { value, problems } = await loadStandardFiles({ prometheus: join(dir, 'prometheus.yml') });
        return { value: value && { configuration: value, checkout: undefined }, problems };
      },
      dataDir: join(dir, 'ours'),
      listen: { host: '127.0.0.1', port: 0 },
      retentionMs: 3_600_000,
      logger: silentLogger,
    });
    await tillwatch.start();
    ends.push(() => tillwatch.stop());
  });

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test('the same targets with the same labels, dropped ones too', async () => {
    const [ours, real] = await until('all targets', async () => {
      const both = await Promise.all([found(tillwatch.url()), found(prometheus.url)]);
      return both.every(({ active }) => active.length >= 6) ? both : undefined;
    });
    expect(ours).toEqual(real);
    expect(ours.active).toHaveLength(6);
    expect(ours.dropped).toHaveLength(1);
  });
});

async function found(url: string) {
  const response = await fetch(`${url}/api/v1/targets`).catch(() => undefined);
  const { data } = (await response?.json().catch(() => undefined)) ?? { data: undefined };
  const { activeTargets = [], droppedTargets = [] } = (data ?? {}) as Partial<Found>;
  const sorted = <T>(values: T[]) => values.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  return {
    active: sorted(
      activeTargets.map(({ labels, discoveredLabels, scrapeUrl }) => ({
        labels: inOrder(labels),
        discoveredLabels: inOrder(discoveredLabels),
        scrapeUrl,
      })),
    ),
    dropped: sorted(droppedTargets.map(({ discoveredLabels }) => inOrder(discoveredLabels))),
  };
}

function inOrder(labels: Labels): Labels {
  const kept = Object.entries(labels).filter(([name, value]) => !NEWER.includes(name) && value !== '');
  return Object.fromEntries(kept.sort(([a], [b]) => a.localeCompare(b)));
}
