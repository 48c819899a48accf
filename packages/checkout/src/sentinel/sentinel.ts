import { Labels, type Logger, Matcher, METRIC_NAME, type Series, silentLogger } from '@tillwatch/model';
import { Bins } from './bins.ts';
import { CounterBook } from './counter-book.ts';
import { Detector } from './detector.ts';
import type { Incident } from './incident.ts';
import { type JourneyCounter, journeyCounter, METRICS } from './journey-counters.ts';
import { metricSelector, type Selector, type SentinelReader } from './reader.ts';
import { ScrapeWatch } from './scrape-watch.ts';
import type { Evidence } from './shop-tests.ts';
import { Slices } from './slices.ts';
import { THRESHOLDS, type Thresholds } from './thresholds.ts';

/** How the sentinel is set up. Everything but `reader` has a default that fits a shop that is scraped every 15 seconds. */
export interface SentinelOptions {
  readonly reader: SentinelReader;
  /** The jobs of the shop; by default every target counts as the shop's. */
  readonly jobs?: readonly string[] | undefined;
  /** The routes of pages from which a checkout is started; `/checkout` by default. */
  readonly pageRoutes?: readonly string[] | undefined;
  /** A step that takes longer is slow, seconds; 3 by default. */
  readonly slowSeconds?: number | undefined;
  /** How much of the past is learned from at the start, ms; 8 days by default. */
  readonly learnMs?: number | undefined;
  /** Parts of the checkout that are followed at most; 500 by default. */
  readonly mostSlices?: number | undefined;
  /** Series that are followed at most; 20,000 by default. */
  readonly mostSeries?: number | undefined;
  readonly thresholds?: Partial<Thresholds> | undefined;
  readonly logger?: Logger | undefined;
}

/** One sample that the sentinel publishes. */
export interface SentinelSample {
  /** The metric's name included. */
  readonly labels: Labels;
  readonly value: number;
}

/** A watcher over the counters of a shop. It is told the time, and never looks at a clock. */
export interface Sentinel {
  /**
   * Learns what is usual from the past before `nowMs`, as far as the store goes back; before the first `tick`. A trouble that began in
   * that time and goes on is known afterwards. Rejects when the store cannot be asked; what was learned until then is kept.
   */
  learn(nowMs: number): Promise<void>;
  /** Looks at what has arrived since the last tick. A time that is not after the last one is passed over; a clock that
   * was set back by more than five minutes makes the sentinel learn anew. Rejects like `learn`. */
  tick(nowMs: number): Promise<void>;
  /** What is published now, as of the last tick: evidence, open incidents and the sentinel's own health. */
  samples(): SentinelSample[];
  /** Incidents that are open, oldest first. */
  incidents(): readonly Incident[];
}

/**
 * A sample is committed some time after the moment it is of. Each tick looks back as far as a scrape usually takes at most (the default
 * timeout); once a minute, and at every tick for a while after something came later than that, the sentinel looks back
 * for whatever came up to a minute late since the last time it did so.
 */
const OVERLAP_MS = 10_000;
const LONG_OVERLAP_MS = 60_000;
const LONG_LOOK_EVERY_MS = 60_000;
const WARY_MS = 600_000;

const CHUNK_MS = 2 * 3_600_000;
const COARSE_MS = 120_000;
const FINE_MS = 15_000;
/** The last hour before the start is looked at as closely as what follows. */
const FINE_PAST_MS = 3_600_000;
/** A tick that comes later than this catches up in small bins. */
const LATE_MS = 120_000;

/** The first look at a shop has no look before it. */
const LONGEST_BIN_MS = 3_600_000;

const FORGET_EVERY_MS = 600_000;
/** Evidence below this is the noise of every day. */
const LEAST_EVIDENCE = 2;
const MOST_EVIDENCE_SERIES = 100;

/** A clock that goes back further than this was wrong before. */
const CLOCK_STEP_MS = 300_000;

/** Creates a sentinel that knows nothing yet. */
export function createSentinel(options: SentinelOptions): Sentinel {
  return new CounterSentinel(options);
}

