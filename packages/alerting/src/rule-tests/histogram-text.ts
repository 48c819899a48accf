import type { Buckets, Histogram } from '@tillwatch/model';
import { formatNumber } from '@tillwatch/promql';
import { compactHistogram } from '@tillwatch/promql/testing';

/** The notation of tests for a histogram; equal exactly for equal histograms with equal hints about resets. */
export function histogramText(histogram: Histogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, positive, negative, customBounds, counterResetHint } =
    compactHistogram(histogram);
  const parts = [
    schema === 0 ? '' : `schema:${schema}`,
    count === 0 ? '' : `count:${formatNumber(count)}`,
    sum === 0 ? '' : `sum:${formatNumber(sum)}`,
    zeroCount === 0 ? '' : `z_bucket:${formatNumber(zeroCount)}`,
    zeroThreshold === 0 ? '' : `z_bucket_w:${formatNumber(zeroThreshold)}`,
    customBounds.length === 0 ? '' : `custom_values:[${customBounds.map(formatNumber).join(' ')}]`,
    counterResetHint === 'unknown' ? '' : `counter_reset_hint:${counterResetHint}`,
    bucketsText(positive, ''),
    bucketsText(negative, 'n_'),
  ];
  return `{{${parts.filter((part) => part !== '').join(' ')}}}`;
}

function bucketsText({ indices, counts }: Buckets, prefix: string): string {
  const first = indices[0];
  if (first === undefined) return '';
  const dense = new Array<number>(indices.at(-1)! - first + 1).fill(0);
  indices.forEach((index, i) => {
    dense[index - first] = counts[i]!;
  });
  const offset = first === 0 ? '' : `${prefix}offset:${first} `;
  return `${offset}${prefix}buckets:[${dense.map(formatNumber).join(' ')}]`;
}
