/**
 * PromQL beside the real Prometheus, on the same samples: `npm run bench:promql`. Our side reads from our store, Prometheus
 * from its own; both parse, evaluate and write JSON, Prometheus over HTTP too. Options: `-- --days 61 --only "burn rate"`,
 * and `--keep DIR` to leave both stores in a directory and find them there the next time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Clock } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { build } from 'vite';
import { hasPrometheus, hasVictoriaMetrics, Prometheus } from '../support/prometheus.ts';
import { writeRequests } from '../support/remote-write.ts';
import { checkoutHistory, END_MS } from './checkout-history.ts';
import { measure, type Took } from './median.ts';
import { BENCH_QUERIES, type BenchQuery } from './promql-queries.ts';

const { values: options } = parseArgs({
  options: {
    days: { type: 'string', default: '61' },
    only: { type: 'string', default: '' },
    keep: { type: 'string' },
  },
});

/** What queries take, by name; memory before the first query and at most. */
interface Figures {
  readonly times: Readonly<Record<string, Took>>;
  readonly idleBytes: number | undefined;
  readonly peakBytes: number | undefined;
}

interface OurFigures extends Figures {
  readonly readingShares: Readonly<Record<string, number>>;
}

if (hasPrometheus()) await main();
else console.log('PromQL beside Prometheus: skipped, there is no prometheus on this machine');

