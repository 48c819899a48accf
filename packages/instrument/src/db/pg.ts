import { DbMetrics, type DbOptions, instrumentPool } from './db-metrics.ts';

/** The part of a `pg` client that is used. */
interface ClientLike {
  query: Method;
}

/** The part of a `pg` pool that is used: `pg` itself is not a dependency. */
export interface PgPoolLike {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number | undefined };
  connect: unknown;
  on(event: 'connect' | 'acquire', listener: (client: never) => void): unknown;
}

/** A method that is replaced by one that does the same and takes its time. */
type Method = (...parameters: unknown[]) => unknown;

/** What `pg` uses when nobody says how many connections. */
const DEFAULT_MAX = 10;

/** Pools that are instrumented already, and clients: wrapping twice would count twice. */
const wrapped = Symbol('tillwatch.instrument');

/**
 * Observes all queries of a `pg` pool, those of clients taken out of it included: `db_query_duration_seconds` by
 * operation, `db_pool_wait_seconds`, and the gauges of `instrumentPool`. Returns the same pool. Promises, callbacks and
 * submittables (cursors, streams) pass through unchanged; submittables are not timed.
 */
export function instrumentPg<P extends PgPoolLike>(pool: P, options: DbOptions): P {
  if (isWrapped(pool)) return pool;
  mark(pool);
  const metrics = new DbMetrics(options);
  instrumentPool(
    () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: pool.options.max ?? DEFAULT_MAX,
    }),
    { register: options.register, pool: metrics.pool },
  );
  // "connect" comes for new clients before anybody uses them, "acquire" for those that were open before.
  pool.on('connect', (client) => wrapClient(client, metrics));
  pool.on('acquire', (client) => wrapClient(client, metrics));
  pool.connect = timeConnect(pool, pool.connect as Method, metrics);
  return pool;
}

function wrapClient(client: ClientLike, metrics: DbMetrics): void {
  if (isWrapped(client)) return;
  mark(client);
  const query = client.query;
  client.query = (...parameters) => {
    const [text, name] = queryText(parameters[0]);
    if (text === undefined) return query.apply(client, parameters);
    const operation = metrics.operation(text, name);
    const startMs = metrics.now();
    return timed(client, query, parameters, (hasFailed) => metrics.observe(operation, startMs, hasFailed));
  };
}

function timeConnect(pool: object, connect: Method, metrics: DbMetrics): Method {
  return (...parameters) => {
    const startMs = metrics.now();
    return timed(pool, connect, parameters, (hasFailed) => metrics.observeWait(startMs, hasFailed));
  };
}

/** Calls `method` and reports its end, whichever way it tells it: a callback as last parameter, or a promise. */
function timed(self: object, method: Method, parameters: unknown[], ended: (hasFailed: boolean) => void): unknown {
  const callback = parameters.at(-1);
  if (typeof callback === 'function') {
    const report: Method = (error, ...results) => {
      ended(error !== undefined && error !== null);
      return callback(error, ...results);
    };
    return method.apply(self, [...parameters.slice(0, -1), report]);
  }
  const result = method.apply(self, parameters);
  if (result instanceof Promise) {
    // The caller keeps the promise of `pg`; this one is only listened to.
    result.then(
      () => ended(false),
      () => ended(true),
    );
  }
  return result;
}

/** Text and name of a query in any form that `pg` takes, or nothing for a submittable, which has a life of its own. */
function queryText(query: unknown): [text: string | undefined, name: string | undefined] {
  if (typeof query === 'string') return [query, undefined];
  if (typeof query !== 'object' || query === null || 'submit' in query) return [undefined, undefined];
  const { text, name } = query as { readonly text?: unknown; readonly name?: unknown };
  return [typeof text === 'string' ? text : undefined, typeof name === 'string' ? name : undefined];
}

function isWrapped(object: object): boolean {
  return wrapped in object;
}

function mark(object: object): void {
  Object.defineProperty(object, wrapped, { value: true });
}
