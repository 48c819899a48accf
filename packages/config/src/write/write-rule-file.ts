import type { AlertingRule, RecordingRule, RuleGroup } from '../rules/rule.ts';
import { durationUnless, type LabelsInput, labelMap, listOf, unless } from './wire.ts';
import { type WriteOptions, type YamlValue, yamlText } from './yaml-text.ts';

/** A rule group of which everything but the names and expressions can be left out; what `readRuleFile` gives is one too. */
export interface RuleGroupInput extends Partial<Omit<RuleGroup, 'name' | 'rules' | 'labels'>> {
  readonly name: string;
  readonly labels?: LabelsInput;
  readonly rules: readonly RuleInput[];
}

export type RuleInput = AlertingRuleInput | RecordingRuleInput;

interface AlertingRuleInput extends Partial<Omit<AlertingRule, 'kind' | 'alert' | 'expr'>> {
  readonly kind: 'alerting';
  readonly alert: string;
  readonly expr: string;
}

interface RecordingRuleInput extends Partial<Omit<RecordingRule, 'kind' | 'record' | 'expr'>> {
  readonly kind: 'recording';
  readonly record: string;
  readonly expr: string;
}

/**
 * Writes a rule file that reads back to the same groups. What is not set is not written, so files without the newer settings
 * (`keep_firing_for`, `query_offset`, group `labels`) load in Prometheus 2.42 and before.
 */
export function writeRuleFile(groups: readonly RuleGroupInput[], options: WriteOptions = {}): string {
  return yamlText({ groups: groups.map(groupMap) }, options);
}

function groupMap(group: RuleGroupInput): YamlValue {
  return {
    name: group.name,
    interval: durationUnless(group.intervalMs, undefined),
    query_offset: durationUnless(group.queryOffsetMs, undefined),
    limit: unless(group.limit, 0),
    labels: labelMap(group.labels),
    rules: listOf(group.rules, ruleMap) ?? [],
  };
}

function ruleMap(rule: RuleInput): YamlValue {
  if (rule.kind === 'recording') return { record: rule.record, expr: rule.expr, labels: labelMap(rule.labels) };
  return {
    alert: rule.alert,
    expr: rule.expr,
    for: durationUnless(rule.forMs, 0),
    keep_firing_for: durationUnless(rule.keepFiringForMs, 0),
    labels: labelMap(rule.labels),
    annotations: labelMap(rule.annotations),
  };
}
