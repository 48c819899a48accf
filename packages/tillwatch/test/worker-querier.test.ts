import { Labels, type Queryable, type Series } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { inlineQueries } from '../src/query/queries.ts';
import { QueryEngine } from '../src/query/query-engine.ts';
import { workerQuerier } from '../src/query/worker-querier.ts';

const series: Series[] = [
  {
    labels: Labels.of({ __name__: 'up', job: 'shop' }),
    timestampsMs: Float64Array.of(0, 60_000, 120_000),
    values: Float64Array.of(1, Number.POSITIVE_INFINITY, 0.5),
  },
];

const store: Queryable = {
  *select(matchers, fromMs, toMs) {
    for (const one of series) {
      if (!matchers.every((matcher) => matcher.matchesLabels(one.labels))) continue;
      const [from, to] = [
        one.timestampsMs.findIndex((at) => at >= fromMs),
        one.timestampsMs.findLastIndex((at) => at <= toMs),
      ];
      if (from === -1 || to < from) continue;
      const cut = (values: ArrayLike<number>) => Float64Array.from(Array.from(values).slice(from, to + 1));
      yield { labels: one.labels, timestampsMs: cut(one.timestampsMs), values: cut(one.values) };
    }
  },
  *selectLabels() {},
  labelNames: () => [],
  labelValues: () => [],
};

const querier = workerQuerier(inlineQueries(new QueryEngine(store), store));

test('answers come back as they are asked of the engine itself: vectors, scalars, ranges', async () => {
  expect(await querier.instant('up', 120_000)).toEqual([
    { labels: Labels.of({ __name__: 'up', job: 'shop' }), timestampMs: 120_000, value: 0.5 },
  ]);
  expect(await querier.instant('1 + 1', 120_000)).toEqual([{ labels: Labels.empty, timestampMs: 120_000, value: 2 }]);
  const [range] = await querier.range('up * 2', 0, 120_000, 60_000);
  expect([...range!.timestampsMs]).toEqual([0, 60_000, 120_000]);
  expect([...range!.values]).toEqual([2, Number.POSITIVE_INFINITY, 1]);
  expect(await querier.instant('nothing', 120_000)).toEqual([]);
});

test('a query that cannot be answered rejects in words that can be shown', async () => {
  await expect(querier.instant('sum(', 0)).rejects.toThrow(/expected|unexpected|unclosed|end/i);
});
