import { type Histogram, Labels, parseDuration } from '@tillwatch/model';
import { parse } from '@tillwatch/promql';
import {
  addHistograms,
  fromClassic,
  readHistogram,
  subtractHistograms,
  type TestValue,
  type WrittenHistogram,
} from '@tillwatch/promql/testing';

/** Reads scripts in the language of Prometheus's own PromQL tests: `clear`, `load`, `eval`. */
export type Command =
  | { readonly kind: 'clear'; readonly line: number }
  | { readonly kind: 'load'; readonly line: number; readonly stepMs: number; readonly series: readonly LoadedSeries[] }
  | EvalCommand;

/** A value as it is written: of a histogram it matters whether its hint is. */
export type ScriptValue = Exclude<TestValue, Histogram> | WrittenHistogram;

export interface LoadedSeries {
  readonly labels: Labels;
  readonly values: readonly ScriptValue[];
  /** When the counting of each value began, in ms since the epoch. */
  readonly startTimestampsMs?: readonly (number | undefined)[];
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  /** The moment of an instant query; of a range query the start, with end and step beside it. */
  readonly startMs: number;
  readonly endMs?: number;
  readonly stepMs?: number;
  readonly expectations: readonly Expectation[];
  readonly isFailing: boolean;
  readonly isOrdered: boolean;
  readonly expectedScalar?: number;
  readonly expectedString?: string;
  readonly expectedRange?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly expected: readonly LoadedSeries[];
}

/** What is said about errors and annotations. Without text or regex any will do. */
interface Expectation {
  readonly about: 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info';
  readonly text?: string;
  readonly regex?: RegExp;
}

export function readScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => line.trim());
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (isBlank(line)) continue;
    if (/^clear\b/i.test(line)) commands.push({ kind: 'clear', line: i + 1 });
    else {
      const block: string[] = [];
      const start = i;
      while (i + 1 < lines.length && !isBlank(lines[i + 1] as string)) block.push(lines[++i] as string);
      commands.push(/^load/i.test(line) ? readLoad(line, block, start + 1) : readEval(line, block, start + 1));
    }
  }
  return commands;
}

function isBlank(line: string): boolean {
  return line === '' || line.startsWith('#');
}

function readLoad(line: string, block: readonly string[], at: number): Command {
  const [, step = ''] = line.split(/\s+/);
  const stepMs = durationMs(step);
  const byKey = new Map<string, LoadedSeries>();
  let starts: readonly (number | undefined)[] | undefined;
  for (const one of block) {
    const starting = readStarts(one, stepMs);
    if (starting === undefined) {
      const series = readSeries(one);
      // The last line wins when a series comes twice.
      byKey.set(series.labels.key, starts === undefined ? series : { ...series, startTimestampsMs: starts });
    }
    starts = starting;
  }
  const series = [...byKey.values()];
  const converted = /^load_with_nhcb\b/i.test(line) ? convertClassic(series) : [];
  return { kind: 'load', line: at, stepMs, series: [...series, ...converted] };
}

const OFFSET = /^([+-]?[\dsmhdwy]+)(?:([+-][\dsmhdwy]+))?(?:x(\d+))?$/;

/** The start timestamps of a line `SERIES@st OFFSETS`; they belong to the series on the next line. */
function readStarts(line: string, stepMs: number): (number | undefined)[] | undefined {
  const end = seriesEnd(line);
  if (!line.startsWith('@st', end)) return undefined;
  const offsets = line.slice(end + 3);
  const starts: (number | undefined)[] = [];
  const put = (offsetMs: number | undefined) =>
    starts.push(offsetMs === undefined ? undefined : starts.length * stepMs + offsetMs);
  for (const item of offsets.split(/\s+/).filter((word) => word !== '')) {
    const gap = /^_(?:x(\d+))?$/.exec(item);
    if (gap !== null) {
      for (let i = 0; i < Number(gap[1] ?? 1); i++) put(undefined);
      continue;
    }
    const [, first, step = '0', times = '0'] = OFFSET.exec(item) ?? [];
    if (first === undefined) throw new Error(`not an offset: ${item}`);
    for (let i = 0; i <= Number(times); i++) put(signedDurationMs(first) + i * signedDurationMs(step));
  }
  return starts;
}

