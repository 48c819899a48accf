import type { FailureExample } from './failure-example.ts';

/** What every failure line says, in whatever form: lines without it are not looked at. */
const MESSAGE = 'checkout failed';
const CLASSES = ['technical', 'customer', 'fraud', 'action_required'];
/** A code word, a version, a name of a provider: nothing with a space in it is one. */
const WORD = /^[\w.:/+-]{1,100}$/;
const ATTEMPT = /^[\w.:-]{1,64}$/;
const TRACE = /^[0-9a-f]{32}$/;
/** Like a card or an account number. */
const LONG_NUMBER = /\d{12,}/;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * Reads a failure line as `@tillwatch/instrument` writes it, in JSON or as `key=value`; `undefined` for every other line. Only
 * known fields are taken, and of these only code words: an address, a name or a card number that got into one is dropped.
 * A line without a readable time happened at `nowMs`.
 */
export function readFailureLine(line: string, nowMs: number): FailureExample | undefined {
  if (!line.includes(MESSAGE)) return undefined;
  const start = line.indexOf('{');
  const fields = start >= 0 ? jsonFields(line.slice(start)) : logfmtFields(line);
  if (fields === undefined || (fields.msg ?? fields.message) !== MESSAGE) return undefined;
  const reason = word(fields.reason);
  const reasonClass = CLASSES.find((one) => one === fields.class);
  if (reason === undefined || reasonClass === undefined) return undefined;
  const amount = Number(fields.amount);
  const attempt = String(fields.attempt_id ?? '');
  const trace = String(fields.trace_id ?? '').toLowerCase();
  return {
    atMs: timeOf(fields.time ?? fields.ts ?? fields.timestamp) ?? nowMs,
    step: word(fields.step),
    provider: word(fields.provider),
    method: word(fields.method),
    reason,
    reasonClass,
    channel: word(fields.channel),
    region: word(fields.region),
    version: word(fields.version),
    amount: fields.amount !== undefined && Number.isFinite(amount) && amount >= 0 ? amount : undefined,
    currency: CURRENCY.test(String(fields.currency)) ? String(fields.currency) : undefined,
    // Of an id that is only digits it cannot be told that it is no card's.
    attemptId: ATTEMPT.test(attempt) && !/^\d{12,}$/.test(attempt) ? attempt : undefined,
    traceId: TRACE.test(trace) ? trace : undefined,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function jsonFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function logfmtFields(line: string): Fields {
  const fields: Record<string, string> = {};
  for (const [, key, quoted, bare] of line.matchAll(/([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    fields[key as string] = quoted === undefined ? (bare as string) : quoted.replace(/\\(.)/g, '$1');
  }
  return fields;
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) && !LONG_NUMBER.test(value) ? value : undefined;
}

/** Milliseconds or seconds since the epoch, or a date as text. */
function timeOf(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : Number.NaN;
  const ms = Number.isFinite(number) ? (number < 1e11 ? number * 1_000 : number) : Date.parse(String(value));
  return Number.isFinite(ms) ? Math.round(ms) : undefined;
}
