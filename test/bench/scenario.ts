// A recorded shop: an OpenMetrics file with timestamps, read into memory as a store that rules can be asked of.
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  compareLabels,
  compareText,
  type Label,
  Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
} from '@tillwatch/model';
import { readCachedSeries, writeCachedSeries } from './scenario-cache.ts';

/** One scenario file in memory. Times are ms since the epoch. */
export interface Scenario {
  /** The file's name without `.om`. */
  readonly id: string;
  readonly queryable: Queryable;
  /** Every series in label order; series that were scraped together share their `timestampsMs`. */
  readonly series: readonly Series[];
  readonly firstMs: number;
  readonly lastMs: number;
  /** Where scrapes become frequent, rounded down to a minute: what lies before is history. `firstMs` where they never do. */
  readonly evalStartMs: number;
}

/** How a scenario is read. */
export interface ScenarioOptions {
  /** A folder for a faster copy of what was read, reused as long as size and time of the file stay the same. */
  readonly cacheDir?: string | undefined;
}

/** A line that is no sample with a timestamp, with its place in the message. */
class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/**
 * Reads an OpenMetrics file of any size. Samples of one series must come with rising timestamps; lines of different series may alternate.
 * @throws {ScenarioError} for what is no sample, and for a file without any.
 */
export async function readScenario(file: string, { cacheDir }: ScenarioOptions = {}): Promise<Scenario> {
  const cached = cacheDir === undefined ? undefined : await readCachedSeries(file, cacheDir);
  const series = cached ?? (await parseFile(file)).sort((a, b) => compareLabels(a.labels, b.labels));
  if (cacheDir !== undefined && cached === undefined) await writeCachedSeries(file, cacheDir, series);
  return scenarioOf(basename(file).replace(/\.om$/, ''), series, file);
}

/** Wraps series (in label order, none without samples) as a scenario. */
export function scenarioOf(id: string, series: readonly Series[], file: string = id): Scenario {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { timestampsMs } of series) {
    firstMs = Math.min(firstMs, timestampsMs[0]!);
    lastMs = Math.max(lastMs, timestampsMs[timestampsMs.length - 1]!);
  }
  if (series.length === 0) throw new ScenarioError(`${file}: no samples`);
  return { id, series, queryable: new ScenarioStore(series), firstMs, lastMs, evalStartMs: evalStart(series, firstMs) };
}

/** The scenario files (`*.om`) of a folder, by name. Rejects when the folder cannot be read. */
export async function scenarioFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir);
  return names
    .filter((name) => name.endsWith('.om'))
    .sort(compareText)
    .map((name) => join(dir, name));
}

/** This many scrapes in a row tell the interval: more than a few targets that are scraped close to each other. */
const RUN = 8;

/** The first moment from which a target is scraped at less than half of the interval that it began with. */
function evalStart(series: readonly Series[], firstMs: number): number {
  let start = Number.POSITIVE_INFINITY;
  for (const { timestampsMs: at } of series.filter(({ labels }) => labels.metricName === 'up')) {
    const usualMs = median(gaps(at, 0, 4 * RUN));
    for (let i = RUN; i + RUN < at.length; i++) {
      if (at[i + 1]! - at[i]! >= 0.5 * usualMs || median(gaps(at, i, RUN)) >= 0.5 * usualMs) continue;
      // The gap before may begin in the history: the sample after it is certainly one of the frequent ones.
      start = Math.min(start, at[i + 1]!);
      break;
    }
  }
  return Number.isFinite(start) ? Math.floor(start / 60_000) * 60_000 : firstMs;
}

