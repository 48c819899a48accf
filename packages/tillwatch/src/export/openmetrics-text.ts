import { isStaleAt, type Labels, METRIC_NAME, type Queryable, type Series } from '@tillwatch/model';
import { STALE_TEXT } from '../import/sample-lines.ts';
import { readSeriesSelector } from '../query/unreadable-query.ts';

/** Which samples are written. */
export interface ExportRange {
  /** Texts such as `up{job="shop"}`; a series that several choose is written once. None choose everything. */
  readonly selectors: readonly string[];
  /** Both ends included; ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

const PIECE_LENGTH = 1 << 18;

/**
 * The samples of a store as OpenMetrics text with timestamps, series by series: pieces of some hundred kilobytes, each with the
 * number of samples so far. Import makes the same samples of it, bit for bit; a staleness marker is `naN`, which other readers
 * take for NaN. @throws {QueryError} when a selector is none
 */
export function* openMetricsText(
  queryable: Queryable,
  { selectors, fromMs, toMs }: ExportRange,
): Generator<{ readonly text: string; readonly samples: number; readonly series: number }> {
  const chosen = selectors.length === 0 ? [[]] : selectors.map((selector) => readSeriesSelector(selector).matchers);
  const written = new Set<string>();
  let text = '';
  let [samples, series] = [0, 0];
  for (const matchers of chosen) {
    for (const one of queryable.select(matchers, fromMs, toMs)) {
      if (chosen.length > 1) {
        if (written.has(one.labels.key)) continue;
        written.add(one.labels.key);
      }
      series++;
      const prefix = `${seriesText(one.labels)} `;
      for (let i = 0; i < one.values.length; i++) {
        text += `${prefix}${valueText(one, i)} ${secondsText(one.timestampsMs[i]!)}\n`;
        samples++;
        if (text.length < PIECE_LENGTH) continue;
        yield { text, samples, series };
        text = '';
      }
    }
  }
  yield { text: `${text}# EOF\n`, samples, series };
}

const CLASSIC_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const CLASSIC_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels as the exposition formats write them: other names than classic ones in quotes, as Prometheus 3 does. */
function seriesText(labels: Labels): string {
  const name = labels.metricName;
  const isClassic = CLASSIC_METRIC_NAME.test(name);
  const inside: string[] = [];
  if (!isClassic && name !== '') inside.push(quoted(name));
  for (const [label, value] of labels) {
    if (label === METRIC_NAME) continue;
    inside.push(`${CLASSIC_LABEL_NAME.test(label) ? label : quoted(label)}=${quoted(value)}`);
  }
  const list = inside.length > 0 ? `{${inside.join(',')}}` : '';
  return isClassic ? name + list : list;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`;
}

function valueText({ values }: Series, index: number): string {
  const value = values[index]!;
  if (value !== value) return isStaleAt(values, index) ? STALE_TEXT : 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Milliseconds as seconds, digit by digit. */
function secondsText(timestampMs: number): string {
  const ms = Math.abs(timestampMs);
  const rest = ms % 1_000;
  const sign = timestampMs < 0 ? '-' : '';
  const seconds = `${sign}${Math.floor(ms / 1_000)}`;
  return rest === 0 ? seconds : `${seconds}.${String(rest).padStart(3, '0').replace(/0+$/, '')}`;
}
