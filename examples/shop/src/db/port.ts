import type { Registry } from 'prom-client';

/** Rows come back as plain objects; a caller names the shape that its own SQL gives. */
export interface Session {
  /**
   * Runs one statement with `$1`-style parameters.
   * @throws {DatabaseError}
   */
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A SQL database behind a pool with a limited number of connections. */
export interface Database extends Session {
  readonly kind: 'pglite' | 'postgres';

  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
   * Do nothing slow inside that is not SQL: a connection is held all the while.
   * @throws {DatabaseError} besides whatever `work` throws
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;

  /** How the pool stands at this moment. */
  pool(): PoolState;

  /** Takes every connection, as soon as each is free, and keeps them until the returned function is called. */
  leakConnections(): () => Promise<void>;

  close(): Promise<void>;
}

export interface PoolState {
  readonly max: number;
  readonly total: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

/** Why a statement did not run: no connection in time, too slow, refused by a constraint, or anything else. */
export type DatabaseReason = 'pool_exhausted' | 'db_timeout' | 'constraint' | 'db_error';

/** A statement that failed. `constraint` names the one that refused it; `sqlState` is PostgreSQL's five characters. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly reason: DatabaseReason;
  readonly constraint: string | undefined;
  readonly sqlState: string | undefined;

  constructor(reason: DatabaseReason, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.constraint = details.constraint;
    this.sqlState = details.sqlState;
  }
}

interface ErrorDetails {
  readonly constraint?: string | undefined;
  readonly sqlState?: string | undefined;
  readonly cause?: unknown;
}

/** What both kinds of database are opened with. */
export interface DatabaseOptions {
  readonly poolSize: number;
  /** How long a request waits for a connection. */
  readonly acquireTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** How long the database keeps the next statement waiting; 0 when it is healthy. */
  readonly delayMs: () => number;
  /** Where queries and the pool are measured. */
  readonly register: Registry;
}

/** Makes of what a driver threw what the shop understands. */
export function toDatabaseError(cause: unknown): DatabaseError {
  if (cause instanceof DatabaseError) return cause;
  const { code, constraint, message } = cause as { code?: string; constraint?: string; message?: string };
  const details = { cause, constraint, sqlState: code };
  const text = message ?? String(cause);
  if (code === '57014' || text === 'Query read timeout') return new DatabaseError('db_timeout', text, details);
  if (text.startsWith('timeout exceeded when trying to connect')) {
    return new DatabaseError('pool_exhausted', 'no database connection became free in time', details);
  }
  if (code?.startsWith('23') === true) return new DatabaseError('constraint', text, details);
  return new DatabaseError('db_error', text, details);
}
