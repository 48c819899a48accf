import type { Labels, SeriesCensus } from '@tillwatch/model';

/** How many series targets may bring. */
export interface SeriesLimits {
  /** Series of one target at a time, and new ones of it within an hour. 0 is no limit. */
  readonly seriesPerTarget: number;
  /** Series in the store above which no target brings new ones. 0 is no limit. */
  readonly series: number;
}

/** What is enough for a large shop, and what one machine bears. */
export const DEFAULT_SERIES_LIMITS: SeriesLimits = { seriesPerTarget: 100_000, series: 1_000_000 };

const HOUR_MS = 3_600_000;
const BUCKETS = 12;
const BUCKET_MS = HOUR_MS / BUCKETS;

/** Refused series are looked at again after so long, if there is room. */
const RETRY_MS = 60_000;

/** All series that are alive: whoever is about to bring one asks here. */
export class SeriesAdmission {
  readonly #census: SeriesCensus | undefined;
  limits: SeriesLimits;
  /** Admitted, and not in the store yet. */
  #pending = 0;

  constructor(limits: SeriesLimits, census: SeriesCensus | undefined) {
    this.limits = limits;
    this.#census = census;
  }

  /** Is a series alive already? Such a one is never refused. */
  isKnown(labels: Labels): boolean {
    return this.#census?.hasSeries(labels) === true;
  }

  get hasRoom(): boolean {
    const { series } = this.limits;
    return series === 0 || (this.#census?.seriesCount() ?? 0) + this.#pending < series;
  }

  reserve(): void {
    this.#pending++;
  }

  release(count: number): void {
    this.#pending -= count;
  }
}

/**
 * How many series one target may still bring. What is known is kept, what is new is refused: so a label that explodes takes down
 * neither the process nor the series that rules look at. It holds numbers only, whatever is refused.
 */
export class TargetSeriesLimit {
  readonly #admission: SeriesAdmission;
  /** New series by twelfths of an hour, in a ring. */
  readonly #buckets = new Uint32Array(BUCKETS);
  /** The twelfth of an hour that is counted now, since the epoch. */
  #bucket = Number.NEGATIVE_INFINITY;
  /** New series of the page that is being read. */
  #admitted = 0;
  #refused = 0;
  #refusedTotal = 0;
  /** Series of the last page that was stored. */
  #stored = 0;
  #lastRetryMs = Number.NEGATIVE_INFINITY;

  constructor(admission: SeriesAdmission) {
    this.#admission = admission;
  }

  /** How many series of the last page were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** How many series were refused since the start; one that stays on the page counts at every scrape. */
  get refusedTotal(): number {
    return this.#refusedTotal;
  }

  /** Starts a page. Returns whether series that were refused may be tried once more, because there is room again. */
  begin(nowMs: number): boolean {
    this.#turnTo(Math.floor(nowMs / BUCKET_MS));
    const wasRefused = this.#refused > 0;
    this.#refused = 0;
    if (!wasRefused || nowMs - this.#lastRetryMs < RETRY_MS || !this.#hasRoom(this.#stored)) return false;
    this.#lastRetryMs = nowMs;
    return true;
  }

  /** A series is not known from the pages before; `onPage` series of this page were taken so far. Returns whether it may come. */
  admit(labels: Labels, onPage: number): boolean {
    if (this.#admission.isKnown(labels)) return true;
    if (!this.#hasRoom(onPage)) return false;
    this.#admitted++;
    this.#count(1);
    this.#admission.reserve();
    return true;
  }

  /** A series of this page is left out. */
  refuse(): void {
    this.#refused++;
    this.#refusedTotal++;
  }

  /** The page with its `stored` series is in the store; `undefined`: nothing of it is. */
  end(stored: number | undefined): void {
    this.#admission.release(this.#admitted);
    if (stored === undefined) this.#count(-this.#admitted);
    else this.#stored = stored;
    this.#admitted = 0;
  }

  #hasRoom(onPage: number): boolean {
    const { seriesPerTarget } = this.#admission.limits;
    if (seriesPerTarget > 0 && (onPage >= seriesPerTarget || this.#newInHour >= seriesPerTarget)) return false;
    return this.#admission.hasRoom;
  }

  get #newInHour(): number {
    let sum = 0;
    for (const count of this.#buckets) sum += count;
    return sum;
  }

  #count(more: number): void {
    const at = this.#bucket % BUCKETS;
    this.#buckets[at] = this.#buckets[at]! + more;
  }

  #turnTo(bucket: number): void {
    const from = Math.max(this.#bucket, bucket - BUCKETS);
    for (let passed = from + 1; passed <= bucket; passed++) this.#buckets[passed % BUCKETS] = 0;
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}
