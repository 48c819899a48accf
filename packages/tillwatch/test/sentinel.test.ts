import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sentinel, SentinelSample } from '@tillwatch/checkout';
import { Labels, Matcher, type Series, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { openTsdb } from '@tillwatch/tsdb';
import { afterEach, describe, expect, test } from 'vitest';
import { publisherTo } from '../src/sentinel/embedded-sentinel.ts';
import { type EvidenceServer, startEvidenceServer } from '../src/sentinel/evidence-server.ts';
import { prometheusReader } from '../src/sentinel/prometheus-reader.ts';
import { createSentinelLoop } from '../src/sentinel/sentinel-loop.ts';

const START_MS = 1_800_000_000_000;

const sample = (labels: Record<string, string>, value: number): SentinelSample => ({
  labels: Labels.of(labels),
  value,
});

describe('createSentinelLoop', () => {
  /** A sentinel that writes down what it is asked, and fails at the given looks. */
  function fake(failing: readonly number[] = []) {
    const asked: string[] = [];
    let looks = 0;
    const sentinel: Sentinel = {
      async learn(nowMs) {
        asked.push(`learn ${nowMs - START_MS}`);
      },
      async tick(nowMs) {
        looks++;
        asked.push(`tick ${nowMs - START_MS}`);
        if (failing.includes(looks)) throw new Error('the store is busy');
      },
      samples: () => [sample({ __name__: 'looks' }, looks)],
      incidents: () => [],
    };
    return { sentinel, asked };
  }

  test('learns once, then looks at full multiples of the interval and publishes', async () => {
    const clock = new ManualClock(START_MS + 4_000);
    const { sentinel, asked } = fake();
    const published: [number, number][] = [];
    const loop = createSentinelLoop({
      ...{ sentinel, clock, logger: silentLogger, intervalMs: 15_000 },
      publish: async ([first], atMs) => void published.push([atMs - START_MS, first!.value]),
    });
    loop.start();
    for (let i = 0; i < 40; i++) await clock.advance(1_000);
    await loop.stop();
    await clock.advance(60_000);
    expect(asked).toEqual(['learn 4000', 'tick 15000', 'tick 30000']);
    expect(published).toEqual([
      [15_000, 1],
      [30_000, 2],
    ]);
  });

  test('goes on after a look that failed, and publishes nothing of it', async () => {
    const clock = new ManualClock(START_MS);
    const { sentinel, asked } = fake([1]);
    const published: number[] = [];
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const loop = createSentinelLoop({
      ...{ sentinel, clock, logger, intervalMs: 10_000 },
      publish: async (_samples, atMs) => void published.push(atMs - START_MS),
    });
    loop.start();
    for (let i = 0; i < 21; i++) await clock.advance(1_000);
    await loop.stop();
    expect(asked).toEqual(['learn 0', 'tick 10000', 'tick 20000']);
    expect(published).toEqual([20_000]);
    expect(warnings).toEqual(['the sentinel could not look']);
  });
});

describe('publisherTo', () => {
  const dirs: string[] = [];
  afterEach(async () => {
    for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
  });

  test('stores what is published, and ends series that are not published anymore', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tillwatch-sentinel-'));
    dirs.push(dir);
    const tsdb = await openTsdb(dir, { retentionMs: 86_400_000, clock: new ManualClock(START_MS) });
    const publish = publisherTo(tsdb);
    const gone = sample({ __name__: 'tillwatch_incident', provider: 'nordbank' }, 0.9);
    await publish([gone, sample({ __name__: 'ticks' }, 1)], START_MS);
    await publish([sample({ __name__: 'ticks' }, 2)], START_MS + 15_000);
    const read = (name: string) =>
      [...tsdb.select([new Matcher('__name__', '=', name)], START_MS - 1, START_MS + 60_000)].map(
        ({ labels, timestampsMs, values }) => [labels.get('provider'), [...timestampsMs].length, values.at(-1)],
      );
    expect(read('ticks')).toEqual([['', 2, 2]]);
    expect(read('tillwatch_incident')).toEqual([['nordbank', 2, Number.NaN]]);
    await tsdb.close();
  });

  test('ends what a publisher before a restart left, and leaves what was scraped from another sentinel', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tillwatch-sentinel-'));
    dirs.push(dir);
    const clock = new ManualClock(START_MS);
    const before = await openTsdb(dir, { retentionMs: 86_400_000, clock });
    const open = sample({ __name__: 'tillwatch_incident', provider: 'open' }, 0.9);
    const ended = sample({ __name__: 'tillwatch_incident', provider: 'ended' }, 0.9);
    const marked = sample({ __name__: 'tillwatch_incident', provider: 'marked' }, 0.9);
    const scraped = sample({ __name__: 'tillwatch_evidence', provider: 'scraped', job: 's', instance: 'i' }, 3);
    const first = publisherTo(before);
    await first([open, ended, marked], START_MS);
    await first([open, ended], START_MS + 5_000);
    const batch = before.batch();
    batch.append(scraped.labels, START_MS + 5_000, 3);
    await batch.commit();
    await before.close();

    await clock.advance(60_000);
    const after = await openTsdb(dir, { retentionMs: 86_400_000, clock });
    await publisherTo(after)([open], START_MS + 60_000);
    const all = [new Matcher('__name__', '=~', 'tillwatch_(incident|evidence)')];
    const read = Array.from(
      after.select(all, START_MS - 1, START_MS + 120_000),
      ({ labels, timestampsMs, values }) => [labels.get('provider'), timestampsMs.length, values.at(-1)] as const,
    );
    expect(Object.fromEntries(read.map(([provider, ...rest]) => [provider, rest]))).toEqual({
      open: [3, 0.9],
      ended: [3, Number.NaN],
      marked: [2, Number.NaN],
      scraped: [1, 3],
    });
    await after.close();
  });
});

