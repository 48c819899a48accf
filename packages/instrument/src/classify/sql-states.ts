/** Reasons of single SQLSTATE codes of PostgreSQL. */
const BY_STATE: Readonly<Record<string, string>> = {
  '40P01': 'db_deadlock',
  '40001': 'db_serialization',
  '53100': 'db_disk_full',
  '53200': 'db_out_of_memory',
  '53300': 'db_too_many_connections',
  '55P03': 'db_lock_timeout',
  '57014': 'db_timeout',
  '57P01': 'db_unavailable',
  '57P02': 'db_unavailable',
  '57P03': 'db_unavailable',
  '57P05': 'db_unavailable',
  '25P03': 'db_timeout',
  '25P04': 'db_timeout',
};

/** Reasons of whole classes of SQLSTATE (their first two characters). */
const BY_CLASS: Readonly<Record<string, string>> = {
  '08': 'db_connection',
  '22': 'db_data',
  '23': 'db_constraint',
  '25': 'db_transaction',
  '28': 'db_unauthorized',
  '40': 'db_rollback',
  '42': 'db_query',
  '53': 'db_resources',
  '54': 'db_limit',
  '55': 'db_object_state',
  '57': 'db_intervention',
  '58': 'db_system',
  XX: 'db_internal',
};

const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * The reason of a PostgreSQL error, or `undefined` if `code` is not one. Five characters could be anything, so codes
 * beyond the well-known single ones count only on an error that carries a severity, as errors of the server do.
 */
export function sqlReason(code: string, hasSeverity: boolean): string | undefined {
  if (!SQLSTATE.test(code)) return undefined;
  if (Object.hasOwn(BY_STATE, code)) return BY_STATE[code];
  if (!hasSeverity) return undefined;
  return BY_CLASS[code.slice(0, 2)] ?? 'db_error';
}

/** What the pool of `pg` says when no connection became free in time: it has no code, only this sentence. */
export function isPoolTimeout(message: string): boolean {
  return (
    message === 'timeout exceeded when trying to connect' ||
    message.startsWith('Connection terminated due to connection timeout')
  );
}
