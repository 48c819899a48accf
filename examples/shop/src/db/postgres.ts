import type pg from 'pg';
import { type Client, type Pool, PooledDatabase } from './pooled-database.ts';
import type { Database, DatabaseOptions } from './port.ts';

/**
 * Connects to a PostgreSQL server.
 * @throws {DatabaseError} when it does not answer
 */
export async function openPostgres(databaseUrl: string, options: DatabaseOptions): Promise<Database> {
  // Most shops run on the embedded database and never need the driver.
  const { default: driver } = await import('pg');
  const pool = new driver.Pool({
    connectionString: databaseUrl,
    max: options.poolSize,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    // The server cancels first; this is for a server that has stopped answering.
    query_timeout: options.statementTimeoutMs * 2,
    application_name: 'bergfalke-shop',
  });
  // A connection that breaks while nobody uses it is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const database = new PooledDatabase('postgres', asPool(pool, options.poolSize), options);
  try {
    await database.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return database;
}

/** `pg` types its pool for callbacks and promises at once; ours knows promises only. */
function asPool(pool: pg.Pool, max: number): Pool {
  return {
    get totalCount() {
      return pool.totalCount;
    },
    get idleCount() {
      return pool.idleCount;
    },
    get waitingCount() {
      return pool.waitingCount;
    },
    options: { max },
    connect: async () => (await pool.connect()) as unknown as Client,
    on: (event, listener) => pool.on(event, (client) => listener(client as never)),
    end: () => pool.end(),
  };
}
