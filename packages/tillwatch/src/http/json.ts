import type { Histogram, Labels, RangeSeries } from '@tillwatch/model';
import { bucketsOfHistogram } from '@tillwatch/promql';

/**
 * A sample value as Prometheus's HTTP API writes it: the shortest decimal that reads back the same, with an exponent of at
 * least two digits below 1e-6 and from 1e21 on; `NaN`, `+Inf`, `-Inf`.
 */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt === -1) return text;
  const mantissa = text.slice(0, exponentAt);
  const exponent = Number(text.slice(exponentAt + 1));
  // JavaScript changes to an exponent at the same sizes as Go's encoder does; only the digits of the exponent differ.
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** A number in plain decimals, never with an exponent; `NaN`, `+Inf`, `-Inf`. */
export function formatPlain(value: number): string {
  const text = formatValue(value);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^(-?)(\d+)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? [];
  if (exponent === '') return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, '0')}${point < digits.length ? `.${digits.slice(point)}` : ''}`;
}

/** A timestamp in seconds with three decimals when the milliseconds are not 0. */
export function formatTimestamp(timestampMs: number): string {
  const sign = timestampMs < 0 ? '-' : '';
  if (Number.isSafeInteger(timestampMs)) {
    const rest = Math.abs(timestampMs) % 1000;
    const whole = (Math.abs(timestampMs) - rest) / 1000;
    return rest === 0 ? `${sign}${whole}` : `${sign}${whole}.${String(rest).padStart(3, '0')}`;
  }
  // Integers beyond 2^53 keep their digits as a BigInt.
  const absolute = BigInt(Math.abs(Math.round(timestampMs)));
  const ms = absolute % 1000n;
  const seconds = absolute / 1000n;
  return ms === 0n ? `${sign}${seconds}` : `${sign}${seconds}.${String(ms).padStart(3, '0')}`;
}

/** A `[time, "value"]` pair. */
export function formatPoint(timestampMs: number, value: number): string {
  return `[${formatTimestamp(timestampMs)},"${formatValue(value)}"]`;
}

/** Labels as a JSON object in label order. */
export function formatLabels(labels: Labels): string {
  return JSON.stringify(labels.toRecord());
}

/**
 * A native histogram as an object: count, sum, and its populated buckets, lowest first, each as `[boundaries, "lower",
 * "upper", "count"]`. Boundaries are 0 when only the upper bound belongs to the bucket, 1 only the lower, 2 none, 3 both.
 */
export function formatHistogram(histogram: Histogram): string {
  const buckets = bucketsOfHistogram(histogram)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, isLowerIncluded, isUpperIncluded, count }) => {
      const boundaries = isLowerIncluded ? (isUpperIncluded ? 3 : 1) : isUpperIncluded ? 0 : 2;
      return `[${boundaries},"${formatValue(lower)}","${formatValue(upper)}","${formatValue(count)}"]`;
    });
  const totals = `"count":"${formatValue(histogram.count)}","sum":"${formatValue(histogram.sum)}"`;
  return buckets.length === 0 ? `{${totals}}` : `{${totals},"buckets":[${buckets.join(',')}]}`;
}

/** The field with an instant vector's sample: `"value"`, or `"histogram"` for a native one. */
export function formatSampleField(timestampMs: number, value: number, histogram: Histogram | undefined): string {
  if (histogram === undefined) return `"value":${formatPoint(timestampMs, value)}`;
  return `"histogram":[${formatTimestamp(timestampMs)},${formatHistogram(histogram)}]`;
}

/** So many points are written in one piece. */
const PIECE_POINTS = 4_096;
/** So many texts of times are kept: one for each step of the longest range query. */
const MOST_KEPT_TIMES = 11_001;

/**
 * Writes the samples of the series of one answer. Millions of points make up an answer, so what was written before is not written anew:
 * the times of a range query are the same for all its series, and a value often stays.
 */
export class SamplesWriter {
  readonly #times = new Map<number, string>();

  /** The fields with a series' samples, `"values"`, `"histograms"`, or both, in pieces of a bounded number of points. */
  *pieces(series: Omit<RangeSeries, 'labels'>): Generator<string, void, undefined> {
    const { histograms } = series;
    const nativeCount = histograms?.reduce((count, histogram) => (histogram === undefined ? count : count + 1), 0) ?? 0;
    const hasBoth = nativeCount > 0 && nativeCount < series.values.length;
    if (nativeCount === 0 || hasBoth) yield* this.#field('values', series, false);
    if (hasBoth) yield ',';
    if (nativeCount > 0) yield* this.#field('histograms', series, true);
  }

  /** One of the two fields: the points that are native histograms, or those that are not. */
  *#field(
    field: 'values' | 'histograms',
    { timestampsMs, values, histograms }: Omit<RangeSeries, 'labels'>,
    isNative: boolean,
  ): Generator<string, void, undefined> {
    let text = `"${field}":[`;
    let separator = '';
    let lastValue = Number.NaN;
    let lastText = 'NaN';
    for (let i = 0; i < values.length; i++) {
      const histogram = histograms?.[i];
      if ((histogram !== undefined) === isNative) {
        const time = this.#time(timestampsMs[i]!);
        if (histogram !== undefined) {
          text += `${separator}[${time},${formatHistogram(histogram)}]`;
        } else {
          const value = values[i]!;
          if (!Object.is(value, lastValue)) {
            lastValue = value;
            lastText = formatValue(value);
          }
          text += `${separator}[${time},"${lastText}"]`;
        }
        separator = ',';
      }
      if (i % PIECE_POINTS === PIECE_POINTS - 1) {
        yield text;
        text = '';
      }
    }
    yield `${text}]`;
  }

  #time(timestampMs: number): string {
    const known = this.#times.get(timestampMs);
    if (known !== undefined) return known;
    const text = formatTimestamp(timestampMs);
    // The times of stored samples need not come again.
    if (this.#times.size >= MOST_KEPT_TIMES) this.#times.clear();
    this.#times.set(timestampMs, text);
    return text;
  }
}
