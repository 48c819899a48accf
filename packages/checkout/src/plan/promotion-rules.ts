// The calendar of promotions as plain PromQL on `time()`: what is expected when, and rules that are sharper meanwhile. The
// series here are for every rule and dashboard:
//
//   checkout:promotion:planned_factor{promotion,phase}  each promotion by itself, phase "live" and then "ending"; else absent
//   checkout:promotion:factor                           times the usual traffic that is expected now; 1 without a promotion
//   checkout:promotion:scale                            what a mean of the recent past is to be multiplied by; at most 1
//   checkout:promotion:expected_orders:increase<long>   the orders that a promotion that has begun lets expect
//   checkout:promotion:orders_taken:ratio               the share of these that came

import { type PromotionAlertName, promotionAnnotations } from '../promotion/alert-words.ts';
import type { Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { annotationsFor } from './annotations.ts';
import { number, quoted } from './expressions.ts';
import type { PlannedAlert, PlannedGroup, PlannedRecording } from './planned-rule.ts';
import { type Windows, windowsFor } from './windows.ts';

/** The journey of alerts that tell of a promotion, so that they are no part of an incident's message. */
const JOURNEY = 'promotions';

/** Evidence, in nats, that wakes somebody, and that informs. */
const CONVINCING = 12;
const LIKELY = 6;

/** A promotion of less than this cannot be told from an ordinary evening. */
const SMALLEST_FACTOR = 1.5;

/** A quarter of the surge that was planned: less is not taking. */
const TAKING_SHARE = 0.25;

/** Later the day's own ups and downs say more than the promotion. */
const JUDGED_FOR_S = 3 * 3_600;

/** The groups of all promotions; none when none is planned, so that nothing is evaluated in vain. */
export function promotionGroups(config: TillwatchConfig, pace: number): PlannedGroup[] {
  if (config.promotions.length === 0) return [];
  const windows = windowsFor(config);
  const { past, pair } = windows;
  return [
    {
      name: 'promotions',
      rules: [
        ...config.promotions.flatMap(plannedFactor),
        record('checkout:promotion:factor', 'max(checkout:promotion:planned_factor) or vector(1)'),
        record(
          'checkout:promotion:scale',
          // Not above 1: what a promotion was hoped to bring is no loss when it does not. And at its end customers may leave at once.
          `clamp_max((max(checkout:promotion:planned_factor{phase="live"}) or vector(1))\n/ avg_over_time(checkout:promotion:factor[${past}] offset ${pair}), 1)`,
        ),
        ...config.promotions.map((promotion) => expectedOrders(promotion, windows)),
        record(
          'checkout:promotion:orders_taken:ratio',
          `1 / (checkout:promotion:expected_orders:increase${windows.long} > 0) * on () group_left () checkout:orders:increase${windows.long}`,
        ),
      ],
    },
    {
      name: 'promotion-alerts',
      rules: [
        ...config.promotions.map((promotion) => announcement(promotion, config, windows)),
        ...config.promotions.flatMap((promotion) => notTaking(promotion, config, windows)),
        sharpenedErrorRate(config, windows, pace),
      ],
    },
  ];
}

/** A mean of the recent past as it is now: scaled down when a promotion that the mean comes from is over. */
export function scaledBaseline({ promotions }: Pick<TillwatchConfig, 'promotions'>, mean: string): string {
  return promotions.length === 0 ? mean : `(${mean}) * on () group_left () (checkout:promotion:scale or vector(1))`;
}

/** When the alert that announces a promotion ends, in ms: the last orders have come, and the report can be written. */
function settledAtMs(promotion: Promotion, windows: Windows): number {
  return promotion.toMs + promotion.rampMs + windows.units.long * windows.unitMinutes * 60_000;
}

function plannedFactor({ name, fromMs, toMs, expectedFactor, rampMs }: Promotion): PlannedRecording[] {
  const [from, to, ramp] = [seconds(fromMs), seconds(toMs), seconds(rampMs)];
  const risen = rampMs === 0 ? '1' : `clamp((vector(time()) - ${from}) / ${ramp}, 0, 1)`;
  const surge = number(expectedFactor - 1);
  const now = between(from, to);
  return [
    record('checkout:promotion:planned_factor', `1 + ${surge} * (${risen})\nand on () ${now}`, {
      promotion: name,
      phase: 'live',
    }),
    ...(rampMs === 0
      ? []
      : [
          record(
            'checkout:promotion:planned_factor',
            `1 + ${surge} * (1 - (vector(time()) - ${to}) / ${ramp})\nand on () ${between(to, seconds(toMs + rampMs))}`,
            { promotion: name, phase: 'ending' },
          ),
        ]),
  ];
}

/** The usual orders of this time of the week, or of the time before the promotion, times its factor. Not before it is in full swing. */
function expectedOrders(promotion: Promotion, { long, units, unitMinutes }: Windows): PlannedRecording {
  const { name, fromMs } = promotion;
  const usual = [
    `checkout:orders:increase${long} offset 1w / on () (checkout:promotion:factor offset 1w or vector(1))`,
    `or checkout:orders:before @ ${number(fromMs / 1_000)} * ${units.long}`,
  ].join('\n');
  return record(
    `checkout:promotion:expected_orders:increase${long}`,
    `(${usual}) * on () group_right () max by (promotion) (checkout:promotion:planned_factor{promotion=${quoted(name)},phase="live"})\nand on () ${between(judgedFrom(promotion, units.long * unitMinutes), seconds(promotion.toMs))}`,
    { promotion: name },
  );
}

/** Fires from the check before the promotion until its report: the first message is the check, the all-clear the report. */
function announcement(promotion: Promotion, config: TillwatchConfig, windows: Windows): PlannedAlert {
  const { name, fromMs, expectedFactor } = promotion;
  return {
    ...alerting('CheckoutPromotion', promotion, config),
    expr: `vector(${number(expectedFactor)}) and on () ${between(seconds(fromMs - config.readiness.beforeMs), seconds(settledAtMs(promotion, windows)))}`,
    forMs: 0,
    keepFiringForMs: 0,
    labels: { journey: JOURNEY, promotion: literal(name) },
  };
}

/**
 * When it is judged whether customers take to a promotion, in seconds of the epoch, `untilS` not included; `undefined` for one
 * that is too small or too short to say.
 */
export function takingJudged(
  { fromMs, toMs, rampMs, expectedFactor }: Promotion,
  { units, unitMinutes }: Windows,
): { readonly fromS: number; readonly untilS: number } | undefined {
  const fromS = judgedFrom({ fromMs, rampMs }, units.long * unitMinutes);
  const untilS = Math.min(seconds(toMs), seconds(fromMs) + JUDGED_FOR_S);
  return expectedFactor < SMALLEST_FACTOR || untilS <= fromS ? undefined : { fromS, untilS };
}

function notTaking(promotion: Promotion, config: TillwatchConfig, windows: Windows): PlannedAlert[] {
  const { name, expectedFactor } = promotion;
  const { long } = windows;
  const judged = takingJudged(promotion, windows);
  if (judged === undefined) return [];
  const only = `{promotion=${quoted(name)}}`;
  const [ratio, expected] = [
    `checkout:promotion:orders_taken:ratio${only}`,
    `checkout:promotion:expected_orders:increase${long}${only}`,
  ];
  const share = (taken: number) => number((1 + taken * (expectedFactor - 1)) / expectedFactor);
  const half = share(2 * TAKING_SHARE);
  return [
    {
      ...alerting('CheckoutPromotionNotTaking', promotion, config),
      expr: [
        `${ratio} < ${share(TAKING_SHARE)}`,
        // As evidenceBelow has it, with the expected orders taken out of the brackets.
        `and ${expected} * (${ratio} * ln(clamp_min(${ratio}, 1e-9) / ${half}) - ${ratio} + ${half}) > ${LIKELY}`,
        `and on () ${between(judged.fromS, judged.untilS)}`,
        // What fails is told as that.
        `unless on () ALERTS{journey="checkout",severity="page",alertstate="firing"}`,
      ].join('\n'),
      forMs: 120_000,
      keepFiringForMs: 600_000,
      labels: { journey: JOURNEY, promotion: literal(name) },
    },
  ];
}

/**
 * With a promotion's traffic one unit tells a fault from chance, and each minute costs several times the usual: nobody
 * waits for a second unit to rule out a hiccup. The same alert as at other times, so it is told and ended as that.
 */
function sharpenedErrorRate(config: TillwatchConfig, windows: Windows, pace: number): PlannedAlert {
  const { unit } = windows;
  const { errorRate, minimumFailures } = config.objectives;
  return {
    kind: 'alerting',
    alert: 'CheckoutErrorRateHigh',
    expr: [
      `checkout:error_ratio:${unit}{slice!="step"} > ${number(errorRate)}`,
      `and checkout:failed:increase${unit} >= ${Math.max(10, minimumFailures)}`,
      `and checkout:error_evidence:${unit} > ${CONVINCING}`,
      `and (checkout:error_ratio:${unit}{slice="all"} or checkout:slice_evidence:${unit} > ${LIKELY})`,
      `and on () checkout:promotion:factor >= ${SMALLEST_FACTOR}`,
    ].join('\n'),
    forMs: 2 * config.scrape.evaluationIntervalMs,
    keepFiringForMs: Math.max(1_000, Math.round(120 * pace) * 1_000),
    severity: 'page',
    area: 'customers',
    labels: { guard: 'promotion' },
    annotations: annotationsFor('CheckoutErrorRateHigh', config, windows),
  };
}

function alerting(
  alert: PromotionAlertName,
  promotion: Promotion,
  config: TillwatchConfig,
): Pick<PlannedAlert, 'kind' | 'alert' | 'severity' | 'area' | 'annotations'> {
  return {
    kind: 'alerting',
    alert,
    severity: 'inform',
    area: 'promotion',
    annotations: promotionAnnotations(alert, promotion, config),
  };
}

/** In full swing for a whole window of `longMinutes`, in seconds of the epoch. */
function judgedFrom({ fromMs, rampMs }: Pick<Promotion, 'fromMs' | 'rampMs'>, longMinutes: number): number {
  return seconds(fromMs + rampMs) + longMinutes * 60;
}

function between(fromS: number, toS: number): string {
  return `(vector(time()) >= ${fromS} < ${toS})`;
}

/** Labels of alerts are templates: a name with braces is none. */
function literal(name: string): string {
  return name.includes('{{') ? `{{ ${JSON.stringify(name)} }}` : name;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}

function record(name: string, expr: string, labels: Readonly<Record<string, string>> = {}): PlannedRecording {
  return { kind: 'recording', record: name, expr, labels };
}
