import { Labels, METRIC_NAME } from '@tillwatch/model';
import type { RecordingRule } from '../rules/recording-rule.ts';
import { type Column, type Columns, fillStale, type TickFailures, type Ticks } from './columns.ts';
import type { Samples, WrittenSeries } from './written-series.ts';

/** The series that a recording rule writes, of one label set: usually one column, several when labels were overwritten. */
interface Target {
  readonly labels: Labels;
  readonly columns: Column[];
}

/**
 * Writes what a recording rule gives over the ticks of a slice, with staleness markers where a series ends. `written` is
 * what it wrote at the last tick before that did not fail; returns the same for the last tick of this slice.
 */
export function recordColumns(
  rule: RecordingRule,
  limit: number,
  columns: Columns,
  ticks: Ticks,
  written: ReadonlyMap<string, Labels>,
  failures: TickFailures,
  seriesOf: (labels: Labels) => WrittenSeries,
): ReadonlyMap<string, Labels> {
  const targets = targetsOf(rule, columns);
  const counts = countSeries(targets, ticks, failures);
  if (limit > 0) {
    for (const [k, count] of counts.entries()) {
      if (count > limit) failures.add(k, `exceeded limit of ${limit} with ${count} series`);
    }
  }
  const left = new Map<string, Labels>();
  for (const [key, labels] of written) if (!targets.has(key)) targets.set(key, { labels, columns: [] });
  for (const [key, { labels, columns: own }] of targets) {
    const { samples, isThere } = samplesOf(own, ticks, written.has(key), failures);
    if (samples.timestampsMs.length > 0) seriesOf(labels).appendAll(samples);
    if (isThere) left.set(key, labels);
  }
  return left;
}

function targetsOf(rule: RecordingRule, { series }: Columns): Map<string, Target> {
  const own = Object.entries(rule.labels);
  const targets = new Map<string, Target>();
  for (const column of series) {
    const labels = Labels.from([...column.labels, [METRIC_NAME, rule.name], ...own]);
    const target = targets.get(labels.key) ?? { labels, columns: [] };
    target.columns.push(withoutHistograms(column));
    targets.set(labels.key, target);
  }
  return targets;
}

/** The store keeps numbers: a native histogram cannot be recorded. */
function withoutHistograms(column: Column): Column {
  const { histograms } = column;
  if (histograms === undefined) return column;
  return { ...column, present: column.present.map((there, k) => (histograms[k] === undefined ? there : 0)) };
}

/** How many series there are at each tick. Two that cannot be told apart make the tick fail. */
function countSeries(targets: ReadonlyMap<string, Target>, { readMs }: Ticks, failures: TickFailures): Int32Array {
  const counts = new Int32Array(readMs.length);
  for (const { columns } of targets.values()) {
    for (let k = 0; k < counts.length; k++) {
      let same = 0;
      for (const { present } of columns) same += present[k]!;
      counts[k]! += same;
      if (same > 1) {
        failures.add(k, 'vector contains metrics with the same labelset after applying rule labels');
      }
    }
  }
  return counts;
}

function samplesOf(
  columns: readonly Column[],
  { readMs }: Ticks,
  wasThere: boolean,
  failures: TickFailures,
): { samples: Samples; isThere: boolean } {
  const [only] = columns;
  const isPlain = columns.length === 1 && failures.size === 0;
  if (isPlain && !only!.present.includes(0))
    return { samples: { timestampsMs: readMs, values: only!.values }, isThere: true };

  const timestampsMs = new Float64Array(readMs.length);
  const values = new Float64Array(readMs.length);
  fillStale(values);
  let length = 0;
  let isThere = wasThere;
  for (let k = 0; k < readMs.length; k++) {
    if (failures.size > 0 && failures.at(k) !== undefined) continue;
    const column = columns.length === 1 ? only! : columns.find(({ present }) => present[k] === 1);
    const isNow = column !== undefined && column.present[k] === 1;
    if (!isNow && !isThere) continue;
    if (isNow) values[length] = column.values[k]!;
    timestampsMs[length++] = readMs[k]!;
    isThere = isNow;
  }
  return { samples: { timestampsMs: timestampsMs.slice(0, length), values: values.slice(0, length) }, isThere };
}
