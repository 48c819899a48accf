export { format, formatNumber } from '../format.ts';
export { prettify } from '../prettify.ts';
export { selectorsOf } from '../visit.ts';
export type {
  Aggregate,
  AggregateOp,
  AtModifier,
  Binary,
  BinaryOp,
  Call,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Paren,
  StringLiteral,
  Subquery,
  Unary,
  ValueType,
  VectorMatching,
  VectorSelector,
} from './ast.ts';
export { AGGREGATE_OPS, type FunctionSignature, functionNames, functionSignature } from './functions.ts';
export { type ParseOptions, type ParseResult, parse } from './parse.ts';
export { typeOf } from './type-of.ts';
