import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { openTsdb, type Tsdb } from '@tillwatch/tsdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inlineQueries, type Queries } from '../src/query/queries.ts';
import { QueryEngine } from '../src/query/query-engine.ts';
import { type Question, wholeData } from '../src/query/question.ts';
import { workerQueries } from '../src/query/worker-queries.ts';

const workerFile = new URL('../dist/query/query-worker.js', import.meta.url);

/**
 * A worker whose queries are orders: `hang` never answers, `heed` works until it is canceled, `die` ends the thread, `pieces 100`
 * answers in a hundred pieces more, `broken` begins and cannot go on, anything else answers itself.
 */
const scripted = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, workerData } from 'node:worker_threads';
    const canceled = new Int32Array(workerData.canceled);
    let piecesLeft = 0;
    let broken;
    parentPort.on('message', ({ kind, id, question }) => {
      if (kind === 'next') {
        if (broken) parentPort.postMessage({ kind: 'no-piece', id, reason: { kind: 'store-error', error: broken } });
        else if (piecesLeft-- > 0) {
          const data = new TextEncoder().encode('.');
          parentPort.postMessage({ kind: 'piece', id, data, isLast: piecesLeft === 0 });
        }
        return;
      }
      const { text } = question;
      piecesLeft = 0;
      broken = text === 'broken' ? { reason: 'io', message: 'no disk' } : undefined;
      if (text.startsWith('pieces') || broken) {
        piecesLeft = Number(text.slice(6));
        const answer = { data: new TextEncoder().encode('first'), warnings: ['a'], infos: [] };
        parentPort.postMessage({ kind: 'answer', answer, hasMore: true });
        return;
      }
      if (text === 'hang') for (;;);
      if (text === 'die') throw new Error('broken');
      if (text === 'heed') {
        while (Atomics.load(canceled, 0) !== id);
        parentPort.postMessage({ kind: 'query-error', error: { kind: 'canceled', message: 'heeded', problems: [] } });
        return;
      }
      const answer = { data: new TextEncoder().encode(text), warnings: [], infos: [] };
      parentPort.postMessage({ kind: 'answer', answer });
    });
  `)}`,
);

const instant = (text: string, timeMs: number, timeoutMs = 20_000): Question => ({
  kind: 'instant',
  text,
  timeMs,
  options: { timeoutMs },
  limit: 0,
});
const range = (text: string, startMs: number, endMs: number, stepMs: number): Question => ({
  kind: 'range',
  text,
  startMs,
  endMs,
  stepMs,
  options: {},
  limit: 0,
});
const json = async (queries: Queries, question: Question): Promise<string> =>
  new TextDecoder().decode(await wholeData(await queries.answer(question)));
const answer = (queries: Queries, text: string, timeoutMs?: number) => json(queries, instant(text, 1, timeoutMs));

async function using(queries: Queries, work: (queries: Queries) => Promise<void>): Promise<void> {
  try {
    await work(queries);
  } finally {
    await queries.close();
  }
}

