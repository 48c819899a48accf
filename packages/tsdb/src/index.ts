export { ExemplarRing, type ExemplarStore, type SeriesExemplars } from './exemplars/exemplar-ring.ts';
export type { BulkImport, ImportCounts, ImportSeries } from './import/bulk-import.ts';
export { openImport } from './import/open-import.ts';
export { openTsdb, type TsdbOptions } from './open-tsdb.ts';
export type { StoreLimits } from './retention.ts';
export type { Tsdb, TsdbStats } from './tsdb.ts';
