import { LOST_PER_FAILURE } from '../impact/estimate-loss.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { breachRules, MAIN_STEP } from './breaches.ts';
import {
  alternatives,
  counted,
  evidenceAbove,
  evidenceBelow,
  evidenceOfLess,
  number,
  orderMoney,
  quoted,
} from './expressions.ts';
import type { PlannedGroup, PlannedRecording } from './planned-rule.ts';
import { scaledBaseline } from './promotion-rules.ts';
import type { Windows } from './windows.ts';

/** One series for each metric of `OPTIONAL_METRICS` that is there now: six hours of it cost next to nothing to look through. */
export const PRESENT_METRIC = 'checkout:metric_present';

/** Metrics that rules read and that not every shop has. */
const OPTIONAL_METRICS = [
  'checkout_step_duration_seconds_count',
  'checkout_order_value_total',
  'checkout_payments_captured_total',
  'checkout_orders_placed_total',
  'http_requests_total',
  'db_query_duration_seconds_count',
  'db_pool_waiting',
];

/** Checkouts that must have been seen before ratios between them say anything. */
const SETTLED_AFTER = 100;

/** A slice that holds more than this of all checkouts cannot be judged by the rest. */
const NEARLY_ALL = 0.95;

/** A step (or a provider, for a payment method) in which more than this of a slice's failures are is named with it. */
const MOST = 0.66;

/** By which labels failures are looked at, one at a time. */
const SLICES = ['provider', 'method', 'region', 'channel', 'version', 'step'] as const;

const FINISHED = 'checkout_outcomes_total{outcome=~"success|failure",reason_class=~"|technical"}';
const DECLINED = 'checkout_outcomes_total{outcome="failure",reason_class=~"customer|fraud|action_required"}';

/**
 * The figures that alerts and dashboards share. Counts are per window, `slice` says by which label they were summed
 * (`all`: not at all), so that one expression covers every slice. Windows without traffic leave no sample, not a NaN.
 */
export function recordingGroups(config: TillwatchConfig, windows: Windows): PlannedGroup[] {
  const { unit, pair, long, widest, trickle, past } = windows;
  // Read from the shop's own counters: they reach back to before the watch began.
  const dayBefore = (metric: string) => `sum(increase(${metric}[1d] offset ${pair}))`;
  const payable = `(${dayBefore('checkout_attempts_total')} - (${dayBefore(DECLINED)} or vector(0)))`;
  return [
    {
      name: 'checkout-counts',
      rules: [
        ...[unit, long].flatMap((window) => [...cells(window), ...slices(window)]),
        ...sumOfTwo('checkout:failed', unit, pair),
        ...sumOfTwo('checkout:finished', unit, pair),
        ...[unit, pair, long].flatMap((window) => judged(config, window)),
        steady(unit, pair, pair),
        steady(unit, long, long),
        ...mainSteps(long),
        ...breachRules(config, windows),
      ],
    },
    { name: 'checkout-traffic', rules: trafficRules(config, windows) },
    { name: 'checkout-latency', rules: latencyRules(windows) },
    {
      name: 'checkout-past',
      intervalMs: 60_000,
      rules: [
        ...OPTIONAL_METRICS.map((metric) => record(PRESENT_METRIC, `group(${metric})`, { metric })),
        ...['failed', 'finished'].map((what) =>
          record(
            `checkout:${what}:increase${widest}`,
            `sum_over_time(checkout:${what}:increase${unit}[${widest}:${unit}])`,
          ),
        ),
        ...judged(config, widest),
        steady(unit, widest, widest),
        ...['failed', 'finished'].map((what) =>
          record(
            `checkout:${what}:increase${trickle}`,
            `sum_over_time(checkout:${what}:increase${unit}{slice="all"}[${trickle}:${unit}])`,
          ),
        ),
        ...judged(config, trickle),
        ...['attempts', 'payable', 'orders', 'page_views'].map((what) =>
          record(
            `checkout:${what}:before`,
            scaledBaseline(config, `avg_over_time(checkout:${what}:increase${unit}[${past}] offset ${pair})`),
          ),
        ),
        record('checkout:payable:floor', floor(windows)),
        record(
          'checkout:payable_per_view:before',
          // Ratios of a handful of checkouts are chance: nothing is expected from them.
          `(${payable} >= ${SETTLED_AFTER}) / (${dayBefore(pageViews(config))} > 0)`,
          { slice: 'all' },
        ),
        record(
          'checkout:orders_per_payable:before',
          `${dayBefore('checkout_outcomes_total{outcome="success"}')} / (${payable} >= ${SETTLED_AFTER})`,
        ),
        record(
          'checkout:order_value:before',
          `${orderMoney(config.shop, (selector) => `increase(${selector}[6h])`)} / (sum(increase(checkout_outcomes_total{outcome="success"}[6h])) >= 5)`,
        ),
      ],
    },
  ];
}

