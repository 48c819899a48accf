import type { Queryable } from '@tillwatch/model';
import { compareText, METRIC_NAME } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import type { Cancelable } from './query-engine.ts';
import type { TimeRange } from './question.ts';

/** A name and how much there is of it. */
interface Count {
  readonly name: string;
  readonly value: number;
}

/** Which metrics and labels make most series; the fields are those of Prometheus's `/api/v1/status/tsdb`. */
export interface Cardinality {
  readonly numSeries: number;
  readonly numLabelPairs: number;
  readonly seriesCountByMetricName: readonly Count[];
  readonly labelValueCountByLabelName: readonly Count[];
  /** The bytes of the distinct values of a label. */
  readonly memoryInBytesByLabelName: readonly Count[];
  readonly seriesCountByLabelValuePair: readonly Count[];
}

/** Counts the series with samples in `range`; each list has its `limit` largest entries. @throws {QueryError} when it is canceled */
export function cardinality(queryable: Queryable, range: TimeRange, limit: number, signal?: Cancelable): Cardinality {
  const byMetric = new Map<string, number>();
  const byLabel = new Map<string, Map<string, number>>();
  let numSeries = 0;
  for (const labels of queryable.selectLabels([], range.fromMs, range.toMs)) {
    if (signal?.aborted === true) throw new QueryError('canceled', 'the query was canceled');
    numSeries++;
    add(byMetric, labels.get(METRIC_NAME));
    for (const [name, value] of labels) {
      const values = byLabel.get(name) ?? new Map<string, number>();
      if (values.size === 0) byLabel.set(name, values);
      add(values, value);
    }
  }
  const pairs = [...byLabel].flatMap(([name, values]) =>
    [...values].map(([value, n]) => [`${name}=${value}`, n] as const),
  );
  const bytesOf = (values: ReadonlyMap<string, number>) =>
    [...values.keys()].reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return {
    numSeries,
    numLabelPairs: pairs.length,
    seriesCountByMetricName: largest(byMetric, limit),
    labelValueCountByLabelName: largest(
      [...byLabel].map(([name, values]) => [name, values.size] as const),
      limit,
    ),
    memoryInBytesByLabelName: largest(
      [...byLabel].map(([name, values]) => [name, bytesOf(values)] as const),
      limit,
    ),
    seriesCountByLabelValuePair: largest(pairs, limit),
  };
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function largest(counts: Iterable<readonly [name: string, value: number]>, limit: number): Count[] {
  return Array.from(counts, ([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value || compareText(a.name, b.name))
    .slice(0, limit);
}
