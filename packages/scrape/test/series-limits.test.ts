import type { Batch, Labels, SeriesCensus } from '@tillwatch/model';
import { Labels as LabelSet, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createScraper, type SeriesLimits } from '../src/index.ts';
import { ingestPage } from '../src/loop/ingest-page.ts';
import { MetadataCache } from '../src/loop/metadata.ts';
import { SeriesCache } from '../src/loop/series-cache.ts';
import { compileRelabeler } from '../src/relabel/relabeler.ts';
import { SeriesAdmission, TargetSeriesLimit } from '../src/series-limits.ts';
import { page, until } from './loopback.ts';
import { MemoryStore } from './memory-store.ts';
import { job, prometheus, staticTargets } from './settings.ts';

const INTERVAL_MS = 10_000;
const HOUR_MS = 3_600_000;

/** A store that only counts: which series it has, and which samples it got. */
class CountingStore implements SeriesCensus {
  readonly series = new Set<string>();
  readonly limits: SeriesLimits;
  readonly admission: SeriesAdmission;

  constructor(limits: SeriesLimits) {
    this.limits = limits;
    this.admission = new SeriesAdmission(limits, this);
  }

  seriesCount(): number {
    return this.series.size;
  }

  hasSeries(labels: Labels): boolean {
    return this.series.has(labels.key);
  }

  /** A target of this store, scraped by giving it pages. */
  target() {
    const limit = new TargetSeriesLimit(this.admission);
    const cache = new SeriesCache();
    const context = {
      targetLabels: LabelSet.of({ job: 'shop' }),
      settings: job({}),
      relabeler: compileRelabeler([]),
      metadata: new MetadataCache(),
      cache,
      limit,
    };
    return {
      limit,
      cache,
      /** Scrapes a page at a time; returns the stored series by name. `isLost`: the store refuses the batch. */
      scrape: (lines: readonly string[], nowMs: number, isLost = false): string[] => {
        const stored: Labels[] = [];
        const batch: Batch = {
          append: (labels) => stored.push(labels) > 0,
          appendStale() {},
          put() {},
          remove() {},
          commit: async () => {},
        };
        const counts = { scraped: 0, postRelabeling: 0, seriesAdded: 0, refused: 0 };
        if (limit.begin(nowMs)) cache.forgetLabels();
        ingestPage({ body: Buffer.from(`${lines.join('\n')}\n`), dialect: 'text' }, nowMs, context, batch, counts);
        limit.end(isLost ? undefined : counts.postRelabeling);
        if (isLost) cache.rollback(false);
        else cache.commit(false);
        if (!isLost) for (const labels of stored) this.series.add(labels.key);
        return stored.map((labels) => labels.metricName);
      },
    };
  }
}

function invented(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `calls{url="/orders/${from + i}"} 1`);
}

const known = Array.from({ length: 100 }, (_, i) => `checkout_attempts_total{shop="${i}"} 1`);

test('a flood of invented series is left out but for as many as the limit says; what is known is kept in every scrape', () => {
  const store = new CountingStore({ seriesPerTarget: 2_000, series: 0 });
  const target = store.target();
  let admitted = 0;
  target.scrape(known, 0);
  for (let i = 0; i < 20; i++) {
    // Known ones stand behind the flood as well as before it.
    const stored = target.scrape(
      [...known.slice(0, 50), ...invented(i * 5_000, 5_000), ...known.slice(50)],
      (i + 1) * INTERVAL_MS,
    );
    const shop = stored.filter((name) => name === 'checkout_attempts_total');
    expect(shop.length).toBe(100);
    admitted = Math.max(admitted, stored.length);
  }
  // All that is less than an hour; the known series are among the 2,000.
  expect(store.series.size).toBe(2_000);
  expect(admitted).toBeLessThanOrEqual(2_100);
  expect(target.cache.row.labels.length).toBeLessThanOrEqual(2_100);
  expect(target.limit.refused).toBe(5_000);
  expect(target.limit.refusedTotal).toBe(20 * 5_000 - 1_900);
});