/**
 * The fewest attempts of a unit that the last hour, and this time of yesterday and a week ago, let expect: after a promotion
 * the last hour is no measure. A shop that was not watched yesterday may fall to a quarter of the last hour.
 */
function floor({ unitMinutes }: Windows): string {
  const before = 'checkout:payable:before{slice="all"}';
  const then = (name: string, offset: string) =>
    `label_replace(sum(increase(checkout_attempts_total[1h] offset ${offset})) * ${number(unitMinutes / 60)}, "slice", ${quoted(name)}, "", "")`;
  const yesterday = then('yesterday', '23h30m');
  return [
    `min(${before} or ${yesterday} or ${then('a week ago', '167h30m')})`,
    `and on () ${yesterday}`,
    `or on () sum(${before}) * 0.25`,
  ].join('\n');
}

/** Technically finished checkouts by everything that a rule slices by: read from the shop's series once per window. */
function cells(window: string): PlannedRecording[] {
  return [
    record(
      `checkout:finished_cells:increase${window}`,
      `sum by (outcome, step, provider, method, region, channel, version) (${counted(FINISHED, window)})`,
    ),
    record(
      `checkout:finished_instances:increase${window}`,
      `sum by (outcome, instance, step) (${counted(FINISHED, window)})`,
    ),
  ];
}

function slices(window: string): PlannedRecording[] {
  const source = `checkout:finished_cells:increase${window}`;
  const failed = `checkout:failed:increase${window}`;
  const finished = `checkout:finished:increase${window}`;
  const rules: PlannedRecording[] = [
    record(failed, `sum(${source}{outcome="failure"}) or sum(${source}) * 0`, { slice: 'all' }),
    record(finished, `sum(${source})`, { slice: 'all' }),
  ];
  for (const slice of SLICES) {
    if (slice === 'step') continue;
    const named = `${slice}!=""`;
    rules.push(
      record(
        failed,
        `sum by (${slice}) (${source}{outcome="failure",${named}}) or sum by (${slice}) (${source}{${named}}) * 0`,
        { slice },
      ),
      record(finished, `sum by (${slice}) (${source}{${named}})`, { slice }),
    );
  }
  const instances = `checkout:finished_instances:increase${window}`;
  // A step is judged against all checkouts: a checkout that failed early never came to the later steps.
  const bySteps = `sum by (step) (${source}{outcome="failure",step!=""})`;
  rules.push(
    record(failed, bySteps, { slice: 'step' }),
    record(finished, `${bySteps} * 0 + on () group_left () sum(${source})`, { slice: 'step' }),
    record(failed, `sum by (instance) (${instances}{outcome="failure"}) or sum by (instance) (${instances}) * 0`, {
      slice: 'instance',
    }),
    record(finished, `sum by (instance) (${instances})`, { slice: 'instance' }),
  );
  return rules;
}

/** The step in which nearly all failures of a slice are, as a series of value 1; of a payment method its provider too. */
function mainSteps(window: string): PlannedRecording[] {
  return [...SLICES.filter((slice) => slice !== 'step'), 'instance' as const].map((slice) => {
    const cells = slice === 'instance' ? 'finished_instances' : 'finished_cells';
    const failed = `checkout:${cells}:increase${window}{outcome="failure",${slice}!=""}`;
    const named = slice === 'method' ? 'method, provider, step' : `${slice}, step`;
    return record(
      `${MAIN_STEP}${window}`,
      `(sum by (${named}) (${failed}) > on (${slice}) group_left () (${MOST} * sum by (${slice}) (${failed}))) ^ 0`,
      { slice },
    );
  });
}

