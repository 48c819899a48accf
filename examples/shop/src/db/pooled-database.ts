import { instrumentPg } from '@tillwatch/instrument';
import { leakAll } from './leak.ts';
import { type Database, type DatabaseOptions, type PoolState, type Session, toDatabaseError } from './port.ts';

/** The part of a connection that is used; `pg` and the embedded database both have it. */
export interface Client {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>;
  release(): void;
}

/** The part of a pool that is used, in the words of `pg`. */
export interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max: number };
  connect(): Promise<Client>;
  on(event: 'connect' | 'acquire', listener: (client: never) => void): unknown;
  end(): Promise<void>;
}

/** A database behind a pool. Everything but the pool is the same for the embedded database and for a server. */
export class PooledDatabase implements Database {
  readonly kind: Database['kind'];
  readonly #pool: Pool;
  readonly #delayMs: () => number;

  constructor(kind: Database['kind'], pool: Pool, options: DatabaseOptions) {
    this.kind = kind;
    this.#pool = instrumentPg(pool, { register: options.register });
    this.#delayMs = options.delayMs;
  }

  query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#withClient(async (client) => {
      await this.#delay(client, 'select');
      return run<Row>(client, sql, params);
    });
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      // Before anything is locked: a slow commit would make all orders for one article queue up behind each other.
      await this.#delay(client, 'begin');
      await run(client, 'BEGIN', []);
      try {
        const result = await work({ query: (sql, params = []) => run(client, sql, params) });
        await run(client, 'COMMIT', []);
        return result;
      } catch (error) {
        await run(client, 'ROLLBACK', []).catch(() => undefined);
        throw error;
      }
    });
  }

  pool(): PoolState {
    const { totalCount, idleCount, waitingCount, options } = this.#pool;
    return { max: options.max, total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  leakConnections(): () => Promise<void> {
    return leakAll(this.#pool.options.max, async () => {
      const client = await this.#pool.connect();
      return () => client.release();
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw toDatabaseError(cause);
    });
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }

  /** The database itself does the waiting, under its own statement timeout. */
  async #delay(client: Client, operation: string): Promise<void> {
    const delayMs = this.#delayMs();
    if (delayMs > 0) await run(client, `/* op: ${operation} */ SELECT pg_sleep($1)`, [delayMs / 1000]);
  }
}

async function run<Row extends object>(
  client: Client,
  sql: string,
  params: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    const result = await client.query(sql, [...params]);
    return result.rows as Row[];
  } catch (cause) {
    throw toDatabaseError(cause);
  }
}
