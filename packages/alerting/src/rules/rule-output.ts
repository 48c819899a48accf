import { Labels, type Queryable, type VectorSample } from '@tillwatch/model';
import {
  type EvaluationPlans,
  type Expr,
  evaluateInstant,
  type InstantResult,
  type Preparation,
} from '@tillwatch/promql';

/** A sample that a rule writes. Its timestamp is that of the evaluation. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
}

/** A rule that cannot give its result. The message is Prometheus's, where it has one. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** What an expression of a rule is evaluated in. */
export interface RuleContext {
  readonly queryable: Queryable;
  /** The step of subqueries that name none: as in Prometheus, the evaluation interval of the whole. */
  readonly defaultStepMs: number;
  /** What evaluations of the same rules keep for each other. */
  readonly plans?: EvaluationPlans | undefined;
  /** What was done of the rule's evaluation beforehand. */
  readonly prepared?: Preparation | undefined;
}

/** Evaluates a rule's expression to a vector; a scalar becomes one element without labels. @throws {RuleError | QueryError} */
export function evaluateVector(expr: Expr, timeMs: number, context: RuleContext): readonly VectorSample[] {
  return vectorOf(evaluateInstant(expr, timeMs, context).value);
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
