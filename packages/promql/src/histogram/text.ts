import type { Histogram } from '@tillwatch/model';
import { goNumber } from '../evaluate/quantile.ts';
import { bucketsOf } from './bounds.ts';

/** A histogram in Prometheus's short form: `{count:4, sum:5, [-0.001,0.001]:1, (1,2]:3}`, without empty buckets. */
export function formatHistogram(histogram: Histogram): string {
  let out = `{count:${goNumber(histogram.count)}, sum:${goNumber(histogram.sum)}`;
  for (const { lower, upper, isLowerIncluded, isUpperIncluded, count } of bucketsOf(histogram)) {
    if (count === 0) continue;
    const bounds = `${goNumber(lower)},${goNumber(upper)}`;
    out += `, ${isLowerIncluded ? '[' : '('}${bounds}${isUpperIncluded ? ']' : ')'}:${goNumber(count)}`;
  }
  return `${out}}`;
}
