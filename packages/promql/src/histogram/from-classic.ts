import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '@tillwatch/model';

/** What the series of a classic histogram say at one moment. */
export interface ClassicHistogram {
  /** Cumulative counts by upper bound, in any order. */
  readonly buckets: readonly { readonly upperBound: number; readonly count: number }[];
  readonly count: number | undefined;
  readonly sum: number | undefined;
}

/**
 * A classic histogram as a native one with custom buckets. The count is that of the highest bucket when none is given;
 * `undefined` when cumulative counts fall.
 */
export function fromClassic({ buckets, count, sum }: ClassicHistogram): Histogram | undefined {
  const sorted = [...buckets].sort((a, b) => a.upperBound - b.upperBound);
  const total = count ?? sorted.at(-1)?.count ?? 0;
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) {
    sorted.push({ upperBound: Number.POSITIVE_INFINITY, count: total });
  }
  const counts = sorted.map((bucket, i) => bucket.count - (sorted[i - 1]?.count ?? 0));
  if (counts.some((own) => own < 0)) return undefined;
  const indices = [...counts.keys()].filter((i) => counts[i] !== 0);
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    counterResetHint: 'unknown',
    count: total,
    sum: sum ?? 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: { indices, counts: indices.map((i) => counts[i]!) },
    negative: { indices: [], counts: [] },
    customBounds: sorted.slice(0, -1).map(({ upperBound }) => upperBound),
  };
}
