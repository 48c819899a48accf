import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/** What goes wrong in a simulated shop. Nothing given: it stays healthy. */
export interface Trouble {
  /** Share of the first provider's payments that fail technically. */
  readonly failShare?: number;
  /** Share of all payments that have been failing all the time. */
  readonly alwaysFailShare?: number;
  /** Times the usual traffic. */
  readonly traffic?: number;
  /** Declined payments, as a multiple of all usual orders. */
  readonly declined?: number;
  /** Hardly any traffic from the start, and one order fails. */
  readonly night?: boolean;
  readonly noOrder?: boolean;
  /** Attempts start and never end. */
  readonly hang?: boolean;
  /** Times the usual attempts, while page views go on. */
  readonly attempts?: number;
  readonly up?: readonly [number, number];
  /** Nobody scrapes the shop any more: every series ends, `up` too. */
  readonly unscraped?: boolean;
  readonly stepSeconds?: number;
  readonly databaseSeconds?: number;
  readonly waiting?: number;
  readonly serverErrors?: number;
  readonly noMetrics?: boolean;
  readonly noPool?: boolean;
  /** A counter is set back without a restart. */
  readonly counterFalls?: boolean;
  readonly samples?: number;
  readonly ruleFailures?: boolean;
  readonly storeTrouble?: boolean;
  readonly seriesDropped?: boolean;
  readonly slowScrapes?: boolean;
  readonly messageFailures?: boolean;
  readonly lastsUnits?: number;
}

interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** Bucket bounds of the simulated histograms, seconds. */
const BOUNDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * The series of a shop with two instances and two providers, in promtool's notation: `before` units healthy, then `after`
 * units of trouble. About 120 attempts in each unit on each instance.
 */
export function simulatedShop(
  config: TillwatchConfig,
  route: string,
  unitMs: number,
  before: number,
  after: number,
  trouble: Trouble,
): InputSeries[] {
  const perUnit = Math.round(unitMs / config.scrape.intervalMs);
  // The same traffic in every unit, however long it is: what is evidence in one shop is evidence in the other.
  const seconds = (config.scrape.intervalMs / 1_000) * (60_000 / unitMs);
  const job = config.targets[0]?.job ?? 'shop';
  const phases = { healthy: before * perUnit, troubled: after * perUnit };
  return [0, 1].flatMap((i) =>
    instanceSeries(config, `job="${job}",instance="shop-${i}:3000"`, i, route, seconds, phases, trouble),
  );
}

interface Phases {
  readonly healthy: number;
  readonly troubled: number;
}