function gaps(timestampsMs: Float64Array, from: number, count: number): number[] {
  const found: number[] = [];
  for (let i = from + 1; i <= from + count && i < timestampsMs.length; i++)
    found.push(timestampsMs[i]! - timestampsMs[i - 1]!);
  return found;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Series by metric name; each holds its samples as columns, so that a window is two binary searches. */
class ScenarioStore implements Queryable {
  readonly #all: readonly Series[];
  readonly #byName = new Map<string, Series[]>();

  constructor(series: readonly Series[]) {
    this.#all = series;
    for (const one of series) {
      const named = this.#byName.get(one.labels.metricName);
      if (named === undefined) this.#byName.set(one.labels.metricName, [one]);
      else named.push(one);
    }
  }

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    // Series of one scrape share their timestamps: the window is looked up once for all of them.
    let shared: Float64Array | undefined;
    let from = 0;
    let to = 0;
    for (const { labels, timestampsMs, values } of this.#matching(matchers)) {
      if (timestampsMs !== shared) {
        shared = timestampsMs;
        from = firstAtOrAfter(timestampsMs, fromMs);
        to = firstAfter(timestampsMs, toMs);
      }
      if (from >= to) continue;
      yield { labels, timestampsMs: timestampsMs.subarray(from, to), values: values.subarray(from, to) };
    }
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const { labels } of this.select(matchers, fromMs, toMs)) yield labels;
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const names = new Set<string>();
    for (const labels of this.selectLabels([], fromMs, toMs)) for (const name of labels.names()) names.add(name);
    return [...names].sort(compareText);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = new Set<string>();
    for (const labels of this.selectLabels([], fromMs, toMs)) values.add(labels.get(name));
    values.delete('');
    return [...values].sort(compareText);
  }

  #matching(matchers: readonly Matcher[]): readonly Series[] {
    const named = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
    const candidates = named === undefined ? this.#all : (this.#byName.get(named.value) ?? []);
    const others = matchers.filter((matcher) => matcher !== named);
    if (others.length === 0) return candidates;
    return candidates.filter(({ labels }) => others.every((matcher) => matcher.matchesLabels(labels)));
  }
}

