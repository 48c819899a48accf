import {
  compareLabels,
  compareText,
  isStaleAt,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type Series,
} from '@tillwatch/model';
import { type Column, newColumn, type Ticks } from './columns.ts';
import type { ReplayedRule } from './replayed-rule.ts';
import { firstAtOrAfter, joined, type Samples, WrittenSeries } from './written-series.ts';

/** How far an instant selector looks back (left end excluded). */
export const LOOKBACK_MS = 5 * 60_000;

interface Written {
  readonly rule: ReplayedRule;
  readonly series: WrittenSeries;
}

/**
 * What the rules of a replay read: the past as it is stored, and what they write themselves. What is stored of series that
 * they write counts until the replay begins; from then on only what they write is seen.
 */
export class ReplayStore {
  readonly #base: Queryable;
  readonly #rules: readonly ReplayedRule[];
  readonly #fromMs: number;
  readonly #byRule: readonly Map<string, WrittenSeries>[];
  readonly #byName = new Map<string, Written[]>();
  /** Names that got series since they were last asked for: sorted then, not for each series. */
  readonly #unsorted = new Set<string>();
  /** By the key of stored labels: from when on the stored samples are hidden; infinite when no rule writes the series. */
  readonly #hiddenFrom = new Map<string, number>();

  constructor(base: Queryable, rules: readonly ReplayedRule[], fromMs: number) {
    this.#base = base;
    this.#rules = rules;
    this.#fromMs = fromMs;
    this.#byRule = rules.map(() => new Map());
  }

  /** The series of a rule with these labels, opened when it is new. */
  seriesOf(rule: ReplayedRule, labels: Labels): WrittenSeries {
    const own = this.#byRule[rule.order]!;
    const known = own.get(labels.key);
    if (known !== undefined) return known;
    const series = new WrittenSeries(labels);
    own.set(labels.key, series);
    const named = this.#byName.get(labels.metricName) ?? [];
    named.push({ rule, series });
    this.#byName.set(labels.metricName, named);
    this.#unsorted.add(labels.metricName);
    return series;
  }

  /** Everything, with no regard to who may see it when. */
  everything(): Queryable {
    return this.#view(() => Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /** What a rule sees at a tick: of itself and the rules after it what they wrote before, of the others this tick's too. */
  at(rule: ReplayedRule, atMs: number): Queryable {
    return this.#view((other) => visibleUntil(rule, other, atMs), atMs);
  }

  /**
   * An instant selector over the ticks of a rule, at each tick over what is visible then. A series of which the rule sees
   * only the past is thus read as exactly as one that was written before.
   */
  newest(rule: ReplayedRule, matchers: readonly Matcher[], offsetMs: number, ticks: Ticks): Column[] {
    const { atMs, readMs } = ticks;
    const count = readMs.length;
    if (count === 0) return [];
    const columns = new Map<string, { readonly column: Column; readonly times: Float64Array }>();
    const add = (labels: Labels, samples: Samples, delayMs: number) => {
      let entry = columns.get(labels.key);
      if (entry === undefined) {
        entry = { column: newColumn(labels, count), times: new Float64Array(count).fill(Number.NEGATIVE_INFINITY) };
        columns.set(labels.key, entry);
      }
      const { column, times } = entry;
      let next = 0;
      for (let k = 0; k < count; k++) {
        const readAtMs = readMs[k]! - offsetMs;
        const untilMs = Math.min(readAtMs, atMs[k]! - delayMs);
        while (next < samples.timestampsMs.length && samples.timestampsMs[next]! <= untilMs) next++;
        const i = next - 1;
        if (i < 0) continue;
        const sampleMs = samples.timestampsMs[i]!;
        if (sampleMs <= readAtMs - LOOKBACK_MS || sampleMs <= times[k]!) continue;
        times[k] = sampleMs;
        const isStale = isStaleAt(samples.values, i);
        column.present[k] = isStale ? 0 : 1;
        if (!isStale) column.values[k] = samples.values[i]!;
      }
    };
    const fromMs = readMs[0]! - offsetMs - LOOKBACK_MS + 1;
    const toMs = readMs[count - 1]! - offsetMs;
    for (const { rule: other, series } of this.#matching(matchers)) {
      const isSeenAtOnce = other.order < rule.order;
      add(series.labels, series.between(fromMs, toMs), other.queryOffsetMs + (isSeenAtOnce ? 0 : 1));
    }
    for (const series of this.#stored(matchers, fromMs, toMs)) add(series.labels, series, Number.NEGATIVE_INFINITY);
    const found = [...columns.values()].map(({ column }) => column).filter(({ present }) => present.includes(1));
    return found.map((column) => (column.present.includes(0) ? restoreMarkers(column) : column));
  }

  /** Forgets what rules wrote before a time that is their own. */
  forget(beforeMs: (rule: ReplayedRule) => number): void {
    for (const [order, own] of this.#byRule.entries()) {
      const atMs = beforeMs(this.#rules[order]!);
      for (const series of own.values()) {
        series.settle();
        series.forget(atMs);
      }
    }
  }

  #view(untilMs: (rule: ReplayedRule) => number, storedUntilMs: number): Queryable {
    return new View((matchers, fromMs, toMs) => this.#select(matchers, fromMs, toMs, untilMs, storedUntilMs));
  }

  *#select(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    untilMs: (rule: ReplayedRule) => number,
    storedUntilMs: number,
  ): Iterable<Series> {
    const written = this.#writtenBetween(matchers, fromMs, toMs, untilMs);
    let next = 0;
    for (const series of this.#stored(matchers, fromMs, Math.min(toMs, storedUntilMs))) {
      for (; next < written.length && compareLabels(written[next]!.labels, series.labels) < 0; next++) {
        yield written[next]!;
      }
      const same = written[next];
      if (same?.labels.equals(series.labels) === true) {
        next++;
        // What is stored ends where the replay begins.
        yield { labels: series.labels, ...joined([series, same]) };
      } else yield series;
    }
    for (; next < written.length; next++) yield written[next]!;
  }

  /** In label order, each label set once. */
  #writtenBetween(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    untilMs: (rule: ReplayedRule) => number,
  ): Series[] {
    const found: Series[] = [];
    for (const { rule, series } of this.#matching(matchers)) {
      const samples = series.between(fromMs, Math.min(toMs, untilMs(rule)));
      if (samples.timestampsMs.length === 0) continue;
      const last = found.at(-1);
      if (last?.labels.equals(series.labels) === true) found[found.length - 1] = { ...last, ...merged(last, samples) };
      else found.push({ labels: series.labels, ...samples });
    }
    return found;
  }

  /** What rules wrote, in label order; series of equal labels in the order of their rules. */
  #matching(matchers: readonly Matcher[]): readonly Written[] {
    const named = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
    const candidates =
      named === undefined ? [...this.#byName.values()].flat().sort(byLabelsAndOrder) : this.#named(named.value);
    return candidates.filter(({ series }) => matchers.every((matcher) => matcher.matchesLabels(series.labels)));
  }

  #named(name: string): readonly Written[] {
    const named = this.#byName.get(name) ?? [];
    if (this.#unsorted.delete(name)) named.sort(byLabelsAndOrder);
    return named;
  }

  *#stored(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    if (toMs < fromMs) return;
    for (const series of this.#base.select(matchers, fromMs, toMs)) {
      const hiddenFromMs = this.#hidden(series.labels);
      if (hiddenFromMs > toMs) yield series;
      else {
        const kept = firstAtOrAfter(series.timestampsMs, series.timestampsMs.length, hiddenFromMs);
        if (kept > 0) yield cut(series, kept);
      }
    }
  }

