import type { Severity, TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { Area } from './area.ts';
import { heldBreach, withMainStep } from './breaches.ts';
import { alternatives, anyOf, CONVINCING, counted, evidenceAbove, number, quoted } from './expressions.ts';
import { PRESENT_METRIC } from './recording-rules.ts';
import type { Windows } from './windows.ts';

/** Of what the pages or the recent past let expect: fewer attempts than this have stopped coming. */
const STOPPED_BELOW = 0.6;

/** Fewer than this cannot be explained by crawlers that read pages without buying. */
const VANISHED_BELOW = 0.1;

/** A channel or region moves by itself in the course of a day: only when nearly nothing is left of it, it has stopped. */
const SLICE_STOPPED_BELOW = 0.25;

/** Attempts that must be expected before a short window can say that all is well again. */
const ENOUGH = 20;

/** A scrape that takes more than this share of its timeout is close to failing. */
const SLOW_SCRAPE = 0.8;

/** An alerting rule before it has words and labels. */
export interface CatalogueEntry {
  readonly alert: AlertName;
  readonly expr: string;
  readonly forMs: number;
  readonly severity: Severity;
  readonly area: Area;
  /** Labels of this rule alone; tells two rules of one name apart. */
  readonly labels?: Readonly<Record<string, string>>;
}

export type AlertName =
  | 'CheckoutSuccessRateLow'
  | 'CheckoutErrorRateHigh'
  | 'CheckoutSuccessfulOrdersDrop'
  | 'CheckoutAttemptsStopped'
  | 'CheckoutSilent'
  | 'CheckoutTargetDown'
  | 'CheckoutInstanceDown'
  | 'CheckoutLatencyHigh'
  | 'CheckoutFailureTrickle'
  | 'CheckoutDeclinesHigh'
  | 'CheckoutPaymentWithoutOrder'
  | 'DatabaseSlow'
  | 'DatabasePoolExhausted'
  | 'HttpServerErrors'
  | 'CheckoutMetricsMissing'
  | 'CheckoutMetricGone'
  | 'CheckoutCounterFell'
  | 'CheckoutScrapeTooLarge'
  | 'CheckoutScrapeSlow'
  | 'TillwatchRuleFailures'
  | 'TillwatchSeriesDropped'
  | 'TillwatchStoreTrouble'
  | 'TillwatchNotificationFailures';

/** Every alerting rule that Tillwatch writes, with thresholds from the objectives. */
export function alertCatalogue(config: TillwatchConfig, windows: Windows): CatalogueEntry[] {
  return [
    ...failureAlerts(config, windows),
    ...absenceAlerts(config, windows),
    ...platformAlerts(config, windows),
    ...watchAlerts(config, windows),
  ];
}

function failureAlerts(config: TillwatchConfig, windows: Windows): CatalogueEntry[] {
  const { objectives } = config;
  const { long, trickle } = windows;
  return [
    {
      alert: 'CheckoutSuccessRateLow',
      // Written as success rates, so that the alert's value is one.
      expr: heldBreach('success_ratio'),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutErrorRateHigh',
      expr: withMainStep(heldBreach('error_ratio'), windows),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutFailureTrickle',
      expr: [
        `checkout:error_ratio:${trickle} > ${number(objectives.errorRate)}`,
        `and checkout:failed:increase${trickle} >= ${Math.max(5, objectives.minimumFailures)}`,
        `and checkout:error_evidence:${trickle} > ${CONVINCING / 2}`,
        // What was told once is not told again because it is still in the window.
        `unless on () max_over_time(ALERTS{alertname=~"CheckoutErrorRateHigh|CheckoutSuccessRateLow",alertstate="firing"}[${trickle}])`,
      ].join('\n'),
      forMs: 60_000,
      severity: 'inform',
      area: 'customers',
    },
    {
      alert: 'CheckoutDeclinesHigh',
      expr: declines(config, long),
      forMs: 60_000,
      severity: 'inform',
      area: 'customers',
    },
    {
      alert: 'CheckoutPaymentWithoutOrder',
      expr: paymentsWithoutOrder(config, windows),
      forMs: 2 * 60_000,
      severity: 'page',
      area: 'customers',
    },
  ];
}

function declines(config: TillwatchConfig, window: string): string {
  const { declineRate, minimumEvents } = config.objectives;
  const declined = `checkout:declined:increase${window}`;
  const all = `(${declined} + checkout:orders:increase${window})`;
  return [
    `${declined} / (${all} > 0) > ${number(declineRate)}`,
    `and ${declined} >= ${Math.max(5, minimumEvents)}`,
    `and ${evidenceAbove(declined, all, declineRate / 1.5)} > ${CONVINCING}`,
  ].join('\n');
}

function paymentsWithoutOrder(config: TillwatchConfig, { long }: Windows): string {
  const captured = `sum by (provider) (increase(checkout_payments_captured_total[${long}]))`;
  const placed = `sum by (provider) (increase(checkout_orders_placed_total[${long}]))`;
  return [
    `${captured} - ${placed} >= ${config.objectives.minimumFailures}`,
    `and ${captured} - ${placed} > 0.05 * ${captured}`,
  ].join('\n');
}

function absenceAlerts(config: TillwatchConfig, windows: Windows): CatalogueEntry[] {
  const { pair, long, coverage } = windows;
  // What is missing is missing by chance more often than it seems where counts are made larger.
  const convincing = { pair: CONVINCING / coverage.pair, long: CONVINCING / coverage.long };
  const jobNames = [...new Set(config.targets.map(({ job }) => job))];
  const jobs = quoted(alternatives(jobNames));
  return [
    {
      alert: 'CheckoutSuccessfulOrdersDrop',
      expr: anyOf(ordersDropped(config, pair, 2, convincing.pair), ordersDropped(config, long, 10, convincing.long)),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutAttemptsStopped',
      expr: anyOf(attemptsStopped(windows, pair, convincing.pair), attemptsStopped(windows, long, convincing.long)),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutSilent',
      expr: silence(config, windows),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutTargetDown',
      expr: [
        `max by (job) (max_over_time(up{job=~${jobs}}[${windows.down}])) == 0`,
        `and max by (job) (count_over_time(up{job=~${jobs}}[${windows.down}])) >= 3`,
      ].join('\n'),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      // Nobody scrapes the shop at all. Just after a start that is so too, hence the wait.
      alert: 'CheckoutTargetDown',
      expr: anyOf(...jobNames.map((job) => `absent(up{job=${quoted(job)}})`)),
      forMs: 120_000,
      severity: 'page',
      area: 'customers',
      labels: { state: 'missing' },
    },
    {
      alert: 'CheckoutInstanceDown',
      expr: `max_over_time(up{job=~${jobs}}[${windows.unit}]) == 0\nand on (job) sum by (job) (up) > 0`,
      forMs: 60_000,
      severity: 'inform',
      area: 'platform',
    },
  ];
}

/** Orders fell although those who try to buy did not: neither the evening nor the end of a promotion looks like this. */
function ordersDropped(config: TillwatchConfig, window: string, units: number, convincing: number): string {
  const { ordersDropBelow } = config.objectives;
  const orders = `checkout:orders:increase${window}`;
  const firing = 'on () ALERTS{alertname="CheckoutSuccessfulOrdersDrop",alertstate="firing"}';
  return [
    `${orders} / (checkout:orders:expected${window} > 0) < ${number(ordersDropBelow)}`,
    `and checkout:missing_orders_evidence:${window} > ${number(convincing)}`,
    watchedFor(window),
    // Below the recent past too; once firing, the recent past is the trouble itself and says nothing.
    `and (${orders} < ${number(ordersDropBelow * units)} * checkout:orders:before or ${orders} and ${firing})`,
  ].join('\n');
}

/**
 * Attempts that stopped over a window. What began to fire stays with less evidence, and over the long window as long as the
 * last two units do not show that it is over.
 */
function attemptsStopped({ pair, units }: Windows, window: string, convincing: number): string {
  // Without declined payments: whoever tries out stolen cards must not make the others look few.
  const attempts = `checkout:payable:increase${window}`;
  const expected = `checkout:attempts:expected${window}`;
  const evidence = `checkout:missing_attempts_evidence:${window}`;
  const before = `${window === pair ? units.pair : units.long} * checkout:payable:before`;
  const firing = 'on (slice, channel, region) ALERTS{alertname="CheckoutAttemptsStopped",alertstate="firing"}';
  return [
    `(${attempts} / (${expected} > 0) < ${SLICE_STOPPED_BELOW} or ${attempts}{slice="all"} / (${expected} > 0) < ${STOPPED_BELOW})`,
    `and (${evidence} > ${number(convincing)} or ${evidence} > ${number(convincing / 3)} and ${firing})`,
    watchedFor(window),
    `and (${attempts} < 0.7 * ${before} or ${attempts} < ${VANISHED_BELOW} * ${expected} or ${attempts} and ${firing})`,
    ...(window === pair
      ? []
      : [`unless (checkout:payable:increase${pair} > 0.75 * (checkout:attempts:expected${pair} > ${ENOUGH}))`]),
  ].join('\n');
}

/** A window that is longer than the shop was watched holds fewer checkouts than such windows do. */
function watchedFor(window: string): string {
  return `and on () (checkout:shop_up offset ${window})`;
}

/** Hardly anybody starts a checkout or looks at its pages, at a time when somebody should; stays until somebody does. */
function silence({ objectives }: TillwatchConfig, { pair, long }: Windows): string {
  const floor = 'checkout:payable:floor';
  const expected = (window: string, units: number) =>
    [
      `checkout:attempts:increase${window} < ${number(0.05 * units)} * ${floor}`,
      // Half of what was usual would still have been too much to miss by chance.
      `and ${number(0.5 * units)} * ${floor} > ${CONVINCING}`,
      // Whoever sees the pages and does not start is another matter: CheckoutAttemptsStopped.
      `unless on () (checkout:page_views:increase${window} >= ${number(0.05 * units)} * checkout:page_views:before)`,
      watchedFor(window),
      // A shop that was down is told about as such, and is given time to come back.
      `unless on () (min_over_time(checkout:shop_up[${window}]) == 0)`,
    ].join('\n');
  const firing = 'on () ALERTS{alertname="CheckoutSilent",alertstate="firing"}';
  return anyOf(
    expected(pair, 2),
    expected(long, 10),
    `checkout:attempts:increase${pair} == 0 and ${firing}`,
    ...(objectives.silenceMs === undefined
      ? []
      : [`max_over_time(checkout:attempts:increase${pair}[${objectives.silenceMs / 1_000}s]) == 0`]),
  );
}

function platformAlerts({ objectives, journey }: TillwatchConfig, { unit, pair, long }: Windows): CatalogueEntry[] {
  const slow = number(objectives.stepP95Seconds);
  const routes = `route=~${quoted(journey.checkoutRoutes)}`;
  const answers = (code: string) => `sum by (route) (${counted(`http_requests_total{${routes}${code}}`, pair)})`;
  const broken = answers(',code=~"5.."');
  return [
    {
      alert: 'CheckoutLatencyHigh',
      expr: anyOf(
        slowBeyondChance(unit, slow),
        `${slowBeyondChance(long, slow)}\nand max_over_time(checkout:step_seconds:p90_${unit}[${pair}]) > ${slow}`,
      ),
      forMs: 75_000,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'DatabaseSlow',
      expr: `checkout:db_seconds:p95_${unit} > ${number(objectives.databaseP95Seconds)}\nand checkout:db_seconds:count${unit} >= 20`,
      forMs: 60_000,
      severity: 'page',
      area: 'platform',
    },
    {
      alert: 'DatabasePoolExhausted',
      expr: `min by (job, instance, pool) (min_over_time(db_pool_waiting[45s])) > 0`,
      forMs: 15_000,
      severity: 'page',
      area: 'platform',
    },
    {
      alert: 'HttpServerErrors',
      expr: [
        `${broken} / (${answers('')} > 0) > ${number(objectives.serverErrorRate)}`,
        `and ${broken} >= ${Math.max(5, objectives.minimumFailures)}`,
        `and ${evidenceAbove(broken, answers(''), objectives.serverErrorRate / 2)} > ${CONVINCING}`,
      ].join('\n'),
      // Longer than a hiccup of half a minute is seen in the window.
      forMs: 180_000,
      severity: 'page',
      area: 'platform',
    },
  ];
}

/** A tenth of at least 60 customers is slow, a quarter of at least 20, or half of at least 8: fewer may be chance. */
function slowBeyondChance(window: string, slow: string): string {
  const seconds = 'checkout:step_seconds';
  const enough = (quantile: string, customers: number) =>
    `${seconds}:${quantile}_${window} > ${slow} and ${seconds}:count${window} >= ${customers}`;
  return [
    `${seconds}:p95_${window} > ${slow}`,
    `and (${enough('p90', 60)} or ${enough('p75', 20)} or ${enough('p50', 8)})`,
  ].join('\n');
}

/** The jobs by their timeout, the longest where a job has several. */
function timeoutsOf({ scrape, targets }: TillwatchConfig): Map<number, string[]> {
  const longest = new Map<string, number>();
  for (const { job, intervalMs = scrape.intervalMs } of targets) {
    longest.set(job, Math.max(longest.get(job) ?? 0, Math.min(scrape.timeoutMs, intervalMs)));
  }
  const jobs = new Map<number, string[]>();
  for (const [job, timeoutMs] of longest) jobs.set(timeoutMs, [...(jobs.get(timeoutMs) ?? []), job]);
  return jobs;
}

function watchAlerts(config: TillwatchConfig, { unit, pair }: Windows): CatalogueEntry[] {
  const jobs = quoted(alternatives([...new Set(config.targets.map(({ job }) => job))]));
  return [
    {
      alert: 'CheckoutMetricsMissing',
      // Without either no rule about failures can fire.
      expr: `(absent(checkout_attempts_total) or absent(checkout_outcomes_total)) and on () sum(up{job=~${jobs}}) > 0`,
      forMs: 120_000,
      severity: 'page',
      area: 'watch',
    },
    {
      // What a shop need not have, but had: the rules about it have gone quiet, which is not to say that all is well.
      alert: 'CheckoutMetricGone',
      expr: `(present_over_time(${PRESENT_METRIC}[6h]) unless ${PRESENT_METRIC})\nand on () sum(up{job=~${jobs}}) > 0`,
      forMs: 300_000,
      severity: 'inform',
      area: 'watch',
    },
    {
      // Whoever takes back what was counted makes every rate jump: to Prometheus a counter that falls has started anew.
      alert: 'CheckoutCounterFell',
      expr: [
        `(max by (job, instance) (resets(checkout_outcomes_total{job=~${jobs}}[${pair}])) > 0`,
        `  or max by (job, instance) (resets(checkout_attempts_total{job=~${jobs}}[${pair}])) > 0)`,
        `and on (job, instance) changes(process_start_time_seconds{job=~${jobs}}[${pair}]) == 0`,
      ].join('\n'),
      forMs: 0,
      severity: 'inform',
      area: 'watch',
    },
    {
      // Beyond the timeout nothing of the page counts, and in a promotion pages get slower still.
      alert: 'CheckoutScrapeSlow',
      expr: anyOf(
        ...[...timeoutsOf(config)].map(
          ([timeoutMs, slow]) =>
            `min_over_time(scrape_duration_seconds{job=~${quoted(alternatives(slow))}}[${unit}]) > ${number((SLOW_SCRAPE * timeoutMs) / 1_000)}`,
        ),
      ),
      forMs: 60_000,
      severity: 'inform',
      area: 'watch',
    },
    {
      alert: 'CheckoutScrapeTooLarge',
      expr: `scrape_samples_post_metric_relabeling{job=~${jobs}} > 40000`,
      forMs: 60_000,
      severity: 'inform',
      area: 'watch',
    },
    {
      alert: 'TillwatchRuleFailures',
      expr: `sum by (rule_group) (increase({__name__=~"(prometheus|tillwatch)_rule_evaluation_failures_total"}[5m])) > 0`,
      forMs: 60_000,
      severity: 'inform',
      area: 'watch',
    },
    {
      // The watch counts what it leaves out under its own target; the alert is about the one that explodes.
      alert: 'TillwatchSeriesDropped',
      expr: [
        'sum by (job, instance) (label_replace(',
        '  label_replace(',
        '    sum by (scrape_job, scrape_instance) (increase(tillwatch_scrape_series_dropped_total[5m])),',
        '    "job", "$1", "scrape_job", "(.*)"',
        '  ),',
        '  "instance", "$1", "scrape_instance", "(.*)"',
        ')) > 0',
      ].join('\n'),
      forMs: 0,
      severity: 'inform',
      area: 'watch',
    },
    {
      // The embedded store holds what it cannot write in memory, so alerts go on; but a restart loses it.
      alert: 'TillwatchStoreTrouble',
      expr: [
        'max(tillwatch_tsdb_unwritable) > 0',
        'or max(tillwatch_tsdb_quarantines) > 0',
        'or max(increase(tillwatch_tsdb_damaged_chunks_total[5m])) > 0',
      ].join('\n'),
      forMs: 0,
      severity: 'inform',
      area: 'watch',
    },
    {
      // A receiver that gets nothing cannot be told so; the others can.
      alert: 'TillwatchNotificationFailures',
      expr: [
        `sum by (receiver, integration) (increase(tillwatch_notification_failures_total[5m])) > 0`,
        `or sum by (integration) (increase(alertmanager_notifications_failed_total[5m])) > 0`,
      ].join('\n'),
      forMs: 60_000,
      severity: 'inform',
      area: 'watch',
    },
  ];
}
