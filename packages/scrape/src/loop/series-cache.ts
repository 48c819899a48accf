// A target says the same lines in the same order at every scrape. So a line is first compared with the line that stood there
// last time; if it is the same, its labels are known and nothing is parsed, hashed or relabelled.
import type { Labels } from '@tillwatch/model';
import type { MetricType } from '../exposition/entries.ts';
import { detached } from './metadata.ts';

/** What is known of a series as it is written on the page. */
export interface KnownSeries {
  readonly text: string;
  /** The type under which its labels were read: it decides about `le` and `quantile`. */
  readonly type: MetricType;
  /** As they are stored; `undefined` when metric relabelling drops the series. */
  readonly labels: Labels | undefined;
  /** The scrape that saw it last, and where it stood among the series then. */
  scrape: number;
  position: number;
  /** Must it be ended with a staleness marker when it is gone? Not with timestamps of its own. */
  isTracked: boolean;
}

/** How many texts of labels are kept for sharing. */
const MOST_TEXTS = 20_000;

export class SeriesCache {
  #byText = new Map<string, KnownSeries>();
  #order: KnownSeries[] = [];
  #nextOrder: KnownSeries[] = [];
  /** Series that were stored and not ended since. */
  #live: KnownSeries[] = [];
  readonly #texts = new Map<string, string>();
  #scrape = 0;
  #expected = 0;

  /** Starts a scrape. */
  begin(): void {
    this.#scrape++;
    this.#expected = 0;
    this.#nextOrder = [];
  }

  /** The series that stood in this place last time, if its labels hold under `type`. */
  predicted(type: MetricType): KnownSeries | undefined {
    const known = this.#order[this.#expected];
    return known?.type === type ? known : undefined;
  }

  find(text: string, type: MetricType): KnownSeries | undefined {
    const known = this.#byText.get(text);
    return known?.type === type ? known : undefined;
  }

  /** Enters a series that was not known. */
  add(text: string, type: MetricType, labels: Labels | undefined): KnownSeries {
    const known: KnownSeries = { text: detached(text), type, labels, scrape: 0, position: -1, isTracked: false };
    this.#byText.set(known.text, known);
    return known;
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

  /** Notes that the page has this series next. */
  see(known: KnownSeries, isTracked: boolean): void {
    // Where lines were added or removed, go on behind the known one.
    const stood = this.#order[known.position] === known ? known.position : this.#expected;
    known.scrape = this.#scrape;
    known.isTracked = isTracked;
    known.position = this.#nextOrder.length;
    this.#nextOrder.push(known);
    this.#expected = stood + 1;
  }

  /** Which live series this scrape did not have. After a failed scrape that is all of them. */
  vanished(hasFailed: boolean): Labels[] {
    const gone = hasFailed ? this.#live : this.#live.filter((known) => known.scrape !== this.#scrape);
    if (gone.length === 0) return [];
    // Another line may stand for the same series now.
    const present = new Set(hasFailed ? [] : this.#nextOrder.map(({ labels }) => labels?.key));
    return gone.flatMap(({ labels, isTracked }) =>
      labels === undefined || !isTracked || present.has(labels.key) ? [] : labels,
    );
  }

  /** The scrape's batch is stored: what vanished is ended, what was seen is live. */
  commit(hasFailed: boolean): void {
    this.#live = hasFailed ? [] : this.#nextOrder;
    if (hasFailed) return;
    this.#order = this.#nextOrder;
    if (this.#byText.size === this.#order.length) return;
    for (const [text, known] of this.#byText) if (known.scrape !== this.#scrape) this.#byText.delete(text);
  }

  /** The batch could not be stored: what it would have made live may be live all the same, and nothing is ended yet. */
  rollback(hasFailed: boolean): void {
    if (hasFailed) return;
    this.#live = [...this.#live.filter((known) => known.scrape !== this.#scrape), ...this.#nextOrder];
    this.#order = this.#nextOrder;
  }

  /** Forgets labels because the rules that made them changed; live series stay to be ended. */
  forgetLabels(): void {
    this.#byText = new Map();
    this.#order = [];
  }
}
