// A long run in little time: `npm run bench:soak -- --minutes 30`. Many series at a short interval, of which a tenth get other names
// now and then, rules over all of them, and dashboards that are looked at all the while. Told is what grows, what comes late and
// what is lost.
//   --minutes N        how long (default 30)
//   --series N         series at a time (default 100,000)
//   --targets N        that they are spread over (default 20)
//   --interval SECONDS between scrapes (default 1)
//   --rename MINUTES   between renamings of a tenth of the series (default 5)
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startTillwatch } from '../support/tillwatch-process.ts';
import type { ExporterFacts, ExporterOptions, ExporterRequest } from './soak-exporter.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    series: { type: 'string', default: '100000' },
    targets: { type: 'string', default: '20' },
    interval: { type: 'string', default: '1' },
    rename: { type: 'string', default: '5' },
  },
});
const minutes = Number(values.minutes);
const targets = Number(values.targets);
const intervalMs = Number(values.interval) * 1_000;
const renameMs = Number(values.rename) * 60_000;
const seriesPerTarget = Math.ceil(Number(values.series) / targets);

/** What may not come later, ms. */
const LATEST_MS = 100;
/** Until then the process has begun with every target, and has its code compiled. */
const START_MS = 10_000;
const REPORT_MS = Math.min(60_000, (minutes * 60_000) / 6);
const MEMORY_EVERY_MS = 1_000;
const REFRESH_MS = 5_000;

/** A dashboard: one panel a client. Each looks back as far as there is something, at most half an hour. */
const PANELS = [
  { query: 'soak:requests:rate1m', rangeS: 1_800, stepS: 15 },
  { query: 'sum(rate(soak_requests_total{target="003"}[1m]))', rangeS: 300, stepS: 15 },
  { query: 'topk(5, rate(soak_requests_total{target="001"}[30s]))', rangeS: 0, stepS: 1 },
  { query: 'sum by (job) (up)', rangeS: 1_800, stepS: 5 },
];

interface Row {
  readonly minute: string;
  readonly 'memory, MB': number;
  readonly 'on disk, MB': number;
  readonly 'samples/s': number;
  readonly 'latest scrape, ms': number;
  readonly 'scrapes left out': number;
  readonly 'longest block, ms': number;
  readonly queries: number;
  readonly 'slowest query, ms': number;
}