function signedDurationMs(text: string): number {
  const [, sign, duration = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * durationMs(duration);
}

/** The series of a classic histogram, by what their name ends in. */
interface Classic {
  readonly labels: Labels;
  readonly buckets: { readonly upperBound: number; readonly values: readonly ScriptValue[] }[];
  count?: readonly ScriptValue[];
  sum?: readonly ScriptValue[];
}

/** Every classic histogram among the series as one native histogram with custom buckets. */
function convertClassic(series: readonly LoadedSeries[]): LoadedSeries[] {
  const histograms = new Map<string, Classic>();
  for (const { labels, values } of series) {
    const [, base = '', part] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
    const upperBound = readNumberItem(labels.get('le'));
    if (part === undefined || (part === 'bucket' && upperBound === undefined)) continue;
    const own = labels.without(['le']).with('__name__', base);
    const histogram: Classic = histograms.get(own.key) ?? { labels: own, buckets: [] };
    histograms.set(own.key, histogram);
    if (part === 'bucket') histogram.buckets.push({ upperBound: upperBound as number, values });
    else histogram[part as 'count' | 'sum'] = values;
  }
  return [...histograms.values()].filter(({ buckets }) => buckets.length > 0).map(toNative);
}

function toNative({ labels, buckets, count, sum }: Classic): LoadedSeries {
  const length = Math.max(...buckets.map(({ values }) => values.length));
  const number = (values: readonly ScriptValue[] | undefined, i: number) => {
    const value = values?.[i];
    return typeof value === 'number' ? value : undefined;
  };
  const values = Array.from({ length }, (_, i): ScriptValue => {
    const there = buckets.flatMap(({ upperBound, values: counts }) => {
      const own = number(counts, i);
      return own === undefined ? [] : [{ upperBound, count: own }];
    });
    if (there.length === 0) return undefined;
    const histogram = fromClassic({ buckets: there, count: number(count, i), sum: number(sum, i) });
    return histogram && { histogram, isHintWritten: false };
  });
  return { labels, values };
}

const INSTANT = /^eval(?:_\w+)?\s+instant\s+(?:at\s+(\S+)\s+)?(.*)$/i;
const RANGE = /^eval(?:_\w+)?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)$/i;

function readEval(line: string, block: readonly string[], at: number): EvalCommand {
  const expectations: Expectation[] = [];
  const expected: LoadedSeries[] = [];
  const result: { -readonly [K in keyof EvalCommand]?: EvalCommand[K] } = {};
  for (const one of block) {
    if (/^expect\s/.test(one)) readExpect(one, expectations, result);
    else if (/^expected_fail_message\s/.test(one))
      expectations.push({ about: 'fail', text: one.replace(/^\S+\s+/, '') });
    else if (/^expected_fail_regexp\s/.test(one))
      expectations.push({ about: 'fail', regex: readRegex(one.replace(/^\S+\s+/, '')) });
    else if (readNumberItem(one) !== undefined) result.expectedScalar = readNumberItem(one) as number;
    else expected.push(readSeries(one));
  }
  if (/^eval_fail\b/i.test(line)) expectations.push({ about: 'fail' });
  if (/^eval_warn\b/i.test(line)) expectations.push({ about: 'warn' });
  if (/^eval_info\b/i.test(line)) expectations.push({ about: 'info' });
  const isFailing = expectations.some(({ about }) => about === 'fail');
  const isOrdered = result.isOrdered === true || /^eval_ordered\b/i.test(line);
  return { ...result, kind: 'eval', line: at, ...readTimes(line), expectations, expected, isFailing, isOrdered };
}

function readTimes(line: string): Pick<EvalCommand, 'expr' | 'startMs' | 'endMs' | 'stepMs'> {
  const range = RANGE.exec(line);
  if (range !== null) {
    const [, from = '', to = '', step = '', expr = ''] = range;
    return { expr, startMs: durationMs(from), endMs: durationMs(to), stepMs: durationMs(step) };
  }
  const [, time = '0', expr = ''] = INSTANT.exec(line) ?? [];
  return { expr, startMs: durationMs(time) };
}

function readExpect(
  line: string,
  expectations: Expectation[],
  result: { -readonly [K in keyof EvalCommand]?: EvalCommand[K] },
): void {
  const [, what = '', rest = ''] = /^expect\s+(\w+)\s*(.*)$/.exec(line) ?? [];
  if (what === 'ordered') result.isOrdered = true;
  else if (what === 'string') result.expectedString = readString(rest);
  else if (what === 'range') {
    const [, from = '', to = '', step = ''] = /from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)/.exec(rest) ?? [];
    result.expectedRange = { startMs: durationMs(from), endMs: durationMs(to), stepMs: durationMs(step) };
  } else {
    const about = what as Expectation['about'];
    const [, kind, text = ''] = /^(msg|regex)\s*:\s*(.*)$/.exec(rest) ?? [];
    if (kind === 'msg') expectations.push({ about, text });
    else if (kind === 'regex') expectations.push({ about, regex: readRegex(text) });
    else expectations.push({ about });
  }
}

/** Go writes the flags of a regular expression in front of it. */
function readRegex(text: string): RegExp {
  const [, flags = '', pattern = text] = /^\(\?([ims]+)\)(.*)$/.exec(text) ?? [];
  return new RegExp(pattern, flags);
}

