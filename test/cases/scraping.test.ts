import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrometheusConfig } from '@tillwatch/config';
import { isError, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { createScraper, type SeriesLimits, type TargetStatus } from '@tillwatch/scrape';
import { lintExposition } from '@tillwatch/scrape/exposition';
import { openTsdb } from '@tillwatch/tsdb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loopback, TEXT, until } from '../../packages/scrape/test/loopback.ts';
import { localQuerier, QueryEngine } from '../../packages/tillwatch/src/query/query-engine.ts';
import { CASES, hasCases, readCase } from './case-folder.ts';

const START_MS = 1_750_000_000_000;

/**
 * Scrapes a target every ten seconds into a store, on a clock that is turned by hand. `job` is YAML of its scrape config;
 * `config` a whole prometheus.yml whose target is replaced.
 */
async function shop(
  answer: RequestListener,
  { job = '', config = prometheusYml(job), limits }: { job?: string; config?: string; limits?: SeriesLimits } = {},
) {
  const address = await loopback(answer);
  const read = readPrometheusConfig({ file: 'prometheus.yml', text: config.replaceAll('127.0.0.1:19080', address) });
  expect(read.problems).toEqual([]);
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-case-'));
  const clock = new ManualClock(START_MS);
  const tsdb = await openTsdb(dir, { retentionMs: 1e12, clock, logger: silentLogger });
  const ports = { appendable: tsdb, census: tsdb, clock, logger: silentLogger };
  const start = () => {
    const started = createScraper({ config: read.config!, limits, ...ports });
    started.start();
    return started;
  };
  let scraper = start();
  onTestFinished(async () => {
    await scraper.stop();
    await tsdb.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const querier = localQuerier(new QueryEngine(tsdb));
  const target = () => scraper.targets()[0] as Extract<TargetStatus, { state: 'active' }>;
  return {
    clock,
    target,
    async restart() {
      await scraper.stop();
      scraper = start();
    },
    /** Lets time pass until the target was scraped once more. */
    async scrape() {
      const { commits } = tsdb.stats();
      for (let i = 0; i < 60 && tsdb.stats().commits === commits; i++) {
        await clock.advance(500);
        for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => tsdb.stats().commits > commits);
    },
    /** The values of an instant query, by the labels of the answer without those of the target. */
    async ask(expr: string): Promise<Record<string, number>> {
      const samples = await querier.instant(expr, clock.nowMs());
      return Object.fromEntries(
        samples.map(({ labels, value }) => [String(labels.without(['job', 'instance'])), value]),
      );
    },
  };
}

function prometheusYml(job: string): string {
  return `
global: { scrape_interval: 10s }
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['127.0.0.1:19080'] }]
${job}`;
}

/** Answers with a page; `null` is no Content-Type at all. */
function serve(text: string, type: string | null = TEXT): RequestListener {
  return (_request, response) => {
    if (type !== null) response.setHeader('content-type', type);
    response.end(text);
  };
}

/** What goes wrong between a metrics page and the store. */
describe.skipIf(!hasCases)(`scraping in troubles that shops reported (${CASES})`, () => {
  describe('c17: a quote that is not escaped', () => {
    const name = 'c17-unescaped-quote';

    test('fails the whole page, with line and excerpt on the target', async () => {
      const { scrape, target, ask } = await shop(serve(readCase(name, 'metrics.txt')));
      await scrape();
      expect(target()).toMatchObject({ health: 'down', lastError: expect.stringMatching(/line 4.*MacBook Pro 14/) });
      expect(await ask('up')).toEqual({ up: 0 });
      expect(await ask('{__name__=~"checkout.*"}')).toEqual({});
    });

    test('is stored as it was typed when it is escaped', async () => {
      const { scrape, ask } = await shop(serve(readCase(name, 'metrics-escaped.txt')));
      await scrape();
      expect(await ask('count({__name__=~"checkout.*"})')).toEqual({ '{}': 3 });
      expect(await ask('count({device="MacBook Pro 14\\" registry R/W"})')).toEqual({ '{}': 1 });
    });
  });

  test('c18: repeated TYPE lines are scraped, and the linter tells them', async () => {
    const text = readCase('c18-duplicate-type', 'metrics.txt');
    const { scrape, ask } = await shop(serve(text));
    await scrape();
    expect(await ask('scrape_samples_scraped')).toEqual({ scrape_samples_scraped: 5 });
    expect(Object.values(await ask('up'))).toEqual([1]);
    const errors = lintExposition({ file: 'metrics.txt', text }).filter(isError);
    expect(errors.map(({ message }) => message)).toEqual([
      'second TYPE line for metric "light_8618"',
      'second TYPE line for metric "cover_position"',
    ]);
  });

  test.for([
    ['no', null],
    ['a blank', ''],
    ["a web page's", 'text/html'],
    ["JSON's", 'application/json'],
  ] as const)('c19: a page with %s Content-Type is down with the fix named, and up with it', async ([, type]) => {
    const text = readCase('c19-blank-content-type', 'metrics.txt');
    const { scrape, target, ask } = await shop(serve(text, type));
    await scrape();
    expect(target()).toMatchObject({
      health: 'down',
      lastError: expect.stringContaining('fallback_scrape_protocol: PrometheusText0.0.4'),
    });
    expect(Object.values(await ask('up'))).toEqual([0]);
    const fixed = await shop(serve(text, type), { job: '    fallback_scrape_protocol: PrometheusText0.0.4\n' });
    await fixed.scrape();
    expect(Object.values(await fixed.ask('up'))).toEqual([1]);
  });

  test('c20: umlauts, escapes and odd numbers survive until they are asked for', async () => {
    const { scrape, ask } = await shop(serve(readCase('c20-unicode-and-escapes', 'metrics.txt')));
    await scrape();
    expect(await ask('scrape_samples_scraped')).toEqual({ scrape_samples_scraped: 7 });
    const count = async (selector: string) => Object.values(await ask(`count(produkt_verkauf{${selector}})`))[0];
    expect(await count(String.raw`pfad="C:\\shop\\cart", zitat="er sagte \"ja\"", zeile="a\nb"`)).toBe(1);
    expect(await count(String.raw`name="日本語", zeile="\\n", pfad=""`)).toBe(1);
    expect(await count('zeile=~"a.b"')).toBe(1);
    expect(await ask('gross_wert')).toEqual({ gross_wert: 12345678901234567000 });
    expect(await ask('1 / minus_null')).toEqual({ '{}': Number.NEGATIVE_INFINITY });
    expect(Object.values(await ask('nan_wert'))).toEqual([Number.NaN]);
    expect(Object.values(await ask('inf_wert'))).toEqual([Number.POSITIVE_INFINITY]);
    const first = 'label_replace(produkt_verkauf{zeile="\\\\n"}, "erstes", "$1", "name", "(.).*")';
    expect(await ask(`sum by (erstes) (${first})`)).toEqual({ '{erstes="日"}': 2500 });
  });

  describe('c21: a page that gets slow', () => {
    const name = 'c21-scrape-timeout';

    test('is down for a timeout, its series are gone at once, and nobody speaks of content types', async () => {
      const state = { isSlow: false };
      const answer: RequestListener = (_request, response) => {
        if (state.isSlow) response.writeHead(200).write('checkout_total{outcome="ok"} 6\n');
        else serve('checkout_total{outcome="ok"} 5\n')(_request, response);
      };
      const { scrape, target, ask } = await shop(answer, { config: readCase(name, 'prometheus.yml') });
      await scrape();
      expect(Object.values(await ask('checkout_total'))).toEqual([5]);
      state.isSlow = true;
      await scrape();
      expect(Object.values(await ask('up'))).toEqual([0]);
      expect(await ask('checkout_total')).toEqual({});
      expect(target().lastError).toMatch(/timeout: no complete answer within 1s \(context deadline exceeded\)/);
      expect(target().lastError).not.toContain('Content-Type');
    });

    test('a timeout longer than the interval is refused', () => {
      const { config, problems } = readPrometheusConfig({ file: 'bad', text: readCase(name, 'bad-timeout.yml') });
      expect(config).toBeUndefined();
      expect(problems.map(({ message }) => message)).toEqual(['global scrape timeout greater than scrape interval']);
    });
  });

  test('c22: without a sample_limit a label explosion costs what is new, also after a restart', async () => {
    const lines = readCase('c22-label-explosion', 'metrics.txt').trimEnd().split('\n');
    const known = 'checkout_total{outcome="ok"} 5';
    const page = { text: `${known}\n` };
    const { scrape, restart, target, ask } = await shop((request, response) => serve(page.text)(request, response), {
      limits: { seriesPerTarget: 100, series: 0 },
    });
    await scrape();
    page.text = `${[...lines, known].join('\n')}\n`;
    await scrape();
    expect(target()).toMatchObject({ health: 'up', seriesDropped: 601 });
    expect(await ask('count({__name__=~"external|checkout_total"})')).toEqual({ '{}': 100 });
    expect(await ask('checkout_total')).toEqual({ 'checkout_total{outcome="ok"}': 5 });
    // Nobody remembers but the store: what it has comes before what is new.
    await restart();
    page.text = `${[...lines.slice(0, 2), ...lines.slice(2).reverse(), known].join('\n')}\n`;
    await scrape();
    expect(await ask('checkout_total')).toEqual({ 'checkout_total{outcome="ok"}': 5 });
    // A hundred new ones came first on the page; the hundred that the store has came in behind them all the same.
    expect(target()).toMatchObject({ health: 'up', seriesDropped: 501 });
    expect(await ask('count({__name__=~"external|checkout_total"})')).toEqual({ '{}': 200 });
  });

  test('c22: a label explosion over sample_limit stores nothing and is counted', async () => {
    const name = 'c22-label-explosion';
    const { scrape, target, ask } = await shop(serve(readCase(name, 'metrics.txt')), {
      config: readCase(name, 'prometheus.yml'),
    });
    await scrape();
    expect(target().lastError).toContain('sample limit exceeded');
    expect(Object.values(await ask('up'))).toEqual([0]);
    expect(await ask('external')).toEqual({});
    expect(Object.values(await ask('scrape_samples_scraped'))).toEqual([700]);
  });
});
