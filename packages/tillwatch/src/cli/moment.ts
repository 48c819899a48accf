import { parseDuration } from '@tillwatch/model';
import { TimeReader } from '../backtest/orders/order-fields.ts';
import { CliError } from './terminal.ts';

/**
 * Reads the time that a flag names: a moment, in `timezone` where it says none, or how long before `untilMs` it was. Returns ms
 * since the epoch. @throws {CliError}
 */
export function readMoment(flag: string, text: string, untilMs: number, timezone = 'UTC'): number {
  const ago = parseDuration(text);
  if (ago !== undefined && ago > 0) return untilMs - ago;
  const ms = new TimeReader(timezone).read(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text} 00:00` : text);
  if (ms !== undefined) return ms;
  throw new CliError(
    `${flag}: "${text}" is not a time; write 2026-11-27, 2026-11-27T20:15:00Z, seconds since the epoch, or how long ago: 7d`,
  );
}
