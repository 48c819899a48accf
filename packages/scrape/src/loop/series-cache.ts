// A target says the same lines in the same order at every scrape. So each line is first compared with the one that stood there
// last time; if it is the same, its labels are known and nothing is parsed, hashed or relabelled. While that goes well, nothing
// is written down either: only the first line that is another one starts a new outline.
import { type Labels, SampleRow } from '@tillwatch/model';
import type { MetricType } from '../exposition/entries.ts';
import type { ExpositionScanner } from '../exposition/scanner.ts';
import { detached } from './metadata.ts';
import {
  type FoundSeries,
  isSeries,
  type KnownLine,
  type KnownSeries,
  Outline,
  type OutlineBuilder,
} from './outline.ts';

/** How many texts of labels are kept for sharing. */
const MOST_TEXTS = 20_000;

export class SeriesCache {
  #outline = Outline.empty;
  /** The outline of the page that is being read, once it differs from the one before. */
  #next: OutlineBuilder | undefined;
  /** Series by their text, once a line was not where it was expected. */
  #lookup: Map<string, FoundSeries> | undefined;
  /** Lines with the series that were stored and not ended since. */
  #live: readonly KnownLine[] = [];
  /** The series of the outline that are stored, once somebody asked for them. */
  #row: SampleRow | undefined;
  readonly #texts = new Map<string, string>();
  #scrape = 0;
  /** The place in the outline of the line that is expected next. */
  #expected = 0;

  /** Starts a scrape. */
  begin(): void {
    this.#scrape++;
    this.#expected = 0;
    this.#next = undefined;
    this.#lookup = undefined;
  }

  /** The series that are stored of a page like the last one, in the order of its lines. */
  get row(): SampleRow {
    this.#row ??= new SampleRow(
      this.#outline.lines.flatMap((line) => (isSeries(line) && line.labels !== undefined ? [line.labels] : [])),
    );
    return this.#row;
  }

  /** Has the page been like the last one so far? */
  get isUnchanged(): boolean {
    return this.#next === undefined;
  }

  /**
   * Lets the scanner read the next line if it is the one that stood in this place last time. Returns it, or `undefined` when
   * the scanner has not moved.
   */
  readExpected(scanner: ExpositionScanner): KnownLine | undefined {
    const outline = this.#outline;
    const line = outline.lines[this.#expected];
    if (line === undefined) return undefined;
    const from = outline.startOf(this.#expected);
    const to = outline.startOf(this.#expected + 1);
    if (isSeries(line)) {
      // Under another type its labels would be others.
      if (line.type !== scanner.type || !scanner.nextSeriesIs(outline.view, from, to)) return undefined;
    } else {
      if (!scanner.nextCommentIs(outline.view, from, to)) return undefined;
      if (line.setsType !== undefined) scanner.type = line.setsType;
    }
    this.#expected++;
    if (this.#next !== undefined) this.#add(line, scanner);
    return line;
  }

  /** The series of the line that the scanner read last, if it stood elsewhere. What comes behind it is expected next. */
  find(scanner: ExpositionScanner): KnownSeries | undefined {
    this.#lookup ??= this.#outline.lookup();
    const found = this.#lookup.get(keyOf(scanner));
    if (found === undefined || found.series.type !== scanner.type) return undefined;
    this.#startNext();
    if (found.index !== -1) this.#expected = found.index + 1;
    this.#add(found.series, scanner);
    return found.series;
  }

  /** Enters the series of the line that the scanner read last, which was not known. */
  add(scanner: ExpositionScanner, labels: Labels | undefined, isRefused = false): KnownSeries {
    this.#startNext();
    const series: KnownSeries = { type: scanner.type, labels, isRefused, hash: undefined, isTracked: false, scrape: 0 };
    this.#lookup?.set(keyOf(scanner), { series, index: -1 });
    this.#add(series, scanner);
    return series;
  }

  /** Enters the comment that the scanner read last. */
  addComment(scanner: ExpositionScanner, setsType: MetricType | undefined): void {
    this.#startNext();
    this.#add({ setsType }, scanner);
  }

  /** A text that does not keep the page alive that it was cut from. Names and values of labels repeat, so each is kept once. */
  keep(text: string): string {
    let kept = this.#texts.get(text);
    if (kept === undefined) {
      if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
      kept = detached(text);
      this.#texts.set(kept, kept);
    }
    return kept;
  }

  /** The page has been read to its end. */
  end(): void {
    if (this.#expected < this.#outline.lines.length) this.#startNext();
  }

  /** Which live series this scrape did not have. After a failed scrape that is all of them. */
  vanished(hasFailed: boolean): Labels[] {
    if (!hasFailed && this.#next === undefined && this.#live === this.#outline.lines) return [];
    const gone: Labels[] = [];
    for (const line of this.#live) {
      if (!isSeries(line) || line.labels === undefined || !line.isTracked) continue;
      if (hasFailed || !this.#hasSeen(line)) gone.push(line.labels);
    }
    return hasFailed || gone.length === 0 ? gone : this.#withoutPresent(gone);
  }

  /** The scrape's batch is stored: what vanished is ended, what was seen is live. */
  commit(hasFailed: boolean): void {
    if (hasFailed) this.#live = [];
    else {
      this.#takeNext();
      this.#live = this.#outline.lines;
    }
    this.#forgetScrape();
  }

  /** The batch could not be stored: what it would have made live may be live all the same, and nothing is ended yet. */
  rollback(hasFailed: boolean): void {
    if (!hasFailed) {
      const unseen = this.#live.filter((line) => isSeries(line) && !this.#hasSeen(line));
      this.#takeNext();
      this.#live = unseen.length === 0 ? this.#outline.lines : [...unseen, ...this.#outline.lines];
    }
    this.#forgetScrape();
  }

  /** Forgets labels because the rules that made them changed; live series stay to be ended. */
  forgetLabels(): void {
    this.#outline = Outline.empty;
    this.#row = undefined;
    this.#forgetScrape();
  }

  /** Another line may stand for a series that is gone by its text: that one is there. */
  #withoutPresent(gone: readonly Labels[]): Labels[] {
    const hashes = new Set(gone.map(({ hash }) => hash | 0));
    const present = new Set<string>();
    for (const line of this.#next?.lines ?? this.#outline.lines) {
      if (!isSeries(line) || line.labels === undefined) continue;
      line.hash ??= line.labels.hash | 0;
      if (hashes.has(line.hash)) present.add(line.labels.key);
    }
    return gone.filter(({ key }) => !present.has(key));
  }

  #hasSeen(series: KnownSeries): boolean {
    return series.scrape === this.#scrape;
  }

  #add(line: KnownLine, scanner: ExpositionScanner): void {
    if (isSeries(line)) line.scrape = this.#scrape;
    this.#next!.add(line, scanner.bytes, scanner.lineFrom, scanner.lineTo);
  }

  /** From here on the page is another one than last time. */
  #startNext(): void {
    if (this.#next !== undefined) return;
    this.#next = this.#outline.beginning(this.#expected);
    for (const line of this.#next.lines) if (isSeries(line)) line.scrape = this.#scrape;
  }

  #takeNext(): void {
    if (this.#next === undefined) return;
    this.#outline = this.#next.finish();
    this.#row = undefined;
  }

  #forgetScrape(): void {
    this.#next = undefined;
    this.#lookup = undefined;
  }
}

/** The text of the line that was read last, a byte a character. */
function keyOf({ bytes, lineFrom, lineTo }: ExpositionScanner): string {
  return bytes.toString('latin1', lineFrom, lineTo);
}
