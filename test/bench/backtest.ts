// How much faster than real time a shop's past is replayed: thirty days of a shop of a thousand series, scraped every 15 seconds,
// with the generated rules. `npm run bench:backtest [-- --days 30 --dir DIR --no-sentinel]`; with --dir the past is kept there and used again.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exampleConfig } from '@tillwatch/checkout';
import { Labels } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { openTsdb } from '@tillwatch/tsdb';
import { randomFrom } from '../support/promql-data.ts';

const SCRAPE_MS = 15_000;
const DAY_MS = 86_400_000;
const END_MS = 1_790_000_100_000;
const TILLWATCH = fileURLToPath(new URL('../../packages/tillwatch/bin/tillwatch.js', import.meta.url));
/** A provider fails for this long, every so many days. */
const FAULT_MS = 25 * 60_000;
const FAULT_EVERY_MS = 2.5 * DAY_MS;

const INSTANCES = ['shop-1:3000', 'shop-2:3000', 'shop-3:3000', 'shop-4:3000'];
const CHANNELS = ['web', 'app'];
const REGIONS = ['eu', 'us', 'apac'];
const PROVIDERS = ['alphapay', 'betabank', 'gammawallet'];
const STEPS = ['cart', 'address', 'shipping', 'payment', 'confirm'];
const ROUTES = [
  '/',
  '/search',
  '/product',
  '/cart',
  '/checkout',
  '/checkout/pay',
  '/account',
  '/login',
  '/help',
  '/api',
];
const OPERATIONS = ['select', 'insert', 'update'];
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, Number.POSITIVE_INFINITY];

const { values: flags } = parseArgs({
  options: { days: { type: 'string', default: '30' }, dir: { type: 'string' }, 'no-sentinel': { type: 'boolean' } },
});
const days = Number(flags.days);
const dir = flags.dir ?? (await mkdtemp(join(tmpdir(), 'tillwatch-bench-')));
const data = join(dir, `data-${days}`);

/** Runs the command as users run it, and watches what it takes where the system tells. */
function backtest(args: readonly string[]): Promise<{ out: string; maxBytes: number; cpuMs: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [TILLWATCH, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    let maxBytes = 0;
    let cpuMs = Number.NaN;
    const timer = setInterval(() => {
      readFile(`/proc/${child.pid}/status`, 'utf8').then(
        (text) => {
          maxBytes = Math.max(maxBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0));
        },
        () => undefined,
      );
      readFile(`/proc/${child.pid}/stat`, 'utf8').then(
        (text) => {
          // Behind the name, which may hold anything: the times in user mode and in the kernel, in hundredths of a second.
          const fields = text.split(') ').at(-1)?.split(' ') ?? [];
          cpuMs = 10 * (Number(fields[11]) + Number(fields[12]));
        },
        () => undefined,
      );
    }, 500);
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ out, maxBytes, cpuMs });
      else reject(new Error(`tillwatch backtest ended with code ${code}`));
    });
  });
}

/** A counter or gauge of one instance. */
interface Cell {
  readonly labels: Labels;
  value: number;
}

/** Writes the shop's past, an hour at a time. */
async function fill(dataDir: string): Promise<{ series: number; samples: number }> {
  const startMs = END_MS - days * DAY_MS;
  // The store must pack as it does in production, although a month passes in minutes.
  const clock = new ManualClock(startMs);
  const store = await openTsdb(dataDir, { retentionMs: 100 * 365 * DAY_MS, clock });
  const shop = new Shop();
  const perHour = 3_600_000 / SCRAPE_MS;
  let samples = 0;
  for (let hour = 0; hour < days * 24; hour++) {
    const batch = store.batch();
    for (let i = 1; i <= perHour; i++) {
      const atMs = startMs + (hour * perHour + i) * SCRAPE_MS;
      shop.pass(atMs, (atMs - startMs) % FAULT_EVERY_MS > FAULT_EVERY_MS - FAULT_MS);
      for (const { labels, value } of shop.cells) batch.append(labels, atMs, value);
      samples += shop.cells.length;
    }
    await batch.commit();
    await clock.advance(3_600_000);
  }
  await store.close();
  return { series: shop.cells.length, samples };
}

