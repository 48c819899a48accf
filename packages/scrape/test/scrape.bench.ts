// What reading a metrics page costs per sample: as it comes the first time, and as it comes every time after.
// Run: npx vitest bench --run packages/scrape
import { Labels } from '@tillwatch/model';
import { bench, describe } from 'vitest';
import { parseExposition } from '../src/exposition/index.ts';
import { ingestPage, type PageCounts } from '../src/loop/ingest-page.ts';
import { MetadataCache } from '../src/loop/metadata.ts';
import { SeriesCache } from '../src/loop/series-cache.ts';
import { compileRelabeler } from '../src/relabel/relabeler.ts';
import { SeriesAdmission, TargetSeriesLimit } from '../src/series-limits.ts';
import { job } from './settings.ts';

const LINES = 10_000;
const pages = [0, 1].map((turn) => {
  const lines = ['# HELP checkout_outcomes_total Checkouts by outcome.', '# TYPE checkout_outcomes_total counter'];
  for (let i = 0; i < LINES; i++) {
    const value = turn * 3 + i * 17;
    lines.push(
      `checkout_outcomes_total{outcome="success",step="payment",provider="provider-${i % 3}",region="eu-${i}",version="1.2.3"} ${value}`,
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
});

const settings = job({});
const cache = new SeriesCache();
const context = {
  targetLabels: Labels.of({ job: 'shop', instance: 'shop:3000' }),
  settings,
  relabeler: compileRelabeler([]),
  cache,
  metadata: new MetadataCache(),
  limit: new TargetSeriesLimit(new SeriesAdmission({ seriesPerTarget: 0, series: 0 }, undefined)),
};
const batch = { append: () => true, appendStale() {}, put() {}, remove() {}, commit: async () => {} };
let turn = 0;

function ingest(into: SeriesCache): void {
  const counts: PageCounts = { scraped: 0, postRelabeling: 0, seriesAdded: 0, refused: 0 };
  ingestPage({ body: pages[++turn % 2]!, dialect: 'text' }, turn, { ...context, cache: into }, batch, counts);
  into.vanished(false);
  into.commit(false);
  if (counts.scraped !== LINES) throw new Error('lines are missing');
}

describe(`a page of ${LINES} lines`, () => {
  bench('the same series again', () => ingest(cache));
  bench('all series new', () => ingest(new SeriesCache()));
  bench('parse alone, no cache', () => {
    if (parseExposition(pages[0]!).length !== LINES + 2) throw new Error('lines are missing');
  });
});