function firstAtOrAfter(timestampsMs: Float64Array, atMs: number): number {
  let low = 0;
  let high = timestampsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAfter(timestampsMs: Float64Array, atMs: number): number {
  let low = 0;
  let high = timestampsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

const CHUNK = 4 << 20;
const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const QUOTE = 34;
const BACKSLASH = 92;
const BRACE = 125;

/** A series that grows while its lines come in. */
interface Growing {
  readonly labels: Labels;
  timestampsMs: Float64Array;
  values: Float64Array;
  length: number;
}

async function parseFile(file: string): Promise<Series[]> {
  const handle = await open(file);
  const lines = new LineParser(file);
  try {
    let buffer = Buffer.allocUnsafe(CHUNK);
    let kept = 0;
    for (;;) {
      if (kept === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      const { bytesRead } = await handle.read(buffer, kept, buffer.length - kept);
      const end = kept + bytesRead;
      const used = lines.take(buffer, end, bytesRead === 0);
      if (bytesRead === 0) return lines.series();
      buffer.copyWithin(0, used, end);
      kept = end - used;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Hundreds of millions of lines are read by hand: nearly always a line begins with the same label set as the one before, which is
 * seen by comparing bytes, and its two numbers are plain decimals.
 */
class LineParser {
  readonly #file: string;
  readonly #byText = new Map<string, Growing>();
  readonly #byKey = new Map<string, Growing>();
  #prefix = Buffer.alloc(0);
  #current: Growing | undefined;
  #line = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Reads whole lines of `buffer[0, end)`, the last one too when the file is over; returns how many bytes were read. */
  take(buffer: Buffer, end: number, isLast: boolean): number {
    let at = 0;
    while (at < end) {
      let newline = buffer.indexOf(NEWLINE, at);
      if (newline < 0 || newline >= end) {
        if (!isLast) return at;
        newline = end;
      }
      this.#line++;
      if (newline > at && buffer[at] !== HASH) this.#sample(buffer, at, newline);
      at = newline + 1;
    }
    return end;
  }

  series(): Series[] {
    const known = new Map<string, Float64Array[]>();
    return [...this.#byKey.values()].map(({ labels, timestampsMs, values, length }) => ({
      labels,
      timestampsMs: shared(known, labels.get('instance'), timestampsMs.subarray(0, length)),
      values: values.slice(0, length),
    }));
  }

  #sample(buffer: Buffer, from: number, to: number): void {
    const { length } = this.#prefix;
    let at = from + length;
    const isSame =
      length > 0 &&
      at < to &&
      buffer[at] === SPACE &&
      buffer.compare(this.#prefix, 0, length, from, at) === 0 &&
      this.#current !== undefined;
    if (!isSame) {
      at = this.#endOfLabels(buffer, from, to);
      this.#prefix = Buffer.from(buffer.subarray(from, at));
      this.#current = this.#open(this.#prefix.toString('utf8'));
    }
    const series = this.#current!;
    const space = buffer.indexOf(SPACE, at + 1);
    if (space < 0 || space >= to) throw this.#error('a sample without a timestamp');
    let end = buffer.indexOf(SPACE, space + 1);
    if (end < 0 || end > to) end = to;
    const value = this.#number(buffer, at + 1, space);
    const timestampMs = Math.round(this.#number(buffer, space + 1, end) * 1_000);
    const last = series.length === 0 ? Number.NEGATIVE_INFINITY : series.timestampsMs[series.length - 1]!;
    if (!(timestampMs > last)) throw this.#error('a timestamp that is not after the one before');
    if (series.length === series.values.length) grow(series);
    series.timestampsMs[series.length] = timestampMs;
    series.values[series.length++] = value;
  }

  #endOfLabels(buffer: Buffer, from: number, to: number): number {
    let isQuoted = false;
    for (let i = from; i < to; i++) {
      const byte = buffer[i];
      if (isQuoted) {
        if (byte === BACKSLASH) i++;
        else if (byte === QUOTE) isQuoted = false;
      } else if (byte === QUOTE) isQuoted = true;
      else if (byte === BRACE) return i + 1;
      else if (byte === SPACE) return i;
    }
    throw this.#error('a line that is no sample');
  }

  #open(text: string): Growing {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const labels = this.#labels(text);
    // The same labels may be written in another order.
    const series = this.#byKey.get(labels.key) ?? {
      labels,
      timestampsMs: new Float64Array(64),
      values: new Float64Array(64),
      length: 0,
    };
    this.#byKey.set(labels.key, series);
    this.#byText.set(text, series);
    return series;
  }

  #labels(text: string): Labels {
    const brace = text.indexOf('{');
    const pairs: Label[] = [[METRIC_NAME, brace < 0 ? text : text.slice(0, brace)]];
    if (brace < 0) return Labels.from(pairs);
    const inside = text.slice(brace + 1, -1);
    const pair = /\s*([^\s=",]+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gy;
    while (pair.lastIndex < inside.length) {
      const at = pair.lastIndex;
      const found = pair.exec(inside);
      if (found === null) throw this.#error(`no label at ${JSON.stringify(inside.slice(at, at + 30))}`);
      pairs.push([found[1]!, found[2]!.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))]);
    }
    return Labels.from(pairs);
  }

  #number(buffer: Buffer, from: number, to: number): number {
    let whole = 0;
    let i = from;
    for (; i < to; i++) {
      const digit = buffer[i]! - 48;
      if (digit < 0 || digit > 9) break;
      whole = whole * 10 + digit;
    }
    // Fifteen digits are exact in a double, and so is their division by a power of ten.
    if (i === to && i > from && to - from <= 15) return whole;
    const text = buffer.toString('latin1', from, to);
    const value = INFINITIES[text] ?? Number(text);
    if (text === '' || (Number.isNaN(value) && text !== 'NaN')) throw this.#error(`no number: ${JSON.stringify(text)}`);
    return value;
  }

  #error(what: string): ScenarioError {
    return new ScenarioError(`${this.#file}:${this.#line}: ${what}; expected name{label="value",…} value timestamp`);
  }
}

const INFINITIES: Readonly<Record<string, number>> = {
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
};

function grow(series: Growing): void {
  for (const column of ['timestampsMs', 'values'] as const) {
    const longer = new Float64Array(2 * series.length);
    longer.set(series[column]);
    series[column] = longer;
  }
}

/** The same array for the same timestamps of one instance. */
function shared(known: Map<string, Float64Array[]>, instance: string, timestampsMs: Float64Array): Float64Array {
  const candidates = known.get(instance) ?? [];
  known.set(instance, candidates);
  const same = candidates.find(
    (other) =>
      other.length === timestampsMs.length &&
      other[0] === timestampsMs[0] &&
      other.every((timestampMs, i) => timestampMs === timestampsMs[i]),
  );
  if (same !== undefined) return same;
  const own = timestampsMs.slice();
  candidates.push(own);
  return own;
}
