/**
 * Our side of the benchmark, in a process of its own so that its memory can be seen: opens the store in the given directory
 * as a query thread does, asks every query and writes what it took as JSON.
 */
import { readFileSync } from 'node:fs';
import type { Queryable } from '@tillwatch/model';
import { evaluateInstant, evaluateRange, parse } from '@tillwatch/promql';
import { openTsdb } from '@tillwatch/tsdb';
import { END_MS } from './checkout-history.ts';
import { measure, type Took } from './median.ts';
import { BENCH_QUERIES, type BenchQuery } from './promql-queries.ts';

const [dir = '', wanted = ''] = process.argv.slice(2);
const store = await openTsdb(dir, { retentionMs: 1e15, readOnly: true });

/** How long the store has been reading, apart from what is made of what was read. */
let readingMs = 0;
const queryable: Queryable = {
  *select(matchers, fromMs, toMs, windows) {
    let started = performance.now();
    for (const series of store.select(matchers, fromMs, toMs, windows)) {
      readingMs += performance.now() - started;
      yield series;
      started = performance.now();
    }
    readingMs += performance.now() - started;
  },
  selectLabels: (...args) => store.selectLabels(...args),
  labelNames: (...args) => store.labelNames(...args),
  labelValues: (...args) => store.labelValues(...args),
};

/** Parses, evaluates, and writes the answer as the HTTP API has it: what Prometheus does for the same query. */
function ask({ expr, spanMs, stepMs }: BenchQuery): number {
  const parsed = parse(expr);
  if (!parsed.ok) throw new Error(expr);
  if (spanMs === undefined || stepMs === undefined) {
    const { value } = evaluateInstant(parsed.expr, END_MS, { queryable });
    if (value.type !== 'vector') throw new Error(value.type);
    return JSON.stringify(value.samples.map((one) => [one.labels, [END_MS / 1000, String(one.value)]])).length;
  }
  const range = { startMs: END_MS - spanMs, endMs: END_MS, stepMs };
  const { series } = evaluateRange(parsed.expr, range, { queryable });
  const answer = series.map(({ labels, timestampsMs, values }) => {
    return [labels, Array.from(timestampsMs, (t, i) => [t / 1000, String(values[i])])];
  });
  return JSON.stringify(answer).length;
}

const times: Record<string, Took> = {};
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const readingShares: Record<string, number> = {};
const peakBytes = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
const idleBytes = peakBytes();
for (const query of BENCH_QUERIES) {
  if (!query.name.includes(wanted)) continue;
  readingMs = 0;
  const started = performance.now();
  times[query.name] = await measure(async () => {
    ask(query);
  }, cpuMs);
  readingShares[query.name] = readingMs / (performance.now() - started);
}
await store.close();
process.stdout.write(JSON.stringify({ times, readingShares, idleBytes, peakBytes: peakBytes() }));
