// What a scrape round of 10,000 series costs to store, and what queries cost to read. Run: npx vitest bench --run packages/tsdb
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { bench, describe } from 'vitest';
import { openForWriting } from '../src/open-tsdb.ts';

const SERIES = 10_000;
const ROUNDS = 500;
const INTERVAL_MS = 15_000;

const dir = mkdtempSync(join(tmpdir(), 'tillwatch-bench-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
const store = openForWriting(dir, {
  retentionMs: 1e15,
  clock: new ManualClock(0),
});
const series = Array.from({ length: SERIES }, (_, i) =>
  Labels.of({
    __name__: `checkout_${i % 10}_total`,
    instance: `shop-${i % 20}:3000`,
    step: `step-${i % 6}`,
    provider: `provider-${i % 3}`,
    i: String(i),
  }),
);
const totals = new Float64Array(SERIES);
let round = 0;

async function storeRound(): Promise<void> {
  const batch = store.batch();
  const timestampMs = ++round * INTERVAL_MS;
  for (let i = 0; i < SERIES; i++) {
    totals[i]! += Math.floor(Math.random() * (i % 9));
    batch.append(series[i]!, timestampMs, totals[i]!);
  }
  await batch.commit();
}

const started = performance.now();
for (let i = 0; i < ROUNDS; i++) {
  await storeRound();
  if (i % 50 === 0) store.maintain();
}
store.maintain();
const seconds = (performance.now() - started) / 1000;
const samples = SERIES * ROUNDS;
const { bytesOnDisk, headSamples } = store.stats();
console.info(
  `ingest with packing: ${(seconds / (samples / 1e6)).toFixed(2)} s per million samples;`,
  `${bytesOnDisk} bytes for ${samples} samples, of which ${headSamples} in rounds`,
);

function drain(matchers: readonly Matcher[], fromMs: number, toMs: number): void {
  let sum = 0;
  for (const { values } of store.select(matchers, fromMs, toMs)) sum += values.length;
  if (sum === 0) throw new Error('nothing selected');
}

/** What `rate(…[5m])` asks for at every 60 s of an interval. */
function countUp(matchers: readonly Matcher[], fromMs: number, toMs: number): void {
  const [stepMs, rangeMs] = [60_000, 300_000];
  const steps = Math.floor((toMs - fromMs) / stepMs);
  const lo = Int32Array.from({ length: steps }, (_, k) => Math.max(0, (k * stepMs - rangeMs) / INTERVAL_MS));
  const hi = Int32Array.from({ length: steps }, (_, k) => (k * stepMs) / INTERVAL_MS);
  const [first, change] = [new Float64Array(steps), new Float64Array(steps)];
  for (const found of store.selectCounters(matchers, fromMs, toMs)) {
    if (!('changes' in found)) throw new Error('no counter');
    found.changes(lo, hi, first, change);
  }
  if (change.every((rise) => rise === 0)) throw new Error('nothing rose');
}

describe('store', () => {
  bench(`append and commit a round of ${SERIES} series`, storeRound);
});

describe('select', () => {
  const one = [new Matcher('__name__', '=', 'checkout_3_total')];
  const narrow = [...one, new Matcher('step', '=~', 'step-1|step-3'), new Matcher('provider', '!=', '')];
  bench('1,000 series, 5 minutes', () => drain(one, (ROUNDS - 20) * INTERVAL_MS, ROUNDS * INTERVAL_MS));
  bench('1,000 series, 2 hours', () => drain(one, 0, ROUNDS * INTERVAL_MS));
  bench('1,000 series, 2 hours, as counters', () => countUp(one, INTERVAL_MS, ROUNDS * INTERVAL_MS));
  bench('by regular expression, 5 minutes', () => drain(narrow, (ROUNDS - 20) * INTERVAL_MS, ROUNDS * INTERVAL_MS));
});
