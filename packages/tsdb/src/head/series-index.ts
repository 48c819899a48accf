import { compareLabels, type Labels, type Matcher } from '@tillwatch/model';
import type { HeadSeries } from './series.ts';

/** Which series there are: by their labels, and by each name and value (the postings). */
export class SeriesIndex {
  readonly #byKey = new Map<string, HeadSeries>();
  readonly #byId = new Map<number, HeadSeries>();
  readonly #postings = new Map<string, Map<string, HeadSeries[]>>();

  get size(): number {
    return this.#byId.size;
  }

  get(labels: Labels): HeadSeries | undefined {
    return this.#byKey.get(labels.key);
  }

  byId(id: number): HeadSeries | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<HeadSeries> {
    return this.#byId.values();
  }

  add(series: HeadSeries): void {
    this.#byKey.set(series.labels.key, series);
    this.#byId.set(series.id, series);
    for (const [name, value] of series.labels) {
      let values = this.#postings.get(name);
      if (values === undefined) {
        values = new Map();
        this.#postings.set(name, values);
      }
      const list = values.get(value);
      if (list === undefined) values.set(value, [series]);
      else list.push(series);
    }
  }

  /** Removes all of `gone` at once: each list they are in is rebuilt once. */
  remove(gone: ReadonlySet<HeadSeries>): void {
    const touched = new Map<string, Set<string>>();
    for (const series of gone) {
      series.isAlive = false;
      this.#byId.delete(series.id);
      if (this.#byKey.get(series.labels.key) === series) this.#byKey.delete(series.labels.key);
      for (const [name, value] of series.labels) {
        const values = touched.get(name) ?? new Set();
        touched.set(name, values.add(value));
      }
    }
    for (const [name, touchedValues] of touched) {
      const values = this.#postings.get(name)!;
      for (const value of touchedValues) {
        const left = values.get(value)!.filter((series) => !gone.has(series));
        if (left.length > 0) values.set(value, left);
        else values.delete(value);
      }
      if (values.size === 0) this.#postings.delete(name);
    }
  }

  labelNames(): Iterable<string> {
    return this.#postings.keys();
  }

  /** The values of a label, each with its series. */
  labelValues(name: string): Iterable<[value: string, series: readonly HeadSeries[]]> {
    return this.#postings.get(name) ?? [];
  }

  /** The series that satisfy all matchers, in label order. */
  find(matchers: readonly Matcher[]): HeadSeries[] {
    const [start, rest] = this.#start(matchers);
    const tests = rest.map(rememberingTest);
    const found: HeadSeries[] = [];
    for (const series of start) if (tests.every((test) => test(series.labels))) found.push(series);
    return found.sort(compareSeries);
  }

  /** The shortest list that holds every match, and the matchers that it does not yet satisfy. */
  #start(matchers: readonly Matcher[]): [Iterable<HeadSeries>, readonly Matcher[]] {
    let best: { lists: readonly HeadSeries[][]; size: number; matcher: Matcher } | undefined;
    for (const matcher of matchers) {
      // Whoever accepts '' accepts series without the label, and those are on no list.
      if (matcher.matches('')) continue;
      const lists = this.#listsOf(matcher);
      const size = lists.reduce((sum, list) => sum + list.length, 0);
      if (best === undefined || size < best.size) best = { lists, size, matcher };
    }
    if (best === undefined) return [this.#byId.values(), matchers];
    const { matcher, lists } = best;
    return [lists.length === 1 ? lists[0]! : lists.flat(), matchers.filter((other) => other !== matcher)];
  }

  #listsOf(matcher: Matcher): HeadSeries[][] {
    const values = this.#postings.get(matcher.name);
    if (values === undefined) return [];
    if (matcher.op === '=') {
      const list = values.get(matcher.value);
      return list === undefined ? [] : [list];
    }
    const lists: HeadSeries[][] = [];
    for (const [value, list] of values) if (matcher.matches(value)) lists.push(list);
    return lists;
  }
}

/** A label has few values and many series: a regular expression is asked once per value. */
function rememberingTest(matcher: Matcher): (labels: Labels) => boolean {
  if (matcher.op === '=' || matcher.op === '!=') return (labels) => matcher.matchesLabels(labels);
  const known = new Map<string, boolean>();
  return (labels) => {
    const value = labels.get(matcher.name);
    let answer = known.get(value);
    if (answer === undefined) {
      answer = matcher.matches(value);
      known.set(value, answer);
    }
    return answer;
  };
}

/**
 * Label order. Keys compare as one string in native code, which gives the same order for all but unusual labels; those
 * are compared pair by pair.
 */
function compareSeries(a: HeadSeries, b: HeadSeries): number {
  if (!a.hasPlainLabels || !b.hasPlainLabels) return compareLabels(a.labels, b.labels);
  const left = a.labels.key;
  const right = b.labels.key;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
