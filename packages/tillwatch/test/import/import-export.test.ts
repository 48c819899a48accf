import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isStaleAt, Labels } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { openImport, openTsdb } from '@tillwatch/tsdb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMetricsText } from '../../src/export/openmetrics-text.ts';
import { importFile } from '../../src/import/import-file.ts';
import { importPrometheus } from '../../src/import/import-prometheus.ts';
import type { PrometheusApi } from '../../src/prometheus-api/prometheus-api.ts';
import { PrometheusApiError } from '../../src/prometheus-api/prometheus-api-error.ts';
import { run } from '../support/run-cli.ts';

let dir: string;
let count = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-import-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

const fresh = () => join(dir, `data-${count++}`);
const clock = new ManualClock(1_760_000_000_000);

async function fileOf(content: string | Buffer): Promise<string> {
  const file = join(dir, `samples-${count++}`);
  await writeFile(file, content);
  return file;
}

/** Everything in a store, bit for bit. */
async function contents(data: string): Promise<Record<string, string>> {
  const store = await openTsdb(data, { retentionMs: 1e15, readOnly: true });
  const all: Record<string, string> = {};
  for (const { labels, timestampsMs, values } of store.select([], -1e15, 1e15)) {
    const bits = new BigUint64Array(values.slice().buffer);
    all[labels.key] = Array.from(timestampsMs, (at, i) => `${at}=${bits[i]!.toString(16)}`).join(' ');
  }
  await store.close();
  return all;
}

async function exported(data: string): Promise<string> {
  const store = await openTsdb(data, { retentionMs: 1e15, readOnly: true });
  const pieces = [...openMetricsText(store, { selectors: [], fromMs: -1e15, toMs: 1e15 })].map(({ text }) => text);
  await store.close();
  return pieces.join('');
}

async function imported(data: string, content: string | Buffer) {
  const store = openImport(data, clock);
  try {
    await importFile(await fileOf(content), store);
    return store.close();
  } finally {
    store.abandon();
  }
}

const LINES = [
  '# TYPE orders counter',
  'orders_total{shop="a"} 1 1750000000',
  'orders_total{shop="a"} 2.5 1750000015.25',
  'up 1 1750000000',
  '# EOF',
  '',
].join('\n');

test('what is exported and imported again is the same store, whatever is in it', async () => {
  const name = fc.constantFrom('up', 'x_total', 'höhe.m', 'a b', 'le"\\\n');
  const value = fc.constantFrom('a', 'ü"\\\n', '🛒', '1.0', ' x ');
  const labels = fc
    .record({ __name__: name, le: value, 'dotted.name': value }, { requiredKeys: ['__name__'] })
    .map((record) => Labels.of(record));
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 'stale' as const),
  );
  const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 4e12 }), number), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, samples), { minLength: 1, maxLength: 5 }), async (all) => {
      const first = fresh();
      const store = openImport(first, clock);
      for (const [set, list] of new Map(all.map((one) => [one[0].key, one])).values()) {
        const series = store.series(set);
        for (const [at, sample] of list.sort((a, b) => a[0] - b[0])) {
          if (sample === 'stale') series.appendStale(at);
          else series.append(at, sample);
        }
      }
      store.close();
      const second = fresh();
      expect(await imported(second, await exported(first))).toMatchObject({ repeated: 0, conflicting: 0 });
      expect(await contents(second)).toEqual(await contents(first));
      await rm(first, { recursive: true });
      await rm(second, { recursive: true });
    }),
    { numRuns: 20 },
  );
}, 60_000);

test('a staleness marker is a NaN for others, and a NaN of others is no staleness marker', async () => {
  const data = fresh();
  await imported(data, 'up 1 1750000000\nup naN 1750000001\nup NaN 1750000002\nup nan 1750000003\n');
  expect(await exported(data)).toBe(
    'up 1 1750000000\nup naN 1750000001\nup NaN 1750000002\nup NaN 1750000003\n# EOF\n',
  );
  const store = await openTsdb(data, { retentionMs: 1e15, readOnly: true });
  const [series] = store.select([], 0, 1e15);
  expect([0, 1, 2, 3].map((i) => isStaleAt(series!.values, i))).toEqual([false, true, false, false]);
  await store.close();
});

test.for([1, 7, 64, 1 << 20])('lines may end anywhere in what is read: %i bytes at a time', async (size) => {
  const bytes = Buffer.from(LINES);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  const data = fresh();
  const store = openImport(data, clock);
  expect(await importFile('-', store, { stdin: Readable.from(pieces) })).toBe(3);
  store.close();
  expect(await exported(data)).toBe(LINES.replace('# TYPE orders counter\n', ''));
});

test('packed files are known by their first bytes, and one that is cut off is told', async () => {
  const long = Array.from({ length: 50_000 }, (_, i) => `up{i="${i % 7}"} ${i} ${1_750_000_000 + i}\n`).join('');
  const data = fresh();
  expect(await imported(data, gzipSync(long))).toMatchObject({ stored: 50_000 });
  await expect(imported(fresh(), gzipSync(long).subarray(0, -20))).rejects.toThrow(
    /cannot be read: unexpected end of file\n {2}= is the gzip file complete\?/,
  );
});

