import type { AggregateOp, ValueType } from './ast.ts';

/** What a function takes and gives. */
export interface FunctionSignature {
  readonly name: string;
  readonly argTypes: readonly ValueType[];
  /** 0: every argument is required. 1: the last one may be left out. -1: the last one may be left out or repeated. */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** Needs the feature `experimental-functions`. */
  readonly experimental: boolean;
}

/** The function of that name, or `undefined`. */
export function functionSignature(name: string): FunctionSignature | undefined {
  return SIGNATURES.get(name);
}

/** Every function name, sorted; for completion and "did you mean". */
export function functionNames(): string[] {
  return [...SIGNATURES.keys()].sort();
}

/** Every aggregation operator; for completion and "did you mean". */
export const AGGREGATE_OPS: readonly AggregateOp[] = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'limitk',
  'limit_ratio',
];

/** The type of the parameter that stands before the vector, for the aggregations that have one. */
export function aggregateParamType(op: AggregateOp): ValueType | undefined {
  switch (op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
    case 'quantile':
      return 'scalar';
    case 'count_values':
      return 'string';
    default:
      return undefined;
  }
}

const SIGNATURES: ReadonlyMap<string, FunctionSignature> = buildSignatures();

function buildSignatures(): Map<string, FunctionSignature> {
  const signatures = new Map<string, FunctionSignature>();
  const add = (names: string, argTypes: readonly ValueType[], options: Partial<FunctionSignature> = {}) => {
    for (const name of names.split(' ')) {
      signatures.set(name, { name, argTypes, variadic: 0, returnType: 'vector', experimental: false, ...options });
    }
  };
  const experimental = true;

  add('abs absent ceil deg exp floor ln log10 log2 rad sgn sort sort_desc sqrt timestamp', ['vector']);
  add('acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh', ['vector']);
  add('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar', ['vector']);
  add('day_of_month day_of_week day_of_year days_in_month hour minute month year', ['vector'], { variadic: 1 });
  add('clamp', ['vector', 'scalar', 'scalar']);
  add('clamp_max clamp_min', ['vector', 'scalar']);
  add('round', ['vector', 'scalar'], { variadic: 1 });
  add('histogram_fraction', ['scalar', 'scalar', 'vector']);
  add('histogram_quantile', ['scalar', 'vector']);
  add('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], { variadic: -1, experimental });

  add('absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate', ['matrix']);
  add('first_over_time last_over_time max_over_time min_over_time present_over_time rate resets', ['matrix']);
  add('stddev_over_time stdvar_over_time sum_over_time', ['matrix']);
  add('mad_over_time', ['matrix'], { experimental });
  add('ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time', ['matrix'], {
    experimental,
  });
  add('predict_linear', ['matrix', 'scalar']);
  add('quantile_over_time', ['scalar', 'matrix']);
  add('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], { experimental });

  add('label_replace', ['vector', 'string', 'string', 'string', 'string']);
  add('label_join', ['vector', 'string', 'string', 'string'], { variadic: -1 });
  add('sort_by_label sort_by_label_desc', ['vector', 'string'], { variadic: -1, experimental });
  add('info', ['vector', 'vector'], { variadic: 1, experimental });

  add('pi time', [], { returnType: 'scalar' });
  add('scalar', ['vector'], { returnType: 'scalar' });
  add('vector', ['scalar']);
  add('start end range step', [], { returnType: 'scalar', experimental });
  add('min_of max_of', ['scalar', 'scalar'], { returnType: 'scalar', experimental });
  add('start_timestamp', ['vector'], { experimental });
  return signatures;
}
