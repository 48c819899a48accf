import type { InstantResult, RangeResult } from '@tillwatch/promql';
import type { QueryEngine, QueryOptions } from './query-engine.ts';

/** PromQL answered somewhere: on this thread, or beside it so that nothing waits for a heavy query. Rejects with `QueryError`. */
export interface Queries {
  instant(text: string, timeMs: number, options?: QueryOptions): Promise<InstantResult>;
  range(text: string, startMs: number, endMs: number, stepMs: number, options?: QueryOptions): Promise<RangeResult>;
  close(): Promise<void>;
}

/** Answers on the calling thread. */
export function inlineQueries(engine: QueryEngine): Queries {
  return {
    async instant(text, timeMs, options) {
      return engine.instant(text, timeMs, options);
    },
    async range(text, startMs, endMs, stepMs, options) {
      return engine.range(text, startMs, endMs, stepMs, options);
    },
    async close() {},
  };
}