async function main(): Promise<void> {
  const dir = options.keep ?? mkdtempSync(join(tmpdir(), 'tillwatch-bench-'));
  try {
    const isFilled = existsSync(join(dir, 'ours')) && existsSync(join(dir, 'prometheus'));
    if (!isFilled) {
      mkdirSync(join(dir, 'prometheus'), { recursive: true });
      await fill('our store', () => fillOurs(join(dir, 'ours')));
      await fill('Prometheus', () => fillPrometheus(join(dir, 'prometheus')));
    }
    if (hasVictoriaMetrics() && !existsSync(join(dir, 'victoria'))) {
      mkdirSync(join(dir, 'victoria'), { recursive: true });
      await fill('VictoriaMetrics', () => fillVictoriaMetrics(join(dir, 'victoria')));
    }
    const ours = await askOurs(join(dir, 'ours'));
    const theirs = await askTheirs(join(dir, 'prometheus'));
    const victoria = hasVictoriaMetrics() ? await askTheirs(join(dir, 'victoria'), 'victoriaMetrics') : undefined;
    print(ours, theirs, victoria);
  } finally {
    if (options.keep === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

async function fill(name: string, action: () => Promise<number>): Promise<void> {
  const started = performance.now();
  const samples = await action();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${name}: ${(samples / 1e6).toFixed(1)} million samples written in ${seconds.toFixed(0)} s`);
}

async function fillOurs(dir: string): Promise<number> {
  // Packing rests by the clock. This one lets it rest for a turn of the event loop only.
  const restless: Clock = { nowMs: () => END_MS, sleep: () => new Promise((resolve) => setImmediate(resolve)) };
  const store = await openTsdb(dir, { retentionMs: 1e15, clock: restless });
  let samples = 0;
  for (const hour of checkoutHistory(Number(options.days))) {
    const commits: Promise<void>[] = [];
    for (const [i, timestampMs] of hour[0]!.timestampsMs.entries()) {
      const batch = store.batch();
      for (const { labels, values } of hour) batch.append(labels, timestampMs, values[i] as number);
      commits.push(batch.commit());
      samples += hour.length;
    }
    await Promise.all(commits);
  }
  // Until it has packed what it took, as a store that is scraped into has long done.
  for (let before = -1; before !== store.stats().headTimelines; ) {
    before = store.stats().headTimelines;
    await delay(1_000);
  }
  await store.close();
  return samples;
}

async function fillPrometheus(dir: string): Promise<number> {
  const prometheus = await Prometheus.start(dir);
  let samples = 0;
  for (const hour of checkoutHistory(Number(options.days))) {
    for (const request of writeRequests(hour, 3_600_000)) await prometheus.write(request);
    samples += hour.length * hour[0]!.values.length;
  }
  // Until it has made blocks of what it took.
  for (let calm = 0, before = -1; calm < 8; calm++) {
    await delay(2_000);
    const now = await prometheus.ownMetric('prometheus_tsdb_compactions_total');
    if (now !== before) calm = 0;
    before = now;
  }
  await prometheus.stop();
  return samples;
}

async function fillVictoriaMetrics(dir: string): Promise<number> {
  const victoria = await Prometheus.start(dir, 'victoriaMetrics');
  let samples = 0;
  for (const hour of checkoutHistory(Number(options.days))) {
    for (const request of writeRequests(hour, 3_600_000)) await victoria.write(request);
    samples += hour.length * hour[0]!.values.length;
  }
  await victoria.settle();
  await victoria.stop();
  return samples;
}

/** Asks VictoriaMetrics too. It means some queries otherwise (no extrapolation), so only its times are looked at. */
async function askTheirs(dir: string, program?: 'victoriaMetrics'): Promise<Figures> {
  const theirs = await Prometheus.start(dir, program);
  try {
    const times: Record<string, Took> = {};
    const idleBytes = theirs.peakBytes();
    for (const query of BENCH_QUERIES) {
      if (!query.name.includes(options.only)) continue;
      times[query.name] = await measure(
        () => ask(theirs, query),
        () => theirs.cpuMs(),
      );
    }
    return { times, idleBytes, peakBytes: theirs.peakBytes() };
  } finally {
    await theirs.stop();
  }
}

/** Our side runs as it is delivered: built, without a loader that would be measured too. */
async function askOurs(dir: string): Promise<OurFigures> {
  const outDir = fileURLToPath(new URL('../../node_modules/.cache/tillwatch-bench', import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    build: { ssr: fileURLToPath(new URL('promql-ours.ts', import.meta.url)), outDir, emptyOutDir: true, minify: false },
    ssr: { noExternal: true, external: ['better-sqlite3'], resolve: { conditions: ['tillwatch-source'] } },
  });
  const { stdout, status } = spawnSync(process.execPath, [join(outDir, 'promql-ours.js'), dir, options.only], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error('our side failed');
  return JSON.parse(stdout) as OurFigures;
}

function ask(prometheus: Prometheus, { expr, spanMs, stepMs }: BenchQuery): Promise<unknown> {
  if (spanMs === undefined || stepMs === undefined) return prometheus.instant(expr, END_MS);
  return prometheus.range(expr, END_MS - spanMs, END_MS, stepMs);
}

function print(ours: OurFigures, theirs: Figures, victoria: Figures | undefined): void {
  const rows = Object.entries(ours.times).map(([name, took]) => {
    const [their, third] = [theirs.times[name]!, victoria?.times[name]];
    return {
      query: name,
      'ours, CPU ms': figure(took.cpuMs),
      'of it reading': `${(100 * ours.readingShares[name]!).toFixed(0)} %`,
      'Prometheus, CPU ms': figure(their.cpuMs),
      'times less': (their.cpuMs / took.cpuMs).toFixed(1),
      'VictoriaMetrics, CPU ms': third === undefined ? '' : figure(third.cpuMs),
      'by the clock': [took, their, ...(third === undefined ? [] : [third])]
        .map(({ wallMs }) => figure(wallMs))
        .join(' / '),
    };
  });
  console.table(rows);
  const mib = (bytes: number | undefined) => (bytes === undefined ? '?' : (bytes / 1_048_576).toFixed(0));
  for (const [name, figures] of Object.entries({ ours, Prometheus: theirs, VictoriaMetrics: victoria })) {
    if (figures === undefined) continue;
    const { idleBytes, peakBytes } = figures;
    console.log(`memory, ${name}: ${mib(idleBytes)} MiB before the first query, ${mib(peakBytes)} MiB at most`);
  }
}

function figure(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0);
}
