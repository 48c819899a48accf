import { expect, test } from 'vitest';
import {
  durationIn,
  NO_QUERY,
  type QueryAddress,
  readQueryAddress,
  writeQueryAddress,
} from '../src/promql/query-address.ts';

const asked = (change: Partial<QueryAddress>): QueryAddress => ({ ...NO_QUERY, ...change });

test.for<[name: string, search: string, address: QueryAddress]>([
  ['nothing is asked without parameters', '', NO_QUERY],
  ['an expression alone is a table of now', '?expr=up', asked({ expr: 'up' })],
  [
    'all of it, with an RFC 3339 end',
    '?expr=sum(rate(a%5B5m%5D))&tab=graph&range=6h&end=2026-11-29T00:05:00Z&step=30s',
    {
      expr: 'sum(rate(a[5m]))',
      tab: 'graph',
      rangeMs: 21_600_000,
      endMs: Date.UTC(2026, 10, 29, 0, 5),
      stepMs: 30_000,
    },
  ],
  [
    'seconds are durations and times, too',
    '?expr=up&range=900&end=1795910700.5&step=0.5',
    asked({ expr: 'up', rangeMs: 900_000, endMs: 1_795_910_700_500, stepMs: 500 }),
  ],
  ['what cannot be read is left out', '?expr=up&tab=pie&range=long&end=soon&step=-1s', asked({ expr: 'up' })],
  ['a duration of nothing is none', '?expr=up&range=0s&step=0', asked({ expr: 'up' })],
  ['the table of a generatorURL', '?g0.expr=up+%3D%3D+0&g0.tab=1', asked({ expr: 'up == 0' })],
  [
    'a graph of Prometheus',
    '?g0.expr=up&g0.tab=0&g0.range_input=2h&g0.end_input=2026-11-29%2000%3A05%3A00&g0.step_input=15',
    { expr: 'up', tab: 'graph', rangeMs: 7_200_000, endMs: Date.UTC(2026, 10, 29, 0, 5), stepMs: 15_000 },
  ],
  ['a graph of Prometheus 3', '?g0.expr=up&g0.tab=graph', asked({ expr: 'up', tab: 'graph' })],
  [
    'the moment of a table of Prometheus',
    '?g0.expr=up&g0.moment_input=2026-11-29%2000%3A05%3A00',
    asked({ expr: 'up', endMs: Date.UTC(2026, 10, 29, 0, 5) }),
  ],
  ['our own expression goes first', '?expr=up&g0.expr=down', asked({ expr: 'up' })],
])('%s', ([, search, address]) => {
  expect(readQueryAddress(search)).toEqual(address);
});

test.for<[address: QueryAddress, written: string]>([
  [NO_QUERY, '/query'],
  [asked({ expr: 'up' }), '/query?expr=up'],
  [
    { expr: 'a{b="c d"} + 1', tab: 'graph', rangeMs: 5_400_000, endMs: Date.UTC(2026, 10, 29), stepMs: 60_000 },
    '/query?expr=a%7Bb%3D%22c+d%22%7D+%2B+1&tab=graph&range=1h30m&end=2026-11-29T00%3A00%3A00Z&step=1m',
  ],
])('%o is written so that it is read back', ([address, written]) => {
  expect(writeQueryAddress(address)).toBe(written);
  expect(readQueryAddress(written.slice('/query'.length))).toEqual(address);
});

test.for<[text: string, ms: number | undefined]>([
  ['15s', 15_000],
  ['1h30m', 5_400_000],
  ['15', 15_000],
  ['', undefined],
  ['0', undefined],
  ['five', undefined],
])('the duration %j', ([text, ms]) => {
  expect(durationIn(text)).toBe(ms);
});
