import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ScrapeConfig, Secret } from '@tillwatch/config';
import { type ExemplarSink, Labels, type Logger, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createScraper, type TargetStatus } from '../src/index.ts';
import { loopback, page, TEXT, until } from './loopback.ts';
import { MemoryStore } from './memory-store.ts';
import { job, prometheus, rule, staticTargets } from './settings.ts';

const INTERVAL_MS = 10_000;

function watch(settings: Partial<ScrapeConfig>, logger: Logger = silentLogger) {
  const clock = new ManualClock(1_000_000_000);
  const store = new MemoryStore();
  const scraper = createScraper({ config: prometheus(job(settings)), appendable: store, clock, logger });
  scraper.start();
  onTestFinished(() => scraper.stop());
  return {
    clock,
    store,
    scraper,
    /** Lets one interval pass and waits until its scrape is stored. */
    async round() {
      const before = store.batches.length;
      await clock.advance(INTERVAL_MS);
      await until(() => store.batches.length > before);
    },
    active: () =>
      scraper.targets().filter((target) => target.state === 'active') as (TargetStatus & { state: 'active' })[],
  };
}

test('a scrape stores the page, and what it reports about itself, as one batch', async () => {
  const target = await page('# TYPE a counter\na{x="1"} 5\nb 2.5\n');
  const { store, round, active } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  await round();
  const own = `instance="${target.address}", job="shop"`;
  expect(store.samples(0)).toEqual({ [`a{${own}, x="1"}`]: 5, [`b{${own}}`]: 2.5 });
  expect(store.report(0)).toEqual({
    up: 1,
    scrape_duration_seconds: expect.any(Number),
    scrape_samples_scraped: 2,
    scrape_samples_post_metric_relabeling: 2,
    scrape_series_added: 2,
  });
  expect(store.report(1)).toMatchObject({ up: 1, scrape_series_added: 0 });
  const times = store.batches.map((batch) => [...new Set(batch.map(({ timestampMs }) => timestampMs))]);
  expect(times[1]![0]! - times[0]![0]!).toBe(INTERVAL_MS);
  expect(times.map((all) => all.length)).toEqual([1, 1]);
  expect(active()).toMatchObject([{ health: 'up', lastError: '', scrapePool: 'shop', intervalMs: INTERVAL_MS }]);
});

test('exemplars are offered once their scrape is stored, with its time', async () => {
  const text = (trace: string) =>
    `# TYPE a counter\na_total{x="1"} 5 # {trace_id="${trace}"} 0.5\na_total{x="2"} 1\na_total{x="3"} 1 # {} 1 7.5\n# EOF\n`;
  const target = { text: text('t1') };
  const address = await loopback((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0').end(target.text);
  });
  const offered: unknown[] = [];
  const exemplars: ExemplarSink = {
    offer: (series, { labels, value, timestampMs }, scrapedAtMs) => {
      offered.push([series.get('x'), labels.toRecord(), value, timestampMs, scrapedAtMs]);
    },
  };
  const clock = new ManualClock(1_000_000_000);
  const store = new MemoryStore();
  const config = prometheus(job({ staticConfigs: staticTargets(address) }));
  const scraper = createScraper({ config, appendable: store, exemplars, clock, logger: silentLogger });
  scraper.start();
  onTestFinished(() => scraper.stop());
  const round = async () => {
    const before = store.batches.length;
    await clock.advance(INTERVAL_MS);
    await until(() => store.batches.length > before);
  };
  await round();
  // The same lines again, which are read another way, and then a page that is not stored.
  target.text = text('t2');
  await round();
  target.text = `${text('t3')}nonsense`;
  await round();
  await round();
  const at = store.batches.map((batch) => batch[0]!.timestampMs);
  expect(offered).toEqual([
    ['1', { trace_id: 't1' }, 0.5, undefined, at[0]],
    ['3', {}, 1, 7_500, at[0]],
    ['1', { trace_id: 't2' }, 0.5, undefined, at[1]],
    ['3', {}, 1, 7_500, at[1]],
  ]);
});

