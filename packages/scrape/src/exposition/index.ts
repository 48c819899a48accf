export { type PageFormat, pageFormat } from './content-type.ts';
export type { ExpositionEntry, MetricType } from './entries.ts';
export { ExpositionError } from './exposition-error.ts';
export { canonicalFloat, parseFloatText } from './float.ts';
export { lintExposition } from './lint.ts';
export { parseExposition } from './parse-exposition.ts';
export type { Dialect } from './scanner.ts';
