import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, type Logger, Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openTsdb } from '../src/index.ts';
import { openForWriting } from '../src/open-tsdb.ts';
import { Quarantine } from '../src/recovery/quarantine.ts';
import { openWriter } from '../src/sqlite/database.ts';
import type { Tsdb } from '../src/tsdb.ts';
import { TsdbWriter } from '../src/writer.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FILE = 'tillwatch.db';
const ROUNDS = 730;
const SERIES = Array.from({ length: 12 }, (_, i) => Labels.of({ __name__: 'orders_total', shop: `shop ${i}` }));
const errors: string[] = [];
const logger: Logger = { error: (message) => errors.push(message), warn() {}, info() {}, debug() {} };
const OPTIONS = {
  retentionMs: 1e12,
  outOfOrderWindowMs: 1e12,
  clock: new ManualClock(1e9),
  logger,
  bundleBytes: 200,
  fewestResting: 1,
};

/** How many damaged files are tried: more with `TILLWATCH_DAMAGE_RUNS`. */
const RUNS = Number(process.env.TILLWATCH_DAMAGE_RUNS ?? 42);

interface Content {
  /** Values by series and time. */
  readonly samples: Map<string, number>;
  readonly documents: Map<string, string>;
}

/** A file with chunks, bundles, rounds and documents, and the same with the last part of it still in the log. */
let whole: Buffer;
let withLog: { readonly db: Buffer; readonly log: Buffer };
let expected: Content;

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-tsdb-'));
  const store = openForWriting(dir, OPTIONS);
  for (let round = 0; round < ROUNDS; round++) {
    const batch = store.batch();
    SERIES.forEach((labels, i) => {
      batch.append(labels, 15_000 * round, i % 3 === 0 ? round * i : Math.sin(round * 7 + i));
    });
    if (round % 9 === 8) batch.append(SERIES[round % 12]!, 15_000 * (round - 7) + 1, round);
    batch.put('outbox', `message ${round % 150}`, { text: `the shop is in trouble, said ${round}`, round });
    await batch.commit();
    if (round % 50 === 49) store.maintain();
  }
  expected = contentOf(store);
  withLog = { db: readFileSync(join(dir, FILE)), log: readFileSync(join(dir, `${FILE}-wal`)) };
  await store.close();
  whole = readFileSync(join(dir, FILE));
  rmSync(dir, { recursive: true });
});

function contentOf(store: Tsdb): Content {
  const samples = new Map<string, number>();
  for (const { labels, timestampsMs, values } of store.select([], 0, 1e12)) {
    timestampsMs.forEach((timestampMs, i) => void samples.set(`${labels} ${timestampMs}`, values[i]!));
  }
  const documents = store.entries('outbox').map(([key, document]) => [key, JSON.stringify(document)] as const);
  return { samples, documents: new Map(documents) };
}

/** What is there has to be right; whether all of it is. */
function isComplete(found: Content, mayBeOlder = false): boolean {
  for (const [key, value] of found.samples) {
    // Samples whose labels are lost are kept under a name of their own.
    if (!key.includes('tillwatch_salvaged_series')) expect(value).toBe(expected.samples.get(key));
  }
  for (const [key, text] of found.documents) {
    const { round, text: said } = JSON.parse(text) as { round: number; text: string };
    expect([`message ${round % 150}`, said]).toEqual([key, `the shop is in trouble, said ${round}`]);
    // With the end of the log, an older document may be what is left.
    if (!mayBeOlder) expect(text).toBe(expected.documents.get(key));
  }
  return found.samples.size === expected.samples.size && found.documents.size === expected.documents.size;
}

