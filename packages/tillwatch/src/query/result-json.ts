import type { InstantResult, RangeResult } from '@tillwatch/promql';
import { formatLabels, formatPoint, formatSampleField, formatSampleFields } from '../http/json.ts';

/** The JSON of an instant query's `data`; `limit` 0 writes all series. */
export function instantJson({ value }: InstantResult, limit: number): string {
  switch (value.type) {
    case 'scalar':
      return `{"resultType":"scalar","result":${formatPoint(value.timestampMs, value.value)}}`;
    case 'string': {
      const point = formatPoint(value.timestampMs, 0).replace(/"0"\]$/, () => `${JSON.stringify(value.value)}]`);
      return `{"resultType":"string","result":${point}}`;
    }
    case 'vector': {
      const elements = take(value.samples, limit).map(
        (sample) =>
          `{"metric":${formatLabels(sample.labels)},${formatSampleField(sample.timestampMs, sample.value, sample.histogram)}}`,
      );
      return `{"resultType":"vector","result":[${elements.join(',')}]}`;
    }
    case 'matrix':
      return rangeJson(value.series, limit);
  }
}

/** The JSON of a range query's `data`; `limit` 0 writes all series. */
export function rangeJson(series: RangeResult['series'], limit: number): string {
  const elements = take(series, limit).map(
    (one) => `{"metric":${formatLabels(one.labels)},${formatSampleFields(one)}}`,
  );
  return `{"resultType":"matrix","result":[${elements.join(',')}]}`;
}

/** The first `limit` elements; 0 takes all. */
export function take<T>(all: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? all : all.slice(0, limit);
}
