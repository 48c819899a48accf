import { METRIC_NAME, type Problem, quote, type SourceText, spanOf } from '@tillwatch/model';
import { encodePage } from './decode.ts';
import type { MetricType } from './entries.ts';
import { ExpositionError } from './exposition-error.ts';
import { unitOf } from './lint-units.ts';
import { type Dialect, ExpositionScanner } from './scanner.ts';

/**
 * Checks a metrics page more strictly than scraping does. Errors are what strict readers of the format refuse: a page that cannot be
 * read, a second TYPE or HELP line, a TYPE line behind its samples, the same series twice. Warnings are the conventions that
 * `promtool check metrics` asks for, such as help texts, base units and `_total` for counters.
 *
 * A page that ends with `# EOF` is OpenMetrics, others are the text format. What is behind an unreadable line is not looked at.
 */
export function lintExposition(source: SourceText): Problem[] {
  const dialect: Dialect = /(?:^|\n)# EOF\n?$/.test(source.text) ? 'openmetrics' : 'text';
  const page = new PageLint(source);
  const scanner = new ExpositionScanner(encodePage(source.text), dialect);
  try {
    for (;;) {
      const kind = scanner.next();
      if (kind === 'end') break;
      if (kind !== 'comment') page.see(kind, scanner);
    }
  } catch (cause) {
    if (!(cause instanceof ExpositionError)) throw cause;
    page.fail(cause);
  }
  return page.finish(dialect);
}

/** What a page says of one metric. */
interface Family {
  readonly name: string;
  type: MetricType | undefined;
  isHelped: boolean;
  hasSamples: boolean;
  readonly labelNames: Set<string>;
  /** The line on which it is seen first. */
  readonly line: Line;
}

interface Line {
  readonly from: number;
  readonly to: number;
}

class PageLint {
  readonly #source: SourceText;
  readonly #families = new Map<string, Family>();
  readonly #series = new Set<string>();
  readonly #problems: Problem[] = [];
  /** How far the page was read, in bytes and in characters. */
  #bytes = 0;
  #line: Line;

  constructor(source: SourceText) {
    this.#source = source;
    this.#line = lineAt(source.text, 0);
  }

  see(kind: 'series' | 'type' | 'help' | 'unit', scanner: ExpositionScanner): void {
    this.#goTo(scanner);
    if (kind === 'series') this.#seeSeries(scanner);
    else this.#seeMetadata(kind, scanner.metric, scanner.metadata);
  }

  /** The page cannot be read on. */
  fail({ line, column, message, hint }: ExpositionError): void {
    const { text } = this.#source;
    let start = 0;
    for (let i = 1; i < line; i++) start = text.indexOf('\n', start) + 1;
    const offset = start + [...text.slice(start)].slice(0, column - 1).join('').length;
    this.#problems.push({
      code: 'metrics-page',
      severity: 'error',
      // The place and the line are shown anyway.
      message: message.slice(0, message.lastIndexOf(' (line ')),
      hint,
      at: spanOf(this.#source, offset, lineAt(text, offset).to),
    });
  }

  finish(dialect: Dialect): Problem[] {
    for (const family of this.#families.values()) {
      for (const [message, hint] of conventions(family, dialect)) this.#warn(family, message, hint);
    }
    return this.#problems.sort((a, b) => a.at.from - b.at.from);
  }

  #seeMetadata(kind: 'type' | 'help' | 'unit', metric: string, text: string): void {
    const family = this.#familyOf(metric);
    if (kind === 'help') {
      if (family.isHelped) this.#error(`second HELP line for metric ${quote(metric)}`, 'say each once');
      family.isHelped = true;
    }
    if (kind !== 'type') return;
    if (family.type !== undefined) {
      this.#error(`second TYPE line for metric ${quote(metric)}`, 'write all series of a metric below one TYPE line');
    } else if (family.hasSamples) {
      this.#error(`the TYPE line of metric ${quote(metric)} comes after its samples`, 'put it above them');
    }
    family.type = text as MetricType;
  }

  #seeSeries(scanner: ExpositionScanner): void {
    const labels = scanner.labels();
    const family = this.#familyOf(this.#familyName(labels.metricName));
    family.hasSamples = true;
    for (const [name] of labels) if (name !== METRIC_NAME) family.labelNames.add(name);
    const key = `${labels.key}\n${scanner.timestampMs ?? ''}`;
    if (this.#series.has(key)) this.#error(`the same series twice: ${labels}`, 'only one of them would be stored');
    this.#series.add(key);
  }

  /** The metric that a series belongs to: those of histograms and summaries have series with other names. */
  #familyName(series: string): string {
    const suffix = /_(?:bucket|count|sum)$/.exec(series)?.[0];
    if (suffix === undefined) return series;
    const base = series.slice(0, -suffix.length);
    const type = this.#families.get(base)?.type;
    const isOfBase = type === 'histogram' || type === 'gaugehistogram' || (type === 'summary' && suffix !== '_bucket');
    return isOfBase ? base : series;
  }

  #familyOf(name: string): Family {
    let family = this.#families.get(name);
    if (family === undefined) {
      const line = this.#line;
      family = { name, type: undefined, isHelped: false, hasSamples: false, labelNames: new Set(), line };
      this.#families.set(name, family);
    }
    return family;
  }

  /** Finds the line that was read last in the text, whose offsets are not those of the bytes. */
  #goTo({ bytes, lineFrom }: ExpositionScanner): void {
    const { text } = this.#source;
    let from = this.#line.from;
    for (let at = bytes.indexOf(10, this.#bytes); at !== -1 && at < lineFrom; at = bytes.indexOf(10, at + 1)) {
      from = text.indexOf('\n', from) + 1;
    }
    this.#bytes = lineFrom;
    this.#line = lineAt(text, from);
  }

  #error(message: string, hint: string): void {
    const at = spanOf(this.#source, this.#line.from, this.#line.to);
    this.#problems.push({ code: 'metrics-page', severity: 'error', message, hint, at });
  }

  #warn({ line, name }: Family, message: string, hint: string | undefined): void {
    const at = spanOf(this.#source, line.from, line.to);
    const full = `metric ${quote(name)}: ${message}`;
    this.#problems.push({ code: 'metrics-convention', severity: 'warning', message: full, hint, at });
  }
}

