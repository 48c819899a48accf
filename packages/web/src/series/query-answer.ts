import type { RangeAnswer } from './range-answer.ts';

/** Labels of a series, its name among them. */
export type Metric = Readonly<Record<string, string>>;

/** A native histogram as the API writes it. */
interface HistogramAnswer {
  readonly count: string;
  readonly sum: string;
}

/** The `data` of `/api/v1/query`. */
export type InstantAnswer =
  | { readonly resultType: 'scalar' | 'string'; readonly result: readonly [seconds: number, value: string] }
  | {
      readonly resultType: 'vector';
      readonly result: readonly {
        readonly metric: Metric;
        readonly value?: readonly [number, string];
        readonly histogram?: readonly [number, HistogramAnswer];
      }[];
    }
  | MatrixAnswer;

/** The `data` of `/api/v1/query_range`, and of `/api/v1/query` for a range vector. */
export interface MatrixAnswer {
  readonly resultType: 'matrix';
  readonly result: readonly {
    readonly metric: Metric;
    readonly values?: readonly (readonly [number, string])[];
    readonly histograms?: readonly (readonly [number, HistogramAnswer])[];
  }[];
}

/** One line of the table. */
export interface TableRow {
  /** `undefined` for a scalar or a string, which have no labels. */
  readonly metric: Metric | undefined;
  /** As the server wrote them, the oldest first. Without a time where it is the moment that was asked for. */
  readonly values: readonly { readonly seconds?: number; readonly text: string }[];
}

/** The lines of a table; of a range vector every series has all its samples. */
export function tableRows(answer: InstantAnswer): readonly TableRow[] {
  switch (answer.resultType) {
    case 'scalar':
      return [{ metric: undefined, values: [{ text: answer.result[1] }] }];
    case 'string':
      return [{ metric: undefined, values: [{ text: JSON.stringify(answer.result[1]) }] }];
    case 'vector':
      return answer.result.map(({ metric, value, histogram }) => ({
        metric,
        values: [{ text: value === undefined ? histogramText(histogram?.[1]) : value[1] }],
      }));
    case 'matrix':
      return answer.result.map(({ metric, values = [], histograms = [] }) => ({
        metric,
        values: [
          ...values.map(([seconds, text]) => ({ seconds, text })),
          ...histograms.map(([seconds, histogram]) => ({ seconds, text: histogramText(histogram) })),
        ].sort((a, b) => a.seconds - b.seconds),
      }));
  }
}

function histogramText(histogram: HistogramAnswer | undefined): string {
  return histogram === undefined ? '' : `count ${histogram.count}, sum ${histogram.sum}`;
}

/** A series as PromQL writes it: `name{label="value"}`, `{}` when it has neither. */
export function seriesName(metric: Metric): string {
  const name = metric.__name__ ?? '';
  const labels = labelsOf(metric).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return labels.length === 0 && name !== '' ? name : `${name}{${labels.join(', ')}}`;
}

/** The labels of a series beside its name, in order. */
export function labelsOf(metric: Metric): readonly (readonly [label: string, value: string])[] {
  return Object.entries(metric)
    .filter(([label]) => label !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The part of an answer that is drawn, and how much there is of it all. */
export interface Drawn {
  readonly answer: RangeAnswer;
  readonly drawn: number;
  readonly total: number;
  /** Series that consist of native histograms, which are no line. */
  readonly histograms: number;
}

/** Leaves out what cannot be drawn, and what is beyond `most` series. */
export function drawable(answer: MatrixAnswer, most: number): Drawn {
  const lines = answer.result.flatMap(({ metric, values }) => (values === undefined ? [] : [{ metric, values }]));
  const result = lines.slice(0, most);
  return {
    answer: { result },
    drawn: result.length,
    total: lines.length,
    histograms: answer.result.length - lines.length,
  };
}

/** Only the labels that tell the lines of a graph apart; the whole name when nothing does. */
export function shortNames(metrics: readonly Metric[]): readonly string[] {
  const [first] = metrics;
  if (first === undefined) return [];
  const labels = [...new Set(metrics.flatMap((metric) => Object.keys(metric)))].sort();
  const telling = labels.filter((label) => metrics.some((metric) => metric[label] !== first[label]));
  if (telling.length === 0) return metrics.map(seriesName);
  return metrics.map((metric) =>
    seriesName(Object.fromEntries(telling.flatMap((label) => (label in metric ? [[label, metric[label]!]] : [])))),
  );
}
