import type { Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { takingJudged } from './promotion-rules.ts';
import { type Windows, windowsFor } from './windows.ts';
import { yamlFile } from './yaml-file.ts';

/** A sample counts for so long. A little less than the reference's five minutes, to stay clear of the end. */
const LOOKBACK_MS = 290_000;

/** `tillwatch test rules` reads series of a million values at most. Only promotions of less than half an hour need more. */
const MOST_STEPS = 990_000;

/**
 * Unit tests of the promotions' rules for `promtool test rules`, which begins in 1970: a test looks at one moment of a
 * promotion, by an evaluation interval as long as the time until then. So a promotion is tested by a file of its own. Samples
 * have an interval of their own, so that a rule can have a past: see `stepsTo`.
 */
export function promotionTestFiles(config: TillwatchConfig): { readonly path: string; readonly content: string }[] {
  return config.promotions.map((promotion, i) => ({
    path: `rules/promotion-${i + 1}.test.yml`,
    content: testFile(promotion, config),
  }));
}

function testFile(promotion: Promotion, config: TillwatchConfig): string {
  const windows = windowsFor(config);
  const { unit } = windows;
  const { name, fromMs, toMs } = promotion;
  const steps = stepsTo(promotion, windows);
  // Both ramps are over in the middle, since each is half of the promotion at most.
  const atS = steps === undefined ? Math.round((fromMs + toMs) / 2_000) : steps.count * steps.stepS;
  const planned = Math.max(
    ...config.promotions
      .filter((one) => one.fromMs <= atS * 1_000 && atS * 1_000 < one.toMs + one.rampMs)
      .map((one) => factorAt(one, atS * 1_000)),
  );
  const isSurge = planned >= 1.5;
  const present = (series: string, value: number) => ({ series, values: `_ ${value}` });
  const at = `${atS}s`;
  const whole = 'slice="all"';
  return yamlFile(`Tests of the promotion ${name}: promtool test rules`, {
    rule_files: ['promotions.yml'],
    evaluation_interval: at,
    // There is one evaluation that counts: alerts that come before what they read would see nothing, and without this promtool
    // takes groups in any order.
    group_eval_order: ['promotions', 'promotion-alerts'],
    tests: [
      {
        name: `${name}: it is on, and a tenth of the checkouts fail`,
        interval: at,
        input_series: [
          present(`checkout:error_ratio:${unit}{${whole}}`, 0.1),
          present(`checkout:failed:increase${unit}{${whole}}`, 100),
          present(`checkout:error_evidence:${unit}{${whole}}`, 200),
        ],
        promql_expr_test: [
          {
            expr: 'checkout:promotion:factor',
            eval_time: at,
            exp_samples: [{ labels: 'checkout:promotion:factor', value: planned }],
          },
          {
            expr: `group(ALERTS{alertname="CheckoutPromotion",promotion=${JSON.stringify(name)},alertstate="firing"})`,
            eval_time: at,
            exp_samples: [{ labels: '{}', value: 1 }],
          },
          {
            expr: 'group(ALERTS{alertname="CheckoutErrorRateHigh",guard="promotion"})',
            eval_time: at,
            exp_samples: isSurge ? [{ labels: '{}', value: 1 }] : [],
          },
          {
            expr: 'checkout:promotion:factor',
            eval_time: '0s',
            exp_samples: [{ labels: 'checkout:promotion:factor', value: 1 }],
          },
        ],
      },
      ...(steps === undefined
        ? []
        : [
            takingTest(promotion, windows, steps, 1, `${name}: no more orders than usual come`),
            takingTest(promotion, windows, steps, promotion.expectedFactor, `${name}: the expected orders come`),
          ]),
    ],
  });
}

/** A moment at which it is judged whether a promotion takes: `count` steps after 1970, the last one from before its start. */
interface Steps {
  readonly stepS: number;
  readonly count: number;
}

/**
 * Samples of a test are a whole number of steps after 1970, and this rule needs two: one from shortly before the promotion,
 * by which it is known what is usual, and the next in its full swing. `undefined` when the rule is not there, or no step fits.
 */
function stepsTo(promotion: Promotion, windows: Windows): Steps | undefined {
  const judged = takingJudged(promotion, windows);
  if (judged === undefined) return undefined;
  const { fromMs } = promotion;
  const startS = Math.ceil(fromMs / 1_000);
  // The longest step first, since it takes the fewest values.
  for (let stepS = judged.untilS - startS; stepS >= judged.fromS - startS; stepS--) {
    const before = Math.floor(fromMs / (stepS * 1_000));
    const count = before + 1;
    if (count > MOST_STEPS) return undefined;
    const isUsualSeen = fromMs - before * stepS * 1_000 < LOOKBACK_MS;
    const atS = count * stepS;
    if (isUsualSeen && atS >= judged.fromS && atS < judged.untilS) return { stepS, count };
  }
  return undefined;
}

/** `surge` times the usual orders in full swing. One evaluation of the alert is to be seen, which makes it pending. */
function takingTest(
  { name, expectedFactor }: Promotion,
  { long, units }: Windows,
  steps: Steps,
  surge: number,
  title: string,
) {
  const usualPerUnit = 100;
  const at = `${steps.count * steps.stepS}s`;
  const pending = `group(ALERTS{alertname="CheckoutPromotionNotTaking",promotion=${JSON.stringify(name)},alertstate="pending"})`;
  const expected = `checkout:promotion:expected_orders:increase${long}`;
  return {
    name: title,
    interval: `${steps.stepS}s`,
    input_series: [
      { series: 'checkout:orders:before', values: `_x${steps.count - 1} ${usualPerUnit}` },
      { series: `checkout:orders:increase${long}`, values: `_x${steps.count} ${usualPerUnit * units.long * surge}` },
    ],
    promql_expr_test: [
      {
        expr: `sum(${expected}{promotion=${JSON.stringify(name)}})`,
        eval_time: at,
        exp_samples: [{ labels: '{}', value: usualPerUnit * units.long * expectedFactor }],
      },
      { expr: pending, eval_time: at, exp_samples: surge < expectedFactor ? [{ labels: '{}', value: 1 }] : [] },
    ],
  };
}

function factorAt({ fromMs, toMs, rampMs, expectedFactor }: Promotion, atMs: number): number {
  const risen = atMs < toMs ? Math.min(1, (atMs - fromMs) / rampMs) : 1 - (atMs - toMs) / rampMs;
  return 1 + (expectedFactor - 1) * risen;
}
