// One pass over a page, in either of the two text formats. The scanner stops at each line's end and leaves what it found in
// its fields, so that a page of 10,000 lines makes no garbage but the strings that are asked for. A caller who knows what the
// line will say (the previous scrape said it) asks whether it does, and saves reading it again: such lines are compared byte
// by byte, and a page of nothing else is never made into text.
// Other lines are read from a text that has one character for each byte. Nothing that marks the parts of a line is beyond
// ASCII; only the parts themselves are decoded.
import { isAscii } from 'node:buffer';
import { type Exemplar, Labels, METRIC_NAME } from '@tillwatch/model';
import { decodePage, STRAY_BYTE } from './decode.ts';
import type { MetricType } from './entries.ts';
import { ExpositionError } from './exposition-error.ts';
import { canonicalFloat, parseFloatText } from './float.ts';
import { QuickNumber } from './quick-number.ts';

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
  /** The page; another array than the one that was given if a newline had to be added at its end. */
  readonly bytes: Buffer;
  readonly #dialect: Dialect;
  #latin1: string | undefined;
  #isAscii = false;
  #at = 0;
  /** Names and values in turn of the series that was read last. */
  #flat: string[] = [];
  readonly #number = new QuickNumber();
  readonly #view: DataView;

  /** Where the line that was read last starts and ends: for a series that is the series alone, without its newline. */
  lineFrom = 0;
  lineTo = 0;
  value = 0;
  timestampMs: number | undefined;
  exemplar: Exemplar | undefined;
  /** For metadata: the metric, and the type, help or unit; for a comment, its text. */
  metric = '';
  metadata = '';
  /** The type that the last `# TYPE` line said. It decides whether `le` and `quantile` are numbers. */
  type: MetricType = 'unknown';

  constructor(page: Uint8Array, dialect: Dialect) {
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    // In the classic format a last line without its newline counts.
    this.bytes = dialect === 'text' && bytes.at(-1) !== NEWLINE ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.#dialect = dialect;
  }

  /**
   * Is the next line a sample of the series whose text is `known` from `from` to `to`? Then it is read, but for its labels.
   * @throws {ExpositionError} for a sample that cannot be read.
   */
  nextSeriesIs(known: DataView, from: number, to: number): boolean {
    const { bytes } = this;
    const at = this.#startOfLine();
    if (!isSame(this.#view, at, known, from, to)) return false;
    const end = at + to - from;
    let sample = end;
    while (isBlank(bytes[sample]!)) sample++;
    // A longer name, or labels after a blank, would make it another series.
    if (sample === end || bytes[sample] === OPEN) return false;
    this.lineFrom = at;
    this.lineTo = end;
    this.exemplar = undefined;
    this.timestampMs = undefined;
    const number = this.#number;
    // A sample and nothing else behind one blank is the same in both formats.
    if (sample === end + 1 && number.read(bytes, sample) && bytes[number.end] === NEWLINE) {
      this.value = number.value;
      this.#at = number.end + 1;
      return true;
    }
    this.#at = end;
    this.#readSample();
    return true;
  }

  /** Is the next line the comment or the metadata whose text is `known` from `from` to `to`? Then it is passed over. */
  nextCommentIs(known: DataView, from: number, to: number): boolean {
    const at = this.#startOfLine();
    const end = at + to - from;
    if (!isSame(this.#view, at, known, from, to) || this.bytes[end] !== NEWLINE) return false;
    this.lineFrom = at;
    this.lineTo = end;
    this.#at = end + 1;
    return true;
  }

  /**
   * Reads the next line that says something.
   * @throws {ExpositionError}
   */
  next(): LineKind {
    if (this.#dialect === 'openmetrics') return this.#nextOpenMetrics();
    this.#at = this.#startOfLine();
    if (this.#at >= this.bytes.length) return 'end';
    if (this.bytes[this.#at] === HASH) return this.#comment();
    this.#series();
    return 'series';
  }

  /** In the classic format blanks and empty lines may come before a line. */
  #startOfLine(): number {
    let at = this.#at;
    if (this.#dialect === 'openmetrics') return at;
    for (let code = this.bytes[at]; code === NEWLINE || code === SPACE || code === TAB; code = this.bytes[++at]);
    return at;
  }

  /** The page as text of one character a byte. */
  get #text(): string {
    if (this.#latin1 === undefined) {
      this.#latin1 = this.bytes.toString('latin1');
      this.#isAscii = isAscii(this.bytes);
    }
    return this.#latin1;
  }

  /** A part of the page, decoded. Bytes that are no UTF-8 become what `STRAY_BYTE` finds. */
  #piece(from: number, to: number): string {
    const piece = this.#text.slice(from, to);
    return this.#isAscii ? piece : decodePage(this.bytes.subarray(from, to));
  }

  /** The series that was read last, as it was written. */
  get seriesText(): string {
    return this.#piece(this.lineFrom, this.lineTo);
  }

  /**
   * The labels of the series that was read last. They are pieces of the page's text and keep it alive, unless `keep` makes
   * texts of their own of them. @throws {ExpositionError} when a label comes twice.
   */
  labels(keep?: (text: string) => string): Labels {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i]!;
      for (let j = 0; j < i; j += 2) if (flat[j] === name) throw this.#twice(name);
      const value = this.#normalized(name, flat[i + 1]!);
      flat[i] = keep === undefined ? name : keep(name);
      flat[i + 1] = keep === undefined ? value : keep(value);
    }
    return Labels.fromFlat(flat);
  }

  #twice(name: string): ExpositionError {
    const what = name === METRIC_NAME ? 'the metric name is given twice' : `label "${name}" comes twice`;
    return this.#error(this.lineFrom, what);
  }

  /** Labels of the series that was read last that are there without a value. */
  emptyLabels(): string[] {
    return this.#flat.filter((_, i) => i % 2 === 0 && this.#flat[i + 1] === '');
  }

  #normalized(name: string, value: string): string {
    const isNumber = (name === 'le' && this.type === 'histogram') || (name === 'quantile' && this.type === 'summary');
    const number = isNumber ? parseFloatText(value) : undefined;
    return number === undefined ? value : canonicalFloat(number);
  }

  #nextOpenMetrics(): LineKind {
    const text = this.#text;
    if (this.#at >= text.length) throw this.#error(this.#at, 'the page does not end with "# EOF": it may be cut off');
    const code = text.charCodeAt(this.#at);
    if (code !== HASH) {
      this.#series();
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
    const text = this.#text;
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
      this.metadata = this.#piece(start, end);
      this.#at = end;
      return this.#commentRead('comment', start, end);
    }
    at += keyword.length + 1;
    if (this.#dialect === 'text') while (isBlank(text.charCodeAt(at))) at++;
    const kind = keyword.toLowerCase() as 'help' | 'type' | 'unit';
    at = this.#metadataName(at, keyword);
    if (this.#dialect === 'openmetrics' && at === end)
      throw this.#error(at, `nothing follows the metric of "# ${keyword}"`);
    this.#readMetadata(kind, this.#piece(Math.min(at + 1, end), end), at);
    this.#at = this.#dialect === 'text' ? end : end + 1;
    return this.#commentRead(kind, start, end);
  }

  #commentRead(kind: LineKind, from: number, to: number): LineKind {
    this.lineFrom = from;
    this.lineTo = to;
    return kind;
  }

  #keyword(at: number): 'HELP' | 'TYPE' | 'UNIT' | undefined {
    const text = this.#text;
    const keyword = text.slice(at, at + 4);
    const after = text.charCodeAt(at + 4);
    if (after !== SPACE && !(after === TAB && this.#dialect === 'text')) return undefined;
    if (keyword === 'HELP' || keyword === 'TYPE') return keyword;
    return keyword === 'UNIT' && this.#dialect === 'openmetrics' ? keyword : undefined;
  }

  #metadataName(from: number, keyword: string): number {
    const text = this.#text;
    const isQuoted = text.charCodeAt(from) === QUOTE;
    const to = isQuoted ? this.#stringEnd(from) : nameEnd(text, from, true);
    if (to === undefined || to === from) {
      throw this.#error(from, `expected a metric name after "# ${keyword}", got ${this.#shown(from)}`);
    }
    const after = text.charCodeAt(to);
    if (after !== NEWLINE && !isBlank(after) && !Number.isNaN(after)) {
      throw this.#error(to, `unexpected ${this.#shown(to)} in the metric name of "# ${keyword}"`);
    }
    this.metric = isQuoted ? unescapeLabel(this.#piece(from + 1, to - 1)) : text.slice(from, to);
    return to;
  }

  #readMetadata(kind: 'help' | 'type' | 'unit', content: string, at: number): void {
    if (!this.#isAscii && STRAY_BYTE.test(content)) throw this.#error(at, `"# ${kind.toUpperCase()}" is not UTF-8`);
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

  #series(): void {
    this.lineFrom = this.#at;
    this.exemplar = undefined;
    this.#readSeries();
    this.lineTo = this.#at;
    this.#readSample();
  }

  #readSeries(): void {
    const text = this.#text;
    this.#flat.length = 0;
    const start = this.#at;
    const isBraced = text.charCodeAt(start) === OPEN;
    if (!isBraced) {
      const end = nameEnd(text, start, true);
      if (end === start) throw this.#error(start, `expected a metric name, got ${this.#shown(start)}`);
      this.#flat.push(METRIC_NAME, text.slice(start, end));
      this.#at = end;
      const open = this.#dialect === 'text' ? this.#afterBlanks(end) : end;
      if (text.charCodeAt(open) !== OPEN) return;
      this.#at = open;
    }
    this.#at = this.#readLabels(this.#at + 1, this.#flat, isBraced ? 'required' : 'given');
  }

  /** Reads labels up to and with the closing brace; returns where it goes on. `name`: may a quoted metric name be among them? */
  #readLabels(from: number, flat: string[], name: 'required' | 'given' | 'none'): number {
    const text = this.#text;
    const isText = this.#dialect === 'text';
    let hasName = name !== 'required';
    let isFirst = true;
    let at = isText ? this.#afterBlanks(from) : from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === CLOSE) {
        if (!hasName)
          throw this.#error(
            this.lineFrom,
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
        flat.push(METRIC_NAME, labelText);
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
        flat.push(labelText, this.#string(at, valueTo));
        at = isText ? this.#afterBlanks(valueTo) : valueTo;
      }
      if (text.charCodeAt(at) === COMMA) at = isText ? this.#afterBlanks(at + 1) : at + 1;
      isFirst = false;
    }
  }

  /** Value, timestamp and exemplar, up to and with the newline. */
  #readSample(): void {
    const isText = this.#dialect === 'text';
    const text = this.#text;
    let at = this.#at;
    if (isText) at = this.#afterBlanks(at);
    else if (text.charCodeAt(at) === SPACE) at++;
    else throw this.#error(at, `expected a blank and a value, got ${this.#shown(at)}`);
    let end = this.#wordEnd(at);
    this.value = this.#numberIn(at, end, 'value');
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
    const flat: string[] = [];
    let at = this.#readLabels(open + 1, flat, 'none');
    if (this.#text.charCodeAt(at) !== SPACE)
      throw this.#error(at, `expected a value after exemplar labels, got ${this.#shown(at)}`);
    let end = this.#wordEnd(++at);
    const value = this.#numberIn(at, end, 'exemplar value');
    let timestampMs: number | undefined;
    if (this.#text.charCodeAt(end) === SPACE) {
      at = end + 1;
      end = this.#wordEnd(at);
      timestampMs = this.#timestamp(at, end);
    }
    this.exemplar = { labels: Labels.fromFlat(flat), value, timestampMs };
    return end;
  }

  #numberIn(from: number, to: number, what: string): number {
    const word = this.#text.slice(from, to);
    const value = parseFloatText(word);
    if (value === undefined) {
      const problem = word === '' ? `expected a ${what}, got ${this.#shown(from)}` : `"${word}" is not a number`;
      throw this.#error(from, problem, word.endsWith('\r') ? 'end lines with "\\n" alone, without "\\r"' : undefined);
    }
    return value;
  }

  #timestamp(from: number, to: number): number {
    const word = this.#text.slice(from, to);
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
    const inside = this.#piece(from + 1, to - 1);
    if (!this.#isAscii && STRAY_BYTE.test(inside)) throw this.#error(from, 'a label is not UTF-8');
    return inside.includes('\\') ? unescapeLabel(inside) : inside;
  }

  /** Where the quoted string that opens at `from` ends, after its closing quote; `undefined` if it does not on this page. */
  #stringEnd(from: number): number | undefined {
    const text = this.#text;
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
    while (isBlank(this.#text.charCodeAt(at))) at++;
    return at;
  }

  #wordEnd(from: number): number {
    const text = this.#text;
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE || code === SPACE || code === OPEN || (code === TAB && this.#dialect === 'text')) break;
    }
    return at;
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }

  #shown(at: number): string {
    if (at >= this.bytes.length) return 'the end of the page';
    const char = String.fromCodePoint(decodePage(this.bytes.subarray(at, at + 4)).codePointAt(0)!);
    return char === '\n' ? 'the end of the line' : JSON.stringify(char);
  }

  #error(offset: number, problem: string, hint?: string): ExpositionError {
    const before = decodePage(this.bytes.subarray(0, offset));
    return new ExpositionError(before + decodePage(this.bytes.subarray(offset)), before.length, problem, hint);
  }
}

/** Stands at `at` of `page` what `known` has from `from` to `to`? Four bytes at a time: it is most of what a scrape costs. */
function isSame(page: DataView, at: number, known: DataView, from: number, to: number): boolean {
  if (at + to - from > page.byteLength) return false;
  let i = from;
  let j = at;
  for (; i + 4 <= to; i += 4, j += 4) if (known.getInt32(i) !== page.getInt32(j)) return false;
  for (; i < to; i++, j++) if (known.getUint8(i) !== page.getUint8(j)) return false;
  return true;
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
