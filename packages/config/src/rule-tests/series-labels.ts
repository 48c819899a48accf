import { Labels, METRIC_NAME } from '@tillwatch/model';
import { type Expr, parse } from '@tillwatch/promql';

/** A stretch of a text that is no series, and why. */
export interface SeriesLabelsError {
  readonly message: string;
  readonly hint: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** Reads the name of a series, `checkout_total{outcome="success"}`; the empty text is the series without labels. */
export function readSeriesLabels(text: string): Labels | readonly SeriesLabelsError[] {
  const bare = text.replace(/\{\s*\}\s*$/, '').trimEnd();
  if (bare.trim() === '') return Labels.empty;
  const whole = parse(bare);
  if (whole.ok) return labelsOf(whole.expr);
  // A series of empty labels, or one without a name, is one all the same, though no selector.
  const named = bare.trimStart().startsWith('{') ? parse(`x${bare.trimStart()}`) : undefined;
  if (named?.ok === true) {
    const labels = labelsOf(named.expr);
    return labels instanceof Labels ? labels.without([METRIC_NAME]) : labels;
  }
  return whole.problems.map(({ message, hint, at }) => {
    // A place at the very end is marked at the last character, since there is nothing behind it.
    const from = Math.min(at.from, bare.length - 1);
    return { message, hint, from, to: Math.max(at.to, from + 1) };
  });
}

function labelsOf(expr: Expr): Labels | readonly SeriesLabelsError[] {
  const refuse = (message: string, hint: string) => [{ message, hint, from: expr.span.from, to: expr.span.to }];
  if (expr.kind !== 'vectorSelector') {
    return refuse('expected a series', 'write for example checkout_total{outcome="success"}');
  }
  const unequal = expr.matchers.find(({ op }) => op !== '=');
  if (unequal !== undefined) {
    return refuse(`a series has labels, not matchers: ${unequal}`, `write ${unequal.name}="…"`);
  }
  return Labels.from(expr.matchers.map(({ name, value }) => [name, value] as const));
}