test('known series behind the flood get in first when the target was known before', () => {
  const store = new CountingStore({ seriesPerTarget: 1_000, series: 0 });
  store.target().scrape(known, 0);
  // After a restart the flood comes first on the page.
  const stored = store.target().scrape([...invented(0, 5_000), ...known], INTERVAL_MS);
  expect(stored.filter((name) => name === 'checkout_attempts_total')).toHaveLength(100);
  expect(stored).toHaveLength(1_100);
});

test('an hour later as many new ones may come again', () => {
  const store = new CountingStore({ seriesPerTarget: 100, series: 0 });
  const target = store.target();
  expect(target.scrape(invented(0, 60), 0)).toHaveLength(60);
  expect(target.scrape(invented(60, 60), HOUR_MS / 2)).toHaveLength(40);
  expect(target.scrape(invented(120, 60), HOUR_MS - INTERVAL_MS)).toHaveLength(0);
  expect(target.scrape(invented(180, 70), HOUR_MS + INTERVAL_MS)).toHaveLength(60);
});

test('what was refused is tried again when there is room, once a minute', () => {
  const store = new CountingStore({ seriesPerTarget: 100, series: 0 });
  const target = store.target();
  const lines = invented(0, 150);
  expect(target.scrape(lines, 0)).toHaveLength(100);
  expect(target.scrape(lines, INTERVAL_MS)).toHaveLength(100);
  store.admission.limits = { seriesPerTarget: 120, series: 0 };
  expect(target.scrape(lines, 2 * INTERVAL_MS)).toHaveLength(120);
  store.admission.limits = { seriesPerTarget: 0, series: 0 };
  expect(target.scrape(lines, 3 * INTERVAL_MS)).toHaveLength(120);
  expect(target.scrape(lines, 9 * INTERVAL_MS)).toHaveLength(150);
  expect(target.limit.refused).toBe(0);
});

test('what could not be stored does not count', () => {
  const store = new CountingStore({ seriesPerTarget: 100, series: 150 });
  const target = store.target();
  for (let i = 0; i < 10; i++) expect(target.scrape(invented(i * 60, 60), i * INTERVAL_MS, true)).toHaveLength(60);
  expect(target.scrape(invented(0, 60), 100_000)).toHaveLength(60);
});

test('the limit over all targets keeps out what is new, whoever brings it', () => {
  const store = new CountingStore({ seriesPerTarget: 0, series: 150 });
  const [first, second] = [store.target(), store.target()];
  expect(first.scrape(known, 0)).toHaveLength(100);
  expect(second.scrape(invented(0, 100), 0)).toHaveLength(50);
  expect(first.scrape([...known, ...invented(1_000, 10)], INTERVAL_MS)).toHaveLength(100);
  expect(second.limit.refused).toBe(50);
});

test('a target says how many were left out, in its state and once in the log', async () => {
  const target = await page(`${invented(0, 30).join('\n')}\n`);
  const clock = new ManualClock(1_000_000_000);
  const store = new MemoryStore();
  const lines: unknown[] = [];
  const scraper = createScraper({
    config: prometheus(job({ staticConfigs: staticTargets(target.address) })),
    appendable: store,
    limits: { seriesPerTarget: 20, series: 0 },
    clock,
    logger: { ...silentLogger, warn: (message, fields) => void lines.push([message, fields?.dropped]) },
  });
  scraper.start();
  onTestFinished(() => scraper.stop());
  for (let i = 1; i <= 3; i++) {
    await clock.advance(INTERVAL_MS);
    await until(() => store.batches.length === i);
  }
  expect(scraper.targets()).toMatchObject([{ health: 'up', seriesDropped: 10, seriesDroppedTotal: 30 }]);
  expect(store.report(2)).toMatchObject({
    up: 1,
    scrape_samples_scraped: 30,
    scrape_samples_post_metric_relabeling: 20,
  });
  expect(lines).toEqual([['too many series: new ones are left out', 10]]);
});
