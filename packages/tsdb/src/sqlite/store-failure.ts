import { StoreError } from '@tillwatch/model';
import Database from 'better-sqlite3';
import { DamagedBytes } from '../codec/bytes.ts';

/** Says in the words of `StoreError` what SQLite, the file system or a decoder complained about; `doing` names the work. */
export function storeFailure(cause: unknown, doing: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(reasonOf(cause), `${doing}: ${explain(cause) ?? detail}`, { cause });
}

const REFUSALS =
  /^(SQLITE_(FULL|READONLY|CORRUPT|NOTADB|IOERR|BUSY|CANTOPEN|LOCKED|PROTOCOL)|E(NOSPC|DQUOT|ROFS|ACCES|IO|MFILE|NFILE)$)/;

/**
 * Is it the disk that refused, and may do so no longer later on? What our own mistakes do to a statement would only repeat itself.
 */
export function isPassing(cause: unknown): boolean {
  return REFUSALS.test(codeOf(cause));
}

function codeOf(cause: unknown): string {
  if (cause instanceof Database.SqliteError) return cause.code;
  return String((cause as { code?: unknown } | undefined)?.code ?? '');
}

function reasonOf(cause: unknown): StoreError['reason'] {
  const code = codeOf(cause);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === 'EACCES') return 'read-only';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'corrupt';
  return cause instanceof DamagedBytes || cause instanceof SyntaxError ? 'corrupt' : 'io';
}

function explain(cause: unknown): string | undefined {
  switch (reasonOf(cause)) {
    case 'full':
      return 'the disk is full';
    case 'corrupt':
      return `the file is damaged (${cause instanceof Error ? cause.message : String(cause)}); restore it from a backup or move it away to start afresh`;
    default:
      return undefined;
  }
}
