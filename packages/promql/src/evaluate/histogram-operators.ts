import type { Histogram } from '@tillwatch/model';
import { add, type Combined, divide, scale, subtract } from '../histogram/arithmetic.ts';
import { isEqualHistogram } from '../histogram/compare.ts';
import { trimLower, trimUpper } from '../histogram/trim.ts';
import type { Binary } from '../parse/ast.ts';
import { HISTOGRAM_NOTES } from './annotations.ts';
import type { Run } from './run.ts';

type Sample = number | Histogram;

/**
 * The result of an operator of which at least one side is a native histogram (or which is for histograms only); `undefined`
 * when there is none, because a comparison is false or because the operator has no meaning here, which is noted.
 */
export function operateWithHistogram(run: Run, expr: Binary, left: Sample, right: Sample): Sample | undefined {
  if (typeof left === 'object' && typeof right === 'object') return ofTwoHistograms(run, expr, left, right);
  if (typeof left === 'object' && typeof right === 'number') return ofHistogramAndNumber(run, expr, left, right);
  if (typeof left === 'number' && typeof right === 'object' && expr.op === '*') return scale(right, left);
  return noteTypes(run, expr, left, right);
}

function ofTwoHistograms(run: Run, expr: Binary, left: Histogram, right: Histogram): Sample | undefined {
  switch (expr.op) {
    case '+':
      return combined(run, expr, add(left, right), 'addition');
    case '-':
      return combined(run, expr, subtract(left, right), 'subtraction');
    case '==':
    case '!=': {
      const holds = isEqualHistogram(left, right) === (expr.op === '==');
      if (expr.returnBool) return holds ? 1 : 0;
      return holds ? left : undefined;
    }
    default:
      return noteTypes(run, expr, left, right);
  }
}

function ofHistogramAndNumber(run: Run, expr: Binary, left: Histogram, right: number): Sample | undefined {
  switch (expr.op) {
    case '*':
      return scale(left, right);
    case '/':
      return divide(left, right);
    case '</':
      return trimUpper(left, right);
    case '>/':
      return trimLower(left, right);
    default:
      return noteTypes(run, expr, left, right);
  }
}

function combined(run: Run, expr: Binary, result: Combined | undefined, during: string): Histogram | undefined {
  if (result === undefined) {
    run.annotations.warn(HISTOGRAM_NOTES.incompatibleLayouts(expr.op), expr.span);
    return undefined;
  }
  if (result.hasHintConflict) run.annotations.warn(HISTOGRAM_NOTES.hintConflict(during), expr.span);
  if (result.areBoundsReconciled) run.annotations.info(HISTOGRAM_NOTES.reconciledBounds(during), expr.span);
  return result.histogram;
}

function noteTypes(run: Run, expr: Binary, left: Sample, right: Sample): undefined {
  run.annotations.info(HISTOGRAM_NOTES.incompatibleTypes(typeOfSample(left), expr.op, typeOfSample(right)), expr.span);
  return undefined;
}

function typeOfSample(sample: Sample): string {
  return typeof sample === 'number' ? 'float' : 'histogram';
}
