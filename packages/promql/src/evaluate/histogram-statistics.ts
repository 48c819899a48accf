import type { Histogram, Span } from '@tillwatch/model';
import { varianceOfHistogram } from '../histogram/statistics.ts';
import type { Call } from '../parse/ast.ts';
import { type Column, droppedName, mergeEqual, newColumn, type Value, vectorOf } from './column.ts';
import { failSameLabels, type Run } from './run.ts';

const STATISTICS: ReadonlyMap<string, (histogram: Histogram) => number> = new Map([
  ['histogram_count', ({ count }: Histogram) => count],
  ['histogram_sum', ({ sum }: Histogram) => sum],
  ['histogram_avg', ({ count, sum }: Histogram) => sum / count],
  ['histogram_stdvar', varianceOfHistogram],
  ['histogram_stddev', (histogram: Histogram) => Math.sqrt(varianceOfHistogram(histogram))],
]);

/** `histogram_count`, `_sum`, `_avg`, `_stddev`, `_stdvar`: a number of each native histogram. Numbers are passed over. */
export function histogramStatistic(run: Run, call: Call, columns: readonly Column[]): Value {
  const statistic = STATISTICS.get(call.func)!;
  const out = columns
    .filter(({ histograms }) => histograms !== undefined)
    .map((column) => mapNative(run, column, call.span, statistic))
    .filter(({ present }) => present.includes(1));
  return vectorOf(mergeEqual(out, () => failSameLabels(call.span)));
}

/** Makes one number of each native histogram of a series; numbers are passed over. */
export function mapNative(
  run: Run,
  column: Column,
  at: Span,
  numberOf: (histogram: Histogram, step: number) => number,
): Column {
  run.tick(at);
  const named = droppedName(run, column.labels);
  const out = newColumn(named.labels, column.present.length, named.dropName || column.dropName);
  for (let k = 0; k < out.present.length; k++) {
    const histogram = column.histograms?.[k];
    if (column.present[k] === 0 || histogram === undefined) continue;
    out.values[k] = numberOf(histogram, k);
    out.present[k] = 1;
  }
  return out;
}
