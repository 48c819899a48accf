import { formatDuration } from '@tillwatch/model';
import type { Signal } from '../sentinel/incident.ts';
import type { Severity, TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { AlertName } from './alert-catalogue.ts';
import { annotationsFor } from './annotations.ts';
import type { PlannedAlert, PlannedGroup } from './planned-rule.ts';
import { windowsFor } from './windows.ts';
import { yamlFile } from './yaml-file.ts';

/** Tells these alerts from those of the rules that need no sentinel. */
const DETECTOR = { detector: 'sentinel' } as const;

/** The sentinel looks this often, and so do the rules on what it publishes. */
const INTERVAL_MS = 5_000;

/** Without a sign of life for this long the sentinel is gone. */
const SIGN_OF_LIFE_SECONDS = 120;

const ALERTS: readonly (readonly [Signal, AlertName, Severity])[] = [
  ['failures', 'CheckoutErrorRateHigh', 'page'],
  ['missing_orders', 'CheckoutSuccessfulOrdersDrop', 'page'],
  ['missing_attempts', 'CheckoutAttemptsStopped', 'page'],
  ['missing_traffic', 'CheckoutSilent', 'page'],
  ['silence', 'CheckoutTargetDown', 'page'],
  ['slow', 'CheckoutLatencyHigh', 'page'],
  ['declines', 'CheckoutDeclinesHigh', 'inform'],
];

/**
 * The rules on what the sentinel publishes. An incident is a series that is there as long as it lasts, so the rules neither wait nor
 * keep firing: being sure, and sure that it is over, is the sentinel's part.
 */
export function sentinelGroups(config: TillwatchConfig): PlannedGroup[] {
  const windows = windowsFor(config);
  const alerts = ALERTS.map(
    ([signal, alert, severity]): PlannedAlert => ({
      kind: 'alerting',
      alert,
      expr: incident(signal),
      forMs: 0,
      keepFiringForMs: 0,
      severity,
      area: 'customers',
      labels: DETECTOR,
      annotations: annotationsFor(alert, config, windows),
    }),
  );
  const lastTick = 'max(tillwatch_sentinel_last_tick_timestamp_seconds)';
  const gone: PlannedAlert = {
    kind: 'alerting',
    alert: 'TillwatchRuleFailures',
    expr: [`time() - ${lastTick} > ${SIGN_OF_LIFE_SECONDS}`, `or absent(${lastTick})`].join('\n'),
    forMs: SIGN_OF_LIFE_SECONDS * 1_000,
    keepFiringForMs: 0,
    severity: 'inform',
    area: 'watch',
    labels: DETECTOR,
    annotations: annotationsFor('TillwatchRuleFailures', config, windows),
  };
  const intervalMs = Math.min(INTERVAL_MS, config.scrape.evaluationIntervalMs);
  return [{ name: 'checkout-sentinel', intervalMs, rules: [...alerts, gone] }];
}

/** Unit tests of the rules for `promtool test rules`, beside `sentinel.yml`: each fires on its incident, and on nothing else. */
export function sentinelTestFile(config: TillwatchConfig): string {
  const job = config.targets[0]?.job ?? 'shop';
  const firing = (alert: string) => `group(ALERTS{alertname="${alert}",alertstate="firing",detector="sentinel"})`;
  const alive = { series: 'tillwatch_sentinel_last_tick_timestamp_seconds', values: '0+60x10' };
  return yamlFile('Tests of the rules: promtool test rules rules/sentinel.test.yml', {
    rule_files: ['sentinel.yml'],
    evaluation_interval: formatDuration(Math.min(INTERVAL_MS, config.scrape.evaluationIntervalMs)),
    tests: [
      ...ALERTS.map(([signal, alert]) => ({
        name: `the sentinel sees: ${signal}`,
        interval: '1m',
        input_series: [
          alive,
          { series: `tillwatch_incident{signal="${signal}",job="${job}"}`, values: '_ _ 0.4x2 stale _x3' },
        ],
        promql_expr_test: [
          { expr: firing(alert), eval_time: '1m', exp_samples: [] },
          { expr: firing(alert), eval_time: '3m', exp_samples: [{ labels: '{}', value: 1 }] },
          { expr: 'count(ALERTS{alertstate="firing"})', eval_time: '3m', exp_samples: [{ labels: '{}', value: 1 }] },
          { expr: firing(alert), eval_time: '6m', exp_samples: [] },
        ],
      })),
      {
        name: 'the sentinel stops',
        interval: '1m',
        input_series: [{ ...alive, values: '0+60x2 120x10' }],
        promql_expr_test: [
          { expr: firing('TillwatchRuleFailures'), eval_time: '2m', exp_samples: [] },
          {
            expr: firing('TillwatchRuleFailures'),
            eval_time: '9m',
            exp_samples: [{ labels: '{}', value: 1 }],
          },
        ],
      },
    ],
  });
}

function incident(signal: Signal): string {
  return `tillwatch_incident{signal="${signal}"}`;
}
