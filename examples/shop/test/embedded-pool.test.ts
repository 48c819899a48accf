import { describe, expect, test } from 'vitest';
import { EmbeddedPool } from '../src/db/embedded-pool.ts';
import { leakAll } from '../src/db/leak.ts';

/** An engine that notes what it is asked, and answers one turn of the loop later. */
function fakeEngine() {
  const asked: string[] = [];
  return {
    asked,
    async query(text: string) {
      asked.push(text);
      await new Promise((resolve) => setImmediate(resolve));
      if (text === 'FAIL') throw new Error('refused');
      return { rows: [] };
    },
    async close() {
      asked.push('close');
    },
  };
}

const options = { poolSize: 2, acquireTimeoutMs: 30, statementTimeoutMs: 20 };

describe('EmbeddedPool', () => {
  test('lends as many clients as it has and makes the next one wait', async () => {
    const pool = new EmbeddedPool(fakeEngine(), options);
    const first = await pool.connect();
    await pool.connect();
    expect(pool.idleCount).toBe(0);
    const third = pool.connect();
    expect(pool.waitingCount).toBe(1);
    first.release();
    await third;
    expect(pool.waitingCount).toBe(0);
  });

  test('gives up after the time limit, in the words of the shop', async () => {
    const pool = new EmbeddedPool(fakeEngine(), options);
    const [first] = [await pool.connect(), await pool.connect()];
    await expect(pool.connect()).rejects.toMatchObject({ reason: 'pool_exhausted' });
    first.release();
    await pool.connect();
  });

  test('keeps the statements of others out of a transaction', async () => {
    const engine = fakeEngine();
    const pool = new EmbeddedPool(engine, options);
    const [one, other] = [await pool.connect(), await pool.connect()];
    await one.query('BEGIN');
    const later = other.query('SELECT other');
    await one.query('INSERT one');
    await one.query('COMMIT');
    await later;
    expect(engine.asked).toEqual(['BEGIN', 'INSERT one', 'COMMIT', 'SELECT other']);
  });

  test('ends the turn of a client that is released in the middle of a transaction', async () => {
    const engine = fakeEngine();
    const pool = new EmbeddedPool(engine, options);
    const [one, other] = [await pool.connect(), await pool.connect()];
    await one.query('BEGIN');
    await expect(one.query('FAIL')).rejects.toThrow('refused');
    one.release();
    await other.query('SELECT other');
    expect(engine.asked.at(-1)).toBe('SELECT other');
  });

  test('a sleep keeps nobody else waiting, and runs into the statement timeout', async () => {
    const engine = fakeEngine();
    const pool = new EmbeddedPool(engine, options);
    const [one, other] = [await pool.connect(), await pool.connect()];
    const slow = one.query('SELECT pg_sleep($1)', [5]);
    await other.query('SELECT other');
    await expect(slow).rejects.toMatchObject({ reason: 'db_timeout', sqlState: '57014' });
    expect(engine.asked).toEqual(['SELECT other']);
  });
});

test('leakAll takes every client as it becomes free, and gives all back', async () => {
  const pool = new EmbeddedPool(fakeEngine(), options);
  const inUse = await pool.connect();
  const giveBack = leakAll(2, async () => {
    const client = await pool.connect();
    return () => client.release();
  });
  inUse.release();
  await expect(pool.connect()).rejects.toMatchObject({ reason: 'pool_exhausted' });
  expect(pool.idleCount).toBe(0);
  await giveBack();
  expect(pool.idleCount).toBe(2);
});