/** A shop with customers by the time of day, whose checkouts count what the conventions say. */
class Shop {
  readonly cells: Cell[] = [];
  readonly #byKey = new Map<string, Cell>();
  readonly #random = randomFrom(4);

  constructor() {
    for (const instance of INSTANCES) {
      for (const [name, labels, value] of seriesOf()) {
        const all = Labels.of({ __name__: name, job: 'shop', instance, ...labels });
        const cell = { labels: all, value };
        this.cells.push(cell);
        this.#byKey.set(keyOf(name, { instance, ...labels }), cell);
      }
    }
  }

  /** What happens in the 15 seconds before a scrape. */
  pass(atMs: number, isBroken: boolean): void {
    const random = this.#random;
    const hour = (atMs % DAY_MS) / 3_600_000;
    const attempts = poisson(4 * (0.25 + 0.75 * Math.sin((Math.PI * hour) / 24)), random);
    for (let i = 0; i < attempts; i++) this.#attempt(isBroken);
    for (let i = 0; i < 5 * attempts; i++) {
      const route = pick(ROUTES, random);
      this.#rise('http_requests_total', { method: 'GET', route, code: random() < 0.002 ? '500' : '200' });
      this.#observe('db_query_duration_seconds', { operation: pick(OPERATIONS, random), outcome: 'success' }, 0.02);
    }
  }

  #attempt(isBroken: boolean): void {
    const random = this.#random;
    const instance = pick(INSTANCES, random);
    const place = { instance, channel: pick(CHANNELS, random), region: pick(REGIONS, random) };
    const provider = pick(PROVIDERS, random);
    this.#rise('checkout_attempts_total', place);
    const draw = random();
    if (draw < 0.1) {
      this.#rise('checkout_outcomes_total', { ...place, outcome: 'abandoned' });
      return;
    }
    for (const step of STEPS) {
      this.#observe('checkout_step_duration_seconds', { instance, step, outcome: 'success' }, 0.4);
    }
    const fails = isBroken && provider === PROVIDERS[1] ? random() < 0.8 : random() < 0.003;
    if (fails || draw < 0.15) {
      const labels = fails
        ? failure(place, provider, 'technical', 'provider_error')
        : failure(place, provider, 'customer', 'card_declined');
      this.#rise('checkout_outcomes_total', labels);
      return;
    }
    this.#rise('checkout_outcomes_total', { ...place, outcome: 'success', step: 'confirm', provider });
    this.#observe('checkout_duration_seconds', { instance, outcome: 'success' }, 30);
    this.#rise(
      'checkout_order_value_total',
      { instance, currency: 'EUR', outcome: 'success', provider },
      20 + 80 * random(),
    );
    this.#rise('checkout_payments_captured_total', { instance, provider });
    this.#rise('checkout_orders_placed_total', { instance, provider });
  }

  #observe(name: string, labels: Record<string, string>, typicalSeconds: number): void {
    const random = this.#random;
    const where = { instance: pick(INSTANCES, random), ...labels };
    const took = typicalSeconds * Math.exp(random() + random() - 1);
    for (const bound of BOUNDS) if (took <= bound) this.#rise(`${name}_bucket`, { ...where, le: le(bound) });
    this.#rise(`${name}_sum`, where, took);
    this.#rise(`${name}_count`, where);
  }

  #rise(name: string, labels: Record<string, string>, by = 1): void {
    const where = labels.instance === undefined ? { instance: pick(INSTANCES, this.#random), ...labels } : labels;
    const cell = this.#byKey.get(keyOf(name, where));
    if (cell === undefined) throw new Error(`the shop has no series ${name}${JSON.stringify(where)}`);
    cell.value += by;
  }
}

function failure(
  place: Record<string, string>,
  provider: string,
  kind: string,
  reason: string,
): Record<string, string> {
  return { ...place, outcome: 'failure', reason_class: kind, reason, step: 'payment', provider };
}