/** Everything that a sentinel has learned and follows. */
interface Knowledge {
  readonly book: CounterBook<JourneyCounter>;
  readonly slices: Slices;
  readonly detector: Detector;
  readonly scrapes: ScrapeWatch;
  readonly bins: Bins;
}

class CounterSentinel implements Sentinel {
  readonly #reader: SentinelReader;
  readonly #selectors: readonly Selector[];
  readonly #learnMs: number;
  readonly #logger: Logger;
  readonly #thresholds: Thresholds;
  readonly #mostSlices: number;
  readonly #mostSeries: number;
  readonly #slowSeconds: number;
  #knowledge: Knowledge;
  #lastMs = Number.NEGATIVE_INFINITY;
  #newestSampleMs = Number.NEGATIVE_INFINITY;
  #lastForgetMs = Number.NEGATIVE_INFINITY;
  /** The last tick that looked back for samples that came late; none since the last catching up: minus infinity. */
  #lastLongLookMs = Number.NEGATIVE_INFINITY;
  /** Until when every tick looks for them. */
  #waryUntilMs = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #passedOver = 0;
  #failedReads = 0;
  #learnedMs = 0;

  constructor(options: SentinelOptions) {
    const jobs = options.jobs ?? [];
    const routes = options.pageRoutes ?? ['/checkout'];
    this.#reader = options.reader;
    this.#learnMs = options.learnMs ?? 8 * 86_400_000;
    this.#logger = options.logger ?? silentLogger;
    this.#thresholds = { ...THRESHOLDS, ...options.thresholds };
    this.#selectors = [
      metricSelector(METRICS.up, jobs),
      metricSelector(METRICS.started, jobs),
      metricSelector(METRICS.attempts, jobs),
      metricSelector(METRICS.outcomes, jobs),
      metricSelector(METRICS.durations, jobs),
      metricSelector(METRICS.views, jobs, anyOf('route', routes), new Matcher('code', '=~', '2..|3..')),
    ];
    this.#mostSlices = options.mostSlices ?? 500;
    this.#mostSeries = options.mostSeries ?? 20_000;
    this.#slowSeconds = options.slowSeconds ?? 3;
    this.#knowledge = this.#blank();
  }

  async learn(nowMs: number): Promise<void> {
    const fromMs = nowMs - this.#learnMs;
    const fineMs = Math.max(fromMs, nowMs - FINE_PAST_MS);
    for (let at = fromMs; at < fineMs; at += CHUNK_MS)
      await this.#catchUp(at, Math.min(fineMs, at + CHUNK_MS), COARSE_MS);
    await this.#catchUp(fineMs, nowMs, FINE_MS);
    this.#learnedMs = Number.isFinite(this.#knowledge.scrapes.firstMs)
      ? Math.max(0, nowMs - this.#knowledge.scrapes.firstMs)
      : 0;
    this.#knowledge.scrapes.resume(nowMs);
  }

  async tick(nowMs: number): Promise<void> {
    if (nowMs <= this.#lastMs) {
      this.#passedOver++;
      if (this.#lastMs - nowMs > CLOCK_STEP_MS) await this.#learnAnew(nowMs);
      return;
    }
    const isLate = nowMs - this.#lastMs > LATE_MS;
    if (isLate) {
      if (Number.isFinite(this.#lastMs))
        this.#logger.info('the sentinel catches up', { missedMs: nowMs - this.#lastMs });
      await this.#catchUp(Math.max(this.#lastMs, nowMs - FINE_PAST_MS), nowMs, FINE_MS);
      this.#knowledge.scrapes.resume(nowMs);
    } else {
      await this.#look(nowMs);
    }
    this.#ticks++;
    this.#judgeSilence(nowMs);
    if (nowMs - this.#lastForgetMs >= FORGET_EVERY_MS) this.#forget(nowMs);
  }

  incidents(): readonly Incident[] {
    return this.#knowledge.detector.incidents;
  }

  samples(): SentinelSample[] {
    const samples: SentinelSample[] = [];
    const put = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
      samples.push({ labels: Labels.of({ ...labels, [METRIC_NAME]: name }), value });
    for (const incident of this.#knowledge.detector.incidents) {
      const labels = { ...incident.labels, signal: incident.signal };
      put('tillwatch_incident', labels, this.#valueOf(incident));
      put('tillwatch_incident_evidence', labels, incident.evidence);
      put('tillwatch_incident_onset_timestamp_seconds', labels, incident.onsetMs / 1_000);
    }
    for (const { signal, slice, labels, nats } of this.#topEvidence())
      put('tillwatch_evidence', { ...labels, signal, slice }, nats);
    put('tillwatch_sentinel_ticks_total', {}, this.#ticks);
    put('tillwatch_sentinel_ticks_passed_over_total', {}, this.#passedOver);
    put('tillwatch_sentinel_failed_reads_total', {}, this.#failedReads);
    if (Number.isFinite(this.#lastMs)) put('tillwatch_sentinel_last_tick_timestamp_seconds', {}, this.#lastMs / 1_000);
    put('tillwatch_sentinel_slices', {}, this.#knowledge.slices.size);
    put('tillwatch_sentinel_slices_dropped_total', {}, this.#knowledge.slices.dropped);
    put('tillwatch_sentinel_series', {}, this.#knowledge.book.size);
    put('tillwatch_sentinel_samples_dropped_total', {}, this.#knowledge.book.dropped);
    put('tillwatch_sentinel_learned_seconds', {}, this.#learnedMs / 1_000);
    return samples;
  }

  /** Reads what is new since the last tick, and what may have come late, as one bin. */
  async #look(nowMs: number): Promise<void> {
    const sinceMs = this.#lastMs;
    const isLong = nowMs <= this.#waryUntilMs || nowMs - this.#lastLongLookMs >= LONG_LOOK_EVERY_MS;
    const lastLongMs = Number.isFinite(this.#lastLongLookMs) ? this.#lastLongLookMs : sinceMs;
    const fromMs = isLong ? lastLongMs - LONG_OVERLAP_MS : sinceMs - OVERLAP_MS;
    const series = await this.#read(Math.max(fromMs, 0), nowMs);
    let isSomethingLate = false;
    const binOf = (atMs: number) => {
      if (atMs <= sinceMs - OVERLAP_MS) isSomethingLate = true;
      return 0;
    };
    for (const one of series) this.#take(one, binOf);
    this.#endBins(sinceMs, nowMs - sinceMs, 1, false);
    this.#lastMs = nowMs;
    if (isLong) this.#lastLongLookMs = nowMs;
    if (isSomethingLate) this.#waryUntilMs = nowMs + WARY_MS;
  }

  /** What was learned by a clock that was wrong is of no use. */
  async #learnAnew(nowMs: number): Promise<void> {
    this.#logger.warn('the clock was set back, the sentinel learns anew', { backMs: this.#lastMs - nowMs });
    this.#knowledge = this.#blank();
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#newestSampleMs = Number.NEGATIVE_INFINITY;
    this.#lastForgetMs = Number.NEGATIVE_INFINITY;
    this.#waryUntilMs = Number.NEGATIVE_INFINITY;
    await this.learn(nowMs);
  }

  #blank(): Knowledge {
    const slices = new Slices(this.#mostSlices, this.#thresholds);
    const detector = new Detector(slices, this.#slowSeconds, this.#thresholds);
    const meaningOf = (labels: Labels) => {
      const counter = journeyCounter(labels);
      if (counter !== undefined) detector.admit(counter);
      return counter;
    };
    const book = new CounterBook<JourneyCounter>(meaningOf, (gone) => detector.dismiss(gone), this.#mostSeries);
    return { book, slices, detector, scrapes: new ScrapeWatch(), bins: new Bins() };
  }

  /** What is wrong, as a number that an alert can tell: the share that fails, what is left of the usual, or seconds. */
  #valueOf({ signal, bad, all }: Incident): number {
    if (signal === 'slow') return this.#knowledge.detector.slowBoundSeconds;
    const share = all > 0 ? bad / all : 0;
    return signal.startsWith('missing') ? Math.max(0, 1 - share) : share;
  }

  #topEvidence(): Evidence[] {
    return this.#knowledge.detector.evidence(LEAST_EVIDENCE).slice(0, MOST_EVIDENCE_SERIES);
  }

  async #read(fromMs: number, toMs: number, stepMs?: number): Promise<Iterable<Series>> {
    try {
      return await this.#reader.read(this.#selectors, fromMs, toMs, stepMs);
    } catch (error) {
      this.#failedReads++;
      // What was not seen is not known to be silent.
      this.#knowledge.scrapes.resume(toMs);
      throw error;
    }
  }

  /** Reads a stretch of the past and goes through it bin by bin. */
  async #catchUp(fromMs: number, toMs: number, binMs: number): Promise<void> {
    if (toMs <= fromMs) return;
    const series = await this.#read(fromMs, toMs, binMs);
    const count = Math.ceil((toMs - fromMs) / binMs);
    for (const one of series) this.#take(one, (atMs) => Math.min(count - 1, Math.floor((atMs - fromMs - 1) / binMs)));
    this.#endBins(fromMs, binMs, count, binMs === COARSE_MS);
    this.#lastMs = toMs;
    this.#lastLongLookMs = Number.NEGATIVE_INFINITY;
  }

  #take(series: Series, binOf: (atMs: number) => number): void {
    const { labels, timestampsMs, values } = series;
    const name = labels.metricName;
    const last = timestampsMs.length - 1;
    if (last < 0) return;
    if (name === METRICS.up) {
      this.#knowledge.book.scraped(labels, timestampsMs[0]!);
      this.#knowledge.scrapes.take(series);
      return;
    }
    if (name === METRICS.started) {
      for (let i = 0; i <= last; i++)
        if (this.#knowledge.book.started(labels, values[i]! * 1_000, timestampsMs[i]!))
          this.#knowledge.detector.restarted(timestampsMs[i]!);
      return;
    }
    const didRestart = this.#knowledge.book.take(series, (counter, increase, atMs) => {
      this.#knowledge.bins.add(Math.max(0, binOf(atMs)), counter, increase, atMs);
    });
    if (didRestart) this.#knowledge.detector.restarted(timestampsMs[last]!);
  }

  #endBins(fromMs: number, binMs: number, count: number, isPast: boolean): void {
    for (let bin = 0; bin < count; bin++) {
      const sinceMs = fromMs + bin * binMs;
      const nowMs = sinceMs + binMs;
      const newestMs = this.#knowledge.bins.drain(bin, (counter, increase, atMs) =>
        this.#knowledge.detector.count(counter, increase, atMs),
      );
      // Only time of which there are samples can be called quiet.
      const scrapedMs = Number.isFinite(this.#newestSampleMs) ? Math.max(0, newestMs - this.#newestSampleMs) : 0;
      this.#newestSampleMs = Math.max(this.#newestSampleMs, newestMs);
      this.#knowledge.detector.endBin({ sinceMs: Math.max(sinceMs, nowMs - LONGEST_BIN_MS), nowMs, scrapedMs }, isPast);
    }
  }

  #judgeSilence(nowMs: number): void {
    const missed = this.#knowledge.scrapes.missed(nowMs);
    const labels = this.#knowledge.scrapes.jobLabels();
    this.#knowledge.detector.silent(
      missed * this.#thresholds.perMissedScrape,
      this.#knowledge.scrapes.lastUpMs,
      nowMs,
      labels,
    );
  }

  #forget(nowMs: number): void {
    this.#lastForgetMs = nowMs;
    this.#knowledge.book.forget(nowMs);
    this.#knowledge.slices.forget(nowMs);
  }
}

function anyOf(label: string, values: readonly string[]): Matcher {
  return new Matcher(label, '=~', values.map((value) => value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')).join('|'));
}
