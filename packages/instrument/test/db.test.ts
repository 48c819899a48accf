import { EventEmitter } from 'node:events';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { operationOf } from '../src/db/operation.ts';
import { instrumentPg, instrumentPglite, instrumentPool } from '../src/index.ts';
import { expose } from '../src/serve/expose.ts';
import { parse } from './support.ts';

test.for<[text: string, name: string | undefined, operation: string]>([
  ['SELECT * FROM orders', undefined, 'select'],
  ['  \n( select 1 )', undefined, 'select'],
  ['insert into t values ($1)', 'place-order', 'place-order'],
  ['/* op: place_order */ insert into t', undefined, 'place_order'],
  ['-- name: PlaceOrder :one\ninsert into t', undefined, 'PlaceOrder'],
  ['-- select\n/* update */ delete from t', undefined, 'delete'],
  ['START TRANSACTION', undefined, 'begin'],
  ['with x as (select 1) update t set a = 1', undefined, 'with'],
  ["'4242424242424242'", undefined, 'other'],
  ['frobnicate the customer jane', undefined, 'other'],
  ['', undefined, 'other'],
  ['/* never closed', undefined, 'other'],
  [`${'/**/'.repeat(10_000)}select`, undefined, 'other'],
])('%s with name %s is %s', ([text, name, operation]) => expect(operationOf(text, name)).toBe(operation));

/** The queries counted, as `operation outcome` with their number. */
async function queries(registry: Registry): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const [key, value] of parse(await expose(registry))) {
    const found = /^db_query_duration_seconds_count\{operation="(.*)",outcome="(.*)"\}$/.exec(key);
    if (found !== null && value > 0) counted[`${found[1]} ${found[2]}`] = value;
  }
  return counted;
}

describe('pg', () => {
  /** Stands in for a connection: the pool is the real one. */
  class FakeClient extends EventEmitter {
    /** Without this the pool throws a returned client away. */
    readonly _queryable = true;
    connect(callback: (error: Error | null) => void): void {
      setImmediate(() => callback(null));
    }
    end(callback?: () => void): void {
      callback?.();
    }
    query(...parameters: unknown[]): unknown {
      const [query, callback] = [parameters[0], parameters.at(-1)];
      const text = typeof query === 'string' ? query : (query as { readonly text: string }).text;
      const error = text.includes('bad') ? new Error('syntax') : null;
      if (typeof callback === 'function') return setImmediate(() => callback(error, { rows: [] }));
      return error === null ? Promise.resolve({ rows: [] }) : Promise.reject(error);
    }
  }

  function pool(options: pg.PoolConfig = {}) {
    const register = new Registry();
    const made = new pg.Pool({ max: 2, ...options, Client: FakeClient as unknown as typeof pg.Client });
    return { register, pool: instrumentPg(made, { register, pool: 'orders' }) };
  }

  test('observes queries of the pool and of its clients, once each, in every form of call', async () => {
    const { register, pool: db } = pool();
    instrumentPg(db, { register });
    await db.query('select 1');
    await db.query({ name: 'place-order', text: 'insert into t', values: [1] });
    await expect(db.query('select bad')).rejects.toThrow('syntax');
    await new Promise<void>((resolve) => db.query('update t', () => resolve()));
    const client = await db.connect();
    await client.query('begin');
    await expect(client.query('delete bad')).rejects.toThrow('syntax');
    await new Promise<void>((resolve) => client.query('rollback', () => resolve()));
    client.release();
    expect(await queries(register)).toEqual({
      'select success': 1,
      'place-order success': 1,
      'select failure': 1,
      'update success': 1,
      'begin success': 1,
      'delete failure': 1,
      'rollback success': 1,
    });
    await db.end();
  });

  test('shows the pool, and the wait that ends in vain', async () => {
    const { register, pool: db } = pool({ max: 1, connectionTimeoutMillis: 20 });
    const held = await db.connect();
    const waiting = db.connect();
    const found = parse(await expose(register));
    const gauges = [
      'db_pool_connections{pool="orders",state="used"}',
      'db_pool_connections{pool="orders",state="idle"}',
    ];
    expect(
      [...gauges, 'db_pool_max_connections{pool="orders"}', 'db_pool_waiting{pool="orders"}'].map((key) =>
        found.get(key),
      ),
    ).toEqual([1, 0, 1, 1]);
    await expect(waiting).rejects.toThrow('timeout exceeded');
    held.release();
    const after = parse(await expose(register));
    expect(after.get('db_pool_connections{pool="orders",state="idle"}')).toBe(1);
    expect(after.get('db_pool_wait_seconds_count{outcome="success",pool="orders"}')).toBe(1);
    expect(after.get('db_pool_wait_seconds_count{outcome="failure",pool="orders"}')).toBe(1);
    await db.end();
  });

  test('a submittable passes untouched', async () => {
    const { register, pool: db } = pool();
    const client = await db.connect();
    const cursor = { text: 'select 1', submit() {} };
    expect(() => client.query(cursor as unknown as string)).not.toThrow();
    client.release();
    expect(await queries(register)).toEqual({});
    await db.end();
  });
});

test('PGlite: queries outside and inside of transactions', { timeout: 60_000 }, async () => {
  const register = new Registry();
  const plain = new PGlite();
  // It asks itself a question while it starts.
  await plain.waitReady;
  const db = instrumentPglite(plain, {
    register,
    operation: (text) => (text.includes('stock') ? 'stock' : undefined),
  });
  expect(instrumentPglite(db, { register })).toBe(db);
  await db.exec('create table orders (id int primary key); create table items (n int)');
  await db.query('insert into orders values ($1)', [1]);
  const total = await db.transaction(async (tx) => {
    await tx.query('insert into orders values (2)');
    await tx.exec('update orders set id = 3 where id = 2');
    return (await tx.query<{ n: number }>('select count(*)::int as n from orders')).rows[0]?.n;
  });
  expect(total).toBe(2);
  await expect(db.query('insert into orders values (1)')).rejects.toThrow('duplicate key');
  await expect(db.query('select * from stock')).rejects.toThrow('stock');
  expect((await db.sql<{ n: number }>`select ${7}::int as n`).rows).toEqual([{ n: 7 }]);
  await db.close();
  expect(await queries(register)).toEqual({
    'create success': 1,
    'insert success': 2,
    'update success': 1,
    'select success': 2,
    'insert failure': 1,
    'stock failure': 1,
  });
});

test('any pool can be shown, and several stand side by side', async () => {
  const register = new Registry();
  instrumentPool(() => ({ total: 5, idle: 2, waiting: 7, max: 10 }), { register, pool: 'a' });
  instrumentPool(() => ({ total: 1, idle: 1, waiting: 0, max: 1 }), { register });
  const found = parse(await register.metrics());
  expect(found.get('db_pool_connections{pool="a",state="used"}')).toBe(3);
  expect(found.get('db_pool_waiting{pool="a"}')).toBe(7);
  expect(found.get('db_pool_max_connections{pool="default"}')).toBe(1);
});
