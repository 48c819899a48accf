import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { leakAll } from './leak.ts';
import {
  type Database,
  DatabaseError,
  type DatabaseOptions,
  observed,
  operationOf,
  type PoolState,
  type Session,
  toDatabaseError,
} from './port.ts';
import { Slots } from './slots.ts';

interface Queries {
  query(sql: string, params?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Opens PostgreSQL inside this process: in memory, or in `dataDir`, which keeps its content over restarts. */
export async function openPglite(options: DatabaseOptions, dataDir?: string): Promise<Database> {
  return new PgliteDatabase(await (dataDir === undefined ? openInMemory() : PGlite.create(dataDir)), options);
}

class PgliteDatabase implements Database {
  readonly kind = 'pglite';
  readonly #pglite: PGlite;
  readonly #options: DatabaseOptions;
  readonly #slots: Slots;

  constructor(pglite: PGlite, options: DatabaseOptions) {
    this.#pglite = pglite;
    this.#options = options;
    this.#slots = new Slots(options.poolSize, options.acquireTimeoutMs);
  }

  query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#slots.hold(() =>
      observed(this.#options.observe, operationOf(sql), async () => {
        await this.#disk();
        return run<Row>(this.#pglite, sql, params);
      }),
    );
  }

  /**
   * The embedded database has one connection, so transactions run one after the other. A slow disk therefore makes the
   * caller wait for the commit outside of it: otherwise one slow commit would hold up all others, as no real server does.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { observe } = this.#options;
    return this.#slots.hold(async () => {
      await observed(observe, 'commit', () => this.#disk());
      return await this.#pglite.transaction((transaction) =>
        work({
          query: <Row extends object>(sql: string, params: readonly unknown[] = []) =>
            observed(observe, operationOf(sql), () => run<Row>(transaction, sql, params)),
        }),
      );
    });
  }

  pool(): PoolState {
    return this.#slots.state();
  }

  leakConnections(): () => Promise<void> {
    return leakAll(this.#options.poolSize, async () => {
      await this.#slots.take(2 ** 31 - 1);
      return () => this.#slots.release();
    });
  }

  close(): Promise<void> {
    return this.#pglite.close();
  }

  async #disk(): Promise<void> {
    const delayMs = this.#options.diskDelayMs();
    if (delayMs <= 0) return;
    await sleep(Math.min(delayMs, this.#options.statementTimeoutMs));
    if (delayMs > this.#options.statementTimeoutMs) {
      throw new DatabaseError('db_timeout', 'canceling statement due to statement timeout', { sqlState: '57014' });
    }
  }
}

async function run<Row>(queries: Queries, sql: string, params: readonly unknown[]): Promise<readonly Row[]> {
  try {
    const result = await queries.query(sql, [...params]);
    return result.rows as Row[];
  } catch (cause) {
    throw toDatabaseError(cause);
  }
}

/** An empty cluster as a file, beside what was built. Creating one takes seconds, reading this one a fraction of that. */
const TEMPLATE = fileURLToPath(new URL('../../dist/empty-cluster-0.5.16.tar', import.meta.url));

async function openInMemory(): Promise<PGlite> {
  const template = await readFile(TEMPLATE).catch(() => undefined);
  if (template !== undefined) {
    const restored = await PGlite.create({ loadDataDir: new Blob([new Uint8Array(template)]) }).catch(() => undefined);
    if (restored !== undefined) return restored;
  }
  const created = await PGlite.create();
  await saveTemplate(created);
  return created;
}

/** Only a short cut for the next start: where nothing can be written, the next start is as slow as this one. */
async function saveTemplate(pglite: PGlite): Promise<void> {
  try {
    const dump = await pglite.dumpDataDir('none');
    const partial = `${TEMPLATE}.${process.pid}`;
    await writeFile(partial, new Uint8Array(await dump.arrayBuffer()));
    await rename(partial, TEMPLATE);
  } catch {
    // See above: nothing is lost.
  }
}
