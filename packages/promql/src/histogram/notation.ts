import { type Buckets, type CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '@tillwatch/model';

/** The keys of the notation, with how each is written. */
const NUMBER_KEYS = ['schema', 'count', 'sum', 'z_bucket', 'z_bucket_w', 'offset', 'n_offset'];
const LIST_KEYS = ['buckets', 'n_buckets', 'custom_values'];
const HINTS: readonly string[] = ['unknown', 'reset', 'not_reset', 'gauge'] satisfies CounterResetHint[];

/** A histogram that was written down, and whether what it says about resets was. */
export interface WrittenHistogram {
  readonly histogram: Histogram;
  readonly isHintWritten: boolean;
}

/**
 * Reads a histogram in the notation of Prometheus's tests, such as `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.
 * @throws {SyntaxError} saying what is wrong with it
 */
export function readHistogram(text: string): WrittenHistogram {
  const inner = /^\{\{(.*)\}\}$/s.exec(text.trim())?.[1];
  if (inner === undefined) throw new SyntaxError(`a histogram is written {{…}}, not ${text}`);
  const numbers = new Map<string, number>();
  const lists = new Map<string, number[]>();
  let hint: CounterResetHint | undefined;
  let rest = inner.trim();
  while (rest !== '') {
    const [item, key = '', list, word = ''] = /^(\w+):(?:\[([^\]]*)\]|(\S+))\s*/.exec(rest) ?? [];
    if (item === undefined) throw new SyntaxError(`not a key and a value: ${rest}`);
    if (list !== undefined && LIST_KEYS.includes(key)) lists.set(key, readList(list));
    else if (list === undefined && NUMBER_KEYS.includes(key)) numbers.set(key, readNumber(word));
    else if (list === undefined && key === 'counter_reset_hint' && HINTS.includes(word))
      hint = word as CounterResetHint;
    else throw new SyntaxError(`a histogram has no ${item.trim()}`);
    rest = rest.slice(item.length);
  }
  return { histogram: toHistogram(numbers, lists, hint ?? 'unknown'), isHintWritten: hint !== undefined };
}

function toHistogram(
  numbers: ReadonlyMap<string, number>,
  lists: ReadonlyMap<string, readonly number[]>,
  counterResetHint: CounterResetHint,
): Histogram {
  const number = (key: string) => numbers.get(key) ?? 0;
  const schema = number('schema');
  if (schema !== CUSTOM_BUCKETS_SCHEMA && !(Number.isInteger(schema) && schema >= -4 && schema <= 8)) {
    throw new SyntaxError(`a schema is between -4 and 8, or -53 for custom buckets, not ${schema}`);
  }
  return {
    schema,
    counterResetHint,
    count: number('count'),
    sum: number('sum'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    positive: consecutive(number('offset'), lists.get('buckets') ?? []),
    negative: consecutive(number('n_offset'), lists.get('n_buckets') ?? []),
    customBounds: lists.get('custom_values') ?? [],
  };
}

function consecutive(offset: number, counts: readonly number[]): Buckets {
  return { indices: counts.map((_, i) => offset + i), counts };
}

function readList(text: string): number[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(readNumber);
}

function readNumber(word: string): number {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(word) ?? [];
  const factor = sign === '-' ? -1 : 1;
  if (/^inf$/i.test(digits)) return factor * Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(digits)) return Number.NaN;
  if (/^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(digits)) return factor * Number(digits);
  throw new SyntaxError(`not a number: ${word}`);
}
