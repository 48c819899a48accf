import { sanitizeReason } from '../labels/sanitize.ts';
import type { Classification, FailureContext } from './classification.ts';
import type { CodeLookup } from './provider-codes.ts';
import { isPoolTimeout, sqlReason } from './sql-states.ts';
import { namedReason, statusReason, systemReason } from './system-codes.ts';

/** How far `cause` and nested errors are followed. */
const MAX_LAYERS = 8;

/** Where providers put their code, the more telling first. */
const CODE_KEYS = [
  'decline_code',
  'declineCode',
  'refusalReason',
  'resultCode',
  'code',
  'reason',
  'type',
  'issue',
] as const;
const STATUS_KEYS = ['statusCode', 'status', 'httpStatus'] as const;

const CUSTOMER_STATUS: readonly number[] = [400, 404, 409, 410, 413, 422];
const INVALID_INPUT: Classification = { class: 'customer', reason: 'invalid_input' };

/** Errors of the language: a defect in the program, not a message from anybody. */
const DEFECTS: readonly string[] = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'AssertionError'];

/** What nothing is known about. */
export const UNKNOWN: Classification = { class: 'technical', reason: 'unknown' };

/**
 * Says what a thrown value is. Looks at the error, its causes and what it wraps, in this order: a code that `lookup`
 * knows; codes of Node, TLS and undici, SQLSTATEs; time-outs by name; an HTTP status; a code word that nobody knows,
 * which becomes the reason of a technical failure; a defect of the program (`internal_error`); `unknown`.
 * Messages are not read (but for the one of the pool of `pg` that has no code): they may hold personal data.
 */
export function classifyError(error: unknown, context: FailureContext, lookup: CodeLookup): Classification {
  const layers = unwrap(error);
  for (const find of [byProviderCode, bySystem, byStatus, byUnknownCode, byDefect]) {
    for (const layer of layers) {
      const found = find(layer, context, lookup);
      if (found !== undefined) return found;
    }
  }
  return UNKNOWN;
}

type Layer = Readonly<Record<string, unknown>>;
type Find = (layer: Layer, context: FailureContext, lookup: CodeLookup) => Classification | undefined;

const byProviderCode: Find = (layer, _context, lookup) => {
  for (const code of codesOf(layer)) {
    const found = lookup(code);
    if (found !== undefined) return found;
  }
  return undefined;
};

const bySystem: Find = (layer, context) => {
  for (const code of codesOf(layer)) {
    const reason = systemReason(code, context) ?? sqlReason(code, typeof read(layer, 'severity') === 'string');
    if (reason !== undefined) return technical(reason);
  }
  const name = textOf(layer, 'name');
  const reason = name === undefined ? undefined : namedReason(name, context);
  if (reason !== undefined) return technical(reason);
  const message = textOf(layer, 'message');
  return message !== undefined && isPoolTimeout(message) ? technical('db_pool_exhausted') : undefined;
};

const byStatus: Find = (layer, context, lookup) => {
  const status = statusOf(layer) ?? statusOf(read(layer, 'response'));
  if (status === undefined) return undefined;
  if (status === 402) return lookup('payment_required');
  // http-errors marks what may be shown to the customer, because the customer caused it.
  if (read(layer, 'expose') === true && !context.provider && CUSTOMER_STATUS.includes(status)) return INVALID_INPUT;
  const reason = statusReason(status, context);
  return reason === undefined ? undefined : technical(reason);
};

const byUnknownCode: Find = (layer) => {
  for (const code of codesOf(layer)) {
    const reason = sanitizeReason(code);
    // A word with a space is a sentence, and a sentence is for people.
    if (reason !== '' && !/\s/.test(code) && /[a-z]/.test(reason)) return technical(reason);
  }
  return undefined;
};

const byDefect: Find = (layer) => {
  const name = textOf(layer, 'name');
  return name !== undefined && DEFECTS.includes(name) ? technical('internal_error') : undefined;
};

/** The thrown value, its causes, the errors it gathers and the provider's answer inside it, outermost first. */
function unwrap(error: unknown): Layer[] {
  const layers: Layer[] = [];
  const queue: unknown[] = [typeof error === 'string' ? { code: error } : error];
  const seen = new Set<unknown>();
  while (queue.length > 0 && layers.length < MAX_LAYERS) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    layers.push(next as Layer);
    queue.push(read(next, 'raw'), read(next, 'error'), read(next, 'cause'));
    const gathered = read(next, 'errors');
    if (Array.isArray(gathered)) queue.push(...gathered.slice(0, MAX_LAYERS));
  }
  return layers;
}

function codesOf(layer: Layer): string[] {
  const codes: string[] = [];
  for (const key of CODE_KEYS) {
    const value = textOf(layer, key);
    if (value !== undefined && value !== '' && value.length <= 128) codes.push(value);
  }
  return codes;
}

function statusOf(layer: unknown): number | undefined {
  for (const key of STATUS_KEYS) {
    const value = read(layer, key);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599) return value;
  }
  return undefined;
}

function textOf(layer: Layer, key: string): string | undefined {
  const value = read(layer, key);
  return typeof value === 'string' ? value : undefined;
}

/** Reads a property of a stranger's object; a getter that throws counts as absent. */
function read(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined;
  try {
    return (object as Layer)[key];
  } catch {
    return undefined;
  }
}

function technical(reason: string): Classification {
  return { class: 'technical', reason };
}
