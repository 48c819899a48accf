import { type Batch, Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dialect } from '../src/exposition/index.ts';
import { ingestPage, type PageCounts } from '../src/loop/ingest-page.ts';
import { MetadataCache } from '../src/loop/metadata.ts';
import { SeriesCache } from '../src/loop/series-cache.ts';
import { compileRelabeler } from '../src/relabel/relabeler.ts';
import { SeriesAdmission, TargetSeriesLimit } from '../src/series-limits.ts';
import { job } from './settings.ts';

type Sample = readonly [labels: string, timestampMs: number, value: number];

/** Reads a page as the scrape at `timestampMs`: the samples of it, or why it cannot be read. */
function read(cache: SeriesCache, page: string, dialect: Dialect, timestampMs: number, settings = job({})) {
  const samples: Sample[] = [];
  const batch: Batch = {
    append: (labels, atMs, value) => samples.push([String(labels), atMs, value]) > 0,
    appendStale() {},
    put() {},
    remove() {},
    commit: async () => {},
  };
  const counts: PageCounts = { scraped: 0, postRelabeling: 0, seriesAdded: 0, refused: 0 };
  const metadata = new MetadataCache();
  const targetLabels = Labels.of({ job: 'shop' });
  const limit = new TargetSeriesLimit(new SeriesAdmission({ seriesPerTarget: 0, series: 0 }, undefined));
  const context = { targetLabels, settings, relabeler: compileRelabeler([]), cache, metadata, limit };
  try {
    ingestPage({ body: Buffer.from(page), dialect }, timestampMs, context, batch, counts);
    return { samples, scraped: counts.scraped };
  } catch (error) {
    return String(error);
  }
}

const OWN_TIME = '1700000000';
const series = fc
  .record({
    name: fc.constantFrom('a', 'a_total', 'ab', 'h_bucket'),
    le: fc.constantFrom('', '1', '1.0', '+Inf'),
    region: fc.constantFrom('', 'eu', 'Süd', 'a\\"b'),
  })
  .map(({ name, le, region }) => `${name}{le="${le}",region="${region}"}`);
const value = fc.oneof(
  fc.integer().map(String),
  fc.double().map((number) => String(number).replace('Infinity', 'Inf')),
  fc.constantFrom('1.5e+06', '-0', '0.1', '12345678901234567890', '1e-30', '+1', 'nan'),
);
const sample = fc
  .tuple(series, value, fc.constantFrom('', '', '', ` ${OWN_TIME}`), fc.constantFrom(' ', ' ', ' ', '  '))
  .map(([text, number, time, blank]) => `${text}${blank}${number}${time}`);
const comment = fc.constantFrom(
  '# HELP a Help.',
  '# HELP a Other help: ß.',
  '# TYPE h histogram',
  '# TYPE h gauge',
  '# TYPE a counter',
);
const broken = fc.constantFrom('a{', 'a', 'a{le="1"} x', 'a{le="1",le="1"} 1', '# TYPE a nonsense');
const line = fc.oneof(
  { weight: 12, arbitrary: sample },
  { weight: 3, arbitrary: comment },
  { weight: 1, arbitrary: fc.constant('') },
);

/** What happens to a page from one scrape to the next. */
const change = fc.record({
  kind: fc.constantFrom('insert', 'remove', 'swap', 'double', 'value', 'none'),
  at: fc.nat(30),
  other: fc.nat(30),
  line,
  value,
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(lines: readonly string[], { kind, at, other, line: fresh, value: number }: Change): string[] {
  const next = [...lines];
  const [i, j] = [at % (lines.length + 1), other % (lines.length + 1)];
  if (kind === 'insert') next.splice(i, 0, fresh);
  else if (kind === 'remove') next.splice(i, 1 + (other % 3));
  else if (kind === 'double' && i < lines.length) next.splice(j, 0, lines[i]!);
  else if (kind === 'swap' && i < lines.length && j < lines.length) [next[i], next[j]] = [next[j]!, next[i]!];
  else if (kind === 'value' && i < lines.length) next[i] = lines[i]!.replace(/(\} +)\S+/, `$1${number}`);
  return next;
}

test('a page is read with the memory of other pages as it is without', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.tuple(fc.array(change, { maxLength: 3 }), fc.option(broken), fc.boolean()), { maxLength: 6 }),
      fc.constantFrom<Dialect>('text', 'openmetrics'),
      (start, scrapes, dialect) => {
        const cache = new SeriesCache();
        let live: ReadonlySet<string> = new Set();
        let hasOwnTimes = false;
        let lines = start;
        let timestampMs = 1_000;
        for (const [changes, fault, isStored] of [[[], null, true] as const, ...scrapes]) {
          lines = changes.reduce(changed, lines);
          const shown = fault === null || fault === undefined ? lines : [...lines, fault];
          const page = `${shown.join('\n')}\n${dialect === 'openmetrics' ? '# EOF\n' : ''}`;
          timestampMs += 1_000;
          const fresh = read(new SeriesCache(), page, dialect, timestampMs);
          expect(read(cache, page, dialect, timestampMs)).toEqual(fresh);

          const hasFailed = typeof fresh === 'string';
          const seen = new Set(hasFailed ? [] : fresh.samples.map(([labels]) => labels));
          const ended = cache.vanished(hasFailed).map(String);
          for (const labels of ended) expect(seen.has(labels)).toBe(false);
          // Series with times of their own are not ended, and one that had such a time on a page is none to say it of.
          hasOwnTimes ||= page.includes(OWN_TIME);
          if (!hasOwnTimes)
            expect([...new Set(ended)].sort()).toEqual([...live].filter((labels) => !seen.has(labels)).sort());
          if (isStored) cache.commit(hasFailed);
          else cache.rollback(hasFailed);
          live = isStored ? seen : new Set([...live, ...seen]);
        }
      },
    ),
    { numRuns: 1_500 },
  );
});

test('series are ended once, and those that came back are not', () => {
  const cache = new SeriesCache();
  const scrape = (page: string) => {
    read(cache, page, 'text', 1_000);
    const ended = cache.vanished(false).map(({ metricName }) => metricName);
    cache.commit(false);
    return ended;
  };
  expect(scrape('a 1\nb 1\nc 1\n')).toEqual([]);
  expect(scrape('a 2\nc 1\n')).toEqual(['b']);
  expect(scrape('a 2\nc 1\n')).toEqual([]);
  expect(scrape('b 2\nc 1\n')).toEqual(['a']);
  expect(scrape('')).toEqual(['b', 'c']);
});
