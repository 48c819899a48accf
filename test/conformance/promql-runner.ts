import { compareLabels, formatProblems, type Histogram, Labels, type RangeSeries } from '@tillwatch/model';
import {
  type Annotation,
  type AtModifier,
  type EvalContext,
  type Expr,
  evaluateInstant,
  evaluateRange,
  type Feature,
  parse,
  QueryError,
} from '@tillwatch/promql';
import { compactHistogram, MemoryQueryable } from '@tillwatch/promql/testing';
import { type Command, type EvalCommand, type LoadedSeries, readScript, type ScriptValue } from './promql-script.ts';

/** Everything on, as in Prometheus's own test engine. */
const FEATURES: readonly Feature[] = [
  'experimental-functions',
  'duration-expr',
  'extended-range-selectors',
  'binop-fill-modifiers',
  'delayed-name-removal',
  'start-timestamps',
];

/** What became of one `eval`; `undefined` is a pass. */
export interface Outcome {
  readonly line: number;
  readonly expr: string;
  readonly failure: string | undefined;
}

/** Runs a script; loads that an `eval` needs are applied in order. */
export function runScript(text: string): Outcome[] {
  const queryable = new MemoryQueryable();
  const outcomes: Outcome[] = [];
  for (const command of readScript(text)) {
    const outcome = runCommand(command, queryable);
    if (outcome !== undefined) outcomes.push(outcome);
  }
  return outcomes;
}

function runCommand(command: Command, queryable: MemoryQueryable): Outcome | undefined {
  switch (command.kind) {
    case 'clear':
      queryable.clear();
      return undefined;
    case 'load':
      for (const { labels, values, startTimestampsMs } of command.series) {
        const samples = values.map((value) => (typeof value === 'object' ? value.histogram : value));
        queryable.add(labels, 0, command.stepMs, samples, startTimestampsMs);
      }
      return undefined;
    case 'eval':
      return { line: command.line, expr: command.expr, failure: attempt(() => check(command, queryable)) };
  }
}

function attempt(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Error
      ? error instanceof Mismatch
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  }
}

class Mismatch extends Error {}

type Sample = number | Histogram;

interface Answer {
  readonly kind: 'vector' | 'matrix' | 'scalar' | 'string';
  readonly series: readonly { readonly labels: Labels; readonly points: ReadonlyMap<number, Sample> }[];
  readonly text?: string;
  readonly annotations: readonly Annotation[];
}

function check(command: EvalCommand, queryable: MemoryQueryable): void {
  const fails = command.expectations.filter(({ about }) => about === 'fail');
  let answer: Answer;
  try {
    answer = evaluate(command, queryable);
  } catch (error) {
    if (!(error instanceof QueryError) || !command.isFailing) throw error;
    for (const { text, regex } of fails) {
      if (text !== undefined && text !== error.message) throw new Mismatch(`fails with ${error.message}, not ${text}`);
      if (regex !== undefined && !regex.test(error.message))
        throw new Mismatch(`fails with ${error.message}, not ${regex}`);
    }
    return;
  }
  if (command.isFailing) throw new Mismatch('should fail');
  checkAnnotations(command, answer.annotations);
  checkAnswer(command, answer);
  if (command.endMs === undefined) checkElsewhere(command, queryable);
}

function evaluate(command: EvalCommand, queryable: MemoryQueryable): Answer {
  return evaluateExpr(parsed(command.expr), command, queryable);
}

function parsed(text: string): Expr {
  const result = parse(text, { features: FEATURES });
  if (result.ok) return result.expr;
  throw new QueryError(
    'parse',
    result.problems.map((problem) => problem.message).join('; ') + formatProblems(result.problems).slice(0, 0),
  );
}

type Times = Pick<EvalCommand, 'startMs' | 'endMs' | 'stepMs'>;

function evaluateExpr(expr: Expr, times: Times, queryable: MemoryQueryable): Answer {
  const context: EvalContext = { queryable, features: FEATURES };
  if (times.endMs !== undefined) {
    const range = { startMs: times.startMs, endMs: times.endMs, stepMs: times.stepMs as number };
    const { series, annotations } = evaluateRange(expr, range, context);
    return { kind: 'matrix', series: series.map(toPoints), annotations };
  }
  const { value, annotations } = evaluateInstant(expr, times.startMs, context);
  switch (value.type) {
    case 'string':
      return { kind: 'string', series: [], text: value.value, annotations };
    case 'scalar':
      return {
        kind: 'scalar',
        series: [{ labels: Labels.empty, points: new Map([[times.startMs, value.value]]) }],
        annotations,
      };
    case 'vector':
      return {
        kind: 'vector',
        series: value.samples.map((one) => ({
          labels: one.labels,
          points: new Map([[one.timestampMs, one.histogram ?? one.value]]),
        })),
        annotations,
      };
    case 'matrix':
      return { kind: 'matrix', series: value.series.map(toPoints), annotations };
  }
}

