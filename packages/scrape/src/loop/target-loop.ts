import type { ScrapeConfig } from '@tillwatch/config';
import {
  type Appendable,
  type Batch,
  type Clock,
  type Exemplar,
  type ExemplarSink,
  Labels,
  type Logger,
  METRIC_NAME,
  StoreError,
} from '@tillwatch/model';
import { pageFormat } from '../exposition/content-type.ts';
import { ExpositionError } from '../exposition/exposition-error.ts';
import type { FailureLog } from '../failure-log.ts';
import { fetchPage, type Page } from '../http/fetch-page.ts';
import { type HttpClient, withoutCredentials } from '../http/http-client.ts';
import { ScrapeError } from '../http/scrape-error.ts';
import type { Relabeler } from '../relabel/relabeler.ts';
import { type SeriesAdmission, TargetSeriesLimit } from '../series-limits.ts';
import { joinLabels } from '../target/sample-labels.ts';
import type { Target } from '../target/target.ts';
import { ingestPage, type PageCounts } from './ingest-page.ts';
import { MetadataCache } from './metadata.ts';
import { nextDue, offsetOf, sampleTime } from './schedule.ts';
import { SeriesCache } from './series-cache.ts';
import type { Turns } from './turns.ts';

/** What a job gives its loops. It is replaced as a whole on reload. */
export interface JobSettings {
  readonly config: ScrapeConfig;
  readonly metricRelabeler: Relabeler;
  readonly client: HttpClient;
  /** Where failed scrapes are written down. */
  readonly failureLog: FailureLog | undefined;
  /** Equal for settings under which a line of a page gives the same labels. */
  readonly labelKey: string;
  /** Why no target of the job may be scraped. */
  readonly refusal: string | undefined;
}

export interface LoopStatus {
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrapeMs: number | undefined;
  readonly lastScrapeDurationMs: number;
  /** Series of the last page that were left out because there are too many. */
  readonly seriesDropped: number;
  /** The same summed up over all scrapes since the start. */
  readonly seriesDroppedTotal: number;
}

/** What a loop needs around it. */
export interface LoopPorts {
  readonly appendable: Appendable;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly admission: SeriesAdmission;
  /** Shared by all loops: pages are read one at a time. */
  readonly turns: Turns;
  /** Takes the exemplars of pages; they are passed over when not given. */
  readonly exemplars?: ExemplarSink | undefined;
}

const REPORTS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const;
const EXTRA_REPORTS = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'] as const;