test('the labels of a line that stays are the same object in every scrape', async () => {
  const target = await page('a 1\nb 2\nc{x="y"} 3\n');
  const { store, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  const known = store.labels.size;
  target.text = 'b 2\nnew 7\na 1\nc{x="y"} 4\n';
  await round();
  expect(store.labels.size).toBe(known + 1);
  expect(store.report(1)).toMatchObject({ scrape_series_added: 1, scrape_samples_scraped: 4 });
});

test('a series that vanishes from the page ends with a staleness marker, once', async () => {
  const target = await page('a 1\nb 2\n');
  const { store, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  target.text = 'b 3\n';
  await round();
  await round();
  const own = `instance="${target.address}", job="shop"`;
  expect(store.samples(1)).toEqual({ [`a{${own}}`]: 'stale', [`b{${own}}`]: 3 });
  expect(store.samples(2)).toEqual({ [`b{${own}}`]: 3 });
});

test('a type that changes changes how bucket bounds are written', async () => {
  const target = await page('# TYPE h histogram\nh_bucket{le="1"} 1\n');
  const { store, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  target.text = '# TYPE h gauge\nh_bucket{le="1"} 1\n';
  await round();
  expect(Object.keys(store.samples(0))).toEqual([expect.stringContaining('le="1.0"')]);
  expect(Object.entries(store.samples(1))).toEqual([
    [expect.stringContaining('le="1"'), 1],
    [expect.stringContaining('le="1.0"'), 'stale'],
  ]);
});

describe('a failed scrape stores up 0, ends every series, and says why', () => {
  const answers = {
    'no content type': ['up 1', undefined, /no Content-Type.*fallback_scrape_protocol: PrometheusText0\.0\.4/],
    'a foreign content type': ['up 1', 'text/html', /"text\/html".*fallback_scrape_protocol/],
    'an unescaped quote': [
      'good 1\nbad{device="14" x"} 3\n',
      TEXT,
      /line 2, column 18: "bad\{device=\\"14\\" x\\"\} 3"\); is a double quote/,
    ],
    'the same label twice': ['a{b="1",b="2"} 1\n', TEXT, /label "b" comes twice/],
  } as const;
  test.for(Object.entries(answers))('%s', async ([, [text, contentType, message]]) => {
    const now: { text: string; type: string | undefined } = { text: 'good 1\n', type: TEXT };
    const address = await loopback((_, response) => {
      if (now.type !== undefined) response.setHeader('content-type', now.type);
      response.end(now.text);
    });
    const { store, round, active } = watch({ staticConfigs: staticTargets(address) });
    await round();
    now.text = text;
    now.type = contentType;
    await round();
    expect(store.samples(1)).toEqual({ [`good{instance="${address}", job="shop"}`]: 'stale' });
    expect(store.report(1)).toMatchObject({ up: 0 });
    expect(active()[0]).toMatchObject({ health: 'down', lastError: expect.stringMatching(message) });
  });
});

test.for([
  ['sample_limit', { sampleLimit: 500 }, /sample limit exceeded: the page has 700 samples, sample_limit is 500/, 700],
  ['label_limit', { labelLimit: 3 }, /label_limit exceeded/, 0],
  ['label_value_length_limit', { labelValueLengthLimit: 20 }, /label_value_length_limit exceeded/, 0],
  ['body_size_limit', { bodySizeLimitBytes: 1000 }, /body size limit exceeded/, 0],
] as const)('a label explosion over %s stores nothing', async ([, limit, message, scraped]) => {
  const lines = Array.from({ length: 700 }, (_, i) => `external{url="/orders/${i}/pay?session=${i}"} 1`);
  const target = await page(`${lines.join('\n')}\n`);
  const { store, round, active } = watch({ staticConfigs: staticTargets(target.address), ...limit });
  await round();
  expect(store.samples(0)).toEqual({});
  expect(store.report(0)).toMatchObject({ up: 0, scrape_samples_scraped: scraped });
  expect(active()[0]!.lastError).toMatch(message);
});

test.for([
  ['utf8', 1, ''],
  ['legacy', 0, 'invalid metric name or label names: {"Bestellungen (offen)"'],
] as const)('with metric_name_validation_scheme %s a name of any letters is up %s', async ([scheme, up, message]) => {
  const target = await page('a 1\n{"Bestellungen (offen)"} 2\n');
  const { store, round, active } = watch({
    staticConfigs: staticTargets(target.address),
    metricNameValidationScheme: scheme,
  });
  await round();
  expect(store.report(0)).toMatchObject({ up });
  expect(active()[0]!.lastError).toContain(message);
  expect(Object.keys(store.samples(0))).toHaveLength(2 * up);
});

test('fallback_scrape_protocol reads what has no content type', async () => {
  const address = await loopback((_, response) => response.end('a 1\n'));
  const { store, round } = watch({
    staticConfigs: staticTargets(address),
    fallbackScrapeProtocol: 'PrometheusText0.0.4',
  });
  await round();
  expect(store.report(0)).toMatchObject({ up: 1, scrape_samples_scraped: 1 });
});

test('a page that stalls half-way is given up at the timeout and stores nothing of it', async () => {
  let hasAsked = false;
  const address = await loopback((_, response) => {
    hasAsked = true;
    response.setHeader('content-type', TEXT).write('a 1\n');
  });
  const { clock, store, active } = watch({ staticConfigs: staticTargets(address), scrapeTimeoutMs: 5_000 });
  while (!hasAsked) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.advance(5_000);
  await until(() => store.batches.length > 0);
  expect(store.samples(0)).toEqual({});
  expect(store.report(0)).toMatchObject({ up: 0 });
  expect(active()[0]!.lastError).toBe('timeout: no complete answer within 5s (context deadline exceeded)');
});

test('nobody listening is told in words', async () => {
  const { round, active } = watch({ staticConfigs: staticTargets('127.0.0.1:1') });
  await round();
  expect(active()[0]).toMatchObject({ health: 'down', lastError: expect.stringContaining('connection refused') });
});

test('gzip is asked for and understood, also when it unpacks to too much', async () => {
  const texts = ['a 1\n', `# ${'x'.repeat(100_000)}\na 1\n`];
  const accepted: unknown[] = [];
  const address = await loopback((request, response) => {
    accepted.push(
      request.headers['accept-encoding'],
      request.headers.accept,
      request.headers['x-prometheus-scrape-timeout-seconds'],
    );
    response.setHeader('content-type', TEXT).setHeader('content-encoding', 'gzip').end(gzipSync(texts.shift()!));
  });
  const { store, round, active } = watch({ staticConfigs: staticTargets(address), bodySizeLimitBytes: 50_000 });
  await round();
  expect(store.report(0)).toMatchObject({ up: 1 });
  expect(accepted).toEqual([
    'gzip',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    '10',
  ]);
  await round();
  expect(active()[0]!.lastError).toContain('body size limit exceeded');
});

test('credentials are sent to the target and to nobody it redirects to', async () => {
  const seen: unknown[] = [];
  const other = await loopback((request, response) => {
    seen.push(request.headers.authorization, request.headers['x-key']);
    response.setHeader('content-type', TEXT).end('a 1\n');
  });
  const address = await loopback((request, response) => {
    seen.push(request.headers.authorization, request.headers['x-key']);
    response.writeHead(302, { location: `http://${other}/metrics` }).end();
  });
  const lines: string[] = [];
  const log = (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields));
  const { store, round, active } = watch(
    {
      staticConfigs: staticTargets(address),
      basicAuth: { username: 'till', usernameFile: undefined, password: new Secret('hush'), passwordFile: undefined },
      headers: { 'X-Key': { values: [], secrets: [new Secret('hush')], files: [] } },
    },
    { error: log, warn: log, info: log, debug: log },
  );
  await round();
  expect(store.report(0)).toMatchObject({ up: 1 });
  expect(seen).toEqual([`Basic ${Buffer.from('till:hush').toString('base64')}`, 'hush', undefined, undefined]);
  expect(JSON.stringify([lines, active()])).not.toContain('hush');
});

test.for([
  ['moved aside', false, 'a{exported_job="theirs", instance="ADDRESS", job="shop"}'],
  ['kept with honor_labels', true, 'a{instance="ADDRESS", job="theirs"}'],
] as const)('labels of the page that the target has too are %s', async ([, honorLabels, series]) => {
  const target = await page('a{job="theirs"} 1\n');
  const { store, round } = watch({ staticConfigs: staticTargets(target.address), honorLabels });
  await round();
  expect(Object.keys(store.samples(0))).toEqual([series.replace('ADDRESS', target.address)]);
});

test.for([
  ['kept', true, 1234, {}],
  ['replaced without honor_timestamps', false, undefined, { 'a{instance="ADDRESS", job="shop"}': 'stale' }],
] as const)(
  'timestamps of the page are %s, and then the series is not ended',
  async ([, honorTimestamps, own, ended]) => {
    const target = await page('a 1 1234\n');
    const { store, round } = watch({ staticConfigs: staticTargets(target.address), honorTimestamps });
    await round();
    const [sample, up] = store.batches[0]!;
    expect(sample!.timestampMs).toBe(own ?? up!.timestampMs);
    target.text = '';
    await round();
    const expected = Object.entries(ended).map(([series, value]) => [series.replace('ADDRESS', target.address), value]);
    expect(Object.entries(store.samples(1))).toEqual(expected);
  },
);

test('metric relabelling drops and renames; the report tells both counts', async () => {
  const target = await page('go_gc 1\nold_name 2\n');
  const { store, round } = watch({
    staticConfigs: staticTargets(target.address),
    metricRelabelConfigs: [
      rule({ sourceLabels: ['__name__'], regex: 'go_.*', action: 'drop' }),
      rule({ sourceLabels: ['__name__'], regex: 'old_(.*)', targetLabel: '__name__', replacement: 'new_$1' }),
    ],
  });
  await round();
  expect(Object.keys(store.samples(0))).toEqual([`new_name{instance="${target.address}", job="shop"}`]);
  expect(store.report(0)).toMatchObject({ scrape_samples_scraped: 2, scrape_samples_post_metric_relabeling: 1 });
});

test('target relabelling chooses and names targets; dropped ones are listed', async () => {
  const target = await page('a 1\n');
  const { store, round, scraper } = watch({
    staticConfigs: [{ targets: [target.address, 'elsewhere:1'], labels: Labels.of({ team: 'pay' }) }],
    relabelConfigs: [
      rule({ sourceLabels: ['__address__'], regex: 'elsewhere.*', action: 'drop' }),
      rule({ targetLabel: 'instance', replacement: 'till' }),
    ],
  });
  await round();
  expect(Object.keys(store.samples(0))).toEqual(['a{instance="till", job="shop", team="pay"}']);
  const dropped = scraper.targets().filter((one) => one.state === 'dropped');
  expect(dropped.map((one) => one.discoveredLabels.get('__address__'))).toEqual(['elsewhere:1']);
});

test('a store that refuses does not stop the loop, and nothing is forgotten that has to be ended', async () => {
  const target = await page('a 1\nb 1\n');
  const { clock, store, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  store.isFull = true;
  target.text = 'a 1\n';
  await clock.advance(INTERVAL_MS);
  await until(() => target.requests.length === 2);
  await clock.advance(1);
  store.isFull = false;
  await round();
  expect(store.samples(1)).toEqual({
    [`a{instance="${target.address}", job="shop"}`]: 1,
    [`b{instance="${target.address}", job="shop"}`]: 'stale',
  });
});

test('scrapes of a target never overlap, and keep their times after a slow one', async () => {
  const target = await page('a 1\n');
  const { clock, store, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  let open = () => {};
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  await clock.advance(INTERVAL_MS);
  await until(() => target.requests.length === 2);
  await clock.advance(2.5 * INTERVAL_MS);
  expect(target.requests.length).toBe(2);
  store.gate = undefined;
  open();
  await until(() => store.batches.length === 2);
  await round();
  const times = store.batches.map((batch) => batch[0]!.timestampMs);
  expect((times[2]! - times[0]!) % INTERVAL_MS).toBe(0);
});

describe('on reload', () => {
  test('targets that stay go on as if nothing happened; the series of those that go are ended', async () => {
    const [kept, gone] = [await page('a 1\n'), await page('b 1\n')];
    const settings = { staticConfigs: staticTargets(kept.address, gone.address) };
    const { clock, store, scraper } = watch(settings);
    await clock.advance(INTERVAL_MS);
    await until(() => store.batches.length === 2);
    await scraper.apply(prometheus(job({ staticConfigs: staticTargets(kept.address), sampleLimit: 10 })));
    expect(store.samples(2)).toEqual({ [`b{instance="${gone.address}", job="shop"}`]: 'stale' });
    expect(store.report(2)).toMatchObject({ up: 'stale' });
    await clock.advance(INTERVAL_MS);
    await until(() => store.batches.length === 4);
    expect(store.report(3)).toMatchObject({ up: 1, scrape_series_added: 0 });
    expect(gone.requests.length).toBe(1);
  });

  test('changed metric relabelling applies at once and ends what is not stored any more', async () => {
    const target = await page('a 1\n');
    const { scraper, store, round } = watch({ staticConfigs: staticTargets(target.address) });
    await round();
    const metricRelabelConfigs = [rule({ targetLabel: 'shop', replacement: 'berlin' })];
    await scraper.apply(prometheus(job({ staticConfigs: staticTargets(target.address), metricRelabelConfigs })));
    await round();
    expect(store.samples(1)).toEqual({
      [`a{instance="${target.address}", job="shop", shop="berlin"}`]: 1,
      [`a{instance="${target.address}", job="shop"}`]: 'stale',
    });
  });

  test('a removed job ends its series, a new one starts', async () => {
    const [first, second] = [await page('a 1\n'), await page('b 1\n')];
    const { scraper, store, round } = watch({ staticConfigs: staticTargets(first.address) });
    await round();
    await scraper.apply(prometheus(job({ jobName: 'other', staticConfigs: staticTargets(second.address) })));
    expect(store.report(1)).toMatchObject({ up: 'stale' });
    await round();
    expect(store.samples(2)).toEqual({ [`b{instance="${second.address}", job="other"}`]: 1 });
  });
});

test('over target_limit every target of the job is down', async () => {
  const target = await page('a 1\n');
  const { clock, store, active } = watch({
    staticConfigs: staticTargets(target.address, '127.0.0.1:2'),
    targetLimit: 1,
  });
  await clock.advance(INTERVAL_MS);
  await until(() => store.batches.length === 2);
  expect(active().map(({ lastError }) => lastError)).toEqual(
    Array(2).fill('target_limit exceeded (number of targets: 2, limit: 1)'),
  );
  expect(target.requests).toEqual([]);
});

test('failed scrapes are written down in scrape_failure_log_file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-failures-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const scrapeFailureLogFile = join(dir, 'failures.log');
  const address = await loopback((_, response) => response.writeHead(503).end());
  const { round } = watch({ staticConfigs: staticTargets(`${address}`), scrapeFailureLogFile });
  await round();
  await round();
  const lines = () => (existsSync(scrapeFailureLogFile) ? readFileSync(scrapeFailureLogFile, 'utf8').split('\n') : []);
  await until(() => lines().length === 3);
  expect(
    lines()
      .slice(0, 2)
      .map((line) => JSON.parse(line)),
  ).toEqual(
    Array(2).fill({
      time: expect.stringMatching(/^1970-01-12T/),
      level: 'ERROR',
      msg: 'server returned HTTP status 503 Service Unavailable',
      job_name: 'shop',
      target: `http://${address}/metrics`,
    }),
  );
});

test('metadata are what targets say about their metrics', async () => {
  const target = await page('# HELP a What a\\nis.\n# TYPE a counter\na 1\n');
  const { scraper, round } = watch({ staticConfigs: staticTargets(target.address) });
  await round();
  expect(scraper.metadata()).toMatchObject([{ metric: 'a', type: 'counter', help: 'What a\nis.', unit: '' }]);
});

test('a target that cannot be scraped is logged and left out', () => {
  const lines: unknown[] = [];
  const logger = { ...silentLogger, error: (message: string, fields: unknown) => void lines.push([message, fields]) };
  const { scraper } = watch({ staticConfigs: staticTargets('http://shop/metrics') }, logger);
  expect(scraper.targets()).toEqual([]);
  expect(lines).toMatchObject([['target cannot be scraped', { err: expect.stringContaining('not a valid hostname') }]]);
});
