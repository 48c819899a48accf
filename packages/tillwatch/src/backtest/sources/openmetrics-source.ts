import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Labels } from '@tillwatch/model';
import { ExpositionError, parseExposition, parseFloatText } from '@tillwatch/scrape/exposition';
import { InputError } from '../input-error.ts';
import { SampleSpool, type SpoolSeries } from '../spool/sample-spool.ts';
import type { BacktestSource, ReadOptions } from './source.ts';

const LONGEST_LINE = 1 << 20;
const CHUNK_BYTES = 4 << 20;

/**
 * A file of samples with timestamps, as `promtool tsdb dump-openmetrics` writes it: of any length, series one after the other or
 * mixed. Samples of one series must come with rising timestamps.
 * @throws {InputError} at the first line that is no sample with a timestamp
 * @throws {SpoolError} when there are more samples than fit
 */
export async function openMetricsSource(file: string, options: ReadOptions = {}): Promise<BacktestSource> {
  const size = await sizeOf(file);
  const spool = new SampleSpool();
  try {
    const reader = new LineReader(file, spool);
    const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: CHUNK_BYTES, signal: options.signal });
    for await (const chunk of stream) {
      reader.take(chunk as string);
      options.onProgress?.({ share: size === 0 ? 1 : stream.bytesRead / size, samples: spool.sampleCount });
    }
    reader.end();
    const { firstMs, lastMs } = spool;
    if (firstMs === undefined || lastMs === undefined) throw new InputError({ file }, 'there are no samples in it');
    return { name: file, queryable: spool, firstMs, lastMs, notes: [], close: async () => spool.close() };
  } catch (error) {
    spool.close();
    throw error;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new InputError({ file }, why);
  }
}

/** Reads whole lines. Most begin with the series of the line before, or with one that was seen: those are only looked up. */
class LineReader {
  readonly #file: string;
  readonly #spool: SampleSpool;
  readonly #series = new Map<string, SpoolSeries>();
  #rest = '';
  #line = 0;
  #type = '';
  #lastText = '';
  #last: SpoolSeries | undefined;
  #isOver = false;

  constructor(file: string, spool: SampleSpool) {
    this.#file = file;
    this.#spool = spool;
  }

  take(chunk: string): void {
    const text = this.#rest + chunk;
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#read(text, from, end);
      from = end + 1;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > LONGEST_LINE) {
      this.#line++;
      throw this.#error('a line of more than 1 MiB', 'is it a text file?');
    }
  }

  end(): void {
    if (this.#rest !== '') this.#read(this.#rest, 0, this.#rest.length);
  }

  #read(text: string, from: number, to: number): void {
    this.#line++;
    const end = text.charCodeAt(to - 1) === 13 ? to - 1 : to;
    if (end <= from) return;
    if (text.charCodeAt(from) === 35) {
      const comment = text.slice(from, end);
      if (comment.startsWith('# TYPE ')) this.#type = comment;
      if (comment === '# EOF') this.#isOver = true;
      return;
    }
    if (this.#isOver)
      throw this.#error('there is more after "# EOF"', 'files that are put together need their "# EOF" taken out');
    this.#sample(text, from, end);
  }

  #sample(text: string, from: number, to: number): void {
    const seriesEnd = this.#seriesEnd(text, from, to);
    const series = this.#seriesOf(text.slice(from, seriesEnd));
    const valueEnd = wordEnd(text, seriesEnd + 1, to);
    const value = this.#number(text.slice(seriesEnd + 1, valueEnd));
    if (valueEnd >= to) {
      throw this.#error(
        'a sample without a timestamp',
        'a backtest needs to know when: take what promtool tsdb dump-openmetrics writes',
      );
    }
    const written = this.#number(text.slice(valueEnd + 1, wordEnd(text, valueEnd + 1, to)));
    // OpenMetrics counts seconds; the classic format, which some tools write here too, milliseconds.
    const timestampMs = Math.round(Math.abs(written) < 1e11 ? written * 1_000 : written);
    if (!Number.isFinite(timestampMs)) throw this.#error('a timestamp that is no moment');
    if (!series.append(timestampMs, value)) {
      throw this.#error(
        `a sample of ${text.slice(from, seriesEnd)} that is not newer than the one before`,
        'samples of one series must come in the order of time, each once',
      );
    }
  }

  /** The place of the blank behind the series. */
  #seriesEnd(text: string, from: number, to: number): number {
    const known = from + this.#lastText.length;
    if (this.#last !== undefined && text.charCodeAt(known) === 32 && text.slice(from, known) === this.#lastText)
      return known;
    let isQuoted = false;
    let isInBraces = false;
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      if (isQuoted) {
        if (code === 92) i++;
        else if (code === 34) isQuoted = false;
      } else if (code === 34) isQuoted = true;
      else if (code === 123) isInBraces = true;
      else if (code === 125) isInBraces = false;
      else if (code === 32 && !isInBraces) return i;
    }
    throw this.#error(
      `no sample: ${JSON.stringify(text.slice(from, Math.min(to, from + 60)))}`,
      'a line is name{label="value"} value timestamp',
    );
  }

  #seriesOf(text: string): SpoolSeries {
    if (this.#last !== undefined && text === this.#lastText) return this.#last;
    let series = this.#series.get(text);
    if (series === undefined) {
      // A piece of a text keeps all of it in memory: what stays is copied.
      const own = Buffer.from(text).toString();
      series = this.#spool.series(this.#labels(own));
      this.#series.set(own, series);
    }
    this.#last = series;
    this.#lastText = text;
    return series;
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

  #number(text: string): number {
    const value = parseFloatText(text);
    if (value === undefined) throw this.#error(`${JSON.stringify(text.slice(0, 40))} is not a number`);
    return value;
  }

  #error(what: string, hint?: string): InputError {
    return new InputError({ file: this.#file, line: this.#line }, what, hint);
  }
}

function wordEnd(text: string, from: number, to: number): number {
  const blank = text.indexOf(' ', from);
  return blank === -1 || blank > to ? to : blank;
}