function instanceSeries(
  config: TillwatchConfig,
  target: string,
  index: 0 | 1 | number,
  route: string,
  seconds: number,
  phases: Phases,
  trouble: Trouble,
): InputSeries[] {
  const isUnscraped = trouble.unscraped === true;
  const isDown = isUnscraped || (trouble.up !== undefined && trouble.up[index] === 0);
  const traffic = trouble.traffic ?? 1;
  // Two attempts a second, of which one is ordered, a quarter given up and a little declined; at night nearly none.
  const scale = trouble.night === true ? 0 : seconds;
  const attempts = scale * traffic * (trouble.attempts ?? 1);
  const ended = trouble.hang === true ? 0 : attempts;
  const always = trouble.alwaysFailShare ?? 0;
  const failedBefore = scale * 0.6 * always;
  const failed = ended * 0.6 * (trouble.failShare ?? always);
  const declines = ended * (trouble.declined ?? 0.1);
  const series: InputSeries[] = [];
  const counter = (name: string, labels: string, healthy: number, troubled: number, isShops = true) => {
    const gone = isDown || (isShops && trouble.noMetrics === true);
    series.push({
      series: `${name}{${labels === '' ? target : `${labels},${target}`}}`,
      values: ramp(phases, healthy, troubled, gone),
    });
  };
  const outcome = (labels: string, healthy: number, troubled: number) =>
    counter('checkout_outcomes_total', `${labels},channel="web",region="eu",version="v1"`, healthy, troubled);
  const gauge = (name: string, labels: string, healthy: number, troubled: number) =>
    series.push({
      series: `${name}{${labels === '' ? target : `${labels},${target}`}}`,
      values: `${healthy}x${phases.healthy} ${isDown && (name !== 'up' || isUnscraped) ? 'stale' : `${troubled}x${phases.troubled}`}`,
    });

  gauge('up', '', 1, isDown ? 0 : 1);
  gauge('scrape_samples_post_metric_relabeling', '', 900, trouble.samples ?? 900);
  const timeout = config.scrape.timeoutMs / 1_000;
  gauge('scrape_duration_seconds', '', 0.1 * timeout, (trouble.slowScrapes === true ? 0.9 : 0.1) * timeout);
  if (trouble.noPool === true) {
    series.push({ series: `db_pool_waiting{pool="default",${target}}`, values: `0x${phases.healthy} stale` });
  } else gauge('db_pool_waiting', 'pool="default"', 0, trouble.waiting ?? 0);
  gauge('process_start_time_seconds', '', 1000, 1000);
  counter('checkout_attempts_total', 'channel="web",region="eu",version="v1"', 2 * scale, 2 * attempts + declines);
  outcome(
    'outcome="success",provider="alpha",method="card",step="confirm"',
    0.6 * scale - failedBefore,
    0.6 * ended - failed,
  );
  outcome(
    'outcome="success",provider="beta",method="card",step="confirm"',
    0.6 * scale - failedBefore,
    0.6 * ended * (1 - always),
  );
  outcome('outcome="abandoned",step="payment"', 0.5 * scale, 0.5 * ended);
  outcome(
    'outcome="failure",reason_class="customer",reason="card_declined",step="payment",provider="beta",method="card"',
    0.1 * scale,
    declines,
  );
  outcome(
    'outcome="failure",reason_class="technical",reason="provider_error",step="payment",provider="alpha",method="card"',
    failedBefore,
    failed,
  );
  outcome(
    'outcome="failure",reason_class="technical",reason="provider_error",step="payment",provider="beta",method="card"',
    failedBefore,
    0.6 * ended * always,
  );
  counter('checkout_order_value_total', 'currency="EUR",outcome="success"', 60 * scale, 60 * ended);
  counter('checkout_payments_captured_total', 'provider="alpha"', 0.6 * scale, 0.6 * ended);
  counter('checkout_orders_placed_total', 'provider="alpha"', 0.6 * scale, trouble.noOrder === true ? 0 : 0.6 * ended);
  counter(
    'http_requests_total',
    `method="GET",route="${config.journey.pageRoutes[0] ?? '/checkout'}",code="200"`,
    4 * scale,
    4 * scale * traffic,
    false,
  );
  counter(
    'http_requests_total',
    `method="POST",route="${route}",code="200"`,
    2 * scale,
    2 * ended * (1 - (trouble.serverErrors ?? 0)),
  );
  counter(
    'http_requests_total',
    `method="POST",route="${route}",code="500"`,
    0,
    2 * ended * (trouble.serverErrors ?? 0),
  );
  histogram(
    series,
    'checkout_step_duration_seconds',
    `step="payment",provider="alpha",outcome="success",${target}`,
    phases,
    scale,
    0.3,
    trouble.stepSeconds ?? 0.3,
  );
  histogram(
    series,
    'db_query_duration_seconds',
    `operation="select",outcome="success",${target}`,
    phases,
    5 * scale,
    0.05,
    trouble.databaseSeconds ?? 0.05,
  );
  if (trouble.counterFalls === true && index === 0) {
    const reached = phases.healthy;
    series.push({
      series: `checkout_attempts_total{channel="kiosk",${target}}`,
      values: `0+1x${reached} ${reached - 5}+1x${phases.troubled}`,
    });
  }
  if (trouble.messageFailures === true)
    counter('alertmanager_notifications_failed_total', 'integration="slack"', 0, 1, false);
  if (trouble.ruleFailures === true)
    counter('prometheus_rule_evaluation_failures_total', 'rule_group="checkout-alerts"', 0, 1, false);
  if (trouble.seriesDropped === true) {
    counter('tillwatch_scrape_series_dropped_total', 'scrape_job="shop",scrape_instance="shop:3000"', 0, 1, false);
  }
  if (trouble.storeTrouble === true && index === 0) {
    const values = `0x${phases.healthy} 1x${phases.troubled}`;
    series.push({ series: 'tillwatch_tsdb_unwritable{job="tillwatch"}', values });
  }
  if (trouble.night === true && index === 0) {
    const start = phases.healthy;
    series.push(
      {
        series: `checkout_outcomes_total{outcome="success",channel="app",provider="alpha",${target}}`,
        values: `0+0.1x${start} ${start * 0.1}x${phases.troubled}`,
      },
      {
        series: `checkout_attempts_total{channel="app",${target}}`,
        values: `0+0.1x${start} ${start * 0.1 + 1}x${phases.troubled}`,
      },
      {
        series: `checkout_outcomes_total{outcome="failure",reason_class="technical",reason="db_timeout",step="confirm",channel="app",provider="alpha",${target}}`,
        values: `0x${start} 1x${phases.troubled}`,
      },
    );
  }
  return series;
}

function ramp({ healthy, troubled }: Phases, first: number, then: number, isGone: boolean): string {
  const reached = round(first * healthy);
  const step = round(then);
  // A segment of promtool's notation has one value more than its count says.
  return `0+${round(first)}x${healthy} ${isGone ? 'stale' : `${round(reached + step)}+${step}x${troubled - 1}`}`;
}

function histogram(
  series: InputSeries[],
  name: string,
  labels: string,
  phases: Phases,
  perStep: number,
  usual: number,
  troubled: number,
): void {
  for (const bound of BOUNDS) {
    series.push({
      series: `${name}_bucket{le="${bound}",${labels}}`,
      values: ramp(phases, usual <= bound ? perStep : 0, troubled <= bound ? perStep : 0, false),
    });
  }
  series.push({ series: `${name}_bucket{le="+Inf",${labels}}`, values: ramp(phases, perStep, perStep, false) });
  series.push({ series: `${name}_count{${labels}}`, values: ramp(phases, perStep, perStep, false) });
}

function round(value: number): number {
  return Number(value.toPrecision(9));
}