/** Numbers from 0 up to `below` that are the same in every run (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Damage = (bytes: Buffer, random: (below: number) => number) => Buffer;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a flipped bit': (bytes, random) => flip(bytes, random, 1),
  'many flipped bits': (bytes, random) => flip(bytes, random, 40),
  'a flipped bit in the first page': (bytes, random) => {
    flip(bytes.subarray(0, 4096), random, 1);
    return bytes;
  },
  'the end is missing': (bytes, random) => bytes.subarray(0, random(bytes.length)),
  'a page of nothing': (bytes, random) => {
    const page = random(bytes.length / 4096);
    return bytes.fill(0, page * 4096, (page + 1) * 4096);
  },
  'a sector of noise': (bytes, random) => {
    const start = 512 * random(bytes.length / 512);
    for (let i = 0; i < 512; i++) bytes[start + i] = random(256);
    return bytes;
  },
  'no database at all': (bytes, random) => {
    for (let i = 0; i < 4096; i++) bytes[i] = random(256);
    return bytes;
  },
};

function flip(bytes: Buffer, random: (below: number) => number, count: number): Buffer {
  for (let i = 0; i < count; i++) bytes[random(bytes.length)]! ^= 1 << random(8);
  return bytes;
}

function put(dir: string, db: Buffer, log?: Buffer): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, FILE), db);
  if (log !== undefined) writeFileSync(join(dir, `${FILE}-wal`), log);
}

describe('a damaged file gives what was written, or is moved away', () => {
  test.for(Object.keys(DAMAGES))('%s', { timeout: 120_000 }, async (name) => {
    const root = temporaryDirectory();
    const runs = Math.ceil(RUNS / Object.keys(DAMAGES).length);
    for (let run = 0; run < runs; run++) {
      const dir = join(root, String(run));
      put(dir, DAMAGES[name]!(Buffer.from(whole), seeded(run + 1)));
      const store = openForWriting(dir, OPTIONS);
      const hasAll = isComplete(contentOf(store));
      const { quarantines, chunksLeftOut } = store.stats();
      if (!hasAll) expect(quarantines.length + chunksLeftOut).toBeGreaterThan(0);
      // It works as a store, and is found sound the next time.
      const batch = store.batch();
      batch.append(SERIES[0]!, 1e9, run);
      batch.put('outbox', 'new', run);
      await batch.commit();
      store.maintain();
      await store.close();
      const again = openForWriting(dir, OPTIONS);
      expect(again.get('outbox', 'new')).toBe(run);
      expect(again.stats().quarantines).toHaveLength(quarantines.length);
      await again.close();
      rmSync(dir, { recursive: true });
    }
  });
});

test('what was committed behind a damaged place in the log is kept aside and told of', async () => {
  const root = temporaryDirectory();
  let incomplete = 0;
  for (let run = 0; run < 20; run++) {
    const dir = join(root, String(run));
    put(dir, withLog.db, flip(Buffer.from(withLog.log), seeded(run + 100), 1));
    const store = openForWriting(dir, OPTIONS);
    const found = contentOf(store);
    const hasAll = isComplete(found, true);
    const { quarantines } = store.stats();
    // The very last page of a log may be missing after a crash, and nobody can tell that from damage.
    const lostRounds = (expected.samples.size - found.samples.size) / SERIES.length;
    if (lostRounds > 1) expect(quarantines).toHaveLength(1);
    if (!hasAll) incomplete++;
    await store.close();
  }
  expect(incomplete).toBeGreaterThan(0);
});

test('a log that ends in the middle of a transaction is what a crash leaves, and nothing to tell of', async () => {
  const dir = temporaryDirectory();
  put(dir, withLog.db, withLog.log.subarray(0, withLog.log.length - 2000));
  const store = openForWriting(dir, OPTIONS);
  expect(store.stats().quarantines).toEqual([]);
  await store.close();
});

describe('a file whose first page is gone', () => {
  function ruined(): string {
    const dir = temporaryDirectory();
    put(dir, DAMAGES['no database at all']!(Buffer.from(whole), seeded(1)));
    return dir;
  }

  test('gives all of its documents and samples back, and the evidence stays', async () => {
    const dir = ruined();
    const before = readFileSync(join(dir, FILE));
    errors.length = 0;
    const store = openForWriting(dir, OPTIONS);
    expect(isComplete(contentOf(store))).toBe(true);
    const { quarantines } = store.stats();
    expect(quarantines).toEqual(['1970-01-12T13-46-40.000Z']);
    const place = join(dir, 'quarantine', quarantines[0]!);
    expect(readFileSync(join(place, FILE)).equals(before)).toBe(true);
    expect(JSON.parse(readFileSync(join(place, 'report.json'), 'utf8'))).toMatchObject({
      at: '1970-01-12T13:46:40.000Z',
      reason: expect.stringContaining('not a database'),
      salvaged: { documents: 150, series: 12, hasAll: true },
    });
    expect(errors).toEqual(['the store was damaged: it was moved away, and what could be read was taken over']);
    await store.close();
    rmSync(join(dir, 'quarantine'), { recursive: true });
    const again = openForWriting(dir, OPTIONS);
    expect(again.stats().quarantines).toEqual([]);
    await again.close();
  });

  test.for(['moved away and nothing else', 'filled, but not in its place'])(
    'is gone on with after a crash: %s',
    async (state) => {
      const dir = ruined();
      const place = join(dir, 'quarantine', '2026-01-01T00-00-00.000Z');
      if (state.startsWith('filled')) {
        await openForWriting(dir, OPTIONS).close();
        const [name = ''] = readdirSync(join(dir, 'quarantine'));
        cpSync(join(dir, 'quarantine', name), place, { recursive: true });
        rmSync(join(dir, 'quarantine', name), { recursive: true });
        copyFileSync(join(dir, FILE), join(place, 'salvaged.db'));
        rmSync(join(dir, FILE));
      } else {
        mkdirSync(place, { recursive: true });
        copyFileSync(join(dir, FILE), join(place, FILE));
        rmSync(join(dir, FILE));
      }
      const store = openForWriting(dir, OPTIONS);
      expect(isComplete(contentOf(store))).toBe(true);
      expect(store.stats().quarantines).toEqual(['2026-01-01T00-00-00.000Z']);
      expect(existsSync(join(place, 'salvaged.db'))).toBe(false);
      await store.close();
    },
  );
});

test('a damaged chunk is left out of answers, for readers too; the other samples of the series are there', async () => {
  const dir = temporaryDirectory();
  put(dir, Buffer.from(whole));
  const db = new Database(join(dir, FILE));
  const [id, timeline, body] = db
    .prepare<[], [number, number, Buffer]>('SELECT series_id, timeline_id, body FROM chunks ORDER BY 1, 2 LIMIT 1')
    .raw()
    .get()!;
  body[body.length - 1]! ^= 1;
  db.prepare('UPDATE chunks SET body = ? WHERE series_id = ? AND timeline_id = ?').run(body, id, timeline);
  db.close();
  const store = openForWriting(dir, OPTIONS);
  const reader = await openTsdb(dir, { ...OPTIONS, readOnly: true });
  onTestFinished(() => reader.close());
  for (const one of [store, reader]) {
    const found = contentOf(one);
    expect(isComplete(found)).toBe(false);
    expect(found.samples.size).toBeGreaterThan(expected.samples.size - 600);
    expect(one.stats().chunksLeftOut).toBeGreaterThan(0);
  }
  // Every answer in which it is missing counts it, also one that is made of what was read before.
  for (const one of [store, reader]) {
    const counters = () => {
      const before = one.chunksLeftOut();
      let series = 0;
      for (const _ of one.selectCounters?.([], 0, 1e12) ?? []) series++;
      return [series, one.chunksLeftOut() - before];
    };
    expect(counters()).toEqual([SERIES.length, 1]);
    expect(counters()).toEqual([SERIES.length, 1]);
  }
  // Bundling does not make it right again.
  store.maintain();
  expect(isComplete(contentOf(store))).toBe(false);
  expect(store.stats().quarantines).toEqual([]);
  await store.close();
});

test('a file that turns out to be damaged while it is in use is replaced, and what came meanwhile is stored', async () => {
  const dir = temporaryDirectory();
  put(dir, Buffer.from(whole));
  const db = openWriter(dir);
  // So that pages are read from the file, where the damage is.
  db.pragma('cache_size = 1');
  const clock = new ManualClock(1e9);
  const quarantine = new Quarantine(dir, logger, () => clock.nowMs());
  const store = new TsdbWriter({ ...OPTIONS, clock, db, lock: { release() {} }, quarantine });
  const reader = await openTsdb(dir, { ...OPTIONS, readOnly: true });
  onTestFinished(() => reader.close());
  db.pragma('wal_checkpoint(TRUNCATE)');
  const ruined = readFileSync(join(dir, FILE));
  for (let page = 1; page * 4096 < ruined.length; page++) ruined.fill(0xa5, page * 4096, page * 4096 + 32);
  writeFileSync(join(dir, FILE), ruined);

  const add = (timestampMs: number) => {
    const batch = store.batch();
    batch.append(SERIES[0]!, timestampMs, timestampMs);
    batch.append(Labels.of({ __name__: 'fresh' }), timestampMs, timestampMs);
    batch.put('outbox', 'new', timestampMs);
    return batch.commit();
  };
  const times = (from: Tsdb) => {
    return [...from.select([new Matcher('__name__', '=', 'fresh')], 0, 1e12)].flatMap(({ timestampsMs }) => [
      ...timestampsMs,
    ]);
  };
  await expect(add(2e9)).rejects.toMatchObject({ reason: 'corrupt', isHeld: true });
  await expect(add(2.1e9)).rejects.toMatchObject({ isHeld: true });
  expect(store.stats()).toMatchObject({ trouble: 'corrupt', heldSamples: 4 });
  expect(times(store)).toEqual([2e9, 2.1e9]);
  expect(quarantine.isSuspected).toBe(true);

  await clock.advance(10_000);
  expect(store.stats()).toMatchObject({ trouble: undefined, heldSamples: 0 });
  expect(store.stats().quarantines).toHaveLength(1);
  expect(quarantine.isSuspected).toBe(false);
  await add(3e9);
  for (const one of [store, reader]) {
    expect(times(one)).toEqual([2e9, 2.1e9, 3e9]);
    expect(one.get('outbox', 'new')).toBe(3e9);
  }
  await store.close();
});
