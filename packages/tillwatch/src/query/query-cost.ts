import type { Queryable } from '@tillwatch/model';

/** What a query is evaluated on, and what it turned out to cost. */
export interface QueryCost {
  readonly queryable: Queryable;
  /** What comes behind the result when the costs are asked for: `,"stats":{…}`; otherwise nothing. Call it when all is evaluated. */
  json(): string;
}

/** Counts what a query reads from now on, when `isAsked`. */
export function countReads(queryable: Queryable, isAsked = false): QueryCost {
  if (!isAsked) return { queryable, json: () => '' };
  const startedMs = performance.now();
  let samples = 0;
  const counting: Queryable = {
    *select(matchers, fromMs, toMs, windows) {
      for (const series of queryable.select(matchers, fromMs, toMs, windows)) {
        samples += series.values.length;
        yield series;
      }
    },
    selectLabels: (matchers, fromMs, toMs) => queryable.selectLabels(matchers, fromMs, toMs),
    labelNames: (fromMs, toMs) => queryable.labelNames(fromMs, toMs),
    labelValues: (name, fromMs, toMs) => queryable.labelValues(name, fromMs, toMs),
  };
  return {
    queryable: counting,
    json() {
      const seconds = (performance.now() - startedMs) / 1000;
      const stats = {
        timings: {
          evalTotalTime: seconds,
          resultSortTime: 0,
          queryPreparationTime: 0,
          innerEvalTime: seconds,
          execQueueTime: 0,
          execTotalTime: seconds,
        },
        // By columns, all steps of a query hold the samples that were read at once.
        samples: { totalQueryableSamples: samples, peakSamples: samples },
      };
      return `,"stats":${JSON.stringify(stats)}`;
    },
  };
}
