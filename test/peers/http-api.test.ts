import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiPair, startApiPair } from '../support/api-pair.ts';
import { hasPrometheus, Prometheus } from '../support/prometheus.ts';
import { DATA_START_MS, randomSeries } from '../support/promql-data.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

const T = DATA_START_MS / 1000;
const RANGE = `start=${T}&end=${T + 600}`;

let pair: ApiPair;

/** A request: its path below `/api/v1/`, and a form for what is posted. */
type Request = readonly [path: string, form?: Readonly<Record<string, string>>];

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

async function ask(url: string, [path, form]: Request, method?: string): Promise<Reply> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: method ?? (form === undefined ? 'GET' : 'POST'),
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  const type = response.headers.get('content-type');
  const text = await response.text();
  return { status: response.status, type, body: type === 'application/json' ? JSON.parse(text) : text };
}

const both = async (request: Request, method?: string) =>
  Promise.all([ask(pair.theirs.url, request, method), ask(pair.ours.url(), request, method)]);

/** Without what only we say: the other mistakes of a query with their places. */
function withoutDetails(reply: Reply): Reply {
  if (typeof reply.body !== 'object') return reply;
  const { details: _, ...body } = reply.body as Record<string, unknown>;
  return { ...reply, body };
}

const resultOf = ({ body }: Reply) => (body as { data: { result: unknown[] } }).data.result;

/** Both have scraped, and a rule has seen what was scraped. */
async function untilWatching(): Promise<void> {
  for (const url of [pair.theirs.url, pair.ours.url()]) {
    await until('an alert', async () => {
      const [recorded, alerts] = await Promise.all([ask(url, ['query?query=shop:orders:sum']), ask(url, ['alerts'])]);
      const list = (alerts.body as { data: { alerts: { labels: { alertname: string } }[] } }).data.alerts;
      const isQuiet = list.every(({ labels }) => labels.alertname === 'QueueLong');
      return resultOf(recorded).length > 0 && list.length > 0 && isQuiet ? true : undefined;
    });
  }
}

