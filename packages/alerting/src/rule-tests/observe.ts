import type { Queryable, VectorSample } from '@tillwatch/model';
import { type Expr, evaluateInstant, format, formatNumber, QueryError } from '@tillwatch/promql';

/** What one part of a condition was at a moment. */
export interface Observation {
  readonly expr: string;
  /** `{provider="alpha"} 0.3`, one per element; why there is none when the part could not be evaluated. */
  readonly samples: readonly string[];
}

const MAX_PARTS = 6;
const MAX_SAMPLES = 5;

/** What conditions are looked at in. */
export interface ObserveOptions {
  readonly queryable: Queryable;
  /** The step of subqueries that name none. */
  readonly defaultStepMs: number;
  /** What rules record under a name: looked at where the recorded series gives nothing. */
  readonly recordedAs?: (name: string) => readonly Expr[];
}

/**
 * Looks behind a condition: for `errors / all > 0.02 and all >= 20` it tells what `errors / all` and `all` are, since the
 * condition itself gives nothing when it does not hold. Where a part gives nothing, what it is made of is told too.
 */
export function observe(expr: Expr, atMs: number, options: ObserveOptions): Observation[] {
  const observations = new Map<string, Observation>();
  const look = (part: Expr): void => {
    const text = format(part);
    if (observations.has(text) || observations.size >= MAX_PARTS) return;
    const samples = samplesOf(part, atMs, options);
    observations.set(text, { expr: text, samples });
    if (samples.length > 0) return;
    if (part.kind === 'vectorSelector') for (const recorded of options.recordedAs?.(part.name) ?? []) look(recorded);
    if (part.kind === 'binary') for (const side of [part.lhs, part.rhs]) if (side.kind !== 'number') look(side);
  };
  for (const part of partsOf(expr)) look(part);
  return [...observations.values()];
}

/** The sides of comparisons, through sets of conditions; an expression that compares nothing is its own part. */
function partsOf(expr: Expr): Expr[] {
  if (expr.kind === 'paren') return partsOf(expr.expr);
  if (expr.kind !== 'binary') return [expr];
  switch (expr.op) {
    case 'and':
    case 'or':
    case 'unless':
      return [...partsOf(expr.lhs), ...partsOf(expr.rhs)];
    case '==':
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=':
      return [...partsOf(expr.lhs), ...partsOf(expr.rhs)].filter((side) => side.kind !== 'number');
    default:
      return [expr];
  }
}

function samplesOf(expr: Expr, atMs: number, { queryable, defaultStepMs }: ObserveOptions): string[] {
  try {
    const { value } = evaluateInstant(expr, atMs, { queryable, defaultStepMs });
    if (value.type === 'scalar') return [rounded(value.value)];
    if (value.type !== 'vector') return [];
    return shortened(value.samples);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return [error.message];
  }
}

function shortened(samples: readonly VectorSample[]): string[] {
  const shown = samples.slice(0, MAX_SAMPLES).map(({ labels, value }) => `${labels} ${rounded(value)}`);
  const rest = samples.length - shown.length;
  return rest === 0 ? shown : [...shown, `and ${rest} more`];
}

/** Without the noise of the last bits. */
function rounded(value: number): string {
  return formatNumber(Number(value.toPrecision(12)));
}
