import type { Labels } from '@tillwatch/model';
import type { MetricType } from '../exposition/entries.ts';

/** What is known of a series as it is written on the page. */
export interface KnownSeries {
  /** The type under which its labels were read: it decides about `le` and `quantile`. */
  readonly type: MetricType;
  /** As they are stored; `undefined` when metric relabelling drops the series, or a limit refuses it. */
  readonly labels: Labels | undefined;
  /** Is it left out because there are too many series? */
  readonly isRefused: boolean;
  /** The hash of its labels, once somebody asked for it: to find it out takes longer than to read the line. */
  hash: number | undefined;
  /** Must it be ended with a staleness marker when it is gone? Not with timestamps of its own. */
  isTracked: boolean;
  /** The scrape that saw it last, as far as scrapes that saw the same as the one before were counted. */
  scrape: number;
}

/** A comment or a line of metadata; `setsType` is what a `# TYPE` says of the series behind it. */
interface KnownComment {
  readonly setsType: MetricType | undefined;
}

/** A line of a page, without what changes from scrape to scrape. */
export type KnownLine = KnownSeries | KnownComment;

export function isSeries(line: KnownLine): line is KnownSeries {
  return 'labels' in line;
}

/** The lines of a page in their order. Their texts are bytes in a row: one array a page instead of one string a line. */
export class Outline {
  static readonly empty = new Outline([], new Uint8Array(0), new Uint32Array(0));

  readonly lines: readonly KnownLine[];
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where in `bytes` the text of each line ends. */
  readonly #ends: Uint32Array;

  constructor(lines: readonly KnownLine[], bytes: Uint8Array, ends: Uint32Array) {
    this.lines = lines;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#ends = ends;
  }

  /** Where the text of line `index` starts in `bytes`; it ends where that of the next starts. */
  startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  /** The series by their text (a byte a character), each with its place. Of equal ones the first counts. */
  lookup(): Map<string, FoundSeries> {
    const found = new Map<string, FoundSeries>();
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString('latin1');
    for (let i = 0; i < this.lines.length; i++) {
      const line = this.lines[i]!;
      const key = isSeries(line) ? text.slice(this.startOf(i), this.#ends[i]) : undefined;
      if (key !== undefined && !found.has(key)) found.set(key, { series: line as KnownSeries, index: i });
    }
    return found;
  }

  /** The first `count` lines, to be gone on with. */
  beginning(count: number): OutlineBuilder {
    const builder = new OutlineBuilder();
    builder.addAll(
      this.lines.slice(0, count),
      this.bytes.subarray(0, this.startOf(count)),
      this.#ends.subarray(0, count),
    );
    return builder;
  }
}

/** A series that is known, and its place in the outline; -1 when it is new. */
export interface FoundSeries {
  readonly series: KnownSeries;
  readonly index: number;
}

/** An outline as it grows. */
export class OutlineBuilder {
  readonly lines: KnownLine[] = [];
  #bytes = new Uint8Array(1024);
  #ends = new Uint32Array(64);
  #length = 0;

  addAll(lines: readonly KnownLine[], bytes: Uint8Array, ends: Uint32Array): void {
    this.#reserve(bytes.length, lines.length);
    this.#ends.set(ends, this.lines.length);
    for (const line of lines) this.lines.push(line);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Adds a line with the text that `page` has from `from` to `to`. */
  add(line: KnownLine, page: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from, 1);
    this.#bytes.set(page.subarray(from, to), this.#length);
    this.#length += to - from;
    this.#ends[this.lines.length] = this.#length;
    this.lines.push(line);
  }

  finish(): Outline {
    // Copies have no room to spare.
    return new Outline(this.lines.slice(), this.#bytes.slice(0, this.#length), this.#ends.slice(0, this.lines.length));
  }

  #reserve(bytes: number, lines: number): void {
    if (this.#length + bytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    if (this.lines.length + lines > this.#ends.length) {
      const grown = new Uint32Array(Math.max(this.#ends.length * 2, this.lines.length + lines));
      grown.set(this.#ends.subarray(0, this.lines.length));
      this.#ends = grown;
    }
  }
}
