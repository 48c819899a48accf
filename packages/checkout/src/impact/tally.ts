import { formatDuration, type Querier, type RangeSeries } from '@tillwatch/model';
import { alternatives, counted, quoted } from '../plan/expressions.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { Tally } from './estimate-loss.ts';

/** Equal, adjoining windows in time order; window `i` covers `(fromMs + i * widthMs, fromMs + (i + 1) * widthMs]`. */
export interface Windows {
  readonly fromMs: number;
  readonly widthMs: number;
  readonly count: number;
}

/** What one window counted. */
export interface WindowTally extends Tally {
  readonly pageViews: number;
  /** Major units by currency; `''` where the shop names none. */
  readonly value: ReadonlyMap<string, number>;
}

/** Cuts a span into at most `most` windows of whole seconds and at least `leastMs`; it begins earlier if it must. */
export function windowsOf(fromMs: number, untilMs: number, leastMs: number, most: number): Windows {
  const spanMs = Math.max(leastMs, untilMs - fromMs);
  const count = Math.max(1, Math.min(most, Math.floor(spanMs / leastMs)));
  const widthMs = Math.ceil(spanMs / count / 1_000) * 1_000;
  return { fromMs: untilMs - count * widthMs, widthMs, count };
}

/**
 * Counts what happened in each window. With `isTrouble` a series that was born inside a window counts from zero, which is what
 * the first failures of a new kind are.
 */
export async function readTallies(
  querier: Querier,
  { journey }: TillwatchConfig,
  windows: Windows,
  isTrouble: boolean,
): Promise<WindowTally[]> {
  const { fromMs, widthMs, count } = windows;
  const width = formatDuration(widthMs);
  const rise = (metric: string) => (isTrouble ? counted(metric, width) : `increase(${metric}[${width}])`);
  const ask = (expr: string) => querier.range(expr, fromMs + widthMs, fromMs + count * widthMs, widthMs);
  // Some shops take refunds off the value: a counter that fell a little has not restarted.
  const sold = `checkout_order_value_total{outcome=~"|success"}[${width}]`;
  const routes = quoted(alternatives(journey.pageRoutes));
  const [outcomes, attempts, views, value] = await Promise.all([
    ask(`sum by (outcome, reason_class, step) (${rise('checkout_outcomes_total{outcome=~"success|failure"}')})`),
    ask(`sum(${rise('checkout_attempts_total')})`),
    ask(`sum(increase(http_requests_total{route=~${routes},code=~"2..|3..",method=~"|GET"}[${width}]))`),
    ask(`sum by (currency) (delta(${sold}) > 0 or increase(${sold}))`),
  ]);
  const column = (series: readonly RangeSeries[]) => {
    const sums = new Float64Array(count);
    for (const { timestampsMs, values } of series) {
      for (let i = 0; i < values.length; i++) {
        const index = Math.round(((timestampsMs[i] as number) - fromMs) / widthMs) - 1;
        if (index >= 0 && index < count && Number.isFinite(values[i])) sums[index]! += values[i] as number;
      }
    }
    return sums;
  };
  const of = (test: (label: (name: string) => string) => boolean) =>
    column(outcomes.filter(({ labels }) => test((name) => labels.get(name))));
  const isTechnical = (label: (name: string) => string) =>
    label('outcome') === 'failure' && (label('reason_class') === 'technical' || label('reason_class') === '');
  const columns = {
    orders: of((label) => label('outcome') === 'success'),
    failedPaying: of((label) => isTechnical(label) && label('step') === 'payment'),
    failedElsewhere: of((label) => isTechnical(label) && label('step') !== 'payment'),
    declined: of((label) => label('outcome') === 'failure' && !isTechnical(label)),
    attempts: column(attempts),
    pageViews: column(views),
  };
  // A shop that does not count attempts: what ended is the next best.
  const countsAttempts = columns.attempts.some((attempts) => attempts > 0);
  const ended = (i: number) =>
    columns.orders[i]! + columns.failedPaying[i]! + columns.failedElsewhere[i]! + columns.declined[i]!;
  const values = value.map((series) => [series.labels.get('currency'), column([series])] as const);
  return Array.from({ length: count }, (_, i) => ({
    orders: columns.orders[i]!,
    failedPaying: columns.failedPaying[i]!,
    failedElsewhere: columns.failedElsewhere[i]!,
    declined: columns.declined[i]!,
    attempts: countsAttempts ? columns.attempts[i]! : ended(i),
    pageViews: columns.pageViews[i]!,
    value: new Map(values.map(([currency, amounts]) => [currency, amounts[i]!])),
  }));
}

/** All windows together. */
export function summed(tallies: readonly WindowTally[]): WindowTally {
  const sum = (pick: (tally: WindowTally) => number) => tallies.reduce((all, tally) => all + pick(tally), 0);
  const value = new Map<string, number>();
  for (const tally of tallies) {
    for (const [currency, amount] of tally.value) value.set(currency, (value.get(currency) ?? 0) + amount);
  }
  return {
    orders: sum(({ orders }) => orders),
    failedPaying: sum(({ failedPaying }) => failedPaying),
    failedElsewhere: sum(({ failedElsewhere }) => failedElsewhere),
    declined: sum(({ declined }) => declined),
    attempts: sum(({ attempts }) => attempts),
    pageViews: sum(({ pageViews }) => pageViews),
    value,
  };
}