/** Scrapes one target at its times, one scrape after the other, until it is stopped. */
export class TargetLoop {
  readonly #appendable: Appendable;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #exemplars: ExemplarSink | undefined;
  readonly #turns: Turns;
  readonly #cache = new SeriesCache();
  readonly #reportLabels = new Map<string, Labels>();
  readonly metadata = new MetadataCache();
  #target: Target;
  #settings: JobSettings;
  #stop = new AbortController();
  /** Wakes the loop when its times have changed. */
  #wake = new AbortController();
  /** Gives up the request that is under way. */
  #attempt: AbortController | undefined;
  #running: Promise<void> | undefined;
  #lastSampleMs = Number.NEGATIVE_INFINITY;
  readonly #limit: TargetSeriesLimit;
  #status: Omit<LoopStatus, 'seriesDropped' | 'seriesDroppedTotal'> = {
    health: 'unknown',
    lastError: '',
    lastScrapeMs: undefined,
    lastScrapeDurationMs: 0,
  };

  constructor(target: Target, settings: JobSettings, ports: LoopPorts) {
    this.#target = target;
    this.#settings = settings;
    this.#appendable = ports.appendable;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    this.#exemplars = ports.exemplars;
    this.#turns = ports.turns;
    this.#limit = new TargetSeriesLimit(ports.admission);
  }

  get target(): Target {
    return this.#target;
  }

  get status(): LoopStatus {
    const { refused: seriesDropped, refusedTotal: seriesDroppedTotal } = this.#limit;
    return { ...this.#status, seriesDropped, seriesDroppedTotal };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Goes on with other settings for the same target, without missing a beat if its times stay. */
  update(target: Target, settings: JobSettings): void {
    if (settings.labelKey !== this.#settings.labelKey) this.#cache.forgetLabels();
    const isRetimed = target.intervalMs !== this.#target.intervalMs;
    this.#target = target;
    this.#settings = settings;
    if (isRetimed) this.#wake.abort();
  }

  /** Ends the loop; a scrape that is under way is given up. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    this.#attempt?.abort(this.#stop.signal.reason);
    await this.#running;
  }

  /** Ends the target's series, because it is gone for good. Call after `stop`. */
  async endSeries(): Promise<void> {
    if (this.#lastSampleMs === Number.NEGATIVE_INFINITY) return;
    const timestampMs = Math.max(this.#clock.nowMs(), this.#lastSampleMs + 1);
    const batch = this.#appendable.batch();
    for (const labels of this.#cache.vanished(true)) batch.appendStale(labels, timestampMs);
    for (const name of [...REPORTS, ...EXTRA_REPORTS]) batch.appendStale(this.#labelsOfReport(name), timestampMs);
    try {
      await batch.commit();
    } catch (cause) {
      this.#logger.warn('cannot end the series of a removed target', this.#fields(cause));
    }
  }

  async #run(): Promise<void> {
    let lastDueMs = Number.NEGATIVE_INFINITY;
    while (!this.#stop.signal.aborted) {
      const { intervalMs, id } = this.#target;
      const nowMs = this.#clock.nowMs();
      const dueMs = nextDue(Math.max(nowMs, lastDueMs + 1), intervalMs, offsetOf(id, intervalMs));
      const missed = Math.round((dueMs - lastDueMs) / intervalMs) - 1;
      if (Number.isFinite(missed) && missed > 0 && !this.#wake.signal.aborted) {
        this.#logger.warn('scrapes missed: the one before took too long', { ...this.#fields(), missed });
      }
      this.#wake = new AbortController();
      try {
        await this.#clock.sleep(dueMs - nowMs, this.#wake.signal);
      } catch {
        continue;
      }
      lastDueMs = dueMs;
      try {
        await this.#scrape(dueMs);
      } catch (cause) {
        // A bug of ours must not end the watch over a target.
        this.#logger.error('scrape crashed', { ...this.#fields(cause), stack: (cause as Error).stack });
      }
    }
  }

  /** One scrape is one batch: samples, endings and the report about it are stored together or not at all. */
  async #scrape(dueMs: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const timestampMs = Math.max(sampleTime(dueMs, nowMs, this.#target.intervalMs), this.#lastSampleMs + 1);
    const started = performance.now();
    const counts: PageCounts = { scraped: 0, postRelabeling: 0, seriesAdded: 0, refused: 0 };
    const body = { bytes: 0 };
    const exemplars: [series: Labels, exemplar: Exemplar][] = [];
    let batch = this.#appendable.batch();
    let failure: Error | undefined;
    const wasDropping = this.#limit.refused > 0;
    if (this.#limit.begin(nowMs)) this.#cache.forgetLabels();
    try {
      await this.#readInto(batch, timestampMs, counts, body, exemplars);
    } catch (cause) {
      this.#limit.end(undefined);
      if (this.#stop.signal.aborted) return;
      failure = cause as Error;
      if (!(cause instanceof ScrapeError) && !(cause instanceof ExpositionError)) {
        this.#logger.error('scrape crashed', { ...this.#fields(cause), stack: failure.stack });
      }
      batch = this.#appendable.batch();
    }
    const durationMs = performance.now() - started;
    const hasFailed = failure !== undefined;
    for (const labels of this.#cache.vanished(hasFailed)) batch.appendStale(labels, timestampMs);
    this.#report(
      batch,
      timestampMs,
      [hasFailed ? 0 : 1, durationMs / 1000, counts.scraped, counts.postRelabeling, counts.seriesAdded],
      body.bytes,
    );
    this.#note(failure, nowMs, durationMs, counts);
    if (this.#limit.refused > 0 && !wasDropping) {
      this.#logger.warn('too many series: new ones are left out', { ...this.#fields(), dropped: this.#limit.refused });
    }
    this.#lastSampleMs = timestampMs;
    try {
      await batch.commit();
      if (!hasFailed) this.#limit.end(counts.postRelabeling);
      this.#cache.commit(hasFailed);
      if (!hasFailed) for (const [series, exemplar] of exemplars) this.#exemplars?.offer(series, exemplar, timestampMs);
    } catch (cause) {
      if (cause instanceof StoreError && cause.isHeld) {
        // It will be stored later, and the store says by itself that it is in trouble.
        if (!hasFailed) this.#limit.end(counts.postRelabeling);
        this.#cache.commit(hasFailed);
        return;
      }
      this.#limit.end(undefined);
      this.#cache.rollback(hasFailed);
      this.#logger.error('cannot store a scrape', this.#fields(cause));
    }
  }

  async #readInto(
    batch: Batch,
    timestampMs: number,
    counts: PageCounts,
    body: { bytes: number },
    exemplars: [series: Labels, exemplar: Exemplar][],
  ): Promise<void> {
    const { config, client, refusal } = this.#settings;
    if (refusal !== undefined) throw new ScrapeError('limit', refusal);
    const page = await this.#withTimeout((signal) => fetchPage(this.#target, config, client, signal)).catch((cause) => {
      if (cause instanceof ScrapeError && cause.reason === 'body-size') body.bytes = -1;
      throw cause;
    });
    try {
      body.bytes = page.body.length;
      await this.#turns.next();
      this.#ingest(page, batch, timestampMs, counts, exemplars);
    } finally {
      page.release();
    }
  }

  #ingest(
    page: Page,
    batch: Batch,
    timestampMs: number,
    counts: PageCounts,
    exemplars: [series: Labels, exemplar: Exemplar][],
  ): void {
    const { config, metricRelabeler } = this.#settings;
    const format = pageFormat(page.contentType, config.fallbackScrapeProtocol);
    if (format.dialect === undefined) throw new ScrapeError('content-type', format.error);
    if (format.warning !== undefined)
      this.#logger.debug('fallback scrape protocol used', { ...this.#fields(), reason: format.warning });
    const { labels: targetLabels } = this.#target;
    const context = {
      targetLabels,
      settings: config,
      relabeler: metricRelabeler,
      cache: this.#cache,
      metadata: this.metadata,
      limit: this.#limit,
      noteExemplar:
        this.#exemplars === undefined
          ? undefined
          : (series: Labels, exemplar: Exemplar) => void exemplars.push([series, exemplar]),
    };
    ingestPage({ body: page.body, dialect: format.dialect }, timestampMs, context, batch, counts);
  }

  async #withTimeout<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timeoutMs } = this.#target;
    // Not by `AbortSignal.any` of a signal that lives as long as the loop: that one would remember each of the others.
    const attempt = new AbortController();
    const done = new AbortController();
    this.#attempt = attempt;
    if (this.#stop.signal.aborted) attempt.abort(this.#stop.signal.reason);
    this.#clock.sleep(timeoutMs, done.signal).then(
      () => {
        const message = `timeout: no complete answer within ${timeoutMs / 1000}s (context deadline exceeded)`;
        attempt.abort(new ScrapeError('timeout', message));
      },
      () => {},
    );
    try {
      return await work(attempt.signal);
    } finally {
      this.#attempt = undefined;
      // A reason that is no error costs no stack.
      done.abort('answered');
    }
  }

  #report(batch: Batch, timestampMs: number, values: readonly number[], bodyBytes: number): void {
    REPORTS.forEach((name, i) => {
      batch.append(this.#labelsOfReport(name), timestampMs, values[i]!);
    });
    const { config } = this.#settings;
    if (!config.extraScrapeMetrics) return;
    const extra = [this.#target.timeoutMs / 1000, config.sampleLimit, bodyBytes];
    EXTRA_REPORTS.forEach((name, i) => {
      batch.append(this.#labelsOfReport(name), timestampMs, extra[i]!);
    });
  }

  #labelsOfReport(name: string): Labels {
    let labels = this.#reportLabels.get(name);
    if (labels === undefined) {
      labels = joinLabels(Labels.from([[METRIC_NAME, name]]), this.#target.labels, false);
      this.#reportLabels.set(name, labels);
    }
    return labels;
  }

  #note(failure: Error | undefined, nowMs: number, durationMs: number, counts: PageCounts): void {
    const lastError = failure?.message ?? '';
    const health = failure === undefined ? 'up' : 'down';
    if (failure !== undefined) this.#settings.failureLog?.add(withoutCredentials(this.#target.url), lastError);
    if (health !== this.#status.health) {
      if (failure !== undefined) this.#logger.warn('target is down', { ...this.#fields(), err: lastError });
      else if (this.#status.health === 'down') this.#logger.info('target is up again', this.#fields());
    }
    if (counts.refused > 0) {
      this.#logger.debug('samples refused: the same series twice, or older than stored', {
        ...this.#fields(),
        count: counts.refused,
      });
    }
    this.#status = { health, lastError, lastScrapeMs: nowMs, lastScrapeDurationMs: durationMs };
  }

  #fields(cause?: unknown): Record<string, string> {
    const { labels, url } = this.#target;
    const fields = { job: labels.get('job'), target: withoutCredentials(url) };
    return cause === undefined ? fields : { ...fields, err: cause instanceof Error ? cause.message : String(cause) };
  }
}
