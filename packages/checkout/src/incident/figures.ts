import { formatDuration, type Querier } from '@tillwatch/model';
import type { Periods } from '../diagnosis/diagnose.ts';
import { alternatives, quoted, settledMean, shopUp } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/** A figure now and in the time before; `undefined` where there was nothing to measure. */
interface Figure {
  readonly now: number | undefined;
  readonly before: number | undefined;
}

/** What a message says in numbers. Shares are 0 to 1, rates are per minute. */
export interface Figures {
  readonly successRate: Figure;
  readonly ordersPerMinute: Figure;
  readonly attemptsPerMinute: Figure;
  readonly declineRate: Figure;
  readonly slowestStep: { readonly step: string; readonly provider: string; readonly seconds: number } | undefined;
  readonly databaseP95Seconds: Figure;
  readonly poolWaiting: number | undefined;
  readonly targets: { readonly up: number; readonly all: number };
  readonly providers: readonly { readonly provider: string; readonly errorRate: number }[];
  readonly serverErrorsPerMinute: number | undefined;
  /** Of the instance that lags most. */
  readonly eventLoopLagSeconds: number | undefined;
  /** Resident, of the largest instance. */
  readonly memoryBytes: number | undefined;
  readonly versions: readonly string[];
}

/** Reads the figures at the end of `periods`, and before their beginning. */
export async function readFigures(querier: Querier, config: TillwatchConfig, periods: Periods): Promise<Figures> {
  const { pair, unit, unitMinutes } = windowsFor(config);
  const past = formatDuration(periods.pastMs);
  const jobs = `job=~${quoted(alternatives([...new Set(config.targets.map(({ job }) => job))]))}`;
  const nowMs = periods.untilMs;
  const beforeMs = Math.min(periods.sinceMs, nowMs) - 30_000;
  const one = async (expr: string, atMs: number): Promise<number | undefined> => {
    const value = (await querier.instant(expr, atMs))[0]?.value;
    return value === undefined || Number.isNaN(value) ? undefined : value;
  };
  const both = async (now: string, before: string): Promise<Figure> => {
    const [nowValue, beforeValue] = await Promise.all([one(now, nowMs), one(before, beforeMs)]);
    return { now: nowValue, before: beforeValue };
  };
  const usual = (what: string) => settledMean(what, unit, past);
  const perMinute = (what: string) =>
    both(`${what}:increase${unit} / ${unitMinutes}`, `${usual(`${what}:increase${unit}`)} / ${unitMinutes}`);
  const declined = (window: string) => `checkout:declined:increase${window}`;

  const [successRate, ordersPerMinute, attemptsPerMinute, declineRate, databaseP95Seconds] = await Promise.all([
    both(`checkout:success_ratio:${unit}{slice="all"}`, usual(`checkout:success_ratio:${pair}{slice="all"}`)),
    perMinute('checkout:orders'),
    perMinute('checkout:attempts'),
    both(
      `${declined(pair)} / (${declined(pair)} + checkout:orders:increase${pair} > 0)`,
      `${usual(declined(unit))} / (${usual(declined(unit))} + ${usual(`checkout:orders:increase${unit}`)} > 0)`,
    ),
    both(`checkout:db_seconds:p95_${unit}`, usual(`checkout:db_seconds:p95_${unit}`)),
  ]);
  const [slowest, poolWaiting, up, all, providers, serverErrorsPerMinute, eventLoop, memory, versions] =
    await Promise.all([
      querier.instant(`topk(1, checkout:step_seconds:p95_${unit})`, nowMs),
      one('max(db_pool_waiting)', nowMs),
      one(`sum(${shopUp(config)})`, nowMs),
      one(`count(${shopUp(config)})`, nowMs),
      querier.instant(`sort_desc(checkout:error_ratio:${pair}{slice="provider"})`, nowMs),
      one(`sum(rate(http_requests_total{code=~"5.."}[${unit}])) * 60`, nowMs),
      one(`max(nodejs_eventloop_lag_p99_seconds{${jobs}} or nodejs_eventloop_lag_seconds{${jobs}})`, nowMs),
      one(`max(process_resident_memory_bytes{${jobs}})`, nowMs),
      querier.instant('count by (version) (app_info)', nowMs),
    ]);
  const top = slowest[0];
  return {
    successRate,
    ordersPerMinute,
    attemptsPerMinute,
    declineRate,
    databaseP95Seconds,
    slowestStep:
      top === undefined || Number.isNaN(top.value)
        ? undefined
        : { step: top.labels.get('step'), provider: top.labels.get('provider'), seconds: top.value },
    poolWaiting,
    targets: { up: up ?? 0, all: all ?? 0 },
    providers: providers.map(({ labels, value }) => ({ provider: labels.get('provider'), errorRate: value })),
    serverErrorsPerMinute,
    eventLoopLagSeconds: eventLoop,
    memoryBytes: memory,
    versions: versions.map(({ labels }) => labels.get('version')).filter((version) => version !== ''),
  };
}
