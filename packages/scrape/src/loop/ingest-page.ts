import type { ScrapeConfig } from '@tillwatch/config';
import type { Batch, Exemplar, Labels, SampleRow } from '@tillwatch/model';
import type { Dialect } from '../exposition/scanner.ts';
import { ExpositionScanner } from '../exposition/scanner.ts';
import { ScrapeError } from '../http/scrape-error.ts';
import type { Relabeler } from '../relabel/relabeler.ts';
import type { TargetSeriesLimit } from '../series-limits.ts';
import { hasLegacyNames, limitBreach, storedLabels } from '../target/sample-labels.ts';
import type { MetadataCache } from './metadata.ts';
import { isSeries, type KnownSeries } from './outline.ts';
import type { SeriesCache } from './series-cache.ts';

/** What of a job decides how a page becomes samples. */
type IngestSettings = Pick<
  ScrapeConfig,
  | 'honorLabels'
  | 'honorTimestamps'
  | 'trackTimestampsStaleness'
  | 'sampleLimit'
  | 'labelLimit'
  | 'labelNameLengthLimit'
  | 'labelValueLengthLimit'
  | 'metricNameValidationScheme'
>;

/** The counts that a scrape reports about itself. */
export interface PageCounts {
  scraped: number;
  postRelabeling: number;
  seriesAdded: number;
  /** Not stored: the same series twice, or older than what is stored. */
  refused: number;
}

export interface PageContext {
  readonly targetLabels: Labels;
  readonly settings: IngestSettings;
  readonly relabeler: Relabeler;
  readonly cache: SeriesCache;
  readonly metadata: MetadataCache;
  readonly limit: TargetSeriesLimit;
  /** Is told what the page gives as examples; `undefined` when nobody wants them. */
  readonly noteExemplar?: ((series: Labels, exemplar: Exemplar) => void) | undefined;
}

/**
 * Reads a page into a batch. `counts` is filled as far as the page was read also when it throws, and then nothing of the
 * batch may be committed. @throws {ExpositionError} for a page that cannot be read, {ScrapeError} for a limit.
 */
export function ingestPage(
  page: { readonly body: Uint8Array; readonly dialect: Dialect },
  timestampMs: number,
  context: PageContext,
  batch: Batch,
  counts: PageCounts,
): void {
  const { settings, cache, metadata } = context;
  const scanner = new ExpositionScanner(page.body, page.dialect);
  cache.begin();
  const samples = new PageSamples(cache.row, timestampMs, batch);
  for (;;) {
    let line = cache.readExpected(scanner);
    if (line === undefined) {
      const kind = scanner.next();
      if (kind === 'end') break;
      if (kind === 'series') line = lookUp(scanner, context, counts);
      else {
        cache.addComment(scanner, kind === 'type' ? scanner.type : undefined);
        if (kind !== 'comment') metadata.note(kind, scanner.metric, scanner.metadata);
        continue;
      }
    }
    if (!isSeries(line)) continue;
    const isOwnTime = scanner.timestampMs !== undefined && settings.honorTimestamps;
    line.isTracked = !isOwnTime || settings.trackTimestampsStaleness;
    counts.scraped++;
    if (line.labels === undefined) {
      if (line.isRefused) context.limit.refuse();
      continue;
    }
    counts.postRelabeling++;
    // Over the limit the page is only counted: the count says by how much.
    if (settings.sampleLimit > 0 && counts.postRelabeling > settings.sampleLimit) continue;
    const at = isOwnTime ? scanner.timestampMs! : timestampMs;
    samples.add(line.labels, at, scanner.value, !isOwnTime && cache.isUnchanged);
    if (scanner.exemplar !== undefined) context.noteExemplar?.(line.labels, scanner.exemplar);
  }
  cache.end();
  counts.refused += samples.finish(cache.isUnchanged);
  if (settings.sampleLimit > 0 && counts.postRelabeling > settings.sampleLimit) {
    throw new ScrapeError(
      'limit',
      `sample limit exceeded: the page has ${counts.postRelabeling} samples, sample_limit is ${settings.sampleLimit}`,
    );
  }
}

/** Hands samples to the batch: as one row if the page turns out to be like the last one, and one by one otherwise. */
class PageSamples {
  readonly #row: SampleRow;
  readonly #timestampMs: number;
  readonly #batch: Batch;
  /** Values of the row's first series, as long as nothing else has come. */
  readonly #values: Float64Array;
  #length = 0;
  #isRow = true;
  #refused = 0;

  constructor(row: SampleRow, timestampMs: number, batch: Batch) {
    this.#row = row;
    this.#timestampMs = timestampMs;
    this.#batch = batch;
    this.#values = new Float64Array(row.labels.length);
  }

  /** Adds a sample; `isNext` says that it is one at the time of the scrape, of the series that is next in the row. */
  add(labels: Labels, timestampMs: number, value: number, isNext: boolean): void {
    if (this.#isRow && isNext) {
      this.#values[this.#length++] = value;
      return;
    }
    if (this.#isRow) this.#leaveRow();
    if (!this.#batch.append(labels, timestampMs, value)) this.#refused++;
  }

  /** The page is at its end; it was like the last one or not. Returns how many samples were refused. */
  finish(isUnchanged: boolean): number {
    if (!this.#isRow) return this.#refused;
    if (isUnchanged && this.#length === this.#row.labels.length && this.#batch.appendRow !== undefined) {
      return this.#batch.appendRow(this.#row, this.#timestampMs, this.#values);
    }
    this.#leaveRow();
    return this.#refused;
  }

  #leaveRow(): void {
    this.#isRow = false;
    for (let i = 0; i < this.#length; i++) {
      if (!this.#batch.append(this.#row.labels[i]!, this.#timestampMs, this.#values[i]!)) this.#refused++;
    }
  }
}

/** A line that does not stand where it stood: known from elsewhere on the page, or new. */
function lookUp(scanner: ExpositionScanner, context: PageContext, counts: PageCounts): KnownSeries {
  const { cache, settings, targetLabels, relabeler, limit } = context;
  const found = cache.find(scanner);
  if (found !== undefined) return found;
  const exposed = scanner.labels((piece) => cache.keep(piece));
  const labels = storedLabels(exposed, scanner.emptyLabels(), targetLabels, settings.honorLabels, relabeler);
  if (labels !== undefined) {
    if (labels.metricName === '')
      throw new ScrapeError('format', `metric relabelling leaves ${scanner.seriesText} without a metric name`);
    if (settings.metricNameValidationScheme === 'legacy' && !hasLegacyNames(labels)) {
      throw new ScrapeError('format', `invalid metric name or label names: ${labels} (the job has only legacy names)`);
    }
    const breach = limitBreach(labels, settings);
    if (breach !== undefined) throw new ScrapeError('limit', breach);
    if (!limit.admit(labels, counts.postRelabeling)) return cache.add(scanner, undefined, true);
    counts.seriesAdded++;
  }
  return cache.add(scanner, labels);
}
