import type { Series } from '@tillwatch/model';

/** Gaps between scrapes that are remembered: enough that a few missed ones do not change the usual gap. */
const GAPS = 15;
const FIRST_GUESS_MS = 15_000;
/** Without a successful scrape for this long, missing counters say nothing about the shop. */
const UP_WITHIN_MS = 45_000;
const MOST_TARGETS = 5_000;

/** Follows `up` of the shop's targets: when one last answered, and how often they are asked. */
export class ScrapeWatch {
  #lastUpMs = Number.NEGATIVE_INFINITY;
  #firstMs = Number.POSITIVE_INFINITY;
  #baseMs = Number.NEGATIVE_INFINITY;
  #gaps: number[] = [];
  #intervalMs = FIRST_GUESS_MS;
  readonly #lastOf = new Map<string, number>();
  readonly #jobs = new Set<string>();

  /** Takes samples of one series of `up`; those that are not new are passed over. */
  take({ labels, timestampsMs, values }: Series): void {
    const { key } = labels;
    let lastMs = this.#lastOf.get(key) ?? Number.NEGATIVE_INFINITY;
    for (let i = 0; i < timestampsMs.length; i++) {
      const atMs = timestampsMs[i]!;
      if (!(atMs > lastMs)) continue;
      if (Number.isFinite(lastMs)) this.#gap(atMs - lastMs);
      lastMs = atMs;
      if (atMs < this.#firstMs) this.#firstMs = atMs;
      if (values[i] === 1 && atMs > this.#lastUpMs) this.#lastUpMs = atMs;
    }
    if (this.#lastOf.size > MOST_TARGETS) this.#lastOf.clear();
    this.#lastOf.set(key, lastMs);
    if (this.#jobs.size < 10) this.#jobs.add(labels.get('job'));
  }

  /** When a target was first asked; infinite before. */
  get firstMs(): number {
    return this.#firstMs;
  }

  /** When a target last answered. */
  get lastUpMs(): number {
    return Math.max(this.#lastUpMs, this.#baseMs);
  }

  /** Has a target answered shortly before `nowMs`? */
  isUp(nowMs: number): boolean {
    return nowMs - this.#lastUpMs <= Math.max(UP_WITHIN_MS, 2 * this.#intervalMs);
  }

  /** Starts to watch anew: what happened before `nowMs` without being looked at counts as no silence. */
  resume(nowMs: number): void {
    this.#baseMs = nowMs;
    this.#gaps = [];
    this.#lastOf.clear();
  }

  /** How many scrape intervals no target has answered for, in fractions; 0 as long as none ever did. */
  missed(nowMs: number): number {
    if (!Number.isFinite(this.#lastUpMs)) return 0;
    return Math.max(0, nowMs - this.lastUpMs) / this.#intervalMs;
  }

  /** The job that is silent, when there is only one. */
  jobLabels(): Readonly<Record<string, string>> {
    const [job] = this.#jobs;
    return this.#jobs.size === 1 && job ? { job } : {};
  }

  #gap(ms: number): void {
    this.#gaps.push(ms);
    if (this.#gaps.length > GAPS) this.#gaps.shift();
    const sorted = this.#gaps.toSorted((a, b) => a - b);
    if (this.#gaps.length >= 3) this.#intervalMs = sorted[sorted.length >> 1]!;
  }
}
