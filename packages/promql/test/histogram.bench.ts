import { type Histogram, Labels, type Matcher, type Queryable, type Series } from '@tillwatch/model';
import { bench, describe } from 'vitest';
import { evaluateRange } from '../src/evaluate/evaluate.ts';
import { parse } from '../src/parse/parse.ts';

/** Half a day of native histograms from 50 pods, with 20 buckets each, every 15 s. */
const SCRAPE_MS = 15_000;
const END_MS = 12 * 3_600_000;
const COUNT = END_MS / SCRAPE_MS;
const BUCKETS = Array.from({ length: 20 }, (_, i) => i);

const timestampsMs = Float64Array.from({ length: COUNT }, (_, i) => (i + 1) * SCRAPE_MS);

function histogram(pod: number, scrape: number): Histogram {
  const counts = BUCKETS.map((bucket) => scrape * ((bucket + pod) % 5));
  const count = counts.reduce((sum, one) => sum + one, 0);
  return {
    schema: 2,
    counterResetHint: scrape === 0 ? 'unknown' : 'not_reset',
    count,
    sum: count * 2,
    zeroThreshold: 1e-9,
    zeroCount: 0,
    positive: { indices: BUCKETS, counts },
    negative: { indices: [], counts: [] },
    customBounds: [],
  };
}

const all: Series[] = Array.from({ length: 50 }, (_, pod) => ({
  labels: Labels.of({ __name__: 'latency', pod: String(100 + pod) }),
  timestampsMs,
  values: new Float64Array(COUNT),
  histograms: Array.from({ length: COUNT }, (_, scrape) => histogram(pod, scrape)),
}));

const queryable: Queryable = {
  select: (matchers: readonly Matcher[]) =>
    all.filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels))),
  selectLabels: () => all.map(({ labels }) => labels),
  labelNames: () => [],
  labelValues: () => [],
};

describe('native histograms, 12h, step 2m', () => {
  for (const text of [
    'histogram_quantile(0.95, sum(rate(latency[5m])))',
    'histogram_count(sum(rate(latency[5m])))',
    'sum(latency)',
    'sum(rate(latency[1h]))',
    'sum(sum_over_time(latency[1h]))',
    'sum(avg_over_time(latency[6h]))',
  ]) {
    const parsed = parse(text);
    if (!parsed.ok) throw new Error(text);
    bench(text, () => {
      evaluateRange(parsed.expr, { startMs: 0, endMs: END_MS, stepMs: 120_000 }, { queryable });
    });
  }
});
