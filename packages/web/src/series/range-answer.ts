/** One line of a chart. */
interface ChartLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** Lines over shared times, in seconds as uPlot wants them. */
export interface ChartData {
  readonly seconds: readonly number[];
  readonly lines: readonly ChartLine[];
}

/** The answer of `/api/v1/query_range`. */
export interface RangeAnswer {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

/**
 * Puts the series of an answer on a grid of steps, with `null` where a series has no sample (a gap stays a gap) and where a
 * value is not a number. Values are multiplied by `factor`.
 */
export function alignToGrid(
  answer: RangeAnswer,
  grid: { readonly startSeconds: number; readonly endSeconds: number; readonly stepSeconds: number },
  nameOf: (metric: Readonly<Record<string, string>>) => string,
  factor = 1,
): ChartData {
  const count = Math.floor((grid.endSeconds - grid.startSeconds) / grid.stepSeconds) + 1;
  const seconds = Array.from({ length: count }, (_, i) => grid.startSeconds + i * grid.stepSeconds);
  const lines = answer.result.map(({ metric, values }) => {
    const line: (number | null)[] = new Array(count).fill(null);
    for (const [at, text] of values) {
      const index = Math.round((at - grid.startSeconds) / grid.stepSeconds);
      const value = Number(text) * factor;
      if (index >= 0 && index < count && Number.isFinite(value)) line[index] = value;
    }
    return { name: nameOf(metric), values: line };
  });
  return { seconds, lines };
}

/** The spans, in seconds, in which at least one series of an answer had a sample; neighbours closer than two steps are one span. */
export function spansOf(answer: RangeAnswer, stepSeconds: number): readonly (readonly [from: number, to: number])[] {
  const times = [...new Set(answer.result.flatMap(({ values }) => values.map(([at]) => at)))].sort((a, b) => a - b);
  const spans: [number, number][] = [];
  for (const at of times) {
    const last = spans.at(-1);
    if (last !== undefined && at - last[1] <= 2 * stepSeconds) last[1] = at;
    else spans.push([at, at]);
  }
  return spans;
}

/** A round step that gives a range about 240 points. */
export function stepFor(rangeSeconds: number): number {
  const wanted = rangeSeconds / 240;
  return [5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600].find((step) => step >= wanted) ?? 7_200;
}
