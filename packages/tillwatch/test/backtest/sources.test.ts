import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRuleFile } from '@tillwatch/config';
import { Labels, Matcher, type Queryable, type Series } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { openTsdb } from '@tillwatch/tsdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ruleNeeds } from '../../src/backtest/rule-needs.ts';
import { dataSource } from '../../src/backtest/sources/data-source.ts';
import { openMetricsSource } from '../../src/backtest/sources/openmetrics-source.ts';
import { ordersSource } from '../../src/backtest/sources/orders-source.ts';
import { prometheusSource } from '../../src/backtest/sources/prometheus-source.ts';
import type { PrometheusApi } from '../../src/prometheus-api/prometheus-api.ts';
import { PrometheusApiError } from '../../src/prometheus-api/prometheus-api-error.ts';

let dir: string;
let files = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-sources-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function fileOf(text: string, ending = 'om'): Promise<string> {
  const file = join(dir, `past-${files++}.${ending}`);
  await writeFile(file, text);
  return file;
}

/** Every series with its samples in seconds. */
function everything(queryable: Queryable): Record<string, string> {
  const series = [...queryable.select([], 0, 1e15)];
  return Object.fromEntries(
    series.map(({ labels, timestampsMs, values }) => [
      String(labels),
      [...timestampsMs].map((ms, i) => `${ms / 1_000}=${values[i]}`).join(' '),
    ]),
  );
}

function needsOf(rules: string) {
  const { groups, problems } = readRuleFile({ file: 'rules.yml', text: rules });
  expect(problems).toEqual([]);
  return ruleNeeds(groups);
}