/** What one instance shows, with the value that it begins with. */
function* seriesOf(): Generator<[name: string, labels: Record<string, string>, value: number]> {
  for (const channel of CHANNELS) {
    for (const region of REGIONS) {
      const place = { channel, region };
      yield ['checkout_attempts_total', place, 0];
      yield ['checkout_outcomes_total', { ...place, outcome: 'abandoned' }, 0];
      for (const provider of PROVIDERS) {
        yield ['checkout_outcomes_total', { ...place, outcome: 'success', step: 'confirm', provider }, 0];
        yield ['checkout_outcomes_total', failure(place, provider, 'technical', 'provider_error'), 0];
        yield ['checkout_outcomes_total', failure(place, provider, 'customer', 'card_declined'), 0];
      }
    }
  }
  for (const provider of PROVIDERS) {
    yield ['checkout_order_value_total', { currency: 'EUR', outcome: 'success', provider }, 0];
    yield ['checkout_payments_captured_total', { provider }, 0];
    yield ['checkout_orders_placed_total', { provider }, 0];
  }
  for (const outcome of ['success', 'failure']) yield* histogram('checkout_duration_seconds', { outcome });
  for (const step of STEPS) yield* histogram('checkout_step_duration_seconds', { step, outcome: 'success' });
  for (const operation of OPERATIONS) yield* histogram('db_query_duration_seconds', { operation, outcome: 'success' });
  for (const route of ROUTES) {
    for (const code of ['200', '404', '500']) yield ['http_requests_total', { method: 'GET', route, code }, 0];
  }
  yield ['up', {}, 1];
  yield ['process_start_time_seconds', {}, 1_700_000_000];
  yield ['db_pool_waiting', { pool: 'default' }, 0];
  yield ['scrape_samples_post_metric_relabeling', {}, 250];
  yield ['app_info', { version: '1.0.0' }, 1];
}

function* histogram(name: string, labels: Record<string, string>): Generator<[string, Record<string, string>, number]> {
  for (const bound of BOUNDS) yield [`${name}_bucket`, { ...labels, le: le(bound) }, 0];
  yield [`${name}_sum`, labels, 0];
  yield [`${name}_count`, labels, 0];
}

function le(bound: number): string {
  return bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
}

function keyOf(name: string, labels: Record<string, string>): string {
  return `${name} ${Object.keys(labels)
    .sort()
    .map((label) => `${label}=${labels[label]}`)
    .join(',')}`;
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}

function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

try {
  const config = join(dir, 'tillwatch.yaml');
  await writeFile(config, exampleConfig({ providers: PROVIDERS, channels: CHANNELS }));
  const isThere = await stat(data).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const startedMs = performance.now();
    const { series, samples } = await fill(data);
    console.log(`made ${series} series, ${samples} samples in ${seconds(performance.now() - startedMs)}`);
  }
  const startedMs = performance.now();
  const { out, maxBytes, cpuMs } = await backtest([
    ...['backtest', '--json', '--config', config, '--data', data],
    ...(flags['no-sentinel'] === true ? ['--no-sentinel'] : []),
  ]);
  const tookMs = performance.now() - startedMs;
  const { incidents, alerts, notifications, pagesPerWeek } = JSON.parse(out) as Record<string, unknown[]> & {
    pagesPerWeek: number;
  };
  console.table({
    [`${days} days`]: {
      'took, s': Number((tookMs / 1_000).toFixed(1)),
      'times faster than real time': Math.round((days * DAY_MS) / tookMs),
      'processor time, s': Number((cpuMs / 1_000).toFixed(1)),
      'most memory, MiB': Math.round(maxBytes / 2 ** 20),
      alerts: alerts!.length,
      incidents: incidents!.length,
      messages: notifications!.length,
      'pages a week': Number(pagesPerWeek.toFixed(1)),
    },
  });
} finally {
  if (flags.dir === undefined) await rm(dir, { recursive: true, force: true });
}
