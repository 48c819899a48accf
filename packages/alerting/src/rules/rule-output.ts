import { Labels, type Queryable, type VectorSample } from '@tillwatch/model';
import { type Expr, evaluateInstant, type InstantResult } from '@tillwatch/promql';

/** A sample that a rule writes. Its timestamp is that of the evaluation. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
}

/** A rule that cannot give its result. The message is Prometheus's, where it has one. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** Evaluates a rule's expression to a vector; a scalar becomes one element without labels. @throws {RuleError | QueryError} */
export function evaluateVector(expr: Expr, timeMs: number, queryable: Queryable): readonly VectorSample[] {
  return vectorOf(evaluateInstant(expr, timeMs, { queryable }).value);
}

function vectorOf(value: InstantResult['value']): readonly VectorSample[] {
  switch (value.type) {
    case 'vector':
      return value.samples;
    case 'scalar':
      return [{ labels: Labels.empty, timestampMs: value.timestampMs, value: value.value }];
    default:
      throw new RuleError('rule result is not a vector or scalar');
  }
}