async function run(dir: string, exporter: Exporter): Promise<void> {
  const dataDir = join(dir, 'data');
  const prometheus = await prometheusFile(dir, exporter.port);
  const { ready, child, stop } = await startTillwatch([
    ...['up', '--json', '--listen', '0', '--data', dataDir, '--prometheus', prometheus],
  ]);
  const url = ready.url as string;
  // Starting is another matter. Both say what happens from here on.
  await sleep(START_MS);
  await loopDelayMs(url);
  let latestMs = 0;
  let missed = 0;
  let ownDelayMs = 0;
  let { sent } = await exporter.ask('begin');
  const startMs = Date.now();
  const endMs = startMs + minutes * 60_000;
  const dashboards = new Dashboards(url, endMs);
  const rows: Row[] = [];
  const memory: number[] = [];
  let nextRenameMs = startMs + renameMs;
  console.log(
    `${targets * seriesPerTarget} series of ${targets} targets every ${intervalMs} ms for ${minutes} minutes`,
  );
  try {
    while (Date.now() < endMs) {
      const fromMs = Date.now();
      const toMs = Math.min(endMs, fromMs + REPORT_MS);
      let mostMb = 0;
      while (Date.now() < toMs) {
        if (Date.now() >= nextRenameMs) {
          await exporter.ask('rename');
          nextRenameMs += renameMs;
        }
        mostMb = Math.max(mostMb, await memoryMb(child));
        await sleep(Math.min(MEMORY_EVERY_MS, Math.max(0, toMs - Date.now())));
      }
      const facts = await exporter.ask('facts');
      latestMs = Math.max(latestMs, facts.latestMs);
      missed += facts.missed;
      ownDelayMs = Math.max(ownDelayMs, facts.ownDelayMs);
      const asked = dashboards.take();
      memory.push(mostMb);
      const row: Row = {
        minute: ((Date.now() - startMs) / 60_000).toFixed(1),
        'memory, MB': Math.round(mostMb),
        'on disk, MB': Math.round(await diskMb(dataDir)),
        'samples/s': Math.round(((facts.sent - sent) * 1_000) / (Date.now() - fromMs)),
        'latest scrape, ms': Math.round(facts.latestMs),
        'scrapes left out': facts.missed,
        'longest block, ms': Math.round(await loopDelayMs(url)),
        queries: asked.answers,
        'slowest query, ms': Math.round(asked.slowestMs),
      };
      sent = facts.sent;
      rows.push(row);
      console.log(
        Object.entries(row)
          .map(([name, value]) => `${name} ${value}`)
          .join(' · '),
      );
    }
    await dashboards.end();
    ({ sent } = await exporter.ask('stop'));
    const stopS = Date.now() / 1_000;
    // What was on its way is stored by then.
    await sleep(2 * intervalMs + 1_000);
    const seconds = Math.ceil((Date.now() - startMs + START_MS) / 1_000) + 60;
    const stored = await countStored(url, seconds);
    const query = `sum(count_over_time(up[${seconds}s]) - sum_over_time(up[${seconds}s]))`;
    const [failed] = await ask(url, 'query', { query, time: String(stopS) });
    console.table(rows);
    conclude({
      memory,
      latestMs,
      missed,
      ownDelayMs,
      sent,
      stored,
      failedScrapes: Number(failed?.value?.[1] ?? 0),
      blockMs: Math.max(...rows.map((row) => row['longest block, ms'])),
    });
  } finally {
    await dashboards.end();
    await stop();
  }
}

function conclude(found: {
  readonly memory: readonly number[];
  readonly latestMs: number;
  readonly missed: number;
  readonly ownDelayMs: number;
  readonly blockMs: number;
  readonly sent: number;
  readonly stored: number;
  readonly failedScrapes: number;
}): void {
  const { memory, latestMs, missed, ownDelayMs, blockMs, sent, stored, failedScrapes } = found;
  // Warm is what comes after the first third; flat is what does not grow by a tenth from there to the end.
  const warm = memory.slice(Math.floor(memory.length / 3));
  const half = Math.floor(warm.length / 2);
  const [earlier, later] = [Math.max(...warm.slice(0, half)), Math.max(...warm.slice(half))];
  const lines: readonly (readonly [isMet: boolean, text: string])[] = [
    [later <= earlier * 1.1, `memory after warm-up: at most ${Math.round(earlier)} MB, then ${Math.round(later)} MB`],
    [
      latestMs <= LATEST_MS && missed === 0,
      `latest scrape: ${Math.round(latestMs)} ms after its turn, ${missed} left out (the targets' own process was late by at most ${Math.round(ownDelayMs)} ms)`,
    ],
    [blockMs <= LATEST_MS, `longest block of the main thread: ${blockMs} ms`],
    [
      sent === stored,
      `samples sent: ${sent.toLocaleString('en')}, stored: ${stored.toLocaleString('en')}, lost: ${sent - stored} (scrapes of ${seriesPerTarget} samples that were given up: ${failedScrapes})`,
    ],
  ];
  for (const [isMet, text] of lines) console.log(`${isMet ? 'ok    ' : 'MISSED'} ${text}`);
  process.exitCode = lines.every(([isMet]) => isMet) ? 0 : 1;
}

/** Clients that look at one panel each, again and again. */
class Dashboards {
  readonly #clients: readonly Promise<void>[];
  #isOver = false;
  #answers = 0;
  #slowestMs = 0;

