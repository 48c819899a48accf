import { Labels, type Queryable } from '@tillwatch/model';
import { evaluateInstant, evaluateRange, parse, QueryError } from '@tillwatch/promql';
import { type Prometheus, type PrometheusData, PrometheusError, type PrometheusSeries } from './prometheus.ts';
import type { Question } from './promql-expressions.ts';

/** What an engine says: that it will not, or values by series and time. */
export type Answer =
  | { readonly kind: 'refused'; readonly message: string }
  | {
      readonly kind: 'values';
      readonly type: string;
      readonly series: ReadonlyMap<string, ReadonlyMap<number, number>>;
      /** The values of an instant vector in the order in which they came. */
      readonly order: readonly number[];
    };

/** The answer of the evaluator of this repository. */
export function ourAnswer({ ...question }: Question, queryable: Queryable): Answer {
  const parsed = parse(question.expr.replaceAll('holt_winters(', 'double_exponential_smoothing('), {
    features: ['experimental-functions'],
  });
  if (!parsed.ok) return { kind: 'refused', message: parsed.problems.map(({ message }) => message).join('; ') };
  try {
    if (question.kind === 'range') {
      const { series } = evaluateRange(parsed.expr, question, { queryable });
      return values(
        'matrix',
        series.map((one) => [one.labels, zip(one.timestampsMs, one.values)] as const),
      );
    }
    const { value } = evaluateInstant(parsed.expr, question.timeMs, { queryable });
    switch (value.type) {
      case 'string':
        return { kind: 'refused', message: 'a string' };
      case 'scalar':
        return values('scalar', [[Labels.empty, new Map([[question.timeMs, value.value]])]]);
      case 'matrix':
        return values(
          'matrix',
          value.series.map((one) => [one.labels, zip(one.timestampsMs, one.values)] as const),
        );
      case 'vector':
        return values(
          'vector',
          value.samples.map((one) => [one.labels, new Map([[one.timestampMs, one.value]])] as const),
        );
    }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { kind: 'refused', message: error.message };
  }
}

/** The answer of the real Prometheus. */
export async function theirAnswer(question: Question, prometheus: Prometheus): Promise<Answer> {
  try {
    const { expr } = question;
    if (question.kind === 'instant') return fromData(await prometheus.instant(expr, question.timeMs));
    return fromData(await prometheus.range(expr, question.startMs, question.endMs, question.stepMs));
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return { kind: 'refused', message: error.message };
  }
}

function fromData({ resultType, result }: PrometheusData): Answer {
  if (resultType === 'string') return { kind: 'refused', message: 'a string' };
  if (resultType === 'scalar') return values('scalar', [[Labels.empty, points([result as readonly [number, string]])]]);
  return values(
    resultType,
    (result as readonly PrometheusSeries[]).map((one) => [
      Labels.of(one.metric),
      points(one.values ?? (one.value === undefined ? [] : [one.value])),
    ]),
  );
}

function points(pairs: readonly (readonly [number, string])[]): Map<number, number> {
  return new Map(pairs.map(([seconds, text]) => [Math.round(seconds * 1000), toNumber(text)]));
}

function toNumber(text: string): number {
  return text === '+Inf' || text === '-Inf' ? Number(text.replace('Inf', 'Infinity')) : Number(text);
}

function zip(timestampsMs: ArrayLike<number>, numbers: ArrayLike<number>): Map<number, number> {
  return new Map(Array.from(timestampsMs, (t, i) => [t, numbers[i]!]));
}

function values(type: string, all: readonly (readonly [Labels, ReadonlyMap<number, number>])[]): Answer {
  const series = new Map(all.map(([labels, byTime]) => [labels.toString(), byTime]));
  return { kind: 'values', type, series, order: all.flatMap(([, byTime]) => [...byTime.values()]) };
}

const TOLERANCE: Tolerance = { relative: 1e-9, absolute: 0 };

/** How far apart two values may be, beside their size and absolutely. */
interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Where two answers differ, in words; `undefined` when they say the same. */
export function difference(ours: Answer, theirs: Answer, isOrdered = false, tolerance = TOLERANCE): string | undefined {
  if (ours.kind === 'refused' || theirs.kind === 'refused') {
    if (ours.kind === theirs.kind) return undefined;
    return ours.kind === 'refused' ? `only we refuse: ${ours.message}` : `only they refuse: ${refusal(theirs)}`;
  }
  if (ours.type !== theirs.type) return `we have a ${ours.type}, they have a ${theirs.type}`;
  for (const [labels, theirValues] of theirs.series) {
    const found = differentValue(labels, ours.series.get(labels), theirValues, tolerance);
    if (found !== undefined) return found;
  }
  for (const labels of ours.series.keys()) if (!theirs.series.has(labels)) return `only we have ${labels}`;
  if (isOrdered && ours.order.some((value, i) => !isClose(value, theirs.order[i]!, tolerance)))
    return 'the order differs';
  return undefined;
}

function refusal(answer: Answer): string {
  return answer.kind === 'refused' ? answer.message : '';
}

function differentValue(
  labels: string,
  ours: ReadonlyMap<number, number> | undefined,
  theirs: ReadonlyMap<number, number>,
  tolerance: Tolerance,
): string | undefined {
  if (ours === undefined) return `only they have ${labels}`;
  for (const [t, value] of theirs) {
    const other = ours.get(t);
    if (other === undefined || !isClose(other, value, tolerance))
      return `${labels} at ${t}: we have ${other}, they have ${value}`;
  }
  for (const [t, value] of ours) if (!theirs.has(t)) return `${labels} at ${t}: we have ${value}, they have nothing`;
  return undefined;
}

function isClose(a: number, b: number, { relative, absolute }: Tolerance): boolean {
  if (a === b || (a !== a && b !== b)) return true;
  return Math.abs(a - b) <= Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));
}
