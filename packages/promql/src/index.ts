export type { Annotation } from './evaluate/annotations.ts';
export {
  evaluateInstant,
  evaluateRange,
  type InstantResult,
  type InstantValue,
  type QueryRange,
  type RangeResult,
} from './evaluate/evaluate.ts';
export { EvaluationPlans } from './evaluate/plans.ts';
export { type Preparation, prepareInstant } from './evaluate/prepare.ts';
export { QueryError, type QueryErrorKind } from './evaluate/query-error.ts';
export type { EvalContext, QueryLimits } from './evaluate/run.ts';
export type { Feature } from './features.ts';
export { format, formatNumber } from './format.ts';
export { type Bucket, bucketsOf as bucketsOfHistogram } from './histogram/bounds.ts';
export {
  AGGREGATE_OPS,
  type Aggregate,
  type AggregateOp,
  type AtModifier,
  type Binary,
  type BinaryOp,
  type Call,
  type DurationExpr,
  type Expr,
  type FunctionSignature,
  functionNames,
  functionSignature,
  type MatrixSelector,
  type NumberLiteral,
  type Paren,
  type ParseOptions,
  type ParseResult,
  parse,
  type StringLiteral,
  type Subquery,
  typeOf,
  type Unary,
  type ValueType,
  type VectorMatching,
  type VectorSelector,
} from './parse/index.ts';
export { prettify } from './prettify.ts';
export { childrenOf, metricNames, selectorsOf, visit } from './visit.ts';