test('the command says what was stored, also when it breaks off at a bad line', async () => {
  const data = fresh();
  const file = await fileOf(LINES);
  const first = await run('import', file, '--data', data);
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(/^3 samples read in [\d.]+ s, 3 stored\.\n$/);
  expect((await run('import', file, '--data', data)).out).toMatch(/, 0 stored\.\n3 were stored already\.\n$/);

  const bad = await fileOf('up 1 1750000015\nup two 1750000030\nup 3 1750000045\n');
  const broken = await run('import', bad, '--data', data);
  expect(broken).toMatchObject({ code: 1, out: '' });
  expect(broken.err).toContain(`${bad}:2: "two" is not a number\nof what came before, 1 sample stored.\n`);
  expect(await exported(data)).toContain('up 1 1750000000\nup 1 1750000015\n# EOF');

  const other = await run('import', await fileOf('up 9 1750000015\n'), '--data', data);
  expect(other).toMatchObject({ code: 1 });
  expect(other.out).toContain('1 were left out: the store has another value for the same series and time.');
});

test.for<[string, string[], RegExp]>([
  ['nothing to import', ['import'], /name one thing to import/],
  ['two things', ['import', 'a', '--prometheus', 'http://127.0.0.1:1'], /name one thing to import/],
  ['a flag of the other kind', ['import', 'a', '--match', 'up'], /--match goes with --prometheus only/],
  ['no file', ['import', '/nowhere/samples.om'], /\/nowhere\/samples\.om: there is no such file/],
  [
    'a bad password',
    ['import', 'http://me:50%@127.0.0.1:1/x'],
    /user or password is not percent-encoded\n {2}= write %25/,
  ],
  ['no selector', ['import', '--prometheus', 'http://127.0.0.1:1', '--match', 'up +'], /unexpected end of input|up \+/],
  ['no time', ['import', '--prometheus', 'http://127.0.0.1:1', '--from', 'dawn'], /--from: "dawn" is not a time/],
])('the command refuses %s', async ([, args, message]) => {
  const { code, err } = await run(...args, '--data', fresh());
  expect(code).toBe(1);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n {4}at /);
});

test('export writes a file, packed if its name says so, of what was chosen', async () => {
  const data = fresh();
  await imported(data, LINES);
  const out = join(dir, 'out.om.gz');
  const { code, err } = await run(
    'export',
    '--data',
    data,
    '--match',
    '{shop="a"}',
    '--match',
    'orders_total',
    '--out',
    out,
  );
  expect({ code, err }).toEqual({ code: 0, err: `2 samples of 1 series written to ${out}.\n` });
  const text = gunzipSync(await readFile(out)).toString();
  expect(text).toBe('orders_total{shop="a"} 1 1750000000\norders_total{shop="a"} 2.5 1750000015.25\n# EOF\n');
  expect(await run('export', '--data', data, '--from', '1750000001')).toMatchObject({
    code: 0,
    out: 'orders_total{shop="a"} 2.5 1750000015.25\n# EOF\n',
  });
  expect(await run('export', '--data', data, '--match', 'up + 1')).toMatchObject({ code: 1 });
  expect((await run('export', '--data', fresh())).err).toMatch(/there is no store in/);
});

test('a URL is read, and one that does not answer well is told without its secrets', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/samples' ? 200 : 404).end(LINES);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const data = fresh();
    expect(await run('import', `${url}/samples`, '--data', data)).toMatchObject({ code: 0 });
    expect(Object.keys(await contents(data))).toHaveLength(2);
    const { err } = await run('import', `${url.replace('//', '//u:secret@')}/none`, '--data', data);
    expect(err).toMatch(/none: (the server answered 404|no answer)/);
    expect(err).not.toContain('secret');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a Prometheus's past comes piece by piece, shorter ones where it is too much, each series once", async () => {
  const stepMs = 15_000;
  const [fromMs, toMs] = [1_750_000_000_000, 1_750_000_000_000 + 6 * 3_600_000];
  const asked: number[] = [];
  const api: Pick<PrometheusApi, 'samples' | 'name'> = {
    name: 'prometheus:9090',
    async samples(selector, from, to) {
      asked.push(to - from);
      if (to - from > 3_600_000)
        throw new PrometheusApiError('refused', 'query processing would load too many samples');
      const first = Math.floor(from / stepMs) + 1;
      const length = Math.floor(to / stepMs) - first + 1;
      const timestampsMs = Float64Array.from({ length }, (_, i) => (first + i) * stepMs);
      const labels = Labels.of({ __name__: 'up', job: selector === 'other' ? 'b' : 'a' });
      return [{ labels, timestampsMs, values: timestampsMs.map((at) => at % 7) }];
    },
  };
  const data = fresh();
  const fetched = async (selectors: string[]) => {
    const store = openImport(data, clock);
    const shares: (number | undefined)[] = [];
    const onProgress = ({ share }: { share: number | undefined }) => shares.push(share);
    const samples = await importPrometheus(store, { api: api as PrometheusApi, selectors, fromMs, toMs, onProgress });
    expect(shares.at(-1)).toBe(1);
    return { samples, ...store.close() };
  };
  expect(await fetched(['up', '{job="a"}'])).toMatchObject({ samples: 1_440, stored: 1_440, repeated: 0 });
  expect(Math.max(...asked)).toBeGreaterThan(3_600_000);
  // Begun again, it stores only what is not there.
  expect(await fetched(['up', 'other'])).toMatchObject({ samples: 2_880, stored: 1_440, repeated: 1_440 });
});