describe('with threads that do as they are told', () => {
  const start = (options: { threads?: number; maxWaiting?: number; graceMs?: number } = {}) =>
    workerQueries({ dataDir: '', retentionMs: 0, workerFile: scripted, graceMs: 50, threads: 1, ...options });

  test('a thread that does not answer in time is replaced, and those who waited are answered', async () => {
    await using(start(), async (queries) => {
      expect(await answer(queries, 'first')).toBe('first');
      const hung = answer(queries, 'hang', 50);
      const next = answer(queries, 'next');
      await expect(hung).rejects.toMatchObject({ name: 'QueryError', kind: 'timeout' });
      expect(await next).toBe('next');
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
      expect(await next).toBe('next');
    });
  });

  test('a query that nobody waits for is ended, and its thread goes on', async () => {
    await using(start({ graceMs: 20_000 }), async (queries) => {
      const gone = new AbortController();
      const working = queries.answer(instant('heed', 1), gone.signal);
      const waiting = new AbortController();
      const queued = queries.answer(instant('queued', 1), waiting.signal);
      waiting.abort();
      await expect(queued).rejects.toMatchObject({ kind: 'canceled' });
      gone.abort();
      await expect(working).rejects.toMatchObject({ kind: 'canceled', message: 'heeded' });
      expect(await answer(queries, 'next')).toBe('next');
      await expect(queries.answer(instant('late', 1), gone.signal)).rejects.toMatchObject({ kind: 'canceled' });
    });
  });

  test('a thread that does not heed that nobody waits is replaced', async () => {
    await using(start(), async (queries) => {
      const gone = new AbortController();
      const hung = queries.answer(instant('hang', 1), gone.signal);
      gone.abort();
      await expect(hung).rejects.toMatchObject({ kind: 'canceled' });
      expect(await answer(queries, 'next')).toBe('next');
    });
  });

  describe('a large answer', () => {
    const begin = (queries: Queries, pieces: number, timeoutMs?: number, signal?: AbortSignal) =>
      queries.answer(instant(`pieces ${pieces}`, 1, timeoutMs), signal);

    test('comes in pieces, and warnings with the first', async () => {
      await using(start(), async (queries) => {
        const begun = await begin(queries, 100);
        expect(begun.warnings).toEqual(['a']);
        expect(new TextDecoder().decode(await wholeData(begun))).toBe(`first${'.'.repeat(100)}`);
        expect(await answer(queries, 'next')).toBe('next');
      });
    });

    test('that is small enough does not keep its thread until it is read', async () => {
      await using(start(), async (queries) => {
        const begun = await begin(queries, 5);
        expect(await answer(queries, 'next')).toBe('next');
        expect(new TextDecoder().decode(await wholeData(begun))).toBe('first.....');
      });
    });

    test('whose reader goes away makes room for the next', async () => {
      await using(start(), async (queries) => {
        const { rest } = await begin(queries, 1_000_000);
        for await (const piece of rest!) {
          expect(piece).toHaveLength(1);
          break;
        }
        expect(await answer(queries, 'next')).toBe('next');
      });
    });

    test('that nobody begins to read can be canceled', async () => {
      await using(start(), async (queries) => {
        const gone = new AbortController();
        const begun = await begin(queries, 1_000_000, 20_000, gone.signal);
        gone.abort();
        expect(await answer(queries, 'next')).toBe('next');
        await expect(wholeData(begun)).rejects.toMatchObject({ kind: 'canceled' });
      });
    });

    test('that is read too slowly ends when its time is over, and its thread goes on', async () => {
      await using(start({ graceMs: 20_000 }), async (queries) => {
        expect(await answer(queries, 'ready')).toBe('ready');
        const begun = await begin(queries, 1_000_000, 500);
        // Only when the time of the first is over is there a thread for it.
        expect(await answer(queries, 'next')).toBe('next');
        await expect(wholeData(begun)).rejects.toMatchObject({ kind: 'timeout' });
      });
    });

    test('that begins when nobody waits any more is not sent', async () => {
      await using(start({ graceMs: 20_000 }), async (queries) => {
        const gone = new AbortController();
        // The thread is still starting, so the answer comes after the end of waiting.
        const late = begin(queries, 1_000_000, 20_000, gone.signal);
        gone.abort();
        await expect(late).rejects.toMatchObject({ kind: 'canceled' });
        expect(await answer(queries, 'next')).toBe('next');
      });
    });

    test('that cannot be read on says why, to its own reader only', async () => {
      await using(start(), async (queries) => {
        const begun = await queries.answer(instant('broken', 1));
        expect(await answer(queries, 'next')).toBe('next');
        await expect(wholeData(begun)).rejects.toMatchObject({ name: 'StoreError', message: 'no disk' });
        expect(await answer(queries, 'another')).toBe('another');
      });
    });

    test('is given up when the queries are closed', async () => {
      const queries = start();
      const begun = await begin(queries, 1_000_000);
      await queries.close();
      await expect(wholeData(begun)).rejects.toMatchObject({ kind: 'canceled' });
    });
  });

  test('the second thread answers while the first is busy', async () => {
    await using(start({ threads: 2 }), async (queries) => {
      const hung = answer(queries, 'hang').catch((error: unknown) => error);
      expect(await answer(queries, 'quick')).toBe('quick');
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
    inline = inlineQueries(new QueryEngine(tsdb), tsdb);
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
    const question = instant(text, T0 + 400_000);
    expect(await json(queries, question)).toBe(await json(inline, question));
  });

  test.for(['orders_total', 'rate(orders_total[1m])', 'odd', 'short or odd', 'none', '42'])(
    'a range query is answered as on the calling thread: %s',
    async (text) => {
      const question = range(text, T0 - 60_000, T0 + 660_000, 30_000);
      expect(await json(queries, question)).toBe(await json(inline, question));
    },
  );

  test('series, names and values of labels are answered beside, up to a limit', async () => {
    const about = { selectors: ['orders_total'], range: { fromMs: T0, toMs: T0 + 600_000 }, limit: 0 };
    expect(JSON.parse(await json(queries, { kind: 'series', ...about }))).toHaveLength(3);
    expect(await json(queries, { kind: 'label-names', ...about })).toBe('["__name__","method"]');
    expect(await json(queries, { kind: 'label-values', name: 'method', ...about, selectors: [] })).toBe(
      '["card","invoice","übung"]',
    );
    const cut = await queries.answer({ kind: 'label-values', name: 'method', ...about, limit: 2 });
    expect(new TextDecoder().decode(cut.data)).toBe('["card","invoice"]');
    expect(cut.warnings).toEqual(['results truncated due to limit']);
  });

  test.for(['sum(', 'orders_total + on() orders_total', 'orders_total[1h:1ms]'])(
    'what cannot be answered fails as on the calling thread: %s',
    async (text) => {
      const question = range(text, T0, T0 + 600_000, 1_000);
      const failure = (one: Queries) => one.answer(question).then(String, (error: unknown) => error);
      const [beside, here] = [await failure(queries), await failure(inline)];
      expect(beside).toBeInstanceOf(Error);
      expect(beside).toMatchObject({ ...(here as object), message: (here as Error).message });
    },
  );

  test('an answer of many pieces is the same as on the calling thread', async () => {
    // Three series of 11,000 points each are more than a piece; made of what is there, they are all different.
    const question = range('orders_total * 1e-9 + time()', T0 - 60_000, T0 + 660_000, 66);
    const first = await queries.answer(question);
    expect(first.rest).toBeDefined();
    const whole = new TextDecoder().decode(await wholeData(first));
    expect(whole).toBe(await json(inline, question));
    expect(whole.length).toBeGreaterThan(1 << 20);
    expect(await json(queries, instant('1', T0))).toContain('"1"');
  });

  test.for<Question>([
    { kind: 'cardinality', range: { fromMs: T0, toMs: T0 + 600_000 }, limit: 2 },
    {
      kind: 'remote-read',
      queries: [
        {
          matchers: [{ name: '__name__', op: '=~', value: 'odd|short' }],
          range: { fromMs: T0, toMs: T0 + 600_000 },
        },
      ],
      limit: 0,
    },
  ])('what is stored is told as on the calling thread: $kind', async (question) => {
    for (let i = 0; i < 3; i++) {
      const [beside, here] = [await queries.answer(question), await inline.answer(question)];
      expect(beside.data.length).toBeGreaterThan(100);
      expect(Buffer.from(beside.data).equals(here.data)).toBe(true);
    }
  });

  test('what was stored is seen by the next query', async () => {
    for (let i = 1; i <= 5; i++) {
      const batch = tsdb.batch();
      batch.append(Labels.of({ __name__: 'fresh' }), T0 + i * 1_000, i);
      await batch.commit();
      expect(await json(queries, instant('fresh', T0 + i * 1_000))).toContain(`,"${i}"]`);
    }
  });
});
