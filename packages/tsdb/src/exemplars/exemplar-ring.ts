import { compareLabels, type Exemplar, type ExemplarSink, Labels, type Matcher } from '@tillwatch/model';

/** An exemplar that is kept; it always has a time. */
interface StoredExemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs: number;
}

/** The exemplars of one series, the oldest first. */
export interface SeriesExemplars {
  readonly labels: Labels;
  readonly exemplars: readonly StoredExemplar[];
}

/** Exemplars in memory. */
export interface ExemplarStore extends ExemplarSink {
  /**
   * The exemplars with a time from `fromMs` to `toMs`, both included, of the series that satisfy all matchers of one of `selectors`,
   * in label order. Series without such exemplars are left out.
   */
  select(selectors: readonly (readonly Matcher[])[], fromMs: number, toMs: number): SeriesExemplars[];
  /** Keeps at most so many from now on; the oldest go. 0 keeps none. */
  resize(capacity: number): void;
  stats(): ExemplarStats;
}

/** Figures about exemplars; counters count from the start. */
export interface ExemplarStats {
  readonly count: number;
  readonly seriesCount: number;
  readonly appended: number;
  /** Not taken because the series' newest is newer. */
  readonly outOfOrder: number;
  /** Not taken because names and values of labels are longer than OpenMetrics allows. */
  readonly tooLong: number;
}

/** OpenMetrics: names and values of an exemplar's labels have at most so many characters together. */
const MAX_LABEL_CHARS = 128;

interface Entry extends StoredExemplar {
  readonly series: SeriesEntry;
  /** Did the target give the time? Otherwise it is not what tells two exemplars apart. */
  readonly hasOwnTime: boolean;
  next: Entry | undefined;
}

interface SeriesEntry {
  readonly labels: Labels;
  first: Entry;
  last: Entry;
}

/**
 * The newest exemplars of all series together, at most `capacity`, as Prometheus keeps them: a new one takes the place of the oldest.
 * A crash or restart loses them; they are examples, and the next scrape brings new ones.
 */
export class ExemplarRing implements ExemplarStore {
  readonly #series = new Map<string, SeriesEntry>();
  /** From `#oldest` on, around the end; it grows up to the capacity before it goes around. */
  #ring: Entry[] = [];
  #oldest = 0;
  #capacity: number;
  #appended = 0;
  #outOfOrder = 0;
  #tooLong = 0;

  constructor(capacity: number) {
    this.#capacity = Math.max(0, capacity);
  }

  offer(series: Labels, { labels, value, timestampMs }: Exemplar, scrapedAtMs: number): void {
    if (this.#capacity === 0) return;
    if (lengthOf(labels) > MAX_LABEL_CHARS) {
      this.#tooLong++;
      return;
    }
    const known = this.#series.get(series.key);
    const offered = { labels, value, timestampMs: timestampMs ?? scrapedAtMs, hasOwnTime: timestampMs !== undefined };
    if (known !== undefined) {
      if (isSame(known.last, offered)) return;
      if (isBefore(offered, known.last)) {
        this.#outOfOrder++;
        return;
      }
    }
    this.#append(known, series, { ...offered, labels: copyOf(labels) });
  }

  #append(known: SeriesEntry | undefined, series: Labels, exemplar: Omit<Entry, 'series' | 'next'>): void {
    if (this.#ring.length >= this.#capacity) this.#forget(this.#ring[this.#oldest]!);
    // It may have been the only one of this very series.
    const kept = known !== undefined && this.#series.get(series.key) === known ? known : undefined;
    const owner = kept ?? ({ labels: series } as SeriesEntry);
    const entry: Entry = { ...exemplar, series: owner, next: undefined };
    if (kept === undefined) {
      owner.first = entry;
      this.#series.set(series.key, owner);
    } else {
      owner.last.next = entry;
    }
    owner.last = entry;
    if (this.#ring.length < this.#capacity) this.#ring.push(entry);
    else {
      this.#ring[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
    this.#appended++;
  }

  /** The oldest of all is also the oldest of its series. */
  #forget({ series, next }: Entry): void {
    if (next === undefined) this.#series.delete(series.labels.key);
    else series.first = next;
  }

  select(selectors: readonly (readonly Matcher[])[], fromMs: number, toMs: number): SeriesExemplars[] {
    const found: SeriesExemplars[] = [];
    for (const { labels, first } of this.#series.values()) {
      if (!selectors.some((matchers) => matchers.every((matcher) => matcher.matchesLabels(labels)))) continue;
      const exemplars: StoredExemplar[] = [];
      for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) {
        if (entry.timestampMs >= fromMs && entry.timestampMs <= toMs) exemplars.push(entry);
      }
      if (exemplars.length > 0) found.push({ labels, exemplars });
    }
    return found.sort((a, b) => compareLabels(a.labels, b.labels));
  }

  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const inOrder = [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)];
    this.#capacity = Math.max(0, capacity);
    const surplus = Math.max(0, inOrder.length - this.#capacity);
    for (const entry of inOrder.slice(0, surplus)) this.#forget(entry);
    this.#ring = inOrder.slice(surplus);
    this.#oldest = 0;
  }

  stats(): ExemplarStats {
    return {
      count: this.#ring.length,
      seriesCount: this.#series.size,
      appended: this.#appended,
      outOfOrder: this.#outOfOrder,
      tooLong: this.#tooLong,
    };
  }
}

type Comparable = Pick<Entry, 'labels' | 'value' | 'timestampMs' | 'hasOwnTime'>;

function isSame(a: Comparable, b: Comparable): boolean {
  if (!Object.is(a.value, b.value) || a.labels.key !== b.labels.key) return false;
  return a.timestampMs === b.timestampMs || !(a.hasOwnTime || b.hasOwnTime);
}

/** Several buckets may have the same time: then the value decides, as in Prometheus. */
function isBefore(a: Comparable, b: Comparable): boolean {
  if (a.timestampMs !== b.timestampMs) return a.timestampMs < b.timestampMs;
  return a.value < b.value;
}

function lengthOf(labels: Labels): number {
  let chars = 0;
  // Code points, not bytes or UTF-16 units.
  for (const [name, value] of labels) chars += [...name].length + [...value].length;
  return chars;
}

/** Labels that do not keep the page alive that they were cut from. */
function copyOf(labels: Labels): Labels {
  return Labels.from(Array.from(labels, ([name, value]) => [detached(name), detached(value)] as const));
}

function detached(text: string): string {
  return Buffer.from(text).toString();
}