  #hidden(labels: Labels): number {
    let fromMs = this.#hiddenFrom.get(labels.key);
    if (fromMs === undefined) {
      const writers = this.#rules.filter(({ writes }) => writes.mayBe(labels));
      fromMs = Math.min(...writers.map(({ queryOffsetMs }) => this.#fromMs - queryOffsetMs));
      this.#hiddenFrom.set(labels.key, fromMs);
    }
    return fromMs;
  }
}

function byLabelsAndOrder(a: Written, b: Written): number {
  return compareLabels(a.series.labels, b.series.labels) || a.rule.order - b.rule.order;
}

/** Until when, in time of samples, `rule` sees at a tick what `other` wrote. */
function visibleUntil(rule: ReplayedRule, other: ReplayedRule, atMs: number): number {
  return atMs - other.queryOffsetMs - (other.order < rule.order ? 0 : 1);
}

/** A tick without a value has a marker, also where a value was written over it in passing. */
function restoreMarkers(column: Column): Column {
  const { present, values } = column;
  const restored = newColumn(column.labels, values.length);
  for (let k = 0; k < present.length; k++) {
    if (present[k] === 0) continue;
    restored.values[k] = values[k]!;
    restored.present[k] = 1;
  }
  return restored;
}

function cut(series: Series, length: number): Series {
  return {
    labels: series.labels,
    timestampsMs: series.timestampsMs.subarray(0, length),
    values: series.values.subarray(0, length),
    ...(series.histograms === undefined ? {} : { histograms: series.histograms.slice(0, length) }),
    ...(series.startTimestampsMs === undefined
      ? {}
      : { startTimestampsMs: series.startTimestampsMs.subarray(0, length) }),
  };
}

/** Two writers of one series: where both have a sample, the first one's was taken and the other refused. */
function merged(first: Samples, second: Samples): Samples {
  const order: [from: Samples, index: number][] = [];
  let a = 0;
  let b = 0;
  while (a < first.timestampsMs.length || b < second.timestampsMs.length) {
    const left = first.timestampsMs[a] ?? Number.POSITIVE_INFINITY;
    const right = second.timestampsMs[b] ?? Number.POSITIVE_INFINITY;
    order.push(left <= right ? [first, a++] : [second, b++]);
    if (left === right) b++;
  }
  const timestampsMs = Float64Array.from(order, ([from, i]) => from.timestampsMs[i]!);
  const values = new Float64Array(order.length);
  // Copies bits, so that staleness markers stay what they are.
  for (const [k, [from, i]] of order.entries()) values.set(from.values.subarray(i, i + 1), k);
  return { timestampsMs, values };
}

class View implements Queryable {
  readonly select: Queryable['select'];

  constructor(select: Queryable['select']) {
    this.select = select;
  }

  *selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    for (const { labels } of this.select(matchers, fromMs, toMs)) yield labels;
  }

  labelNames(fromMs: number, toMs: number): string[] {
    const names = [...this.selectLabels([], fromMs, toMs)].flatMap((labels) => labels.names());
    return [...new Set(names)].sort(compareText);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    const values = [...this.selectLabels([], fromMs, toMs)].map((labels) => labels.get(name));
    return [...new Set(values.filter((value) => value !== ''))].sort(compareText);
  }
}
