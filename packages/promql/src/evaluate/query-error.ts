import type { Problem, Span } from '@tillwatch/model';

/** Why a query has no answer. */
export type QueryErrorKind = 'parse' | 'execution' | 'limit' | 'timeout' | 'canceled';

/**
 * A query that cannot be answered. `message` is Prometheus's where it has one and carries no position; `problems` say where.
 * Kinds: `parse` for an expression that has no meaning here, `execution` for data that does not fit the expression, `limit`
 * for too many samples, `timeout` for a passed deadline, `canceled` for an aborted signal.
 */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly kind: QueryErrorKind;
  readonly problems: readonly Problem[];

  constructor(kind: QueryErrorKind, message: string, at?: Span, hint?: string) {
    super(message);
    this.kind = kind;
    this.problems = at === undefined ? [] : [{ code: `promql-${CODES[kind]}`, severity: 'error', message, hint, at }];
  }
}

const CODES: Readonly<Record<QueryErrorKind, string>> = {
  parse: 'unsupported',
  execution: 'execution',
  limit: 'too-many-samples',
  timeout: 'timeout',
  canceled: 'canceled',
};
