import { compileAnchoredRegex, formatDuration, parseDuration } from '@tillwatch/model';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { AlertName } from './alert-catalogue.ts';
import { simulatedShop, type Trouble } from './simulated-shop.ts';
import type { Windows } from './windows.ts';
import { yamlFile } from './yaml-file.ts';

interface Scenario {
  readonly name: string;
  readonly trouble: Trouble;
  /** Must fire within `withinUnits` of the trouble's start; nothing may page when it is absent. */
  readonly fires?: AlertName;
  readonly withinUnits?: number;
  /** When it must not fire yet; the end of the healthy time unless something is wrong from the start. */
  readonly quietAtUnits?: number;
}

/** How many units a healthy shop runs before it breaks. */
const HEALTHY_UNITS = 12;

/**
 * Unit tests for `promtool test rules`: every alerting rule fires on a shop that breaks in its way, and none fires on a
 * healthy shop, on one failed order at night, in a promotion, or when stolen cards are tested (which only informs).
 */
export function ruleTestFile(config: TillwatchConfig, windows: Windows): string {
  const unitMs = parseDuration(windows.unit) as number;
  const at = (units: number) => formatDuration(units * unitMs);
  const route = checkoutRoute(config);
  return yamlFile('Tests of the rules: promtool test rules rules/checkout.test.yml', {
    rule_files: ['checkout.yml'],
    evaluation_interval: formatDuration(config.scrape.evaluationIntervalMs),
    tests: scenarios(route !== undefined).map(
      ({ name, trouble, fires, withinUnits = 5, quietAtUnits = HEALTHY_UNITS }) => {
        const lasts = trouble.lastsUnits ?? (fires === undefined ? 12 : withinUnits + 2);
        return {
          name,
          interval: formatDuration(config.scrape.intervalMs),
          input_series: simulatedShop(config, route ?? '/checkout', unitMs, HEALTHY_UNITS, lasts, trouble),
          promql_expr_test:
            fires === undefined
              ? [2, 4, lasts].map((units) => ({
                  expr: 'count(ALERTS{alertstate="firing",severity="page"})',
                  eval_time: at(HEALTHY_UNITS + units),
                  exp_samples: [],
                }))
              : [
                  { eval_time: at(quietAtUnits), exp_samples: [] },
                  { eval_time: at(HEALTHY_UNITS + withinUnits), exp_samples: [{ labels: '{}', value: 1 }] },
                ].map((check) => ({ expr: `group(ALERTS{alertname="${fires}",alertstate="firing"})`, ...check })),
        };
      },
    ),
  });
}

function scenarios(hasCheckoutRoute: boolean): Scenario[] {
  const failing = (share: number): Trouble => ({ failShare: share });
  const all: (Scenario | false)[] = [
    { name: 'a healthy shop', trouble: {} },
    { name: 'a promotion: ten times the traffic', trouble: { traffic: 10 } },
    { name: 'the evening: traffic halves', trouble: { traffic: 0.5 } },
    { name: 'stolen cards are tested: declines rise and nobody is woken', trouble: { declined: 3 } },
    { name: 'at night one order of very few fails', trouble: { night: true } },
    { name: 'one provider fails', trouble: failing(1), fires: 'CheckoutErrorRateHigh', withinUnits: 2 },
    { name: 'half of the checkouts fail', trouble: failing(1), fires: 'CheckoutSuccessRateLow', withinUnits: 2 },
    { name: 'a third of one provider fails', trouble: failing(0.3), fires: 'CheckoutErrorRateHigh', withinUnits: 3 },
    {
      name: 'a trickle of failures',
      trouble: { alwaysFailShare: 0.022 },
      fires: 'CheckoutFailureTrickle',
      quietAtUnits: 5,
      withinUnits: 0,
    },
    {
      name: 'stolen cards are tested: that informs',
      trouble: { declined: 4 },
      fires: 'CheckoutDeclinesHigh',
      withinUnits: 10,
    },
    {
      name: 'payments without orders',
      trouble: { noOrder: true },
      fires: 'CheckoutPaymentWithoutOrder',
      withinUnits: 5,
    },
    {
      name: 'checkouts hang and never end',
      trouble: { hang: true },
      fires: 'CheckoutSuccessfulOrdersDrop',
      withinUnits: 3,
    },
    {
      name: 'the page is broken: attempts stop, views go on',
      trouble: { attempts: 0 },
      fires: 'CheckoutAttemptsStopped',
      withinUnits: 2,
    },
    { name: 'nobody reaches the shop', trouble: { traffic: 0 }, fires: 'CheckoutSilent', withinUnits: 3 },
    { name: 'every instance is down', trouble: { up: [0, 0] }, fires: 'CheckoutTargetDown', withinUnits: 2 },
    { name: 'nobody scrapes the shop', trouble: { unscraped: true }, fires: 'CheckoutTargetDown', withinUnits: 8 },
    { name: 'one instance is down', trouble: { up: [1, 0] }, fires: 'CheckoutInstanceDown', withinUnits: 4 },
    { name: 'a step is slow', trouble: { stepSeconds: 20 }, fires: 'CheckoutLatencyHigh', withinUnits: 4 },
    { name: 'the database is slow', trouble: { databaseSeconds: 20 }, fires: 'DatabaseSlow', withinUnits: 3 },
    { name: 'the pool is exhausted', trouble: { waiting: 7 }, fires: 'DatabasePoolExhausted', withinUnits: 2 },
    hasCheckoutRoute && {
      name: 'the server answers with errors',
      trouble: { serverErrors: 0.5 },
      fires: 'HttpServerErrors',
      withinUnits: 4,
    },
    {
      name: 'the shop reports no checkouts any more',
      trouble: { noMetrics: true },
      fires: 'CheckoutMetricsMissing',
      withinUnits: 9,
    },
    {
      name: 'the shop reports its pool no longer',
      trouble: { noPool: true },
      fires: 'CheckoutMetricGone',
      withinUnits: 7,
    },
    {
      name: 'a counter is set back without a restart',
      trouble: { counterFalls: true },
      fires: 'CheckoutCounterFell',
      withinUnits: 1,
    },
    { name: 'a label explodes', trouble: { samples: 48_000 }, fires: 'CheckoutScrapeTooLarge', withinUnits: 3 },
    {
      name: 'messages do not arrive',
      trouble: { messageFailures: true },
      fires: 'TillwatchNotificationFailures',
      withinUnits: 4,
    },
    { name: 'rules fail', trouble: { ruleFailures: true }, fires: 'TillwatchRuleFailures', withinUnits: 4 },
    { name: 'the metrics page gets slow', trouble: { slowScrapes: true }, fires: 'CheckoutScrapeSlow', withinUnits: 4 },
    {
      name: 'new series are left out',
      trouble: { seriesDropped: true },
      fires: 'TillwatchSeriesDropped',
      withinUnits: 4,
    },
    { name: 'the disk is full', trouble: { storeTrouble: true }, fires: 'TillwatchStoreTrouble', withinUnits: 2 },
  ];
  return all.filter((one): one is Scenario => one !== false);
}

/** A route that the shop's own expression takes for one of the checkout. */
function checkoutRoute({ journey }: TillwatchConfig): string | undefined {
  const regex = compileAnchoredRegex(journey.checkoutRoutes);
  return [...journey.pageRoutes, '/api/checkout', '/checkout', '/cart', '/payment', '/orders'].find((route) =>
    regex.matches(route),
  );
}