function readString(literal: string): string {
  const result = parse(literal);
  if (result.ok && result.expr.kind === 'string') return result.expr.value;
  throw new Error(`not a string: ${literal}`);
}

/** `SERIES VALUES`. */
function readSeries(line: string): LoadedSeries {
  const end = seriesEnd(line);
  return { labels: readLabels(line.slice(0, end)), values: readValues(line.slice(end)) };
}

/** Where the series notation ends: after its braces, or at the first blank when it has none. */
function seriesEnd(line: string): number {
  const open = /^[^\s{]*\s*\{(?!\{)/.exec(line);
  if (open === null) return /\s|@st\b/.exec(line)?.index ?? line.length;
  let quote = '';
  for (let i = open[0].length; i < line.length; i++) {
    const char = line[i] as string;
    if (quote !== '') {
      if (char === '\\' && quote !== '`') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '}') return i + 1;
  }
  throw new Error(`series without its closing brace: ${line}`);
}

function readLabels(text: string): Labels {
  if (/^\{\s*\}$/.test(text)) return Labels.empty;
  const result = parse(text.replace(/\{\s*\}$/, ''));
  if (!result.ok || result.expr.kind !== 'vectorSelector') {
    // A series may consist of empty labels only, which no selector may.
    const again = parse(`x${text}`);
    if (!again.ok || again.expr.kind !== 'vectorSelector') throw new Error(`not a series: ${text}`);
    return Labels.from(again.expr.matchers.map(({ name, value }) => [name, value] as const)).without(['__name__']);
  }
  return Labels.from(result.expr.matchers.map(({ name, value }) => [name, value] as const));
}

const ITEM = /\{\{.*?\}\}(?:(?:[+-]\{\{.*?\}\})?x\d+)?|\S+/g;

function readValues(text: string): ScriptValue[] {
  return (text.match(ITEM) ?? []).flatMap(readItem);
}

/** `{{A}}`, `{{A}}xN`, `{{A}}+{{B}}xN`, `{{A}}-{{B}}xN`. */
function readHistograms(item: string): ScriptValue[] {
  const [, first = '', sign, step, times = '0'] = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/.exec(item) ?? [];
  let value = readHistogram(first);
  const added = step === undefined ? undefined : readHistogram(step);
  const values: ScriptValue[] = [value];
  const combine = sign === '-' ? subtractHistograms : addHistograms;
  for (let i = 0; i < Number(times); i++) {
    if (added !== undefined) {
      const combined = combine(value.histogram, added.histogram);
      if (combined === undefined) throw new Error(`histograms that do not go together: ${item}`);
      value = { histogram: combined.histogram, isHintWritten: added.isHintWritten };
    }
    values.push(value);
  }
  return values;
}

const UNSIGNED = '(?:0x[\\da-f]+|inf|nan|(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)';
const SERIES_ITEM = new RegExp(`^([+-]?${UNSIGNED})([+-]${UNSIGNED})?x(\\d+)$`, 'i');

function readItem(item: string): ScriptValue[] {
  if (item.startsWith('{{')) return readHistograms(item);
  const gap = /^_(?:x(\d+))?$/.exec(item);
  if (gap !== null) return repeat(undefined, Number(gap[1] ?? 1));
  if (item === 'stale') return ['stale'];
  const series = SERIES_ITEM.exec(item);
  if (series === null) return [mustBeNumber(item)];
  return count(series[1] as string, series[2], Number(series[3]));
}

function count(first: string, step: string | undefined, times: number): ScriptValue[] {
  const values: ScriptValue[] = [];
  let value = mustBeNumber(first);
  const added = step === undefined ? 0 : mustBeNumber(step);
  for (let i = 0; i <= times; i++) {
    values.push(value);
    if (step !== undefined) value += added;
  }
  return values;
}

function repeat(value: ScriptValue, times: number): ScriptValue[] {
  return new Array<ScriptValue>(times).fill(value);
}

function mustBeNumber(text: string): number {
  const value = readNumberItem(text);
  if (value === undefined) throw new Error(`not a value: ${text}`);
  return value;
}

function readNumberItem(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  const lower = rest.toLowerCase();
  const factor = sign === '-' ? -1 : 1;
  if (lower === 'inf') return factor * Number.POSITIVE_INFINITY;
  if (lower === 'nan') return Number.NaN;
  if (/^0[0-7]+$/.test(rest)) return factor * Number.parseInt(rest, 8);
  if (/^0x[\da-f]+$/i.test(rest)) return factor * Number(rest);
  return /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(rest) ? factor * Number(rest) : undefined;
}

function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  const seconds = Number(text);
  if (text !== '' && Number.isFinite(seconds)) return seconds * 1000;
  throw new Error(`not a duration: ${text}`);
}
