/** The quantile of values, interpolated between neighbours. NaN counts as the smallest. Sorts `values` in place. */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const sorted = sortNaNFirst(values);
  const rank = q * (sorted.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight;
}

/** Typed arrays sort NaN to the end; Prometheus has it first. */
function sortNaNFirst(values: Float64Array): Float64Array {
  values.sort();
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  if (numbers < values.length) {
    values.copyWithin(values.length - numbers, 0, numbers);
    values.fill(Number.NaN, 0, values.length - numbers);
  }
  return values;
}

/** The text of the warning about a quantile that is none; `undefined` for one between 0 and 1. */
export function quantileWarning(q: number): string | undefined {
  return q >= 0 && q <= 1 ? undefined : `quantile value should be between 0 and 1, got ${goNumber(q)}`;
}

/** A number as Go prints it with `%g`, for messages. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  // From a million on, %g writes an exponent.
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
