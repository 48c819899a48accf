import type { Labels } from '@tillwatch/model';
import { ExpositionError, parseExposition, parseFloatText } from '@tillwatch/scrape/exposition';
import { InputError } from '../backtest/input-error.ts';

/** Who takes the samples of a file. `S` is whatever stands for a series there. */
export interface SampleSink<S> {
  /** Called once for each way a series is written. */
  series(labels: Labels): S;
  /** Returns false when the sample is not newer than the one before, which ends the reading. */
  append(series: S, timestampMs: number, value: number): boolean;
  /** As `append`, for a staleness marker; without it markers are NaN. */
  appendStale?(series: S, timestampMs: number): boolean;
}

/** What a staleness marker is written as: every reader takes it for a NaN, and no other program spells NaN like this. */
export const STALE_TEXT = 'naN';

const LONGEST_LINE = 1 << 20;
/** How many digits a whole number may have to be exact whatever they are. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);
/** Timestamps below are seconds, as in OpenMetrics; the classic format, which some tools write, has milliseconds. */
const FEWEST_MS = 1e11;
/** So many ways to write a series are remembered. */
const MOST_KNOWN = 2_000_000;

const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const QUOTE = 34;
const HASH = 35;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

interface Known<S> {
  /** How the line begins, up to the blank behind the series, which is part of it: four bytes at a time, and the rest. */
  readonly length: number;
  readonly words: Int32Array;
  readonly tail: Uint8Array;
  readonly series: S;
  /** What came after it the last time. */
  next: Known<S> | undefined;
}

/**
 * Reads lines of samples with timestamps from the bytes of an OpenMetrics or classic text file, of any length. Most lines begin
 * like the one before, or like the one that followed last time: for those, bytes are compared and nothing is looked up.
 */
export class SampleLines<S> {
  readonly #file: string;
  readonly #sink: SampleSink<S>;
  readonly #known = new Map<string, Known<S>>();
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;
  #type = '';
  #last: Known<S> | undefined;
  #isOver = false;
  /** The bytes that are read, four at a time. */
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the number that was read last ended. */
  #end = 0;

  /** `file` is how messages call it. */
  constructor(file: string, sink: SampleSink<S>) {
    this.#file = file;
    this.#sink = sink;
  }

