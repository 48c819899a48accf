// One pass over the characters of a page, in either of the two text formats. The scanner stops at each line's end and leaves
// what it found in its fields, so that a page of 10,000 lines makes no garbage but the strings that are asked for. A caller
// who knows what the line will say (the previous scrape said it) hands it in and saves reading it again.
import { Labels, METRIC_NAME } from '@tillwatch/model';
import { type DecodedPage, STRAY_BYTE } from './decode.ts';
import type { Exemplar, MetricType } from './entries.ts';
import { ExpositionError } from './exposition-error.ts';
import { canonicalFloat, parseFloatText } from './float.ts';

export type Dialect = 'text' | 'openmetrics';
export type LineKind = 'series' | 'type' | 'help' | 'unit' | 'comment' | 'end';

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const EQUAL = 61;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

const TEXT_TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const OPENMETRICS_TYPES: readonly string[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
];

export class ExpositionScanner {
  readonly text: string;
  readonly #dialect: Dialect;
  readonly #hasStrayBytes: boolean;
  #at = 0;
  #pairs: [string, string][] = [];

  /** Where the line's series starts and ends. */
  seriesFrom = 0;
  seriesTo = 0;
  /** Was the series the predicted one? Then its labels were not read. */
  isPredicted = false;
  value = 0;
  timestampMs: number | undefined;
  exemplar: Exemplar | undefined;
  /** For metadata: the metric, and the type, help or unit; for a comment, its text. */
  metric = '';
  metadata = '';
  /** The type that the last `# TYPE` line said. It decides whether `le` and `quantile` are numbers. */
  type: MetricType = 'unknown';

  constructor({ text, hasStrayBytes }: DecodedPage, dialect: Dialect) {
    // In the classic format a last line without its newline counts.
    this.text = dialect === 'text' && !text.endsWith('\n') ? `${text}\n` : text;
    this.#dialect = dialect;
    this.#hasStrayBytes = hasStrayBytes;
  }