/** The last two units together; where there is only one yet, that one. */
function sumOfTwo(prefix: string, unit: string, pair: string): PlannedRecording[] {
  const one = `${prefix}:increase${unit}`;
  return [record(`${prefix}:increase${pair}`, `${one} + ${one} offset ${unit} or ${one}`)];
}

/** Ratios, and how much they speak against a shop that fails half as often as its objective allows. */
function judged(config: TillwatchConfig, window: string): PlannedRecording[] {
  const failed = `checkout:failed:increase${window}`;
  const finished = `checkout:finished:increase${window}`;
  return [
    record(`checkout:error_ratio:${window}`, `${failed} / (${finished} > 0)`),
    record(`checkout:success_ratio:${window}`, `1 - checkout:error_ratio:${window}`),
    record(`checkout:error_evidence:${window}`, evidenceAbove(failed, finished, config.objectives.errorRate / 2)),
    record(`checkout:slice_evidence:${window}`, evidenceAgainstWhole(window)),
  ];
}

/** How much the failures of a slice speak for the slice being worse than the checkout as a whole. */
function evidenceAgainstWhole(window: string): string {
  const failed = `checkout:failed:increase${window}{slice!~"all|step"}`;
  const ratio = `checkout:error_ratio:${window}`;
  const whole = `${ratio}{slice="all"}`;
  return [
    `${failed} * ln(clamp_min(${ratio}, 1e-9) / on () group_left () clamp_min(${whole}, 1e-9))`,
    `+ (checkout:finished:increase${window} - ${failed}) * ln(clamp_min(1 - ${ratio}, 1e-9) / on () group_left () clamp_min(1 - ${whole}, 1e-9))`,
  ].join('\n');
}

/** Failures outside the worst single unit: what remains when a hiccup is taken out. */
function steady(unit: string, window: string, worstWithin: string): PlannedRecording {
  return record(
    `checkout:steady_failed:increase${window}`,
    `checkout:failed:increase${window} - max_over_time(checkout:failed:increase${unit}[${worstWithin}])`,
  );
}

function trafficRules(config: TillwatchConfig, windows: Windows): PlannedRecording[] {
  const { unit, pair, long } = windows;
  const jobs = quoted(alternatives([...new Set(config.targets.map(({ job }) => job))]));
  const attempts = `checkout:attempt_cells:increase`;
  const perWindow = (window: string): PlannedRecording[] => [
    record(`${attempts}${window}`, `sum by (channel, region) (${counted('checkout_attempts_total', window)})`),
    record(
      `checkout:declined_cells:increase${window}`,
      `sum by (channel, region) (${counted(DECLINED, window)}) or ${attempts}${window} * 0`,
    ),
    // Attempts that could have become an order: declined payments are the customer's, or a thief's.
    record(
      `checkout:payable_cells:increase${window}`,
      `clamp_min(${attempts}${window} - checkout:declined_cells:increase${window}, 0)`,
    ),
    record(`checkout:attempts:increase${window}`, `sum(${attempts}${window})`),
    record(`checkout:orders:increase${window}`, `sum(checkout:finished_cells:increase${window}{outcome="success"})`),
    record(`checkout:declined:increase${window}`, `sum(checkout:declined_cells:increase${window})`),
    record(`checkout:payable:increase${window}`, `sum(checkout:payable_cells:increase${window})`, { slice: 'all' }),
    ...['channel', 'region'].map((slice) =>
      record(
        `checkout:payable:increase${window}`,
        `sum by (${slice}) (checkout:payable_cells:increase${window}{${slice}!=""})`,
        { slice },
      ),
    ),
    record(`checkout:page_views:increase${window}`, `sum(${counted(pageViews(config), window)})`),
  ];
  const pairOf = (what: string) => sumOfTwo(`checkout:${what}`, unit, pair);
  return [
    record('checkout:shop_up', `max(up{job=~${jobs}})`),
    ...perWindow(unit),
    ...perWindow(long),
    ...['attempts', 'orders', 'declined', 'payable', 'page_views'].flatMap(pairOf),
    ...[pair, long].flatMap((window) => expectations(windows, window, window === pair ? 2 : 10)),
  ];
}

