import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { openTsdb, type Tsdb } from '@tillwatch/tsdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inlineQueries, type Queries } from '../src/query/queries.ts';
import { QueryEngine } from '../src/query/query-engine.ts';
import { workerQueries } from '../src/query/worker-queries.ts';

const workerFile = new URL('../dist/query/query-worker.js', import.meta.url);

/** A worker whose queries are orders: `hang` never answers, `die` ends the thread, anything else answers itself. */
const scripted = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ text, times }) => {
      if (text === 'hang') for (;;);
      if (text === 'die') throw new Error('broken');
      const value = { type: 'string', timestampMs: times.timeMs, value: text };
      parentPort.postMessage({ kind: 'answer', value, annotations: [] });
    });
  `)}`,
);

const answer = async (queries: Queries, text: string, timeoutMs = 20_000) =>
  (await queries.instant(text, 1, { timeoutMs })).value;
const echo = (text: string) => ({ type: 'string', timestampMs: 1, value: text });

async function using(queries: Queries, work: (queries: Queries) => Promise<void>): Promise<void> {
  try {
    await work(queries);
  } finally {
    await queries.close();
  }
}

describe('with threads that do as they are told', () => {
  const start = (options: { threads?: number; maxWaiting?: number } = {}) =>
    workerQueries({ dataDir: '', retentionMs: 0, workerFile: scripted, graceMs: 50, threads: 1, ...options });

  test('a thread that does not answer in time is replaced, and those who waited are answered', async () => {
    await using(start(), async (queries) => {
      expect(await answer(queries, 'first')).toEqual(echo('first'));
      const hung = answer(queries, 'hang', 50);
      const next = answer(queries, 'next');
      await expect(hung).rejects.toMatchObject({ name: 'QueryError', kind: 'timeout' });
      expect(await next).toEqual(echo('next'));
    });
  });

  test('the time of a query counts while it waits', async () => {
    await using(start(), async (queries) => {
      const hung = answer(queries, 'hang', 500);
      await expect(answer(queries, 'late', 20)).rejects.toMatchObject({ kind: 'timeout', message: /queue/ });
      await expect(hung).rejects.toMatchObject({ kind: 'timeout' });
    });
  });

  test('a thread that dies fails its own query only', async () => {
    await using(start(), async (queries) => {
      const dead = answer(queries, 'die');
      const next = answer(queries, 'next');
      await expect(dead).rejects.toThrow('broken');
      expect(await next).toEqual(echo('next'));
    });
  });

  test('the second thread answers while the first is busy', async () => {
    await using(start({ threads: 2 }), async (queries) => {
      const hung = answer(queries, 'hang').catch((error: unknown) => error);
      expect(await answer(queries, 'quick')).toEqual(echo('quick'));
      await queries.close();
      expect(await hung).toMatchObject({ kind: 'canceled' });
    });
  });

  test('more than may wait are refused at once; close cancels those who wait', async () => {
    await using(start({ maxWaiting: 2 }), async (queries) => {
      const asked = ['hang', 'a', 'b'].map((text) => answer(queries, text).catch((error: unknown) => error));
      await expect(answer(queries, 'c')).rejects.toMatchObject({ kind: 'timeout', message: /2 others wait/ });
      await queries.close();
      for (const error of await Promise.all(asked)) expect(error).toMatchObject({ kind: 'canceled' });
      await expect(answer(queries, 'd')).rejects.toMatchObject({ kind: 'canceled' });
    });
  });
});

describe.skipIf(!existsSync(workerFile))('with the store (needs the built package)', () => {
  const T0 = Date.now() - 600_000;
  let dir: string;
  let tsdb: Tsdb;
  let queries: Queries;
  let inline: Queries;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tillwatch-queries-'));
    tsdb = await openTsdb(dir, { retentionMs: 86_400_000 });
    const batch = tsdb.batch();
    for (let i = 0; i < 40; i++) {
      for (const method of ['card', 'invoice', 'übung']) {
        batch.append(Labels.of({ __name__: 'orders_total', method }), T0 + i * 15_000, i * method.length);
      }
      batch.append(Labels.of({ __name__: 'odd' }), T0 + i * 15_000, [Number.NaN, Number.POSITIVE_INFINITY, -0][i % 3]!);
    }
    batch.append(Labels.of({ __name__: 'short' }), T0 + 300_000, 1);
    await batch.commit();
    queries = workerQueries({ dataDir: dir, retentionMs: 86_400_000, workerFile });
    inline = inlineQueries(new QueryEngine(tsdb));
  });

  afterAll(async () => {
    await queries.close();
    await tsdb.close();
    await rm(dir, { recursive: true, force: true });
  });

  test.for([
    'orders_total',
    'orders_total[2m]',
    'odd[5m]',
    '1 / 0',
    '"text"',
    'rate(odd[1m])',
    'none',
    'sum(orders_total)',
  ])('an instant query is answered as on the calling thread: %s', async (text) => {
    expect(plain(await queries.instant(text, T0 + 400_000))).toEqual(plain(await inline.instant(text, T0 + 400_000)));
  });

  test.for(['orders_total', 'rate(orders_total[1m])', 'odd', 'short or odd', 'none', '42'])(
    'a range query is answered as on the calling thread: %s',
    async (text) => {
      const range = [text, T0 - 60_000, T0 + 660_000, 30_000] as const;
      expect(plain(await queries.range(...range))).toEqual(plain(await inline.range(...range)));
    },
  );

  test.for(['sum(', 'orders_total + on() orders_total', 'orders_total[1h:1ms]'])(
    'what cannot be answered fails as on the calling thread: %s',
    async (text) => {
      const range = [text, T0, T0 + 600_000, 1_000] as const;
      const failure = (one: Queries) => one.range(...range).then(String, (error: unknown) => error);
      const [beside, here] = [await failure(queries), await failure(inline)];
      expect(beside).toBeInstanceOf(Error);
      expect(beside).toMatchObject({ ...(here as object), message: (here as Error).message });
    },
  );

  test('an answer does not take the numbers out of the store', async () => {
    for (let i = 0; i < 3; i++) {
      const { value } = await queries.instant('orders_total[10m]', T0 + 600_000);
      expect(value.type === 'matrix' && value.series.map(({ values }) => values.length)).toEqual([39, 39, 39]);
    }
  });

  test('what was stored is seen by the next query', async () => {
    for (let i = 1; i <= 5; i++) {
      const batch = tsdb.batch();
      batch.append(Labels.of({ __name__: 'fresh' }), T0 + i * 1_000, i);
      await batch.commit();
      const { value } = await queries.instant('fresh', T0 + i * 1_000);
      expect(value).toMatchObject({ samples: [{ value: i }] });
    }
  });
});

/** Label sets and arrays of numbers as plain lists; the classes that hold them do not matter. */
function plain(result: object): unknown {
  return JSON.parse(
    JSON.stringify(result, (_key, value: unknown) => {
      if (value instanceof Float64Array) return [...value].map(String);
      return typeof value === 'number' ? String(value) : value;
    }),
  );
}