describe('OpenMetrics', () => {
  const read = async (text: string) => {
    const source = await openMetricsSource(await fileOf(text));
    const samples = everything(source.queryable);
    await source.close();
    return { source, samples };
  };

  test('series may come one after the other or mixed, with types, exemplars and either unit of time', async () => {
    const { source, samples } = await read(
      [
        '# HELP orders Orders.',
        '# TYPE orders counter',
        'orders_total{shop="a b",place="x \\"}y"} 1 1750000000',
        'orders_total{shop="a b",place="x \\"}y"} 2 1750000015.5 # {trace_id="1"} 1',
        'up 1 1750000000\r',
        'orders_total{place="x \\"}y", shop="a b"} 3 1750000030000',
        'up NaN 1750000001',
        'up +Inf 1750000002',
        '# EOF',
        '',
      ].join('\n'),
    );
    expect(samples).toEqual({
      'orders_total{place="x \\"}y", shop="a b"}': '1750000000=1 1750000015.5=2 1750000030=3',
      up: '1750000000=1 1750000001=NaN 1750000002=Infinity',
    });
    expect([source.firstMs, source.lastMs]).toEqual([1_750_000_000_000, 1_750_000_030_000]);
  });

  test.for<[string, string, string]>([
    ['no timestamp', 'up 1 1750000000\nup 2\n', ':2: a sample without a timestamp'],
    ['no number', 'up one 1750000000\n', ':1: "one" is not a number'],
    ['no labels', 'up{shop="a} 1 1750000000\n', ':1: no sample'],
    ['no name', '\n5up{shop="a"} 1 1750000000\n', ':2: no series: 5up{shop="a"}'],
    ['going back', 'up 1 1750000001\ndown 1 1750000000\nup 1 1750000000\n', ':3: a sample of up that is not newer'],
    ['more after the end', '# EOF\nup 1 1750000001\n', ':2: there is more after "# EOF"'],
    ['nothing', '# EOF\n', 'there are no samples in it'],
  ])('says where there is %s', async ([, text, message]) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('the store', () => {
  test('is read, and what is none is refused', async () => {
    const store = join(dir, 'store');
    const tsdb = await openTsdb(store, { retentionMs: 1e14, clock: new ManualClock(1_750_000_100_000) });
    await expect(dataSource(store)).rejects.toThrow(/the store is empty/);
    const batch = tsdb.batch();
    batch.append(Labels.of({ __name__: 'up' }), 1_750_000_000_000, 1);
    await batch.commit();
    // A process that runs may be writing meanwhile.
    const source = await dataSource(store);
    expect(everything(source.queryable)).toEqual({ up: '1750000000=1' });
    expect(source.firstMs).toBe(1_750_000_000_000);
    await source.close();
    await source.close();
    await tsdb.close();
    await expect(dataSource(join(dir, 'none'))).rejects.toThrow(/there is no such folder/);
  });
});

describe('orders', () => {
  const options = { intervalMs: 15_000, job: 'shop', currency: 'CHF' };

  test('become counters that begin with 0, at whole multiples of the interval', async () => {
    const file = await fileOf(
      'id,created,status,total,gateway\n3,1750000031,paid,2.5,b\n1,1750000005,paid,1.1,a\n2,1750000006,failed,9,a\n4,1750000031,pending,9,a\n',
      'csv',
    );
    const source = await ordersSource(file, options);
    const at = (...values: number[]) => values.map((value, i) => `${1_749_999_990 + 15 * i}=${value}`).join(' ');
    const on = 'instance="orders", job="shop"';
    const failure = 'outcome="failure", provider="a", reason="unknown", reason_class="customer", step="payment"';
    expect(everything(source.queryable)).toEqual({
      [`checkout_attempts_total{${on}}`]: at(0, 1, 2, 4),
      [`checkout_order_value_total{currency="CHF", ${on}, outcome="success", provider="a"}`]: at(0, 1.1, 1.1, 1.1),
      [`checkout_order_value_total{currency="CHF", ${on}, outcome="success", provider="b"}`]: at(0, 0, 0, 2.5),
      [`checkout_outcomes_total{${on}, ${failure}}`]: at(0, 0, 1, 1),
      [`checkout_outcomes_total{${on}, outcome="success", provider="a", step="confirm"}`]: at(0, 1, 1, 1),
      [`checkout_outcomes_total{${on}, outcome="success", provider="b", step="confirm"}`]: at(0, 0, 0, 1),
      [`up{${on}}`]: at(1, 1, 1, 1),
    });
    expect(source.notes).toEqual([
      expect.stringContaining('all count as declined cards'),
      'No column names a currency: amounts are taken to be CHF.',
      '1 of 4 orders had no end yet: they count as attempts only.',
    ]);
    await source.close();
  });

  test('outside of the time asked for are left out, and a label with ever new values is cut', async () => {
    const rows = Array.from({ length: 80 }, (_, i) => `${1_750_000_000 + i},gateway-${i}`);
    const file = await fileOf(`created,gateway\n${rows.join('\n')}\n`, 'csv');
    const source = await ordersSource(file, { ...options, fromMs: 1_750_000_010_000, toMs: 1_750_000_069_000 });
    const attempts = [...source.queryable.select([new Matcher('__name__', '=', 'checkout_attempts_total')], 0, 1e15)];
    expect(attempts[0]!.values.at(-1)).toBe(60);
    const providers = source.queryable.labelValues('provider', 0, 1e15);
    expect(providers).toHaveLength(51);
    expect(providers).toContain('other');
    await source.close();
    await expect(ordersSource(file, { ...options, fromMs: 2e12 })).rejects.toThrow(
      /none of its 80 orders lies between/,
    );
    const far = await fileOf('created\n2016-01-01 00:00\n2026-01-01 00:00\n', 'csv');
    await expect(ordersSource(far, options)).rejects.toThrow(/3653 days apart/);
  });
});

describe('Prometheus', () => {
  /** A server that holds two series with a sample every 15 seconds, and answers no more than `most` samples at once. */
  function server(most: number): PrometheusApi & { readonly asked: [string, number][] } {
    const asked: [string, number][] = [];
    return {
      name: 'prometheus.example',
      asked,
      instant: () => Promise.reject(new Error('not asked')),
      range: () => Promise.reject(new Error('not asked')),
      async samples(selector, fromMs, toMs): Promise<Series[]> {
        asked.push([selector, toMs - fromMs]);
        const names = ['orders_total', 'up'].filter((name) => selector.includes(`"${name}"`));
        const first = Math.floor(fromMs / 15_000) + 1;
        const count = Math.floor(toMs / 15_000) - first + 1;
        if (count * names.length > most)
          throw PrometheusApiError.refused('x', 422, 'query would load too many samples');
        return names.flatMap((name) =>
          count <= 0
            ? []
            : [
                {
                  labels: Labels.of({ __name__: name }),
                  timestampsMs: Float64Array.from({ length: count }, (_, i) => (first + i) * 15_000),
                  values: Float64Array.from({ length: count }, (_, i) => first + i),
                },
              ],
        );
      },
    };
  }

  const rules = `
groups:
  - name: shop
    rules:
      - {record: 'orders:rate5m', expr: 'rate(orders_total{shop="a"}[5m])'}
      - {alert: Drop, expr: 'orders:rate5m < 0.5 * (orders:rate5m offset 1d) and sum(orders_total) > 0 unless up == 0'}
`;
  const hours = (count: number) => 1.75e12 + count * 3_600_000;

  test('only what rules read is fetched, as far back as they look, whole whatever the pieces', async () => {
    const api = server(1_000);
    const source = await prometheusSource({ api, needs: needsOf(rules), fromMs: hours(0), toMs: hours(10) });
    expect(new Set(api.asked.map(([selector]) => selector))).toEqual(
      new Set(['{__name__="orders_total"}', '{__name__="up"}']),
    );
    const [orders, up] = [...source.queryable.select([], 0, 1e15)];
    expect(orders!.timestampsMs[0]).toBeLessThan(hours(-24));
    expect(up!.timestampsMs[0]).toBeGreaterThan(hours(-0.1));
    for (const { timestampsMs, values } of source.queryable.select([], 0, 1e15)) {
      for (let i = 1; i < values.length; i++) expect(timestampsMs[i]! - timestampsMs[i - 1]!).toBe(15_000);
      expect(timestampsMs.at(-1)).toBe(Math.floor(hours(10) / 15_000) * 15_000);
    }
    await source.close();
  });

  test('other refusals end it, and so do nothing and an abort', async () => {
    const needs = needsOf(rules);
    const times = { needs, fromMs: hours(0), toMs: hours(1) };
    const refusing = { ...server(1), samples: () => Promise.reject(PrometheusApiError.refused('x', 401, 'no')) };
    await expect(prometheusSource({ ...times, api: refusing })).rejects.toThrow(/answered 401/);
    await expect(prometheusSource({ ...times, api: server(1) })).rejects.toThrow(/too many samples/);
    const empty = { ...server(1), samples: async () => [] };
    await expect(prometheusSource({ ...times, api: empty })).rejects.toThrow(/nothing of what the rules read/);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(prometheusSource({ ...times, api: server(1e9), signal })).rejects.toThrow('enough');
  });
});

test.for<[string, string, number, Record<string, string[]>]>([
  [
    'windows, offsets and subqueries add up',
    '{alert: A, expr: "max_over_time(rate(x[5m])[1h:1m] offset 1d) > 0"}',
    0,
    { 'x 1510m': ['A'] },
  ],
  [
    'what is recorded is read through, with its delay',
    '{record: a, expr: "rate(x[1h])"}, {record: b, expr: "a offset 30m"}, {alert: A, expr: "b > 1"}',
    40,
    { 'x 105m': ['A'] },
  ],
  [
    'a part of a series is no more than the whole',
    '{alert: A, expr: "x{a=\\"1\\"} > 1"}, {alert: B, expr: "x > 1"}',
    0,
    { 'x 5m': ['A', 'B'] },
  ],
  ['a circle ends', '{record: a, expr: "a offset 5m + x"}', 10, { 'x 5m': [] }],
  [
    'the state of another alert is not its blindness',
    '{alert: A, expr: "x > 1"}, {alert: B, expr: "y unless ALERTS"}',
    5,
    { 'x 5m': ['A'], 'y 5m': ['B'] },
  ],
])('what rules need: %s', ([, rules, warmUpMinutes, needed]) => {
  const { series, warmUpMs } = needsOf(`groups: [{name: g, rules: [${rules}]}]`);
  const found = series.map(({ matchers, reachMs, alerts }) => [`${matchers[0]!.value} ${reachMs / 60_000}m`, alerts]);
  expect(Object.fromEntries(found)).toEqual(needed);
  expect(warmUpMs / 60_000).toBe(warmUpMinutes);
});
