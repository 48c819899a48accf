export { openTsdb, type TsdbOptions } from './open-tsdb.ts';
export type { Tsdb, TsdbStats } from './tsdb.ts';
