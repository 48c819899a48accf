import { Labels, METRIC_NAME, type Queryable } from '@tillwatch/model';
import type { Expr } from '@tillwatch/promql';
import { evaluateVector, RuleError, type RuleSample } from './rule-output.ts';

/** What a recording rule says, with the labels of its group. */
export interface RecordingRule {
  readonly kind: 'recording';
  readonly name: string;
  readonly expr: Expr;
  readonly labels: Readonly<Record<string, string>>;
}

/** Evaluates a recording rule. @throws {RuleError | QueryError} */
export function evaluateRecordingRule(
  rule: RecordingRule,
  timeMs: number,
  queryable: Queryable,
  limit: number,
): RuleSample[] {
  const samples = evaluateVector(rule.expr, timeMs, queryable).map(({ labels, value }) => ({
    labels: Labels.from([...labels, [METRIC_NAME, rule.name], ...Object.entries(rule.labels)]),
    value,
  }));
  if (new Set(samples.map((sample) => sample.labels.key)).size < samples.length) {
    throw new RuleError('vector contains metrics with the same labelset after applying rule labels');
  }
  if (limit > 0 && samples.length > limit) {
    throw new RuleError(`exceeded limit of ${limit} with ${samples.length} series`);
  }
  return samples;
}
