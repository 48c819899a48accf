import type { Severity, TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { Area } from './area.ts';
import { alternatives, counted, evidenceAbove, number, quoted } from './expressions.ts';
import { PRESENT_METRIC } from './recording-rules.ts';
import type { Windows } from './windows.ts';

/** Evidence, in nats, that wakes somebody: a healthy shop reaches it by chance in one of e^12 = 160,000 looks. */
const CONVINCING = 12;

/** Of what the pages or the recent past let expect: fewer attempts than this have stopped coming. */
const STOPPED_BELOW = 0.6;

/** Fewer than this cannot be explained by crawlers that read pages without buying. */
const VANISHED_BELOW = 0.1;

/** A share of all checkouts that is broken beyond doubt, however short. */
const SEVERE = 0.3;

/** A slice is named when it fails this many times as often as the whole, and not by chance. */
const CLEARLY_WORSE = 1.3;

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
  | 'TillwatchRuleFailures'
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
  const { unit, pair, long, widest, trickle } = windows;
  return [
    {
      alert: 'CheckoutSuccessRateLow',
      // Written as success rates, so that the alert's value is one.
      expr: anyOf(
        ...breaches(
          config,
          windows,
          1 - objectives.successRate,
          (window) => `checkout:success_ratio:${window}{slice="all"}`,
        ),
      ),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutErrorRateHigh',
      expr: anyOf(
        ...breaches(config, windows, objectives.errorRate, (window) => `checkout:error_ratio:${window}`).map(
          (breach, i) => `${breach}\nand ${suspects([unit, pair, long, widest][i] as string)}`,
        ),
      ),
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

/**
 * Failures above a share, one expression per window: at once when a third of all checkouts fail; over two units when the
 * failures outlast a hiccup; over longer windows for shops with fewer orders, while it still goes on.
 */
function breaches(
  config: TillwatchConfig,
  { unit, pair, long, widest, units }: Windows,
  above: number,
  value: (window: string) => string,
): string[] {
  const { minimumEvents, minimumFailures } = config.objectives;
  const judged = (window: string, failures: number) => [
    value(window),
    `and checkout:error_ratio:${window} > ${number(above)}`,
    `and checkout:failed:increase${window} >= ${failures}`,
    `and checkout:finished:increase${window} >= ${minimumEvents}`,
    `and checkout:error_evidence:${window} > ${CONVINCING}`,
  ];
  // Long windows remember what is over: the latest checkouts must fail too, and not just one of them by chance. Where hardly
  // any finish that cannot be asked; but a slice that had more a moment ago is gone, like a version that was rolled back.
  const few = (within: string, wider: string, ratio: number) =>
    `checkout:finished:increase${within}{slice!="all"} < ${minimumEvents} and checkout:finished:increase${wider} < ${minimumEvents * ratio}`;
  const fewIn = {
    [pair]: few(pair, long, units.long / units.pair),
    [long]: `${few(long, widest, units.widest / units.long)} and checkout:failed:increase${long} >= 1`,
  };
  const goesOn = (within: string, of: string) =>
    [
      `and (checkout:finished:increase${within}{slice="all"} < ${minimumEvents}`,
      `  or ${fewIn[within]}`,
      `  or checkout:error_ratio:${within} > ${number(above)} and checkout:error_ratio:${within} > 0.4 * checkout:error_ratio:${of} and checkout:error_evidence:${within} > 1)`,
    ].join('\n');
  const steady = (window: string, shareLeft: number) => [
    `and checkout:steady_failed:increase${window} >= ${Math.max(2, minimumFailures - 1)}`,
    `and checkout:steady_failed:increase${window} / checkout:finished:increase${window} > ${number(above * shareLeft)}`,
  ];
  return [
    [
      ...judged(unit, Math.max(5, minimumFailures)),
      `and on () checkout:error_ratio:${unit}{slice="all"} >= ${number(Math.max(SEVERE, above))}`,
    ],
    [...judged(pair, minimumFailures), ...steady(pair, 0.5)],
    [...judged(long, minimumFailures), ...steady(long, 0.9), goesOn(pair, long)],
    [...judged(widest, minimumFailures), ...steady(widest, 1), goesOn(pair, widest), goesOn(long, widest)],
  ].map((lines) => lines.join('\n'));
}

/** The whole checkout, and those slices that fail much more than the whole or hold nearly all of the failures. */
function suspects(window: string): string {
  const ratio = `checkout:error_ratio:${window}`;
  const failed = `checkout:failed:increase${window}`;
  return [
    `(${ratio}{slice="all"}`,
    `or (${ratio}{slice!~"all|step"} > on () group_left () (${CLEARLY_WORSE} * ${ratio}{slice="all"}) and checkout:slice_evidence:${window} > ${CONVINCING / 2})`,
    `or (${failed}{slice="step"} > on () group_left () (0.75 * ${failed}{slice="all"})))`,
  ].join('\n  ');
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
  const { pair, long } = windows;
  const jobNames = [...new Set(config.targets.map(({ job }) => job))];
  const jobs = quoted(alternatives(jobNames));
  return [
    {
      alert: 'CheckoutSuccessfulOrdersDrop',
      expr: anyOf(ordersDropped(config, pair, 2), ordersDropped(config, long, 10)),
      forMs: 0,
      severity: 'page',
      area: 'customers',
    },
    {
      alert: 'CheckoutAttemptsStopped',
      expr: anyOf(attemptsStopped(pair, 2), attemptsStopped(long, 10)),
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
function ordersDropped(config: TillwatchConfig, window: string, units: number): string {
  const { ordersDropBelow } = config.objectives;
  const orders = `checkout:orders:increase${window}`;
  const firing = 'on () ALERTS{alertname="CheckoutSuccessfulOrdersDrop",alertstate="firing"}';
  return [
    `${orders} / (checkout:orders:expected${window} > 0) < ${number(ordersDropBelow)}`,
    `and checkout:missing_orders_evidence:${window} > ${CONVINCING}`,
    watchedFor(window),
    // Below the recent past too; once firing, the recent past is the trouble itself and says nothing.
    `and (${orders} < ${number(ordersDropBelow * units)} * checkout:orders:before or ${orders} and ${firing})`,
  ].join('\n');
}

function attemptsStopped(window: string, units: number): string {
  // Without declined payments: whoever tries out stolen cards must not make the others look few.
  const attempts = `checkout:payable:increase${window}`;
  const expected = `checkout:attempts:expected${window}`;
  const firing = 'ALERTS{alertname="CheckoutAttemptsStopped",alertstate="firing"}';
  return [
    `${attempts} / (${expected} > 0) < ${STOPPED_BELOW}`,
    `and checkout:missing_attempts_evidence:${window} > ${CONVINCING}`,
    watchedFor(window),
    `and (${attempts} < ${number(0.7 * units)} * checkout:payable:before`,
    `  or ${attempts} < ${VANISHED_BELOW} * ${expected}`,
    `  or ${attempts} and on (slice, channel, region) ${firing})`,
  ].join('\n');
}

/** A window that is longer than the shop was watched holds fewer checkouts than such windows do. */
function watchedFor(window: string): string {
  return `and on () (checkout:shop_up offset ${window})`;
}

/** Hardly anybody starts a checkout although the recent past lets expect it; stays until somebody does. */
function silence({ objectives }: TillwatchConfig, { pair, long }: Windows): string {
  const expected = (window: string, units: number) => {
    const attempts = `checkout:attempts:increase${window}`;
    return [
      `${attempts} < 0.05 * ${units} * checkout:attempts:before`,
      // Half of what was usual would still have been too much to miss by chance.
      `and ${number(0.5 * units)} * checkout:attempts:before > ${CONVINCING}`,
      // A shop that was down is told about as such, and is given time to come back.
      `unless on () min_over_time(checkout:shop_up[${window}]) == 0`,
    ].join('\n');
  };
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
        [
          `checkout:step_seconds:p95_${unit} > ${slow}`,
          `and checkout:step_seconds:p90_${unit} > ${slow}`,
          `and checkout:step_seconds:count${unit} >= 20`,
        ].join('\n'),
        [
          `checkout:step_seconds:p95_${long} > ${slow}`,
          `and checkout:step_seconds:p90_${long} > ${slow}`,
          `and checkout:step_seconds:count${long} >= 20`,
          `and max_over_time(checkout:step_seconds:p90_${unit}[${pair}]) > ${slow}`,
        ].join('\n'),
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
      forMs: 60_000,
      severity: 'page',
      area: 'platform',
    },
  ];
}

function watchAlerts(config: TillwatchConfig, { pair }: Windows): CatalogueEntry[] {
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

function anyOf(...expressions: readonly string[]): string {
  return expressions.length === 1
    ? (expressions[0] as string)
    : expressions.map((one) => `(\n${one}\n)`).join('\nor\n');
}