  /** Reads the next bytes of the file. @throws {InputError} at the first line that is no sample with a timestamp */
  take(chunk: Buffer): void {
    let from = 0;
    if (this.#rest.length > 0) {
      // The line that began in the last bytes ends in these, or not even there.
      const end = chunk.indexOf(NEWLINE);
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, end === -1 ? chunk.length : end)]);
      from = end === -1 ? chunk.length : end + 1;
      if (end !== -1) this.end();
    }
    this.#look(chunk);
    for (let end = chunk.indexOf(NEWLINE, from); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#read(chunk, from, end);
      from = end + 1;
    }
    // A copy: what the stream gave may be overwritten.
    if (from < chunk.length) this.#rest = Buffer.from(chunk.subarray(from));
    if (this.#rest.length > LONGEST_LINE) {
      this.#line++;
      throw this.#error('a line of more than 1 MiB', 'is it a text file?');
    }
  }

  /** The file has ended. @throws {InputError} */
  end(): void {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (rest.length === 0) return;
    this.#look(rest);
    this.#read(rest, 0, rest.length);
  }

  /** What is read next are these bytes. */
  #look(bytes: Buffer): void {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #read(bytes: Buffer, from: number, to: number): void {
    this.#line++;
    const end = bytes[to - 1] === RETURN ? to - 1 : to;
    if (end <= from) return;
    if (bytes[from] === HASH) {
      const comment = bytes.toString('utf8', from, end);
      if (comment.startsWith('# TYPE ')) this.#type = comment;
      if (comment === '# EOF') this.#isOver = true;
      return;
    }
    if (this.#isOver)
      throw this.#error('there is more after "# EOF"', 'files that are put together need their "# EOF" taken out');
    this.#sample(bytes, from, end);
  }

  #sample(bytes: Buffer, from: number, to: number): void {
    const { series, length } = this.#find(bytes, from, to);
    const valueFrom = from + length;
    const value = this.#number(bytes, valueFrom, to);
    const valueEnd = this.#end;
    if (valueEnd >= to) {
      throw this.#error(
        'a sample without a timestamp',
        'without one nobody knows when it was: take what promtool tsdb dump-openmetrics writes',
      );
    }
    const written = this.#number(bytes, valueEnd + 1, to);
    const timestampMs = Math.round(Math.abs(written) < FEWEST_MS ? written * 1_000 : written);
    if (!Number.isFinite(timestampMs)) throw this.#error('a timestamp that is no moment');
    const isStale = value !== value && bytes.toString('latin1', valueFrom, valueEnd) === STALE_TEXT;
    const isTaken =
      isStale && this.#sink.appendStale !== undefined
        ? this.#sink.appendStale(series, timestampMs)
        : this.#sink.append(series, timestampMs, value);
    if (isTaken) return;
    throw this.#error(
      `a sample of ${bytes.toString('utf8', from, valueFrom - 1)} that is not newer than the one before`,
      'samples of one series must come in the order of time, each once',
    );
  }

  /** The series that the line begins with. */
  #find(bytes: Buffer, from: number, to: number): Known<S> {
    const last = this.#last;
    if (last !== undefined) {
      if (this.#beginsWith(from, to, last)) return last;
      const { next } = last;
      if (next !== undefined && this.#beginsWith(from, to, next)) {
        this.#last = next;
        return next;
      }
    }
    const found = this.#lookUp(bytes, from, this.#seriesEnd(bytes, from, to) + 1);
    if (last !== undefined) last.next = found;
    this.#last = found;
    return found;
  }

  #beginsWith(from: number, to: number, { length, words, tail }: Known<S>): boolean {
    if (from + length > to) return false;
    const view = this.#view;
    const tailFrom = from + 4 * words.length;
    // From the end, where series of one metric differ first.
    for (let i = tail.length - 1; i >= 0; i--) if (view.getUint8(tailFrom + i) !== tail[i]) return false;
    for (let i = words.length - 1; i >= 0; i--) if (view.getInt32(from + 4 * i, true) !== words[i]) return false;
    return true;
  }

  #lookUp(bytes: Buffer, from: number, end: number): Known<S> {
    const key = bytes.toString('latin1', from, end);
    let known = this.#known.get(key);
    if (known === undefined) {
      const series = this.#sink.series(this.#labels(bytes.toString('utf8', from, end - 1)));
      known = { ...prefixOf(bytes.subarray(from, end)), series, next: undefined };
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(key, known);
    }
    return known;
  }

  /** The place of the blank behind the series. */
  #seriesEnd(bytes: Buffer, from: number, to: number): number {
    let isQuoted = false;
    let isInBraces = false;
    for (let i = from; i < to; i++) {
      const code = bytes[i];
      if (isQuoted) {
        if (code === BACKSLASH) i++;
        else if (code === QUOTE) isQuoted = false;
      } else if (code === QUOTE) isQuoted = true;
      else if (code === OPEN) isInBraces = true;
      else if (code === CLOSE) isInBraces = false;
      else if (code === BLANK && !isInBraces) return i;
    }
    throw this.#error(
      `no sample: ${JSON.stringify(bytes.toString('utf8', from, Math.min(to, from + 60)))}`,
      'a line is name{label="value"} value timestamp',
    );
  }

  #labels(text: string): Labels {
    try {
      const entries = parseExposition(`${this.#type}\n${text} 1\n`);
      const entry = entries.find(({ kind }) => kind === 'series');
      if (entry?.kind === 'series') return entry.labels;
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error;
      // The place in the line that was made up for it would only confuse.
      throw this.#error(`no series: ${text.slice(0, 200)}`, error.message.replace(/ \(line .*/s, ''));
    }
    throw this.#error(`no series: ${text.slice(0, 200)}`);
  }

  /** Reads the number up to the next blank, or to the end of the line. Numbers of few digits are put together here. */
  #number(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let digits = 0;
    let fraction = 0;
    let whole = 0;
    let isAfterDot = false;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    for (; at < to; at++) {
      const code = bytes[at]!;
      if (code >= ZERO && code <= NINE) {
        whole = whole * 10 + (code - ZERO);
        digits++;
        if (isAfterDot) fraction++;
      } else if (code === DOT && !isAfterDot) isAfterDot = true;
      else break;
    }
    if ((at === to || bytes[at] === BLANK) && digits > 0 && digits <= EXACT_DIGITS) {
      this.#end = at;
      // Both are exact, so the division rounds as reading the text would.
      const value = fraction === 0 ? whole : whole / POWERS[fraction]!;
      return isNegative ? -value : value;
    }
    const blank = bytes.indexOf(BLANK, from);
    this.#end = blank === -1 || blank > to ? to : blank;
    const text = bytes.toString('latin1', from, this.#end);
    const value = parseFloatText(text);
    if (value === undefined) throw this.#error(`${JSON.stringify(text.slice(0, 40))} is not a number`);
    return value;
  }

  #error(what: string, hint?: string): InputError {
    return new InputError({ file: this.#file, line: this.#line }, what, hint);
  }
}

function prefixOf(bytes: Uint8Array): { length: number; words: Int32Array; tail: Uint8Array } {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const words = Int32Array.from({ length: length >> 2 }, (_, i) => view.getInt32(4 * i, true));
  return { length, words, tail: bytes.slice(length & ~3) };
}