function lineAt(text: string, from: number): Line {
  const end = text.indexOf('\n', from);
  return { from, to: end === -1 ? text.length : end };
}

const ABBREVIATIONS = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd'];
const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'histogram', 'gaugehistogram'];

/** What the conventions of Prometheus ask for and a metric does not have, in the words of promtool. */
function* conventions(
  { name, type = 'unknown', isHelped, labelNames }: Family,
  dialect: Dialect,
): Generator<[message: string, hint?: string]> {
  if (!isHelped) yield ['no help text', `add "# HELP ${name} …" above it`];
  const unit = unitOf(name);
  if (unit !== undefined && unit.base !== unit.unit) yield [`use base unit "${unit.base}" instead of "${unit.unit}"`];

  const isKnown = type !== 'unknown';
  const isTotal = name.endsWith('_total');
  // In OpenMetrics the format itself adds _total to the samples of a counter.
  if (type === 'counter' && !isTotal && dialect === 'text') yield ['counter metrics should have "_total" suffix'];
  if (isKnown && type !== 'counter' && isTotal) yield ['non-counter metrics should not have "_total" suffix'];

  const isHistogram = type === 'histogram' || type === 'gaugehistogram';
  const isSummary = type === 'summary';
  if (isKnown && !isHistogram && name.endsWith('_bucket')) {
    yield ['non-histogram metrics should not have "_bucket" suffix'];
  }
  for (const suffix of ['_count', '_sum']) {
    if (isKnown && !isHistogram && !isSummary && name.endsWith(suffix)) {
      yield [`non-histogram and non-summary metrics should not have "${suffix}" suffix`];
    }
  }
  if (isKnown && !isHistogram && labelNames.has('le')) yield ['non-histogram metrics should not have "le" label'];
  if (isKnown && !isSummary && labelNames.has('quantile')) {
    yield ['non-summary metrics should not have "quantile" label'];
  }

  const lower = name.toLowerCase();
  const hasPart = (part: string) => lower.includes(`_${part}_`) || lower.endsWith(`_${part}`);
  for (const word of TYPES) if (hasPart(word)) yield [`metric name should not include type '${word}'`];
  if (name.includes(':')) yield ["metric names should not contain ':'", 'colons are for recording rules'];
  if (/[a-z][A-Z]/.test(name)) yield ["metric names should be written in 'snake_case' not 'camelCase'"];
  for (const label of labelNames) {
    if (!/[a-z][A-Z]/.test(label)) continue;
    yield ["label names should be written in 'snake_case' not 'camelCase'", `the label is ${label}`];
  }
  if (ABBREVIATIONS.some(hasPart)) yield ['metric names should not contain abbreviated units'];
}