function toPoints({ labels, timestampsMs, values, histograms }: RangeSeries) {
  const points = new Map<number, Sample>();
  for (let i = 0; i < timestampsMs.length; i++) {
    points.set(timestampsMs[i] as number, histograms?.[i] ?? (values[i] as number));
  }
  return { labels, points };
}

function checkAnnotations({ expectations }: EvalCommand, annotations: readonly Annotation[]): void {
  for (const [about, severity] of [
    ['warn', 'warning'],
    ['info', 'info'],
  ] as const) {
    const texts = annotations.filter((one) => one.severity === severity).map((one) => one.message);
    if (expectations.some((one) => one.about === `no_${about}`) && texts.length > 0) {
      throw new Mismatch(`unexpected ${severity}: ${texts.join(' | ')}`);
    }
    const wanted = expectations.filter((one) => one.about === about);
    if (wanted.length === 0) continue;
    const fits = (text: string, one: (typeof wanted)[number]) =>
      one.text !== undefined ? one.text === text : one.regex === undefined || one.regex.test(text);
    for (const one of wanted) {
      if (!texts.some((text) => fits(text, one)))
        throw new Mismatch(`no ${severity} like ${one.text ?? one.regex ?? 'any'}, got ${texts.join(' | ') || 'none'}`);
    }
    for (const text of texts) {
      if (!wanted.some((one) => fits(text, one))) throw new Mismatch(`unexpected ${severity}: ${text}`);
    }
  }
}

function checkAnswer(command: EvalCommand, answer: Answer): void {
  if (command.expectedString !== undefined) {
    if (answer.text !== command.expectedString) throw new Mismatch(`got ${JSON.stringify(answer.text)}`);
    return;
  }
  if (command.expectedScalar !== undefined) {
    const value = [...(answer.series[0]?.points.values() ?? [])][0];
    if (answer.kind !== 'scalar' || typeof value !== 'number' || !isClose(value, command.expectedScalar)) {
      throw new Mismatch(`got ${answer.kind} ${value}, expected scalar ${command.expectedScalar}`);
    }
    return;
  }
  if (answer.kind === 'scalar' || answer.kind === 'string') throw new Mismatch(`got a ${answer.kind}`);
  if (answer.kind === 'matrix') checkSorted(answer);
  checkSeries(command, answer);
}

function checkSorted({ series }: Answer): void {
  for (let i = 1; i < series.length; i++) {
    if (compareLabels(series[i - 1]!.labels, series[i]!.labels) >= 0)
      throw new Mismatch('the matrix is not sorted by labels');
  }
}

function checkSeries(command: EvalCommand, answer: Answer): void {
  const wanted = command.expected.map((series) => ({ labels: series.labels, points: expectedPoints(command, series) }));
  if (command.isOrdered) {
    const got = answer.series.map((one) => one.labels.toString()).join(' ');
    const order = wanted.map((one) => one.labels.toString()).join(' ');
    if (got !== order) throw new Mismatch(`in the order ${got}, expected ${order}`);
  }
  const byKey = new Map(answer.series.map((one) => [one.labels.key, one]));
  if (byKey.size !== answer.series.length) throw new Mismatch('two series have the same labels');
  for (const { labels, points } of wanted) {
    const got = byKey.get(labels.key);
    if (got === undefined) throw new Mismatch(`no series ${labels}; got ${show(answer)}`);
    comparePoints(labels, got.points, points);
  }
  const keys = new Set(wanted.map((one) => one.labels.key));
  const extra = answer.series.filter((one) => !keys.has(one.labels.key));
  if (extra.length > 0) throw new Mismatch(`unexpected series ${show({ ...answer, series: extra })}`);
}

type Wanted = Exclude<ScriptValue, undefined>;

function expectedPoints(command: EvalCommand, { values }: LoadedSeries): Map<number, Wanted> {
  const { startMs, stepMs } = command.expectedRange ?? { startMs: command.startMs, stepMs: command.stepMs ?? 0 };
  const points = new Map<number, Wanted>();
  for (const [i, value] of values.entries()) if (value !== undefined) points.set(startMs + i * stepMs, value);
  return points;
}

function comparePoints(labels: Labels, got: ReadonlyMap<number, Sample>, wanted: ReadonlyMap<number, Wanted>): void {
  for (const [t, value] of wanted) {
    const other = got.get(t);
    if (other === undefined || !isSame(other, value)) {
      throw new Mismatch(`${labels} is ${JSON.stringify(other)} at ${t}, expected ${JSON.stringify(value)}`);
    }
  }
  for (const [t, value] of got) {
    if (!wanted.has(t)) throw new Mismatch(`${labels} has ${JSON.stringify(value)} at ${t}, expected nothing`);
  }
}