  /**
   * Reads the next line that says something. `predicted` is the series that is expected there, as it was written.
   * @throws {ExpositionError}
   */
  next(predicted?: string): LineKind {
    if (this.#dialect === 'openmetrics') return this.#nextOpenMetrics(predicted);
    const { text } = this;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === NEWLINE || code === SPACE || code === TAB) this.#at++;
      else if (code === HASH) return this.#comment();
      else {
        this.#series(predicted);
        return 'series';
      }
    }
    return 'end';
  }

  /**
   * The labels of the series that was read last. They are pieces of the page's text and keep it alive, unless `keep` makes
   * texts of their own of them. @throws {ExpositionError} when a label comes twice.
   */
  labels(keep?: (text: string) => string): Labels {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i++) {
      const [name, value] = pairs[i]!;
      for (let j = 0; j < i; j++) if (pairs[j]![0] === name) throw this.#twice(name);
      const normalized = this.#normalized(name, value);
      pairs[i] = keep === undefined ? [name, normalized] : [keep(name), keep(normalized)];
    }
    return Labels.from(pairs);
  }

  #twice(name: string): ExpositionError {
    const what = name === METRIC_NAME ? 'the metric name is given twice' : `label "${name}" comes twice`;
    return this.#error(this.seriesFrom, what);
  }

  /** Labels of the series that was read last that are there without a value. */
  emptyLabels(): string[] {
    return this.#pairs.flatMap(([name, value]) => (value === '' ? [name] : []));
  }

  #normalized(name: string, value: string): string {
    const isNumber = (name === 'le' && this.type === 'histogram') || (name === 'quantile' && this.type === 'summary');
    const number = isNumber ? parseFloatText(value) : undefined;
    return number === undefined ? value : canonicalFloat(number);
  }

  #nextOpenMetrics(predicted: string | undefined): LineKind {
    const { text } = this;
    if (this.#at >= text.length) throw this.#error(this.#at, 'the page does not end with "# EOF": it may be cut off');
    const code = text.charCodeAt(this.#at);
    if (code !== HASH) {
      this.#series(predicted);
      return 'series';
    }
    if (!text.startsWith('# EOF', this.#at)) return this.#comment();
    const rest = text.slice(this.#at + 5);
    if (rest !== '' && rest !== '\n') throw this.#error(this.#at + 5, 'there is more after "# EOF"');
    this.#at = text.length;
    return 'end';
  }

  // Comments and metadata

  #comment(): LineKind {
    const { text } = this;
    const start = this.#at;
    const end = this.#lineEnd(start);
    let at = start + 1;
    if (this.#dialect === 'text') while (isBlank(text.charCodeAt(at))) at++;
    else at += text.charCodeAt(at) === SPACE ? 1 : 0;
    const keyword = at > start + 1 ? this.#keyword(at) : undefined;
    if (keyword === undefined) {
      if (this.#dialect === 'openmetrics') {
        throw this.#error(start, 'OpenMetrics has no comments but "# HELP", "# TYPE", "# UNIT" and "# EOF"');
      }
      this.metadata = text.slice(start, end);
      this.#at = end;
      return 'comment';
    }
    at += keyword.length + 1;
    if (this.#dialect === 'text') while (isBlank(text.charCodeAt(at))) at++;
    const kind = keyword.toLowerCase() as 'help' | 'type' | 'unit';
    at = this.#metadataName(at, keyword);
    if (this.#dialect === 'openmetrics' && at === end)
      throw this.#error(at, `nothing follows the metric of "# ${keyword}"`);
    const content = text.slice(Math.min(at + 1, end), end);
    this.#readMetadata(kind, content, at);
    this.#at = this.#dialect === 'text' ? end : end + 1;
    return kind;
  }

  #keyword(at: number): 'HELP' | 'TYPE' | 'UNIT' | undefined {
    const { text } = this;
    const keyword = text.slice(at, at + 4);
    const after = text.charCodeAt(at + 4);
    if (after !== SPACE && !(after === TAB && this.#dialect === 'text')) return undefined;
    if (keyword === 'HELP' || keyword === 'TYPE') return keyword;
    return keyword === 'UNIT' && this.#dialect === 'openmetrics' ? keyword : undefined;
  }

  #metadataName(from: number, keyword: string): number {
    const { text } = this;
    const isQuoted = text.charCodeAt(from) === QUOTE;
    const to = isQuoted ? this.#stringEnd(from) : nameEnd(text, from, true);
    if (to === undefined || to === from) {
      throw this.#error(from, `expected a metric name after "# ${keyword}", got ${this.#shown(from)}`);
    }
    const after = text.charCodeAt(to);
    if (after !== NEWLINE && !isBlank(after) && !Number.isNaN(after)) {
      throw this.#error(to, `unexpected ${this.#shown(to)} in the metric name of "# ${keyword}"`);
    }
    this.metric = isQuoted ? unescapeLabel(text.slice(from + 1, to - 1)) : text.slice(from, to);
    return to;
  }

  #readMetadata(kind: 'help' | 'type' | 'unit', content: string, at: number): void {
    if (this.#hasStrayBytes && STRAY_BYTE.test(content))
      throw this.#error(at, `"# ${kind.toUpperCase()}" is not UTF-8`);
    this.metadata = content;
    if (kind === 'help') {
      this.metadata = this.#dialect === 'text' ? unescapeHelp(content) : unescapeLabel(content);
    } else if (kind === 'type') {
      const types = this.#dialect === 'text' ? TEXT_TYPES : OPENMETRICS_TYPES;
      if (!types.includes(content)) {
        throw this.#error(at + 1, `"${content}" is not a metric type`, `a type is one of ${types.join(', ')}`);
      }
      this.metadata = content === 'untyped' ? 'unknown' : content;
      this.type = this.metadata as MetricType;
    } else if (content !== '' && !(this.metric.endsWith(content) && this.metric.at(-content.length - 1) === '_')) {
      throw this.#error(at, `the name of metric "${this.metric}" does not end with its unit "${content}"`);
    }
  }

  // Series

  #series(predicted: string | undefined): void {
    const { text } = this;
    this.seriesFrom = this.#at;
    this.isPredicted = false;
    this.exemplar = undefined;
    const end = this.#at + (predicted?.length ?? 0);
    // Comparing a slice is several times as fast as `startsWith`, which goes character by character.
    if (predicted !== undefined && text.slice(this.#at, end) === predicted) {
      // A longer name, or labels after a blank, would make it another series.
      if (isBlank(text.charCodeAt(end)) && text.charCodeAt(this.#afterBlanks(end)) !== OPEN) {
        this.isPredicted = true;
        this.#at = end;
      }
    }
    if (!this.isPredicted) this.#readSeries();
    this.seriesTo = this.#at;
    this.#readSample();
  }

  #readSeries(): void {
    const { text } = this;
    this.#pairs = [];
    const start = this.#at;
    const isBraced = text.charCodeAt(start) === OPEN;
    if (!isBraced) {
      const end = nameEnd(text, start, true);
      if (end === start) throw this.#error(start, `expected a metric name, got ${this.#shown(start)}`);
      this.#pairs.push([METRIC_NAME, text.slice(start, end)]);
      this.#at = end;
      const open = this.#dialect === 'text' ? this.#afterBlanks(end) : end;
      if (text.charCodeAt(open) !== OPEN) return;
      this.#at = open;
    }
    this.#at = this.#readLabels(this.#at + 1, this.#pairs, isBraced ? 'required' : 'given');
  }

  /** Reads labels up to and with the closing brace; returns where it goes on. `name`: may a quoted metric name be among them? */
  #readLabels(from: number, pairs: [string, string][], name: 'required' | 'given' | 'none'): number {
    const { text } = this;
    const isText = this.#dialect === 'text';
    let hasName = name !== 'required';
    let isFirst = true;
    let at = isText ? this.#afterBlanks(from) : from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === CLOSE) {
        if (!hasName)
          throw this.#error(
            this.seriesFrom,
            'the metric name is missing',
            'write {"name", label="value"} or name{label="value"}',
          );
        return at + 1;
      }
      if (!isFirst && !isText && code !== COMMA && text.charCodeAt(at - 1) !== COMMA) {
        throw this.#error(at, `expected "," or "}", got ${this.#shown(at)}`);
      }
      const labelFrom = at;
      const isQuoted = code === QUOTE;
      const labelTo = isQuoted ? this.#stringEnd(at) : nameEnd(text, at, false);
      if (labelTo === undefined || labelTo === at) {
        throw this.#error(at, `expected a label name, got ${this.#shown(at)}`, unescapedQuoteHint(isFirst));
      }
      const labelText = isQuoted ? this.#string(at, labelTo) : text.slice(at, labelTo);
      at = isText ? this.#afterBlanks(labelTo) : labelTo;
      const next = text.charCodeAt(at);
      if (isQuoted && name !== 'none' && (next === COMMA || next === CLOSE)) {
        if (hasName) throw this.#error(labelFrom, 'the metric name is given twice');
        hasName = true;
        pairs.push([METRIC_NAME, labelText]);
      } else {
        if (next !== EQUAL) {
          throw this.#error(
            at,
            `expected "=" after label "${labelText}", got ${this.#shown(at)}`,
            unescapedQuoteHint(isFirst),
          );
        }
        at = isText ? this.#afterBlanks(at + 1) : at + 1;
        const valueTo = text.charCodeAt(at) === QUOTE ? this.#stringEnd(at) : undefined;
        if (valueTo === undefined) {
          throw this.#error(at, `expected a value in double quotes for label "${labelText}", got ${this.#shown(at)}`);
        }
        pairs.push([labelText, this.#string(at, valueTo)]);
        at = isText ? this.#afterBlanks(valueTo) : valueTo;
      }
      if (text.charCodeAt(at) === COMMA) at = isText ? this.#afterBlanks(at + 1) : at + 1;
      isFirst = false;
    }
  }

  /** Value, timestamp and exemplar, up to and with the newline. */
  #readSample(): void {
    const isText = this.#dialect === 'text';
    const { text } = this;
    let at = this.#at;
    if (isText) at = this.#afterBlanks(at);
    else if (text.charCodeAt(at) === SPACE) at++;
    else throw this.#error(at, `expected a blank and a value, got ${this.#shown(at)}`);
    let end = this.#wordEnd(at);
    this.value = this.#number(at, end, 'value');
    at = isText ? this.#afterBlanks(end) : end;
    this.timestampMs = undefined;
    if (!isText && text.startsWith(' # {', at)) {
      at = this.#readExemplar(at + 3);
    } else if (text.charCodeAt(at) !== NEWLINE && at < text.length) {
      if (!isText) at++;
      end = this.#wordEnd(at);
      this.timestampMs = this.#timestamp(at, end);
      at = isText ? this.#afterBlanks(end) : end;
      if (!isText && text.startsWith(' # {', at)) at = this.#readExemplar(at + 3);
    }
    if (at >= text.length) {
      if (!isText) throw this.#error(at, 'the page does not end with "# EOF": it may be cut off');
    } else if (text.charCodeAt(at) !== NEWLINE) {
      throw this.#error(at, `expected the end of the line, got ${this.#shown(at)}`);
    }
    this.#at = at + 1;
  }

  #readExemplar(open: number): number {
    const pairs: [string, string][] = [];
    let at = this.#readLabels(open + 1, pairs, 'none');
    if (this.text.charCodeAt(at) !== SPACE)
      throw this.#error(at, `expected a value after exemplar labels, got ${this.#shown(at)}`);
    let end = this.#wordEnd(++at);
    const value = this.#number(at, end, 'exemplar value');
    let timestampMs: number | undefined;
    if (this.text.charCodeAt(end) === SPACE) {
      at = end + 1;
      end = this.#wordEnd(at);
      timestampMs = this.#timestamp(at, end);
    }
    this.exemplar = { labels: Labels.from(pairs), value, timestampMs };
    return end;
  }

  #number(from: number, to: number, what: string): number {
    // Most values are short whole numbers; they need no check by regular expression.
    const quick = shortWhole(this.text, from, to);
    if (quick >= 0) return quick;
    const word = this.text.slice(from, to);
    const value = parseFloatText(word);
    if (value === undefined) {
      const problem = word === '' ? `expected a ${what}, got ${this.#shown(from)}` : `"${word}" is not a number`;
      throw this.#error(from, problem, word.endsWith('\r') ? 'end lines with "\\n" alone, without "\\r"' : undefined);
    }
    return value;
  }

  #timestamp(from: number, to: number): number {
    const word = this.text.slice(from, to);
    if (this.#dialect === 'text') {
      if (!/^\d+$/.test(word))
        throw this.#error(from, `expected a timestamp in milliseconds, got ${this.#shown(from)}`);
      return Number(word);
    }
    const seconds = parseFloatText(word);
    if (seconds === undefined || !Number.isFinite(seconds))
      throw this.#error(from, `"${word}" is not a timestamp in seconds`);
    return Math.trunc(seconds * 1000);
  }

  // Characters

  #string(from: number, to: number): string {
    const inside = this.text.slice(from + 1, to - 1);
    if (this.#hasStrayBytes && STRAY_BYTE.test(inside)) throw this.#error(from, 'a label is not UTF-8');
    return inside.includes('\\') ? unescapeLabel(inside) : inside;
  }

  /** Where the quoted string that opens at `from` ends, after its closing quote; `undefined` if it does not on this page. */
  #stringEnd(from: number): number | undefined {
    const { text } = this;
    for (let at = from + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at + 1;
      if (code === BACKSLASH) at++;
      else if (code === NEWLINE && this.#dialect === 'openmetrics') return undefined;
    }
    return undefined;
  }

  #afterBlanks(from: number): number {
    let at = from;
    while (isBlank(this.text.charCodeAt(at))) at++;
    return at;
  }

  #wordEnd(from: number): number {
    const { text } = this;
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE || code === SPACE || code === OPEN || (code === TAB && this.#dialect === 'text')) break;
    }
    return at;
  }

  #lineEnd(from: number): number {
    const end = this.text.indexOf('\n', from);
    return end === -1 ? this.text.length : end;
  }

  #shown(at: number): string {
    if (at >= this.text.length) return 'the end of the page';
    const char = String.fromCodePoint(this.text.codePointAt(at)!);
    return char === '\n' ? 'the end of the line' : JSON.stringify(char);
  }

  #error(offset: number, problem: string, hint?: string): ExpositionError {
    return new ExpositionError(this.text, offset, problem, hint);
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Where a name that starts at `from` ends; `from` itself when none starts there. Metric names may have colons. */
function nameEnd(text: string, from: number, withColons: boolean): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
    if (isLetter || (withColons && code === 58) || (at > from && code >= 48 && code <= 57)) continue;
    break;
  }
  return at;
}

/** A whole number of up to nine digits, or -1. */
function shortWhole(text: string, from: number, to: number): number {
  if (to - from > 9 || to === from) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function unescapeLabel(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** In help texts of the classic format a quote is not escaped. */
function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

function unescapedQuoteHint(isFirst: boolean): string | undefined {
  return isFirst ? undefined : 'is a double quote, a backslash or a newline in a label value not escaped?';
}
