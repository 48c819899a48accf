import type { Histogram } from '@tillwatch/model';
import { addHistograms, readHistogram, subtractHistograms } from '@tillwatch/promql/testing';

/** One sample of a test's series: a number, a native histogram, the staleness marker, or none at that time. */
export type TestSample = number | Histogram | 'stale' | undefined;

/** A stretch of the text that is no sample, and why. */
export interface SeriesValuesError {
  readonly message: string;
  readonly hint: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** More samples than this in one series are a slip of the hand: half a year of minutes are 262,800. */
const MAX_SAMPLES = 1_000_000;

/**
 * Reads the values of a series in the notation of Prometheus's tests: `1 2 _ stale` one by one, `0+10x5` counts (six
 * values, as a segment starts with its first), `7x3` repeats, `_x4` leaves out four, `{{…}}` is a native histogram.
 */
export function readSeriesValues(text: string): readonly TestSample[] | SeriesValuesError {
  const values: TestSample[] = [];
  for (const { from, to } of items(text)) {
    const item = text.slice(from, to);
    const read = readItem(item);
    if (typeof read === 'string') return { message: read, hint: hintFor(item), from, to };
    if (values.length + read.count > MAX_SAMPLES) {
      return { message: `more than ${MAX_SAMPLES} samples`, hint: 'take a longer interval', from, to };
    }
    for (let i = 0; i < read.count; i++) values.push(read.at(i));
  }
  return values;
}

/** Stretches between blanks; blanks inside of a histogram belong to it. */
function* items(text: string): Generator<{ from: number; to: number }> {
  const ITEM = /(?:\{\{(?:[^}]|\}(?!\}))*\}\}|\S)+/g;
  for (const match of text.matchAll(ITEM)) yield { from: match.index, to: match.index + match[0].length };
}

interface Run {
  readonly count: number;
  at(index: number): TestSample;
}

const GAP = /^_(?:x(\d{1,9}))?$/;
const HISTOGRAMS = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d{1,9}))?$/s;
const SEGMENT = /^(.+?)(?:([+-](?:[\d.]|inf|nan).*?))?x(\d{1,9})$/i;

/** The samples of one item, or why it has none. */
function readItem(item: string): Run | string {
  if (item === 'stale') return { count: 1, at: () => 'stale' as const };
  const gap = GAP.exec(item);
  if (gap !== null) return { count: Number(gap[1] ?? 1), at: () => undefined };
  if (item.startsWith('{{')) return histograms(item);
  const alone = readNumber(item);
  if (alone !== undefined) return { count: 1, at: () => alone };
  const segment = SEGMENT.exec(item);
  if (segment === null) return `"${item}" is not a value`;
  const [, firstText = '', stepText, times] = segment;
  const first = readNumber(firstText);
  const step = stepText === undefined ? 0 : readNumber(stepText);
  if (first === undefined || step === undefined) return `"${item}" is not a value`;
  return running(first, (last) => last + step, Number(times) + 1);
}

/** Goes on step by step, as Prometheus does, so that the last bits are the same. */
function running<T extends TestSample>(first: T, next: (last: T) => T, count: number): Run {
  let value = first;
  let reached = 0;
  return {
    count,
    at(index) {
      for (; reached < index; reached++) value = next(value);
      return value;
    },
  };
}

/** A histogram, repeated, or with another one added again and again. */
function histograms(item: string): Run | string {
  const match = HISTOGRAMS.exec(item);
  if (match === null) return `"${item}" is not a histogram`;
  const [, firstText = '', sign, stepText, times] = match;
  try {
    const first = histogram(firstText);
    const count = times === undefined ? 1 : Number(times) + 1;
    if (stepText === undefined) return { count, at: () => first };
    const step = histogram(stepText);
    if (first.schema > step.schema) return `a step of schema ${step.schema} is too coarse for schema ${first.schema}`;
    const combine = sign === '-' ? subtractHistograms : addHistograms;
    if (combine(first, step) === undefined) return `"${firstText}" and "${stepText}" have different kinds of buckets`;
    return running(first, (last) => combine(last, step)!.histogram, count);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

const FIELD = /^(\w+):(?:\[(?:[^\s\]]+(?: +[^\s\]]+)* *)?\]|[^\s[\]]+)$/;

/** One histogram, its fields apart by single blanks and each given once. @throws {SyntaxError} */
function histogram(text: string): Histogram {
  const names = new Set<string>();
  const inside = text.slice(2, -2).trimEnd();
  for (const part of inside === '' ? [] : inside.split(/ +(?=\w+:)/)) {
    const name = FIELD.exec(part)?.[1];
    if (name === undefined) throw new SyntaxError(`"${part}" is not a field of a histogram`);
    if (names.has(name)) throw new SyntaxError(`the histogram has ${name} twice`);
    names.add(name);
  }
  return readHistogram(text).histogram;
}

/** A number as PromQL writes it, except that `0x9` is no hexadecimal number here: it is ten zeros. */
function readNumber(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const magnitude = readMagnitude(digits);
  if (magnitude === undefined) return undefined;
  return sign === '-' ? -magnitude : magnitude;
}

function readMagnitude(digits: string): number | undefined {
  if (/^inf$/i.test(digits)) return Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(digits)) return Number.NaN;
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  return /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(digits) ? Number(digits) : undefined;
}

function hintFor(item: string): string {
  if (/[*×]\d+$/.test(item)) return 'write 10x5 to repeat a value, 0+10x5 to count';
  if (/,/.test(item)) return 'values stand apart by blanks';
  if (/^stale/i.test(item)) return 'write stale, once';
  return 'values are numbers, _ for none, stale for the end; 0+10x5 counts, 7x3 repeats, _x4 leaves out four';
}