function isSame(got: Sample, wanted: Wanted): boolean {
  if (typeof wanted === 'number') return typeof got === 'number' && isClose(got, wanted);
  if (wanted === 'stale' || typeof got === 'number') return false;
  if (wanted.isHintWritten && got.counterResetHint !== wanted.histogram.counterResetHint) return false;
  const [a, b] = [compactHistogram(got), compactHistogram(wanted.histogram)];
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    areClose([a.count, a.sum, a.zeroCount], [b.count, b.sum, b.zeroCount]) &&
    String(a.customBounds) === String(b.customBounds) &&
    (['positive', 'negative'] as const).every(
      (side) => String(a[side].indices) === String(b[side].indices) && areClose(a[side].counts, b[side].counts),
    )
  );
}

function areClose(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => isClose(value, b[i] as number));
}

function show({ series }: Answer): string {
  const shown = series
    .slice(0, 5)
    .map((one) => `${one.labels} ${[...one.points].map(([t, v]) => `${JSON.stringify(v)}@${t}`).join(' ')}`);
  return shown.length === 0 ? 'nothing' : shown.join('; ');
}

const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** Prometheus's own measure of equal results. */
function isClose(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const difference = Math.abs(a - b);
  const size = Math.abs(a) + Math.abs(b);
  if (a === 0 || b === 0 || size < SMALLEST_NORMAL) return difference < 1e-6 * SMALLEST_NORMAL;
  return difference / Math.min(size, Number.MAX_VALUE) < 1e-6;
}

/** What the moment of evaluation changes, whatever selectors are pinned to. */
const TIME_DEPENDENT =
  /\b(?:days_in_month|day_of_month|day_of_week|day_of_year|hour|minute|month|year|predict_linear|time|timestamp|start|end|range|step)\s*\(/;

/**
 * An instant query must have the same answer at every moment when its selectors are pinned to its own, and each of these the
 * same as the middle step of a range query around its moment.
 */
function checkElsewhere(command: EvalCommand, queryable: MemoryQueryable): void {
  const expr = parsed(command.expr);
  checkAsMiddle(command, expr, command.startMs, queryable);
  if (TIME_DEPENDENT.test(command.expr)) return;
  const { startMs } = command;
  const moments = startMs === 0 ? [-1000, 0, 1000] : [-10 * startMs, 0, startMs / 5, startMs, 10 * startMs];
  const fixed = pinned(expr, startMs);
  for (const atMs of moments.map(Math.trunc)) {
    attemptAs(`pinned, at ${atMs}`, () => {
      checkAnswer({ ...command, startMs: atMs }, evaluateExpr(fixed, { startMs: atMs }, queryable));
    });
    checkAsMiddle(command, fixed, atMs, queryable);
  }
}

/** The expression with every selector, and every subquery that is not inside another, pinned to a moment. */
function pinned(expr: Expr, timestampMs: number): Expr {
  const pin = <T extends { readonly atModifier?: AtModifier | undefined }>(node: T): T =>
    node.atModifier === undefined ? { ...node, atModifier: { kind: 'timestamp', timestampMs } } : node;
  switch (expr.kind) {
    case 'vectorSelector':
    case 'subquery':
      return pin(expr);
    case 'matrixSelector':
      return { ...expr, selector: pin(expr.selector) };
    case 'call':
      return { ...expr, args: expr.args.map((arg) => pinned(arg, timestampMs)) };
    case 'aggregate':
      return {
        ...expr,
        expr: pinned(expr.expr, timestampMs),
        param: expr.param === undefined ? undefined : pinned(expr.param, timestampMs),
      };
    case 'binary':
      return { ...expr, lhs: pinned(expr.lhs, timestampMs), rhs: pinned(expr.rhs, timestampMs) };
    case 'unary':
    case 'paren':
      return { ...expr, expr: pinned(expr.expr, timestampMs) };
    default:
      return expr;
  }
}

function checkAsMiddle(command: EvalCommand, expr: Expr, atMs: number, queryable: MemoryQueryable): void {
  if (command.isOrdered || command.expectedString !== undefined || command.expectedRange !== undefined) return;
  if (/\b(?:start|end|range|step)\s*\(\s*\)/.test(command.expr)) return;
  const around = { startMs: atMs - 60_000, endMs: atMs + 60_000, stepMs: 60_000 };
  const answer = evaluateExpr(expr, around, queryable);
  const series = answer.series
    .filter((one) => one.points.has(atMs))
    .map((one) => ({ labels: one.labels, points: new Map([[atMs, one.points.get(atMs) as Sample]]) }));
  const kind = command.expectedScalar === undefined ? 'vector' : 'scalar';
  attemptAs(`in the middle of a range query, at ${atMs}`, () => {
    checkAnswer({ ...command, startMs: atMs }, { kind, series, annotations: [] });
  });
}

/** Says under which circumstances an answer did not match. */
function attemptAs(circumstances: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof Mismatch) error.message = `${circumstances}: ${error.message}`;
    throw error;
  }
}
