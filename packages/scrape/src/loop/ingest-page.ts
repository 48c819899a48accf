import type { ScrapeConfig } from '@tillwatch/config';
import type { Batch, Labels } from '@tillwatch/model';
import { decodePage } from '../exposition/decode.ts';
import type { Dialect } from '../exposition/scanner.ts';
import { ExpositionScanner } from '../exposition/scanner.ts';
import { ScrapeError } from '../http/scrape-error.ts';
import type { Relabeler } from '../relabel/relabeler.ts';
import { limitBreach, storedLabels } from '../target/sample-labels.ts';
import type { MetadataCache } from './metadata.ts';
import type { KnownSeries, SeriesCache } from './series-cache.ts';

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
  const scanner = new ExpositionScanner(decodePage(page.body), page.dialect);
  cache.begin();
  for (;;) {
    const predicted = cache.predicted(scanner.type);
    const kind = scanner.next(predicted?.text);
    if (kind === 'end') break;
    if (kind !== 'series') {
      if (kind !== 'comment') metadata.note(kind, scanner.metric, scanner.metadata);
      continue;
    }
    const known = scanner.isPredicted ? predicted! : lookUp(scanner, context, counts);
    const isOwnTime = scanner.timestampMs !== undefined && settings.honorTimestamps;
    cache.see(known, !isOwnTime || settings.trackTimestampsStaleness);
    counts.scraped++;
    if (known.labels === undefined) continue;
    counts.postRelabeling++;
    // Over the limit the page is only counted: the count says by how much.
    if (settings.sampleLimit > 0 && counts.postRelabeling > settings.sampleLimit) continue;
    const at = isOwnTime ? scanner.timestampMs! : timestampMs;
    if (!batch.append(known.labels, at, scanner.value)) counts.refused++;
  }
  if (settings.sampleLimit > 0 && counts.postRelabeling > settings.sampleLimit) {
    throw new ScrapeError(
      'limit',
      `sample limit exceeded: the page has ${counts.postRelabeling} samples, sample_limit is ${settings.sampleLimit}`,
    );
  }
}

/** A line that does not stand where it stood: known from elsewhere on the page, or new. */
function lookUp(scanner: ExpositionScanner, context: PageContext, counts: PageCounts): KnownSeries {
  const { cache, settings, targetLabels, relabeler } = context;
  const text = scanner.text.slice(scanner.seriesFrom, scanner.seriesTo);
  const found = cache.find(text, scanner.type);
  if (found !== undefined) return found;
  const exposed = scanner.labels((piece) => cache.keep(piece));
  const labels = storedLabels(exposed, scanner.emptyLabels(), targetLabels, settings.honorLabels, relabeler);
  if (labels !== undefined) {
    if (labels.metricName === '')
      throw new ScrapeError('format', `metric relabelling leaves ${text} without a metric name`);
    const breach = limitBreach(labels, settings);
    if (breach !== undefined) throw new ScrapeError('limit', breach);
    counts.seriesAdded++;
  }
  return cache.add(text, scanner.type, labels);
}
