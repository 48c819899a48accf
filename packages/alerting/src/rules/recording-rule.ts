import { Labels, METRIC_NAME } from '@tillwatch/model';
import type { Expr } from '@tillwatch/promql';
import { evaluateVector, type RuleContext, RuleError, type RuleSample } from './rule-output.ts';

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
  context: RuleContext,
  limit: number,
): RuleSample[] {
  // The store keeps numbers: a native histogram cannot be recorded.
  const numbers = evaluateVector(rule.expr, timeMs, context).filter(({ histogram }) => histogram === undefined);
  const samples = numbers.map(({ labels, value }) => ({
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