  constructor(url: string, endMs: number) {
    this.#clients = PANELS.map(async ({ query, rangeS, stepS }, i) => {
      await sleep((i * REFRESH_MS) / PANELS.length);
      while (!this.#isOver && Date.now() < endMs) {
        const askedMs = performance.now();
        const nowS = Math.floor(Date.now() / 1_000);
        const times =
          rangeS === 0
            ? { time: String(nowS) }
            : { start: String(nowS - rangeS), end: String(nowS), step: String(stepS) };
        await ask(url, rangeS === 0 ? 'query' : 'query_range', { query, ...times });
        const tookMs = performance.now() - askedMs;
        this.#answers++;
        this.#slowestMs = Math.max(this.#slowestMs, tookMs);
        await sleep(Math.max(0, Math.min(REFRESH_MS - tookMs, endMs - Date.now())));
      }
    });
    // A client that fails is heard of at the end; until then the others go on.
    for (const client of this.#clients) client.catch(() => undefined);
  }

  /** What happened since the last time. */
  take(): { readonly answers: number; readonly slowestMs: number } {
    const taken = { answers: this.#answers, slowestMs: this.#slowestMs };
    this.#answers = 0;
    this.#slowestMs = 0;
    return taken;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }
}

/** Counts every sample that is in the store, target by target, since a query reads only so many. */
async function countStored(url: string, seconds: number): Promise<number> {
  let stored = 0;
  for (let target = 0; target < targets; target++) {
    const name = String(target).padStart(3, '0');
    const query = `sum(count_over_time(soak_requests_total{target="${name}"}[${seconds}s]))`;
    const [found] = await ask(url, 'query', { query, timeout: '120s' });
    stored += Number(found?.value?.[1] ?? 0);
  }
  return stored;
}

interface Answer {
  readonly status: string;
  readonly data?: { readonly result: readonly { readonly value?: readonly [number, string] }[] };
}

async function ask(url: string, endpoint: string, parameters: Record<string, string>) {
  const response = await fetch(`${url}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as Answer;
  if (body.status !== 'success' || body.data === undefined)
    throw new Error(`${parameters.query}: ${JSON.stringify(body)}`);
  return body.data.result;
}

interface Exporter {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ask: (what: ExporterRequest) => Promise<ExporterFacts>;
}

async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const file = fileURLToPath(new URL('./soak-exporter.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(options)]);
  const [port] = (await once(child, 'message')) as [number];
  const request = async (what: ExporterRequest): Promise<ExporterFacts> => {
    const answered = once(child, 'message');
    child.send(what);
    const [facts] = (await answered) as [ExporterFacts];
    return facts;
  };
  return { child, port, ask: request };
}

async function prometheusFile(dir: string, port: number): Promise<string> {
  await writeFile(
    join(dir, 'rules.yml'),
    'groups: [{ name: soak, interval: 15s, rules: [{ record: soak:requests:rate1m, expr: "sum by (target) (rate(soak_requests_total[1m]))" }] }]\n',
  );
  const file = join(dir, 'prometheus.yml');
  const jobs = Array.from({ length: targets }, (_, target) => {
    const at = `static_configs: [{ targets: ['127.0.0.1:${port}'] }]`;
    return `  - { job_name: soak-${target}, metrics_path: /metrics/${target}, ${at} }\n`;
  });
  const interval = `${intervalMs}ms`;
  await writeFile(
    file,
    `global: { scrape_interval: ${interval}, scrape_timeout: ${interval} }\nrule_files: [rules.yml]\nscrape_configs:\n${jobs.join('')}`,
  );
  return file;
}

/** What the process has in memory, as the kernel counts it. */
async function memoryMb({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
}

async function diskMb(dataDir: string): Promise<number> {
  const files = ['tillwatch.db', 'tillwatch.db-wal'].map((name) => stat(join(dataDir, name)).catch(() => undefined));
  return (await Promise.all(files)).reduce((sum, facts) => sum + (facts?.size ?? 0), 0) / 2 ** 20;
}

/** The longest block of the main thread since the last time, ms: the metric starts anew at every reading. */
async function loopDelayMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1]);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const dir = await mkdtemp(join(tmpdir(), 'tillwatch-soak-'));
const exporter = await startExporter({ targets, seriesPerTarget, intervalMs });
try {
  await run(dir, exporter);
} finally {
  exporter.child.kill();
  await rm(dir, { recursive: true, force: true });
}
