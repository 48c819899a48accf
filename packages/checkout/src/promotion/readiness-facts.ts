import { formatDuration, type Querier, type RangeSeries } from '@tillwatch/model';
import { alternatives, quoted, shopUp } from '../plan/expressions.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { LoadPoint } from './extrapolate.ts';

/** What the watch knows about itself. */
export interface WatchState {
  /** Every way out of every receiver. */
  readonly receivers: readonly {
    readonly receiver: string;
    readonly integration: string;
    /** When it took a message last, a test message included; `undefined`: never that is known. */
    readonly lastDeliveredAtMs: number | undefined;
  }[];
  /** Rules whose last evaluation failed. */
  readonly failingRules: readonly { readonly rule: string; readonly error: string }[];
}

/** What the check before a promotion is made of, as it was measured; `undefined` is not known. */
export interface ReadinessFacts {
  readonly atMs: number;
  readonly targets: readonly { readonly job: string; readonly up: number; readonly all: number }[];
  /** Are attempts and outcomes counted? */
  readonly isCounted: boolean;
  readonly watch: WatchState | undefined;
  /** Rule evaluations that failed in the last hour, where the watch does not tell which rules. */
  readonly ruleFailures: number | undefined;
  readonly pages: readonly string[];
  readonly budgets: readonly { readonly name: string; readonly remaining: number | undefined }[];
  /** The shop's requests a second: the highest, over what was looked through. */
  readonly peakLoad: number | undefined;
  readonly resources: readonly ResourceFacts[];
  /** What 19 of 20 scrapes of the last day stayed below. */
  readonly eventLoopLagSeconds: number | undefined;
}

/** How much of a resource is in use under which load; shares, where 1 is all of it. */
export interface ResourceFacts {
  readonly resource: 'processor' | 'pool' | 'memory';
  readonly points: readonly LoadPoint[];
}

/** Spans that are looked through: a week where there is one, else the last hours, however few there are. */
const SPANS = [
  { spanMs: 7 * 86_400_000, stepMs: 600_000 },
  { spanMs: 6 * 3_600_000, stepMs: 60_000 },
] as const;

const FEWEST_POINTS = 24;

/** Measures everything that the check looks at, except what the watch knows about itself. */
export async function readReadinessFacts(
  querier: Querier,
  config: TillwatchConfig,
  nowMs: number,
): Promise<Omit<ReadinessFacts, 'watch'>> {
  const one = async (expr: string): Promise<number | undefined> => (await querier.instant(expr, nowMs))[0]?.value;
  const jobs = `job=~${quoted(alternatives([...new Set(config.targets.map(({ job }) => job))]))}`;
  const [up, all, attempts, outcomes, ruleFailures, pages, budgets, lag, use] = await Promise.all([
    querier.instant(`sum by (job) (${shopUp(config)})`, nowMs),
    querier.instant(`count by (job) (${shopUp(config)})`, nowMs),
    one('count(checkout_attempts_total)'),
    one('count(checkout_outcomes_total)'),
    one('sum(increase({__name__=~"(prometheus|tillwatch)_rule_evaluation_failures_total"}[1h]))'),
    querier.instant('count by (alertname) (ALERTS{journey="checkout",severity="page",alertstate="firing"})', nowMs),
    querier.instant('objective:budget_remaining:ratio', nowMs),
    // A start or a single hiccup says nothing about the load.
    one(`max(quantile_over_time(0.95, nodejs_eventloop_lag_p99_seconds{${jobs}}[1d]))`),
    readUse(querier, jobs, nowMs),
  ]);
  return {
    atMs: nowMs,
    targets: config.targets
      .map(({ job }) => job)
      .filter((job, i, list) => list.indexOf(job) === i)
      .map((job) => {
        const of = (samples: typeof up) => samples.find(({ labels }) => labels.get('job') === job)?.value ?? 0;
        return { job, up: of(up), all: of(all) };
      }),
    isCounted: attempts !== undefined && outcomes !== undefined,
    ruleFailures,
    pages: pages.map(({ labels }) => labels.get('alertname')),
    budgets: config.objectives.budgets.map(({ name }) => ({
      name,
      remaining: budgets.find(({ labels }) => labels.get('objective') === name)?.value,
    })),
    ...use,
    eventLoopLagSeconds: lag,
  };
}

async function readUse(
  querier: Querier,
  jobs: string,
  nowMs: number,
): Promise<Pick<ReadinessFacts, 'peakLoad' | 'resources'>> {
  for (const { spanMs, stepMs } of SPANS) {
    const endMs = Math.floor(nowMs / stepMs) * stepMs;
    const range = (expr: string) => querier.range(expr, endMs - spanMs, endMs, stepMs);
    const window = formatDuration(Math.max(300_000, stepMs / 2));
    const [requests, processor, pool, memory] = await Promise.all([
      range(
        `sum(rate(http_requests_total{${jobs}}[${window}])) or sum(rate(checkout_attempts_total{${jobs}}[${window}]))`,
      ),
      range(`max(rate(process_cpu_seconds_total{${jobs}}[${window}]))`),
      range(
        `max(sum by (job, instance, pool) (db_pool_connections{state="used",${jobs}}) / on (job, instance, pool) (db_pool_max_connections{${jobs}} > 0))`,
      ),
      range('1 - min(node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)'),
    ]);
    const load = byTime(requests);
    if (load.size < FEWEST_POINTS && spanMs !== SPANS[SPANS.length - 1]?.spanMs) continue;
    const points = (series: readonly RangeSeries[]): LoadPoint[] =>
      [...byTime(series)].flatMap(([atMs, used]) => {
        const under = load.get(atMs);
        return under === undefined ? [] : [{ load: under, used }];
      });
    return {
      peakLoad: load.size === 0 ? undefined : Math.max(...load.values()),
      resources: [
        { resource: 'processor', points: points(processor) },
        { resource: 'pool', points: points(pool) },
        { resource: 'memory', points: points(memory) },
      ],
    };
  }
  return { peakLoad: undefined, resources: [] };
}

function byTime(series: readonly RangeSeries[]): Map<number, number> {
  const values = new Map<number, number>();
  const [first] = series;
  first?.timestampsMs.forEach((atMs, i) => {
    const value = first.values[i] as number;
    if (Number.isFinite(value)) values.set(atMs, value);
  });
  return values;
}
