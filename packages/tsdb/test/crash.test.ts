import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isStaleAt } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { openForWriting } from '../src/open-tsdb.ts';
import { RETENTION_MS, samplesOf, TARGETS, TIME_STEP_MS, targetOf, timeOf } from './crash-contents.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const WRITER = fileURLToPath(new URL('crash-writer.ts', import.meta.url));

/** How many times the writer is killed: more with `TILLWATCH_CRASH_RUNS`. */
const RUNS = Number(process.env.TILLWATCH_CRASH_RUNS ?? 6);

test('what was reported as stored is there, bit for bit, and nothing else, whenever the process is killed', {
  timeout: 60_000 + RUNS * 20_000,
}, async () => {
  const dir = temporaryDirectory();
  let next = 0;
  const seen = { batches: 0, packedTimelines: 0, resting: 0, deleted: 0 };
  for (let run = 0; run < RUNS; run++) {
    // Mostly in the middle of things, now and then at the very beginning.
    const reports = Math.ceil(Math.random() * (run % 5 === 4 ? 3 : 700));
    const reported = await runAndKill(dir, next, reports, Math.random() * 10);
    // The clock of the writer stands at the last batch; so does ours, or more would be deleted.
    const clock = { nowMs: () => timeOf(next), sleep: () => new Promise<void>(() => {}) };
    const store = openForWriting(dir, { retentionMs: RETENTION_MS, clock });
    try {
      next = checkAll(store, reported, seen);
      seen.packedTimelines = Math.max(seen.packedTimelines, store.stats().packedTimelines);
      seen.resting = Math.max(seen.resting, store.stats().restingSeriesCount);
      expect(store.stats().quarantines).toEqual([]);
    } finally {
      await store.close();
    }
  }
  seen.batches = next;
  // Otherwise the test would not have tested what it is for.
  expect(seen.batches).toBeGreaterThan(RUNS * 20);
  expect(seen.packedTimelines).toBeGreaterThan(0);
  if (RUNS >= 50) expect(seen.deleted).toBeGreaterThan(0);
  if (RUNS >= 50) expect(seen.resting).toBeGreaterThan(0);
  if (RUNS >= 50) console.info(JSON.stringify({ kills: RUNS, ...seen }));
});

/** Compares the store with what was written. Returns the number of the first batch that is not in it. */
function checkAll(
  store: ReturnType<typeof openForWriting>,
  reported: ReadonlySet<number>,
  seen: { deleted: number },
): number {
  const lastOf = new Map<number, number>();
  for (const [key, document] of store.entries('targets')) {
    lastOf.set(Number(key), (document as { number: number }).number);
  }
  const last = Math.max(-1, ...lastOf.values());
  // Batches of one target are one after the other, so a target's document tells all that must be there of it.
  const isThere = (number: number) => number <= (lastOf.get(targetOf(number).target) ?? -1);
  for (const number of reported) expect(isThere(number), `batch ${number} was reported`).toBe(true);
  const batches = new Set(store.entries('batches').map(([key]) => Number(key)));
  const expected = new Set<number>();
  for (let number = Math.max(0, last - 45 * TARGETS); number <= last; number++) {
    const isRemoved = isThere(number + 40 * TARGETS);
    if (isThere(number) && !isRemoved) expected.add(number);
  }
  expect([...batches].sort((a, b) => a - b)).toEqual([...expected]);

  const found = new Map<number, Map<string, number | undefined>>();
  for (const { labels, timestampsMs, values } of store.select([], 0, Number.MAX_SAFE_INTEGER)) {
    timestampsMs.forEach((timestampMs, i) => {
      const samples = found.get(timestampMs) ?? new Map();
      found.set(timestampMs, samples.set(labels.key, isStaleAt(values, i) ? undefined : values[i]));
    });
  }
  const first = Math.max(0, last - (2 * RETENTION_MS) / TIME_STEP_MS);
  for (let number = first; number <= last; number++) {
    const samples = found.get(timeOf(number)) ?? new Map();
    found.delete(timeOf(number));
    if (!isThere(number)) {
      expect(samples.size, `batch ${number} was not stored`).toBe(0);
      continue;
    }
    const wanted = samplesOf(number);
    // What is older than the retention goes series by series; the clock of the writer is some batches ahead of what it wrote.
    const isOld = timeOf(last + 16) - timeOf(number) >= RETENTION_MS;
    if (isOld && samples.size < wanted.length) seen.deleted++;
    else expect(samples.size, `samples of batch ${number}`).toBe(wanted.length);
    for (const [{ key }, value] of wanted) if (samples.has(key)) expect(samples.get(key)).toBe(value);
  }
  expect(
    [...found.keys()].filter((timeMs) => timeMs >= timeOf(first)),
    'times that nobody wrote',
  ).toEqual([]);
  return last + 1;
}

/** Starts a writer at batch `first`, and kills it some time after so many reports; returns all that it reported. */
async function runAndKill(dir: string, first: number, reports: number, afterMs: number): Promise<Set<number>> {
  const args = ['--conditions=tillwatch-source', '--import', 'tsx', WRITER, dir, String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const reported = new Set<number>();
  for await (const line of createInterface({ input: child.stdout })) {
    reported.add(Number(line));
    if (reported.size === reports) setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  await exited;
  expect(child.signalCode, 'the writer ended by itself').toBe('SIGKILL');
  return reported;
}
