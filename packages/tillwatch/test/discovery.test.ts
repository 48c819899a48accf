import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillwatch/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadStandardFiles } from '../src/configuration.ts';
import { createTillwatch, type Tillwatch } from '../src/tillwatch.ts';
import { until } from './support/until.ts';

const PROMETHEUS_YML = `
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: shop
    authorization: { credentials_file: secrets/token }
    file_sd_configs: [{ files: ['targets/*.json'] }]
    relabel_configs:
      - { source_labels: [__meta_filepath], regex: '.*/([^/]*)\\.json', target_label: region }
      - { source_labels: [region], regex: us, action: drop }
  - job_name: nobody
    file_sd_configs: [{ files: [nobody.yml] }]
`;

let dir: string;
let shop: Server;
let address: string;
let tillwatch: Tillwatch;
const tokens = new Set<string | undefined>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-discovery-'));
  shop = createServer((request, response) => {
    tokens.add(request.headers.authorization);
    response.setHeader('content-type', 'text/plain').end('shop_orders_total 1\n');
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
  await mkdir(join(dir, 'targets'));
  await mkdir(join(dir, 'secrets'));
  await writeFile(join(dir, 'prometheus.yml'), PROMETHEUS_YML);
  await writeFile(join(dir, 'secrets/token'), 'hush\n');
  await writeFile(join(dir, 'targets/eu.json'), JSON.stringify([{ targets: [address] }]));
  await writeFile(join(dir, 'targets/us.json'), JSON.stringify([{ targets: ['us:1', 'us:2'] }]));
  tillwatch = createTillwatch({
    async load() {
      const { value, problems } = await loadStandardFiles({ prometheus: join(dir, 'prometheus.yml') });
      return { value: value && { configuration: value, checkout: undefined }, problems };
    },
    dataDir: join(dir, 'data'),
    listen: { host: '127.0.0.1', port: 0 },
    retentionMs: 3_600_000,
    logger: silentLogger,
  });
  await tillwatch.start();
});

afterAll(async () => {
  await tillwatch.stop();
  shop.closeAllConnections();
  await new Promise((resolve) => shop.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

async function data(path: string) {
  const response = await fetch(`${tillwatch.url()}/api/v1/${path}`);
  return ((await response.json()) as { data: Record<string, unknown> }).data;
}

async function targets(path = 'targets') {
  const { activeTargets, droppedTargets, droppedTargetCounts } = await data(path);
  return {
    active: (activeTargets as { labels: { instance: string }; health: string }[]).map(
      ({ labels, health }) => `${labels.instance} ${health}`,
    ),
    dropped: (droppedTargets as unknown[]).length,
    droppedCounts: droppedTargetCounts,
  };
}

test('targets are found in files beside prometheus.yml, and so are credentials', async () => {
  const found = await until('a scrape', async () => {
    const { active, ...others } = await targets();
    return active[0]?.endsWith(' up') === true ? { active, ...others } : undefined;
  });
  expect(found).toEqual({ active: [`${address} up`], dropped: 2, droppedCounts: { shop: 2, nobody: 0 } });
  expect([...tokens]).toEqual(['Bearer hush']);
  const result = await data('query?query=shop_orders_total');
  expect(result.result).toMatchObject([{ metric: { instance: address, job: 'shop', region: 'eu' } }]);
});

test('jobs without targets are jobs, and can be asked for one by one', async () => {
  expect(await data('scrape_pools')).toEqual({ scrapePools: ['nobody', 'shop'] });
  expect((await targets('targets?scrapePool=nobody')).active).toEqual([]);
  expect((await targets('targets?scrapePool=shop&state=active')).active).toHaveLength(1);
});

test('what discovery does is counted under the names of Prometheus', async () => {
  const text = await (await fetch(`${tillwatch.url()}/metrics`)).text();
  expect(text).toContain('prometheus_sd_discovered_targets{name="scrape",config="shop"} 3\n');
  expect(text).toContain('prometheus_sd_discovered_targets{name="scrape",config="nobody"} 0\n');
  expect(text).toContain('prometheus_sd_refresh_failures_total{mechanism="file",config="shop"} 0\n');
  const dropped = `tillwatch_scrape_series_dropped_total{scrape_job="shop",scrape_instance="${address}"} 0\n`;
  expect(text).toContain(dropped);
});

test('a file that changes changes the targets, without a reload', async () => {
  const file = join(dir, 'targets/eu.json');
  await writeFile(`${file}.new`, JSON.stringify([{ targets: [address, '127.0.0.1:1'] }]));
  await rename(`${file}.new`, file);
  const active = await until('the new target', async () => {
    const now = await targets();
    return now.active.length === 2 && now.active[1]?.endsWith(' down') === true ? now.active : undefined;
  });
  expect(active).toEqual([`${address} up`, '127.0.0.1:1 down']);
});
