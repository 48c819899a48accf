export type { Feature } from './features.ts';
export { format, formatNumber } from './format.ts';
export * from './parse/index.ts';
export { childrenOf, metricNames, selectorsOf, visit } from './visit.ts';
