import type { Histogram } from '@tillwatch/model';
import { meanOfHistograms, sumOfHistograms } from '../histogram/accumulate.ts';
import type { Aggregate } from '../parse/ast.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import { type Column, newHistogramSteps } from './column.ts';
import type { Group } from './grouping.ts';
import type { Run } from './run.ts';

/**
 * Puts the sums (or means) of a group's histograms into the column of its numbers. At a step that has both, or histograms that
 * do not go together, there is no result, and it is said why.
 */
export function withHistogramSums(run: Run, expr: Aggregate, op: 'sum' | 'avg', group: Group, numbers: Column): Column {
  const present = numbers.present.slice();
  const histograms = newHistogramSteps(present.length);
  for (let k = 0; k < present.length; k++) {
    run.tick(expr.span);
    const { found, hasNumber } = histogramsAt(group, k);
    if (found.length === 0) continue;
    const total = hasNumber ? undefined : totalOf(run, expr, op, group, found);
    if (hasNumber) run.annotations.warn(HISTOGRAM_NOTES.mixedGroup, expr.expr.span);
    histograms[k] = total;
    present[k] = total === undefined ? 0 : 1;
  }
  return { ...numbers, present, histograms };
}

function histogramsAt({ members }: Group, step: number): { found: Histogram[]; hasNumber: boolean } {
  const found: Histogram[] = [];
  let hasNumber = false;
  for (const { present, histograms } of members) {
    if (present[step] === 0) continue;
    const histogram = histograms?.[step];
    if (histogram === undefined) hasNumber = true;
    else found.push(histogram);
  }
  return { found, hasNumber };
}

function totalOf(
  run: Run,
  expr: Aggregate,
  op: 'sum' | 'avg',
  group: Group,
  histograms: readonly Histogram[],
): Histogram | undefined {
  const at = expr.expr.span;
  const total = op === 'sum' ? sumOfHistograms(histograms) : meanOfHistograms(histograms);
  if (total === undefined) {
    run.annotations.warn(HISTOGRAM_NOTES.mixedSchemas(group.members[0]!.labels.metricName), at);
    return undefined;
  }
  if (total.hasHintConflict) run.annotations.warn(HISTOGRAM_NOTES.hintConflict('aggregation'), at);
  if (total.areBoundsReconciled) run.annotations.info(HISTOGRAM_NOTES.reconciledBounds('aggregation'), at);
  return total.histogram;
}
