import type { Finding } from '../diagnosis/outcome-cell.ts';

/** Do the reasons of the failures, or the alerts that fire beside them, point at the database? */
export function isAboutDatabase(culprit: Finding | undefined, alertNames: readonly string[]): boolean {
  if (alertNames.some((name) => name.startsWith('Database'))) return true;
  return culprit?.reasons[0] !== undefined && /^(?:db|database|sql|pool)_/.test(culprit.reasons[0].reason);
}