describe.skipIf(!hasPrometheus())('the HTTP API beside the real Prometheus', () => {
  beforeAll(async () => {
    pair = await startApiPair(randomSeries(20_261));
    await untilWatching();
  });
  afterAll(() => pair?.stop());

  const SAME: readonly Request[] = [
    [`query?query=load&time=${T + 3600}`],
    ['query?query=load'],
    ['query'],
    ['query?query='],
    ['query?query=sum('],
    ['query?query=1&time=abc'],
    [`query?query=1%2B1&time=${T}`],
    [`query?query=1e300&time=${T}.25`],
    [`query?query=1e-9&time=${T}.25`],
    ['query?query=%22a%22&time=2023-11-14T22:13:20.5Z'],
    ['query?query=load&time=2023-11-14T23:13:20.5%2B00:30'],
    [`query?query=load[2m]&time=${T + 3600}`],
    [`query?query=odd&time=${T + 3600}`],
    [`query?query=load&time=${T + 3600}&timeout=abc`],
    [`query?query=load&time=${T + 3600}&timeout=1ns`],
    [`query?query=load&time=${T + 3600}&timeout=10s`],
    [`query?query=nosuch(1)&time=1`],
    ['query?query=rate(load)'],
    ['query?query=http_requests%7B'],
    [`query?query=label_replace(load,"","x","job",".*")&time=${T + 3600}`],
    ['query', { query: 'owner', time: String(T + 60) }],
    [`query?query=owner&time=${T + 60}`, {}],
    [`query?query=owner&time=${T + 60}`, { query: 'queue' }],
    [`query_range?query=load&${RANGE}&step=15`],
    [`query_range?query=load&${RANGE}&step=1m`],
    [`query_range?query=sum(max_over_time(load[5m]))by(job)&${RANGE}&step=7.5`],
    ['query_range', { query: 'odd', start: String(T), end: String(T + 60), step: '15s' }],
    [`query_range?query=1&start=${T}&end=${T + 2}&step=1`],
    [`query_range?query=load&start=${T}&end=${T - 60}&step=15`],
    [`query_range?query=load&${RANGE}&step=0`],
    [`query_range?query=load&${RANGE}&step=-1`],
    [`query_range?query=load&${RANGE}&step=1ms`],
    [`query_range?query=load&${RANGE}`],
    [`query_range?query=load&end=${T + 60}&step=1`],
    [`query_range?query=load&start=${T}&end=${T + 11_001}&step=1`],
    [`query_range?query=nope&start=${T}&end=${T + 11_000}&step=1`],
    [`query_range?query=load[1m]&${RANGE}&step=15`],
    [`query_range?query="a"&${RANGE}&step=15`],
    ['series'],
    ['series?match[]=owner'],
    [`series?match[]=owner&${RANGE}`],
    ['series?match[]=%7B%7D'],
    ['series?match[]=owner&match[]=queue'],
    ['series?match[]=nope'],
    ['series?match[]=%7Bjob=~%22.*%22%7D'],
    ['series?match[]=owner&start=5&end=2'],
    ['series', { 'match[]': 'owner' }],
    ['labels'],
    ['labels?match[]=owner'],
    ['labels?start=x'],
    ['labels', {}],
    ['label/job/values'],
    ['label/job/values?match[]=queue'],
    ['label/nope/values'],
    ['label/__name__/values?match[]=%7Bjob=%22api%22%7D'],
    ['metadata'],
    ['metadata?metric=shop_orders'],
    ['metadata?metric=nope'],
    ['metadata?limit=x'],
    ['metadata?limit=0'],
    ['targets/metadata?metric=shop_queue'],
    ['targets/metadata?match_target=%7Bjob=%22nope%22%7D'],
    ['targets/metadata?limit=x'],
    ['scrape_pools'],
    ['rules?type=foo'],
    ['alertmanagers'],
    ['status/walreplay'],
    ['query_exemplars?query=1'],
    ['query_exemplars?query=shop_orders_total&start=5&end=1'],
    ['query_exemplars?query=nope'],
    ['format_query?query=foo/bar'],
    ['format_query', { query: 'sum(a)by(b)' }],
    ['format_query'],
    ['nope'],
    ['admin/tsdb/snapshot'],
    ['read'],
    ['write'],
  ];

  test.for(SAME)('%s is answered the same', async (request) => {
    const [theirs, ours] = await both(request);
    expect(withoutDetails(ours)).toEqual(theirs);
  });

  test('what targets say about their metrics is the same, in whatever order', async () => {
    const sorted = ({ body, ...rest }: Reply) => ({
      ...rest,
      data: (body as { data: { metric: string }[] }).data.toSorted((a, b) => (a.metric < b.metric ? -1 : 1)),
    });
    const [theirs, ours] = await both(['targets/metadata']);
    expect(sorted(ours)).toEqual(sorted(theirs));
    expect(sorted(ours).data).toHaveLength(3);
  });

  test.for(['query', 'labels', 'rules', 'label/job/values', 'admin/tsdb/snapshot'])(
    'other methods on %s are answered the same',
    async (path) => {
      for (const method of ['OPTIONS', 'DELETE', 'PATCH', ...(path.startsWith('admin') ? [] : ['PUT'])]) {
        const [theirs, ours] = await both([path], method);
        expect(ours, method).toEqual(theirs);
      }
      if (path === 'rules' || path.startsWith('label/')) {
        const [theirs, ours] = await both([path, {}]);
        expect(ours).toEqual(theirs);
      }
    },
  );

  /** What is different from one moment, one process, or one version to the next. */
  const CHANGING = /^(lastScrape|lastScrapeDuration|evaluationTime|lastEvaluation|activeAt|keepFiringSince|timestamp)$/;
  const comparable = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(comparable);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        // Only in Prometheus 3.
        .filter(([key]) => !/^(droppedTargetCounts|__.*histograms.*__)$/.test(key))
        .map(([key, inner]) => {
          if (CHANGING.test(key)) return [key, typeof inner];
          // They have their folder, we have ours; and only theirs asked the system for its name.
          if (key === 'file') return [key, String(inner).split('/').at(-1)];
          if (key === 'globalUrl') return [key, new URL(String(inner)).port];
          return [key, comparable(inner)];
        }),
    );
  };
  const withoutPools = ({ body, ...rest }: Reply): Reply => {
    const { data } = body as { data: { droppedTargets?: Record<string, unknown>[] } };
    // The pool of a dropped target is told since Prometheus 3.
    for (const target of data.droppedTargets ?? []) delete target.scrapePool;
    return { ...rest, body };
  };

  test.for<Request>([
    ['rules'],
    ['rules?type=alert'],
    ['rules?type=record'],
    ['alerts'],
    ['targets'],
    ['targets?state=ACTIVE'],
    ['targets?state=dropped'],
    ['targets?state=foo'],
    ['query_exemplars?query=shop_orders_total'],
    ['query_exemplars?query=rate(shop_wait_seconds_bucket[5m])%2Bon()shop_orders_total'],
  ])('%s is answered the same, but for times', async (request) => {
    const [theirs, ours] = await both(request);
    // Prometheus 2 shows a group of which no rule is left.
    const groups = (theirs.body as { data: { groups?: { rules: unknown[] }[] } }).data;
    if (groups.groups !== undefined) groups.groups = groups.groups.filter(({ rules }) => rules.length > 0);
    expect(comparable(withoutPools(ours))).toEqual(comparable(theirs));
  });

  test.for(['status/buildinfo', 'status/runtimeinfo', 'status/config', 'status/flags', 'status/tsdb'])(
    '%s has what clients read',
    async (path) => {
      const [theirs, ours] = await both([path]);
      expect(ours.status).toBe(200);
      expect(ours.type).toBe(theirs.type);
      const fields = (reply: Reply) => Object.keys((reply.body as { data: object }).data);
      // Flags are those of settings that we have.
      if (path === 'status/flags') expect(fields(theirs)).toEqual(expect.arrayContaining(fields(ours)));
      else expect(fields(ours)).toEqual(expect.arrayContaining(fields(theirs)));
    },
  );

  test('the written configuration means the same to Prometheus', async () => {
    const [theirs, ours] = await both(['status/config']);
    const yamlOf = ({ body }: Reply) => (body as { data: { yaml: string } }).data.yaml;
    const dir = mkdtempSync(join(tmpdir(), 'tillwatch-config-'));
    // Rule files are named as they were written, and are not of this test.
    const withoutRules = yamlOf(ours).replace(/rule_files:\n {2}- rules.yml\n/, '');
    const other = await Prometheus.start(dir, 'prometheus', withoutRules);
    try {
      const again = await ask(other.url, ['status/config']);
      const expected = yamlOf(theirs)
        .replace(/rule_files:\n- .*\n/, '')
        .replace(/storage:\n(.*\n)*$/, '');
      expect(yamlOf(again)).toBe(expected);
    } finally {
      await other.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });

  // Prometheus shows ten of each and chooses by chance among equals; these are always among them.
  test('cardinality is counted the same', async () => {
    const ofShop = ({ body }: Reply) =>
      Object.fromEntries(
        Object.entries((body as { data: Record<string, { name: string; value: number }[]> }).data)
          .filter(([list]) => list.endsWith('Name'))
          .map(([list, counts]) => [
            list,
            counts.find(({ name }) => name === 'shop_wait_seconds_bucket' || name === 'le'),
          ]),
      );
    const [theirs, ours] = await both(['status/tsdb']);
    expect(ofShop(ours)).toEqual(ofShop(theirs));
  });

  describe('promtool', () => {
    const promtool =
      (...args: string[]) =>
      (url: string) =>
        runProgram('promtool', ['query', ...args.map((arg) => (arg === 'URL' ? url : arg))]);

    test.for<readonly string[]>([
      ['instant', 'URL', 'load', `--time=${T + 3600}`],
      ['instant', 'URL', 'sum by (job) (rate(requests_total[5m]))', `--time=${T + 3600}`],
      ['instant', 'URL', 'load[2m]', `--time=${T + 3600}`],
      ['instant', 'URL', '1 + 1', `--time=${T}`],
      ['instant', 'URL', 'sum('],
      ['range', 'URL', 'load', `--start=${T}`, `--end=${T + 60}`, '--step=15s'],
      ['range', 'URL', 'rate(requests_total[5m])', `--start=${T}`, `--end=${T + 600}`, '--step=1m'],
      ['range', 'URL', 'load', `--start=${T}`, `--end=${T + 600_000}`, '--step=1s'],
      ['series', 'URL', '--match=owner', '--match=queue'],
      ['series', 'URL', '--match=load', `--start=${T}`, `--end=${T + 60}`],
      ['series', 'URL', '--match={}'],
      ['labels', 'URL', 'job'],
      ['labels', 'URL', 'job', '--match=owner'],
      ['labels', 'URL', 'nope'],
      ['-o', 'json', 'instant', 'URL', 'odd', `--time=${T + 3600}`],
    ])('query %s', async (args) => {
      const [theirs, ours] = await Promise.all([pair.theirs.url, pair.ours.url()].map(promtool(...args)));
      expect(ours).toEqual(theirs);
    });
  });

  describe('remote read', () => {
    test('a Prometheus that reads from us answers as one that has the samples', async () => {
      const config = `remote_read:\n  - url: ${pair.ours.url()}/api/v1/read\n    read_recent: true\n`;
      const reader = await Prometheus.start(undefined, 'prometheus', config);
      try {
        for (const request of [
          [`query?query=load&time=${T + 3600}`],
          [`query?query=odd[10m]&time=${T + 3600}`],
          [`query_range?query=sum(resets(requests_total[5m]))by(job,code)&start=${T}&end=${T + 7200}&step=60`],
          [`query_range?query=load%7Bjob!=%22shop%22,instance=~%22a.*|b.*%22%7D&start=${T}&end=${T + 7200}&step=60`],
          ['series?match[]=queue'],
        ] as const satisfies readonly Request[]) {
          const [theirs, read] = await Promise.all([ask(pair.theirs.url, request), ask(reader.url, request)]);
          expect(theirs.status).toBe(200);
          expect(read, request[0]).toEqual(theirs);
        }
      } finally {
        await reader.stop();
      }
    });

    test('a body that is none is refused', async () => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
      for (const body of ['', 'nonsense', '\xff\xff\xff\xff\x7f']) {
        const response = await fetch(`${pair.ours.url()}/api/v1/read`, { method: 'POST', headers, body });
        expect(response.status).toBe(400);
        expect(((await response.json()) as { error: string }).error).toMatch(/ReadRequest/);
      }
    });
  });
});
