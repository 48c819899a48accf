import { compareLabels, Labels, type Matcher, type Queryable, type Series } from '@tillwatch/model';
import { bench, describe } from 'vitest';
import { evaluateInstant, evaluateRange } from '../src/evaluate/evaluate.ts';
import { parse } from '../src/parse/parse.ts';

/** The queries of a checkout's dashboards and rules over a week of 15 s scrapes, on series that are in memory already. */
const SCRAPE_MS = 15_000;
const DAY_MS = 86_400_000;
const END_MS = 8 * DAY_MS;
const STEPS = ['cart', 'address', 'payment', 'confirm'];
const PROVIDERS = ['alpha', 'beta', 'gamma'];
const BOUNDS = ['0.1', '0.25', '0.5', '1', '2.5', '5', '+Inf'];

const timestampsMs = Float64Array.from({ length: END_MS / SCRAPE_MS }, (_, i) => (i + 1) * SCRAPE_MS);

function counter(labels: Readonly<Record<string, string>>, perScrape: number): Series {
  let seed = labels.provider === undefined ? 7 : labels.provider.length * 31 + perScrape;
  let total = 0;
  const values = timestampsMs.map(() => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    total = seed % 50_000 === 0 ? 0 : total + (seed % (2 * perScrape + 1));
    return total;
  });
  return { labels: Labels.of(labels), timestampsMs, values };
}

function buildSeries(): Series[] {
  const all: Series[] = [];
  for (const step of STEPS) {
    for (const provider of PROVIDERS) {
      for (const outcome of ['success', 'failure']) {
        const rate = outcome === 'success' ? 20 : 1;
        all.push(counter({ __name__: 'checkout_outcomes_total', step, provider, outcome }, rate));
      }
      for (const [i, le] of BOUNDS.entries()) {
        all.push(counter({ __name__: 'checkout_step_duration_seconds_bucket', step, provider, le }, (i + 1) * 3));
      }
    }
  }
  return all.sort((a, b) => compareLabels(a.labels, b.labels));
}

class FixedQueryable implements Queryable {
  readonly #all = buildSeries();

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    const from = Math.max(0, Math.ceil(fromMs / SCRAPE_MS) - 1);
    const to = Math.min(timestampsMs.length, Math.floor(toMs / SCRAPE_MS));
    const times = timestampsMs.subarray(from, to);
    for (const { labels, values } of this.#all) {
      if (!matchers.every((matcher) => matcher.matchesLabels(labels))) continue;
      yield { labels, timestampsMs: times, values: values.subarray(from, to) };
    }
  }

  selectLabels(): Iterable<Labels> {
    return this.#all.map((series) => series.labels);
  }

  labelNames(): string[] {
    return [];
  }

  labelValues(): string[] {
    return [];
  }
}

const queryable = new FixedQueryable();

function read(text: string) {
  const result = parse(text);
  if (!result.ok) throw new Error(text);
  return result.expr;
}

const SUCCESS = 'sum(rate(checkout_outcomes_total{outcome="success"}[5m])) / sum(rate(checkout_outcomes_total[5m]))';
const BY_STEP = 'sum by (step, provider) (rate(checkout_outcomes_total[5m]))';
const P95 = 'histogram_quantile(0.95, sum by (le, step) (rate(checkout_step_duration_seconds_bucket[5m])))';
const BURN = (range: string) =>
  `sum(rate(checkout_outcomes_total{outcome="failure"}[${range}])) / sum(rate(checkout_outcomes_total[${range}]))`;

function range(name: string, text: string, spanMs: number, stepMs: number): void {
  const expr = read(text);
  bench(name, () => {
    evaluateRange(expr, { startMs: END_MS - spanMs, endMs: END_MS, stepMs }, { queryable });
  });
}

describe('range queries', () => {
  range('success ratio, 24h, step 2m', SUCCESS, DAY_MS, 120_000);
  range('success ratio, 7d, step 15m', SUCCESS, 7 * DAY_MS, 900_000);
  range('rate by step and provider, 24h, step 2m', BY_STEP, DAY_MS, 120_000);
  range('rate by step and provider, 7d, step 15m', BY_STEP, 7 * DAY_MS, 900_000);
  range('p95 by step, 24h, step 2m', P95, DAY_MS, 120_000);
  range('p95 by step, 7d, step 15m', P95, 7 * DAY_MS, 900_000);
  range('burn rate [6h], 7d, step 15m', BURN('6h'), 7 * DAY_MS, 900_000);
  range('burn rate [1d], 7d, step 15m', BURN('1d'), 7 * DAY_MS, 900_000);
  range('max_over_time [6h], 7d, step 15m', 'max_over_time(checkout_outcomes_total[6h])', 7 * DAY_MS, 900_000);
  range('avg_over_time [6h], 7d, step 15m', 'avg_over_time(checkout_outcomes_total[6h])', 7 * DAY_MS, 900_000);
});

describe('instant queries and reading', () => {
  const success = read(SUCCESS);
  bench('success ratio now', () => {
    evaluateInstant(success, END_MS, { queryable });
  });
  bench('parse the p95 expression', () => {
    parse(P95);
  });
});
