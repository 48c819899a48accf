import pg from 'pg';
import { leakAll } from './leak.ts';
import {
  type Database,
  type DatabaseOptions,
  observed,
  operationOf,
  type PoolState,
  type Session,
  toDatabaseError,
} from './port.ts';

/**
 * Connects to a PostgreSQL server.
 * @throws {DatabaseError} when it does not answer
 */
export async function openPostgres(databaseUrl: string, options: DatabaseOptions): Promise<Database> {
  const pool = new pg.Pool({
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
  const database = new PostgresDatabase(pool, options);
  try {
    await database.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return database;
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  readonly #options: DatabaseOptions;

  constructor(pool: pg.Pool, options: DatabaseOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#withClient((client) =>
      observed(this.#options.observe, operationOf(sql), async () => {
        await this.#disk(client);
        return run<Row>(client, sql, params);
      }),
    );
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { observe } = this.#options;
    return this.#withClient(async (client) => {
      await observed(observe, 'begin', () => run(client, 'BEGIN', []));
      try {
        const result = await work({
          query: <Row extends object>(sql: string, params: readonly unknown[] = []) =>
            observed(observe, operationOf(sql), () => run<Row>(client, sql, params)),
        });
        await observed(observe, 'commit', async () => {
          await this.#disk(client);
          await run(client, 'COMMIT', []);
        });
        return result;
      } catch (error) {
        await run(client, 'ROLLBACK', []).catch(() => undefined);
        throw error;
      }
    });
  }

  pool(): PoolState {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { max: this.#options.poolSize, total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  leakConnections(): () => Promise<void> {
    return leakAll(this.#options.poolSize, async () => {
      const client = await this.#pool.connect();
      return () => client.release();
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw toDatabaseError(cause);
    });
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }

  /** The server itself does the waiting, under its own statement timeout. */
  async #disk(client: pg.PoolClient): Promise<void> {
    const delayMs = this.#options.diskDelayMs();
    if (delayMs > 0) await run(client, 'SELECT pg_sleep($1)', [delayMs / 1000]);
  }
}

async function run<Row>(client: pg.PoolClient, sql: string, params: readonly unknown[]): Promise<readonly Row[]> {
  try {
    const result = await client.query(sql, [...params]);
    return result.rows as Row[];
  } catch (cause) {
    throw toDatabaseError(cause);
  }
}
