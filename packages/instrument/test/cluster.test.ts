import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type WorkerMetrics, WorkerTotals } from '../src/serve/cluster.ts';
import { parse } from './support.ts';

const counted = (value: number, gauge = 0): WorkerMetrics => [
  { name: 'n_total', help: 'h', type: 'counter', aggregator: 'sum', values: [{ labels: { outcome: 'ok' }, value }] },
  { name: 'in_use', help: 'h', type: 'gauge' as 'counter', aggregator: 'sum', values: [{ labels: {}, value: gauge }] },
];

test('the totals of a worker that died stay, its gauges go', async () => {
  const totals = new WorkerTotals();
  totals.report(1, counted(100, 3));
  totals.report(2, counted(50, 5));
  const read = async () => {
    const found = parse(await totals.render());
    return [found.get('n_total{outcome="ok"}'), found.get('in_use')];
  };
  expect(await read()).toEqual([150, 8]);
  totals.depart(2);
  expect(await read()).toEqual([150, 3]);
  totals.report(3, counted(7, 1));
  expect(await read()).toEqual([157, 4]);
  totals.depart(1);
  totals.depart(3);
  totals.depart(9);
  expect((await read())[0]).toBe(157);
});

const workers = new URL('../../../../shared/cases/c23-cluster-aggregation/workers.json', import.meta.url);

test.skipIf(!existsSync(workers))('the numbers of several workers (c23)', async () => {
  const reports = JSON.parse(readFileSync(workers, 'utf8')) as WorkerMetrics[];
  const totals = new WorkerTotals();
  for (const [id, metrics] of reports.entries()) totals.report(id, metrics);
  const found = parse(await totals.render());
  expect(found.get('checkout_total{outcome="ok"}')).toBe(150);
  expect(found.get('checkout_total{outcome="failed"}')).toBe(2);
  expect(found.get('db_pool_in_use')).toBe(8);
  expect(found.get('build_version')).toBe(42);
  expect(found.get('queue_oldest_seconds')).toBe(50);
  expect([0.1, 1, '+Inf'].map((le) => found.get(`checkout_duration_seconds_bucket{le="${le}"}`))).toEqual([1, 2, 3]);
  expect(found.get('checkout_duration_seconds_sum')).toBeCloseTo(2.55, 9);
});

test('a real cluster: two workers, one is killed, one is stuck', { timeout: 60_000 }, async () => {
  const script = new URL('fixtures/cluster-shop.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { timeout: 50_000 });
  const scrapes = JSON.parse(stdout) as Record<'both' | 'killed' | 'stuck', string>;
  const attempts = 'checkout_attempts_total{channel="web",region="eu",version="v1"}';
  for (const [name, text] of Object.entries(scrapes)) {
    const found = parse(text);
    expect([name, found.get(attempts)]).toEqual([name, 5]);
    expect(found.get('app_info{version="v1"}')).toBe(1);
    expect(found.get('checkout_duration_seconds_count{outcome="success"}')).toBe(5);
  }
});
