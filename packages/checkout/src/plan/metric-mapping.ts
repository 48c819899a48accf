import type { MappedSeries, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { quoted } from './expressions.ts';
import type { PlannedGroup, PlannedRecording } from './planned-rule.ts';

const ATTEMPT_LABELS = ['channel', 'region', 'version'];
const OUTCOME_LABELS = [...ATTEMPT_LABELS, 'outcome', 'reason_class', 'reason', 'step', 'provider', 'method'];
const VALUE_LABELS = ['currency', 'outcome', 'provider', 'channel', 'region'];

/**
 * For shops with other metric names: rules that record their counters under the names of the conventions, with `job` and
 * `instance` kept so that restarts of one instance stay visible as counter resets. None when nothing is mapped.
 */
export function mappingRules({ metrics }: TillwatchConfig): PlannedGroup[] {
  const rules = [
    ...metrics.attempts.map((one) => mapped('checkout_attempts_total', one, ATTEMPT_LABELS)),
    ...metrics.outcomes.map((one) => mapped('checkout_outcomes_total', one, OUTCOME_LABELS)),
    ...metrics.orderValue.map((one) => mapped('checkout_order_value_total', one, VALUE_LABELS)),
  ];
  return rules.length === 0 ? [] : [{ name: 'checkout-mapping', rules }];
}

function mapped(name: string, { series, labels, fixed }: MappedSeries, known: readonly string[]): PlannedRecording {
  let expr = series;
  for (const [ours, theirs] of Object.entries(labels)) {
    if (ours !== theirs) expr = `label_replace(${expr}, ${quoted(ours)}, "$1", ${quoted(theirs)}, "(.*)")`;
  }
  const kept = ['job', 'instance', ...known.filter((label) => !(label in fixed))];
  return { kind: 'recording', record: name, expr: `sum by (${kept.join(', ')}) (${expr})`, labels: fixed };
}
