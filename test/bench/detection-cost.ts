// What the sentinel costs: processor time for a shop with 5,000 series.
import { createSentinel, queryableReader } from '@tillwatch/checkout';
import { compareLabels, Labels, type Series } from '@tillwatch/model';
import { TICK_MS } from './detection-scenario.ts';
import { scenarioOf } from './scenario.ts';

const INSTANCES = 20;
const SCRAPE_MS = 15_000;
const START_MS = 1_760_000_400_000;
const HISTORY_MS = 2 * 3_600_000;
const WATCHED_MS = 30 * 60_000;

/** Runs a sentinel for half an hour of a large shop, as fast as it goes, and prints the share of a core that it would need. */
export async function measureCost(): Promise<void> {
  const series = largeShop();
  const { queryable } = scenarioOf('large', series);
  const sentinel = createSentinel({ reader: queryableReader(queryable), jobs: ['shop'], learnMs: HISTORY_MS });
  const learning = process.cpuUsage();
  await sentinel.learn(START_MS);
  const learnedMs = cpuMs(process.cpuUsage(learning));
  const heapBefore = process.memoryUsage().heapUsed;
  const watching = process.cpuUsage();
  let ticks = 0;
  for (let atMs = START_MS + TICK_MS; atMs <= START_MS + WATCHED_MS; atMs += TICK_MS) {
    await sentinel.tick(atMs);
    sentinel.samples();
    ticks++;
  }
  const watchedMs = cpuMs(process.cpuUsage(watching));
  const share = ((100 * watchedMs) / WATCHED_MS).toFixed(2);
  console.log(`${series.length} series, a look every ${TICK_MS / 1_000} s`);
  console.log(`learning ${HISTORY_MS / 3_600_000} h: ${learnedMs.toFixed(0)} ms of a processor`);
  console.log(`a look: ${(watchedMs / ticks).toFixed(1)} ms in the mean, ${share} % of a core`);
  console.log(`heap: ${((process.memoryUsage().heapUsed - heapBefore) / 1e6).toFixed(0)} MB more after ${ticks} looks`);
}

function cpuMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

function largeShop(): Series[] {
  const length = (HISTORY_MS + WATCHED_MS) / SCRAPE_MS;
  const series: Series[] = [];
  for (let i = 0; i < INSTANCES; i++) {
    const offsetMs = Math.floor((i * SCRAPE_MS) / INSTANCES);
    const timestampsMs = Float64Array.from(
      { length },
      (_, k) => START_MS - HISTORY_MS + offsetMs + (k + 1) * SCRAPE_MS,
    );
    const add = (labels: Record<string, string>, perScrape: number) => {
      const full = Labels.of({ ...labels, job: 'shop', instance: `shop-${i}:3000` });
      // Rises a little unevenly, the same way every time.
      const values = Float64Array.from(
        { length },
        (_, k) => Math.floor(perScrape * k + Math.sin(k + series.length)) + 1,
      );
      series.push({ labels: full, timestampsMs, values });
    };
    series.push({
      labels: Labels.of({ __name__: 'up', job: 'shop', instance: `shop-${i}:3000` }),
      timestampsMs,
      values: new Float64Array(length).fill(1),
    });
    for (const channel of ['web', 'app']) {
      for (const region of ['eu', 'us', 'apac']) {
        add({ __name__: 'checkout_attempts_total', channel, region, version: 'v1' }, 10);
        for (const [p, provider] of ['alpha', 'beta', 'gamma', 'delta'].entries()) {
          const where = { __name__: 'checkout_outcomes_total', channel, region, provider, version: 'v1' };
          for (const method of [`card-${p}`, `wallet-${p}`]) {
            add({ ...where, method, outcome: 'success', step: 'confirm' }, 0.8);
            add(
              { ...where, method, outcome: 'failure', reason_class: 'technical', step: 'payment', reason: 'timeout' },
              0.002,
            );
            add(
              { ...where, method, outcome: 'failure', reason_class: 'customer', step: 'payment', reason: 'declined' },
              0.05,
            );
            add(
              { ...where, method, outcome: 'failure', reason_class: 'technical', step: 'confirm', reason: 'error' },
              0.001,
            );
          }
        }
      }
    }
    for (const provider of ['alpha', 'beta', 'gamma', 'delta'])
      for (const [b, le] of ['0.1', '0.3', '1', '3', '10', '+Inf'].entries())
        add({ __name__: 'checkout_step_duration_seconds_bucket', step: 'payment', provider, le }, 1 + b);
    for (const code of ['200', '404', '500'])
      for (const route of ['/checkout', '/cart', '/product', '/api/checkout'])
        add({ __name__: 'http_requests_total', route, code, method: 'GET' }, 20);
  }
  return series.sort((a, b) => compareLabels(a.labels, b.labels));
}
