import type { CounterResetHint, Histogram, Series } from '@tillwatch/model';
import { isHistogramReset } from '../histogram/compare.ts';
import { NO_BUCKETS } from '../histogram/layout.ts';
import type { Expr, VectorSelector } from '../parse/ast.ts';
import { childrenOf } from '../visit.ts';

/** Functions that read no buckets, and those that do. */
const READ_SUMMARY = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const READ_BUCKETS = new Set([
  'histogram_stddev',
  'histogram_stdvar',
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
]);

/**
 * The selectors of whose histograms only count and sum are read. As in Prometheus such a selector looks for counter resets
 * itself, and so it can say "reset" where a store only knows that a new chunk began. Below a subquery, where neighbouring
 * samples are not neighbours in the store, everything is read.
 */
export function summaryReadersOf(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  collect(expr, 'undecided', found);
  return found;
}

type Reading = 'undecided' | 'summary' | 'buckets';

function collect(expr: Expr, reading: Reading, found: Set<VectorSelector>): void {
  if (expr.kind === 'vectorSelector') {
    if (reading === 'summary') found.add(expr);
    return;
  }
  for (const child of childrenOf(expr)) collect(child, readingBelow(expr, reading), found);
}

/** What needs buckets, or a subquery, stays in force for everything below it. */
function readingBelow(expr: Expr, reading: Reading): Reading {
  if (reading === 'buckets' || expr.kind === 'subquery') return 'buckets';
  if (expr.kind === 'binary' && (expr.op === '</' || expr.op === '>/')) return 'buckets';
  if (expr.kind !== 'call') return reading;
  if (READ_BUCKETS.has(expr.func)) return 'buckets';
  return READ_SUMMARY.has(expr.func) ? 'summary' : reading;
}

/** The histograms of a series without their buckets, each with what its predecessor says about a reset. */
export function summarize({ histograms }: Pick<Series, 'histograms'>): (Histogram | undefined)[] | undefined {
  let previous: Histogram | undefined;
  return histograms?.map((histogram) => {
    if (histogram === undefined) return undefined;
    const hint = hintAfter(previous, histogram);
    previous = histogram;
    return summaryOf(histogram, hint);
  });
}

function hintAfter(previous: Histogram | undefined, histogram: Histogram): CounterResetHint {
  const hint = histogram.counterResetHint;
  if (hint !== 'unknown' || previous === undefined) return hint;
  return isHistogramReset(histogram, previous) ? 'reset' : 'not_reset';
}

const NO_BOUNDS: readonly number[] = [];

function summaryOf({ schema, count, sum }: Histogram, counterResetHint: CounterResetHint): Histogram {
  return {
    schema,
    counterResetHint,
    count,
    sum,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customBounds: NO_BOUNDS,
  };
}
