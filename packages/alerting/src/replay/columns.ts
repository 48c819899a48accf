import { type Histogram, type Labels, writeStaleAt } from '@tillwatch/model';
import { type EvalContext, type Expr, evaluateRange, QueryError } from '@tillwatch/promql';

/** The evaluations of one group in one slice of time: at `atMs[k]`, reading at `readMs[k]`. */
export interface Ticks {
  readonly atMs: Float64Array;
  readonly readMs: Float64Array;
  readonly intervalMs: number;
}

/** One series over the ticks of a slice. Where it has no value, `values` holds the staleness marker. */
export interface Column {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  histograms: (Histogram | undefined)[] | undefined;
}

/** What an expression gives at the ticks of a slice. */
export interface Columns {
  readonly series: readonly Column[];
  /** 1 at ticks at which any of the series has a value. */
  readonly any: Uint8Array;
}

/** Why a rule could not be evaluated, by tick. The first reason of a tick stays. */
export class TickFailures {
  readonly #messages = new Map<number, string>();

  add(tick: number, message: string): void {
    if (!this.#messages.has(tick)) this.#messages.set(tick, message);
  }

  at(tick: number): string | undefined {
    return this.#messages.get(tick);
  }

  get size(): number {
    return this.#messages.size;
  }

  *[Symbol.iterator](): Iterator<[tick: number, message: string]> {
    yield* [...this.#messages].sort(([a], [b]) => a - b);
  }
}

export function newColumn(labels: Labels, count: number): Column {
  const values = new Float64Array(count);
  fillStale(values);
  return { labels, values, present: new Uint8Array(count), histograms: undefined };
}

/** Writes staleness markers everywhere. */
export function fillStale(values: Float64Array): void {
  if (values.length === 0) return;
  writeStaleAt(values, 0);
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  bits.fill(bits[0]!);
}

export function columnsOf(series: readonly Column[], count: number): Columns {
  const any = new Uint8Array(count);
  for (const { present } of series) for (let k = 0; k < count; k++) any[k]! |= present[k]!;
  return { series, any };
}

/**
 * Evaluates an expression at all ticks in one go. Where it fails for a stretch, the stretch is halved until the ticks are
 * found at which it fails by itself: as in production, one evaluation that fails is no reason for the next one to do so.
 * @throws {QueryError} when the time is up or nobody waits any more
 */
export function evaluateColumns(expr: Expr, ticks: Ticks, context: EvalContext, failures: TickFailures): Columns {
  const { readMs, intervalMs: stepMs } = ticks;
  const count = readMs.length;
  const byKey = new Map<string, Column>();
  const evaluate = (first: number, length: number): void => {
    try {
      const range = { startMs: readMs[first]!, endMs: readMs[first + length - 1]!, stepMs };
      for (const series of evaluateRange(expr, range, context).series) {
        const column = byKey.get(series.labels.key) ?? newColumn(series.labels, count);
        byKey.set(series.labels.key, column);
        for (let i = 0; i < series.timestampsMs.length; i++) {
          const k = first + Math.round((series.timestampsMs[i]! - range.startMs) / stepMs);
          column.values[k] = series.values[i]!;
          column.present[k] = 1;
          const histogram = series.histograms?.[i];
          if (histogram === undefined) continue;
          column.histograms ??= new Array<undefined>(count).fill(undefined);
          column.histograms[k] = histogram;
        }
      }
    } catch (error) {
      if (!(error instanceof QueryError) || error.kind === 'canceled' || error.kind === 'timeout') throw error;
      if (length === 1) {
        failures.add(first, error.message);
        return;
      }
      const half = length >> 1;
      evaluate(first, half);
      evaluate(first + half, length - half);
    }
  };
  if (count > 0) evaluate(0, count);
  return columnsOf([...byKey.values()], count);
}
