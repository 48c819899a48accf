import type { Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { windowsFor } from './windows.ts';
import { yamlFile } from './yaml-file.ts';

/**
 * Unit tests of the promotions' rules for `promtool test rules`, which begins in 1970: each test looks at one moment, in the
 * middle of a promotion, by an evaluation interval as long as the time until then. So a promotion is tested by a file of its
 * own, and rules that need a past (CheckoutPromotionNotTaking) cannot be tested in this way.
 */
export function promotionTestFiles(config: TillwatchConfig): { readonly path: string; readonly content: string }[] {
  return config.promotions.map((promotion, i) => ({
    path: `rules/promotion-${i + 1}.test.yml`,
    content: testFile(promotion, config),
  }));
}

function testFile(promotion: Promotion, config: TillwatchConfig): string {
  const { unit } = windowsFor(config);
  const { name, fromMs, toMs } = promotion;
  // Both ramps are over here, since each is half of the promotion at most.
  const atS = Math.round((fromMs + toMs) / 2_000);
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
    tests: [
      {
        name: `${name}: half of it is over, and a tenth of the checkouts fail`,
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
    ],
  });
}

function factorAt({ fromMs, toMs, rampMs, expectedFactor }: Promotion, atMs: number): number {
  const risen = atMs < toMs ? Math.min(1, (atMs - fromMs) / rampMs) : 1 - (atMs - toMs) / rampMs;
  return 1 + (expectedFactor - 1) * risen;
}
