import { formatDuration, type Querier, type RangeSeries } from '@tillwatch/model';
import type { CheckoutOverview, OverviewRate, OverviewTone, Sparkline } from '../overview.ts';
import { orderMoney, settledMean } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

type RateName = 'successRate' | 'errorRate' | 'p95Seconds' | 'ordersPerMinute' | 'moneyPerMinute' | 'attemptsPerMinute';

/** How far back sparklines reach, and how dense they are. */
const SPARKLINE_MS = 30 * 60_000;
const STEP_MS = 30_000;

interface RateQuery {
  readonly now: string;
  readonly before: string;
  readonly tone: (now: number, before: number | null) => OverviewTone;
}

/** The six figures at the top of the page. */
export async function readRates(
  querier: Querier,
  config: TillwatchConfig,
  nowMs: number,
): Promise<Pick<CheckoutOverview, RateName>> {
  const queries = rateQueries(config);
  const read = (name: RateName) => readRate(querier, queries[name], nowMs);
  const [successRate, errorRate, p95Seconds, ordersPerMinute, moneyPerMinute, attemptsPerMinute] = await Promise.all([
    read('successRate'),
    read('errorRate'),
    read('p95Seconds'),
    read('ordersPerMinute'),
    read('moneyPerMinute'),
    read('attemptsPerMinute'),
  ]);
  return { successRate, errorRate, p95Seconds, ordersPerMinute, moneyPerMinute, attemptsPerMinute };
}

/** More currencies than these do not fit beside a figure. */
const MOST_CURRENCIES = 3;

/** What comes in by the minute in currencies that cannot be converted, the largest amount first. */
export async function readOtherMoney(
  querier: Querier,
  config: TillwatchConfig,
  nowMs: number,
): Promise<CheckoutOverview['otherMoneyPerMinute']> {
  const { currency, rates } = config.shop;
  const known = ['', currency, ...Object.keys(rates)].join('|');
  const others = `rate(checkout_order_value_total{outcome=~"|success",currency!~"${known}"}[${windowsFor(config).unit}])`;
  const amounts = await querier.instant(`topk(${MOST_CURRENCIES}, sum by (currency) (${others}) * 60 > 0)`, nowMs);
  return amounts
    .map(({ labels, value }) => ({ currency: labels.get('currency') ?? '', now: value }))
    .sort((a, b) => b.now - a.now);
}

function rateQueries(config: TillwatchConfig): Record<RateName, RateQuery> {
  const { objectives } = config;
  const { unit, pair, unitMinutes } = windowsFor(config);
  const past = formatDuration(objectives.comparedWithMs);
  const recorded = (series: string, divisor: number, tone: RateQuery['tone']): RateQuery => {
    const by = divisor === 1 ? '' : ` / ${divisor}`;
    return { now: `${series}${by}`, before: `${settledMean(series, unit, past, ` offset ${pair}`)}${by}`, tone };
  };
  const good: RateQuery['tone'] = () => 'good';
  const steps = (range: string) =>
    `histogram_quantile(0.95, sum by (le) (rate(checkout_step_duration_seconds_bucket${range})))`;
  const money = `${orderMoney(config.shop, (selector) => `rate(${selector}[${unit}])`)} * 60`;
  return {
    successRate: recorded(`checkout:success_ratio:${unit}{slice="all"}`, 1, good),
    errorRate: recorded(`checkout:error_ratio:${unit}{slice="all"}`, 1, good),
    p95Seconds: {
      now: steps(`[${unit}]`),
      before: steps(`[${past}] offset ${pair}`),
      tone: (now) => {
        if (now > objectives.stepP95Seconds) return 'bad';
        return now > 0.8 * objectives.stepP95Seconds ? 'warning' : 'good';
      },
    },
    ordersPerMinute: recorded(`checkout:orders:increase${unit}`, unitMinutes, good),
    moneyPerMinute: {
      now: money,
      before: settledMean(money, unit, past, ` offset ${pair}`),
      tone: good,
    },
    attemptsPerMinute: recorded(`checkout:attempts:increase${unit}`, unitMinutes, good),
  };
}

async function readRate(querier: Querier, query: RateQuery, nowMs: number): Promise<OverviewRate> {
  const endMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
  const [nowSamples, beforeSamples, series] = await Promise.all([
    querier.instant(query.now, nowMs),
    querier.instant(query.before, nowMs),
    querier.range(query.now, endMs - SPARKLINE_MS, endMs, STEP_MS),
  ]);
  const now = known(nowSamples[0]?.value);
  const before = known(beforeSamples[0]?.value);
  return { now, before, tone: now === null ? 'unknown' : query.tone(now, before), sparkline: sparkline(series[0]) };
}

/** JSON knows no NaN and no infinity. */
function known(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function sparkline(series: RangeSeries | undefined): Sparkline {
  if (series === undefined) return { timestampsMs: [], values: [] };
  return { timestampsMs: [...series.timestampsMs], values: [...series.values].map(known) };
}