/** Views of the pages from which a checkout starts. */
function pageViews({ journey }: TillwatchConfig): string {
  return `http_requests_total{route=~${quoted(alternatives(journey.pageRoutes))},code=~"2..|3..",method=~"|GET"}`;
}

/** What the pages seen, the attempts elsewhere, and the recent past let expect of a window. */
function expectations(windows: Windows, window: string, units: number): PlannedRecording[] {
  const { unit } = windows;
  const attempts = `checkout:payable:increase${window}`;
  const orders = `checkout:orders:increase${window}`;
  // A channel or region is judged by the others, all attempts by the pages seen.
  const before = 'checkout:payable:before';
  const others = (of: string) => `-(${of}{slice!="all"} - on () group_left () ${of}{slice="all"})`;
  const perOther = `(${before}{slice!="all"} < on () group_left () (${NEARLY_ALL} * ${before}{slice="all"})) / ${others(before)}`;
  const byOthers = `(${perOther}) * checkout:attempts:reference${window}{slice!="all"}`;
  // Never more than before: when one channel surges, the others are not expected to.
  const usual = `${before}{slice!="all"} * ${units}`;
  const payable = `sum(${attempts}{slice="all"})`;
  const earlier = `sum(${attempts}{slice="all"} offset ${unit})`;
  return [
    record(
      `checkout:attempts:reference${window}`,
      [
        `${attempts}{slice="all"} * 0 + on () group_left () checkout:page_views:increase${window}`,
        `or ${others(attempts)}`,
      ].join('\n'),
    ),
    record(
      `checkout:attempts:expected${window}`,
      [
        `checkout:payable_per_view:before * on () group_left () checkout:page_views:increase${window}`,
        `or (${byOthers} < ${usual} or ${usual} <= ${byOthers})`,
      ].join('\n'),
    ),
    record(
      `checkout:missing_attempts_evidence:${window}`,
      evidenceOfLess(
        attempts,
        `(checkout:attempts:expected${window} > ${attempts})`,
        `checkout:attempts:reference${window}`,
      ),
    ),
    // Orders come some time after their attempts, so the smaller of this window and the one before it counts.
    record(
      `checkout:orders:expected${window}`,
      `checkout:orders_per_payable:before * ((${payable} < ${earlier}) or ${earlier})`,
    ),
    record(
      `checkout:missing_orders_evidence:${window}`,
      evidenceBelow(orders, `(checkout:orders:expected${window} > ${orders})`),
    ),
    record(`checkout:lost_orders_per_hour:${window}`, lostPerHour(orders, units, windows)),
  ];
}

/** The larger of the orders that are missing and of those that the failures of the last unit stand for. */
function lostPerHour(orders: string, units: number, { unit, unitMinutes }: Windows): string {
  const missing = `clamp_min((checkout:orders:before * ${units} - ${orders}) * ${number(60 / (units * unitMinutes))}, 0)`;
  const failed = `sum(checkout:failed:increase${unit}{slice="all"}) * ${number((LOST_PER_FAILURE.mid * 60) / unitMinutes)}`;
  return `${missing} > ${failed}\nor ${failed}\nor ${missing}`;
}

function latencyRules({ unit, long }: Windows): PlannedRecording[] {
  const steps = (window: string) =>
    `sum by (step, provider, le) (rate(checkout_step_duration_seconds_bucket[${window}]))`;
  const queries = (window: string) => `sum by (le) (rate(db_query_duration_seconds_bucket[${window}]))`;
  return [unit, long].flatMap((window) => [
    ...[95, 90, 75, 50].map((percent) =>
      record(
        `checkout:step_seconds:p${percent}_${window}`,
        `histogram_quantile(${percent / 100}, ${steps(window)}) >= 0`,
      ),
    ),
    record(
      `checkout:step_seconds:count${window}`,
      `sum by (step, provider) (increase(checkout_step_duration_seconds_count[${window}]))`,
    ),
    record(`checkout:db_seconds:p95_${window}`, `histogram_quantile(0.95, ${queries(window)}) >= 0`),
    record(`checkout:db_seconds:count${window}`, `sum(increase(db_query_duration_seconds_count[${window}]))`),
  ]);
}

function record(name: string, expr: string, labels: Readonly<Record<string, string>> = {}): PlannedRecording {
  return { kind: 'recording', record: name, expr, labels };
}
