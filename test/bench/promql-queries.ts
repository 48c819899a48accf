import { DAY_MS } from './checkout-history.ts';

/** One query of the benchmark. Without `spanMs` it is an instant query, otherwise a range query that ends with the data. */
export interface BenchQuery {
  readonly name: string;
  readonly expr: string;
  readonly spanMs?: number;
  readonly stepMs?: number;
}

const HOUR_MS = 3_600_000;

/** What a dashboard asks: about 700 steps, whatever it shows. */
const RANGES = [
  ['6h', 6 * HOUR_MS, 30_000],
  ['24h', DAY_MS, 120_000],
  ['7d', 7 * DAY_MS, 900_000],
  ['30d', 30 * DAY_MS, HOUR_MS],
] as const;

const RATES = 'sum by (step, provider) (rate(checkout_outcomes_total[5m]))';
const SUCCESS = 'sum(rate(checkout_outcomes_total{outcome="success"}[5m])) / sum(rate(checkout_outcomes_total[5m]))';
const P95 = 'histogram_quantile(0.95, sum by (le) (rate(checkout_duration_seconds_bucket[5m])))';
const WEEKS = 'sum(rate(checkout_outcomes_total[5m])) / sum(rate(checkout_outcomes_total[5m] offset 1w))';
const WORST_MINUTE = 'max_over_time(sum(rate(checkout_outcomes_total{outcome="failure"}[5m]))[1h:1m])';
const burn = (window: string) =>
  `sum(rate(checkout_outcomes_total{outcome="failure"}[${window}])) / sum(rate(checkout_outcomes_total[${window}]))`;

function overRanges(name: string, expr: string, ...ranges: (typeof RANGES)[number][0][]): BenchQuery[] {
  return RANGES.filter(([range]) => ranges.includes(range)).map(([range, spanMs, stepMs]) => {
    return { name: `${name}, ${range}`, expr, spanMs, stepMs };
  });
}

export const BENCH_QUERIES: readonly BenchQuery[] = [
  { name: 'success ratio, now', expr: SUCCESS },
  { name: 'burn rate [1h], now', expr: burn('1h') },
  { name: 'burn rate [3d], now', expr: burn('3d') },
  { name: 'burn rate [30d], now', expr: burn('30d') },
  ...overRanges('rate by step and provider', RATES, '6h', '24h', '7d', '30d'),
  ...overRanges('success ratio', SUCCESS, '6h', '24h', '7d', '30d'),
  ...overRanges('p95 of durations', P95, '6h', '24h', '7d', '30d'),
  ...overRanges('burn rate [1h]', burn('1h'), '24h', '30d'),
  ...overRanges('burn rate [6h]', burn('6h'), '24h', '30d'),
  ...overRanges('burn rate [3d]', burn('3d'), '7d', '30d'),
  ...overRanges('burn rate [30d]', burn('30d'), '7d', '30d'),
  ...overRanges('week over week', WEEKS, '24h', '7d'),
  ...overRanges('worst minute of the hour (subquery)', WORST_MINUTE, '24h', '7d'),
];