describe('prometheusReader', () => {
  test('asks for the newest samples as they are and for the past in bounded steps', async () => {
    const asked: string[] = [];
    const answer = (labels: Record<string, string>): Series => ({
      labels: Labels.of(labels),
      timestampsMs: Float64Array.of(1),
      values: Float64Array.of(2),
    });
    const reader = prometheusReader({
      name: 'fake',
      instant: async () => [],
      async range(expr, startMs, endMs, stepMs) {
        asked.push(`range ${expr} ${startMs}..${endMs} by ${stepMs}`);
        return [answer({ a: 'past' })];
      },
      async samples(selector, fromMs, toMs) {
        asked.push(`samples ${selector} ${fromMs}..${toMs}`);
        return [answer({ a: 'now' })];
      },
    });
    const up = [new Matcher('__name__', '=', 'up'), new Matcher('job', '=~', 'shop"|x\\.y')];
    const newest = await reader.read([up], 0, 15_000);
    expect([...newest].map(({ labels }) => labels.get('a'))).toEqual(['now']);
    const past = await reader.read([up], 0, 15_000_000, 1_000);
    expect([...past]).toHaveLength(2);
    const text = '{__name__="up",job=~"shop\\"|x\\\\.y"}';
    expect(asked).toEqual([
      `samples ${text} 0..15000`,
      `range ${text} 1000..10000000 by 1000`,
      `range ${text} 10001000..15000000 by 1000`,
    ]);
  });
});

describe('startEvidenceServer', () => {
  let server: EvidenceServer | undefined;
  afterEach(() => server?.stop());

  test('is ready with the first evidence, serves it for scraping, and no longer when it is old', async () => {
    let nowMs = START_MS;
    server = await startEvidenceServer({
      listen: { host: '127.0.0.1', port: 0 },
      staleAfterMs: 60_000,
      nowMs: () => nowMs,
    });
    const get = async (path: string) => {
      const response = await fetch(`${server?.url}${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect((await get('/-/ready')).status).toBe(503);
    expect((await get('/metrics')).text).not.toContain('tillwatch_incident');
    server.publish([
      sample({ __name__: 'tillwatch_incident', signal: 'failures', provider: 'a"b' }, 0.5),
      sample({ __name__: 'tillwatch_incident', signal: 'silence' }, 1),
      sample({ __name__: 'tillwatch_sentinel_ticks_total' }, 7),
    ]);
    expect((await get('/-/ready')).status).toBe(200);
    const { text } = await get('/metrics');
    expect(text).toContain('tillwatch_incident{provider="a\\"b",signal="failures"} 0.5\n');
    expect(text).toContain('tillwatch_incident{signal="silence"} 1\n');
    expect(text).toContain('# TYPE tillwatch_sentinel_ticks_total counter\ntillwatch_sentinel_ticks_total 7\n');
    nowMs += 60_001;
    expect((await get('/metrics')).text).not.toContain('tillwatch_incident');
    expect((await get('/elsewhere')).status).toBe(404);
  });

  test('says what to do when the port is taken', async () => {
    server = await startEvidenceServer({ listen: { host: '127.0.0.1', port: 0 }, staleAfterMs: 1, nowMs: () => 0 });
    const port = Number(new URL(server.url).port);
    const second = startEvidenceServer({ listen: { host: '127.0.0.1', port }, staleAfterMs: 1, nowMs: () => 0 });
    await expect(second).rejects.toThrow(/take another port/);
  });
});
