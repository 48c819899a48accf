export { type PageFormat, pageFormat } from './content-type.ts';
export type { Exemplar, ExpositionEntry, MetricType } from './entries.ts';
export { ExpositionError } from './exposition-error.ts';
export { canonicalFloat, parseFloatText } from './float.ts';
export { parseExposition } from './parse-exposition.ts';
export type { Dialect } from './scanner.ts';
