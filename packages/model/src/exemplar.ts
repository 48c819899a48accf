import type { Labels } from './labels.ts';

/** An example observation behind a sample: which trace, and what was observed. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** When it was observed, if the target says so. */
  readonly timestampMs: number | undefined;
}

/** What takes exemplars. */
export interface ExemplarSink {
  /**
   * Offers an exemplar of a series that was scraped at `scrapedAtMs`, which is also its time if it has none of its own. One that is
   * there already, is older than the series' newest, or has too long labels is not taken. Texts are copied when it is. Never throws.
   */
  offer(series: Labels, exemplar: Exemplar, scrapedAtMs: number): void;
}
