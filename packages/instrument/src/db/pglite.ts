import { DbMetrics, type DbOptions } from './db-metrics.ts';

/** A method that is replaced by one that does the same and takes its time. */
type Method = (...parameters: unknown[]) => unknown;

/** The part of PGlite that is used: PGlite itself is not a dependency. */
export interface PgliteLike {
  query: unknown;
  exec: unknown;
  transaction: unknown;
}

/** Databases and transactions that are instrumented already: wrapping twice would count twice. */
const wrapped = Symbol('tillwatch.instrument');

/**
 * Observes all queries of a PGlite database, those inside of transactions included, in `db_query_duration_seconds`.
 * Returns the same database. PGlite has one connection, so the time of a query holds the wait for the ones before it.
 */
export function instrumentPglite<D extends PgliteLike>(db: D, options: DbOptions): D {
  if (wrapped in db) return db;
  const metrics = new DbMetrics(options);
  wrapQueries(db, metrics);
  const transaction = (db.transaction as Method).bind(db);
  db.transaction = (run: unknown, ...rest: unknown[]) =>
    transaction((tx: Queries) => (run as Method)(wrapQueries(tx, metrics)), ...rest);
  return db;
}

interface Queries {
  query: unknown;
  exec: unknown;
}

function wrapQueries<Q extends Queries>(target: Q, metrics: DbMetrics): Q {
  Object.defineProperty(target, wrapped, { value: true });
  target.query = timed(target, target.query as Method, metrics);
  target.exec = timed(target, target.exec as Method, metrics);
  return target;
}

function timed(self: object, method: Method, metrics: DbMetrics): Method {
  return (...parameters) => {
    const operation = metrics.operation(String(parameters[0]), undefined);
    const startMs = metrics.now();
    const result = method.apply(self, parameters);
    if (result instanceof Promise) {
      result.then(
        () => metrics.observe(operation, startMs, false),
        () => metrics.observe(operation, startMs, true),
      );
    }
    return result;
  };
}
