import { compareLabels, type Labels, type Matcher, METRIC_NAME } from '@tillwatch/model';
import { LabelTable } from './label-table.ts';
import { HeadSeries } from './series.ts';

/** So many series are remembered in answers of `find` altogether: 2^20 references are 8 MB. */
const MOST_REMEMBERED = 2 ** 20;
/** Of so many metrics it is noted that their series changed. */
const MOST_CHANGED = 2 ** 14;

/** At least so many of the last changes are known one by one, and as many as a quarter of the series. */
const LOGGED = 2 ** 14;

/** An answer of `find`. */
interface Answer {
  readonly found: readonly HeadSeries[];
  /** The number of the last change that could have had to do with it. */
  readonly change: number;
  /** Up to which change it is right. */
  upTo: number;
}

/** Which series there are: by their labels, by id, and by each name and value (the postings). */
export class SeriesIndex {
  readonly #byLabels = new LabelTable();
  /** In the order of ids. */
  #all: HeadSeries[] = [];
  /** Those that came back with an id that is lower than others, by id. */
  readonly #returned = new Map<number, HeadSeries>();
  /** Finds a series that is not here because it rests, so that it comes back. */
  readonly #rouse: ((labels: Labels) => HeadSeries | undefined) | undefined;
  /** For names that were asked for: the lists of all names would take as much memory as the series. */
  readonly #postings = new Map<string, Map<string, HeadSeries[]>>();
  /** What was found, by the list of matchers itself: rules and dashboards ask with the same lists again and again. */
  #answers = new WeakMap<readonly Matcher[], Answer>();
  /** How many series are in those answers. */
  #remembered = 0;
  /** How often series came or went while there were answers, and the number of the last time by metric name. */
  #changes = 0;
  readonly #lastChanges = new Map<string, number>();
  /** The last changes, in their order: the series that came, and `undefined` for one that went. */
  #log: (HeadSeries | undefined)[] = [];

  constructor(rouse?: (labels: Labels) => HeadSeries | undefined) {
    this.#rouse = rouse;
  }

  get size(): number {
    return this.#all.length + this.#returned.size;
  }

  /** The series with these labels; one that rests is roused. It is noted at the labels, so that it is found at once the next time. */
  get(labels: Labels): HeadSeries | undefined {
    const found = this.#find(labels);
    if (found !== undefined || this.#rouse === undefined) return found;
    const roused = this.#rouse(labels);
    if (roused !== undefined) this.add(roused);
    return roused;
  }

  /** Is there a series with these labels that does not rest? */
  has(labels: Labels): boolean {
    return this.#find(labels) !== undefined;
  }

  #find(labels: Labels): HeadSeries | undefined {
    const { note } = labels;
    if (note instanceof HeadSeries && note.index === this) return note;
    const found = this.#byLabels.get(labels);
    if (found !== undefined) labels.note = found;
    return found;
  }

  byId(id: number): HeadSeries | undefined {
    const returned = this.#returned.get(id);
    if (returned !== undefined) return returned;
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#all[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    return this.#all[low]?.id === id ? this.#all[low] : undefined;
  }

  /** All series, in no order. */
  all(): readonly HeadSeries[] {
    return this.#returned.size === 0 ? this.#all : [...this.#all, ...this.#returned.values()];
  }

  add(series: HeadSeries): void {
    series.index = this;
    series.labels.note = series;
    this.#byLabels.set(series);
    if (series.id < (this.#all.at(-1)?.id ?? 0)) this.#returned.set(series.id, series);
    else this.#all.push(series);
    this.#noteChange(series, true);
    for (const [name, values] of this.#postings) list(values, series.labels.get(name), series);
  }

  /** Removes all of `gone` at once: each list they are in is rebuilt once. */
  remove(gone: ReadonlySet<HeadSeries>): void {
    for (const series of gone) {
      this.#noteChange(series, false);
      series.index = undefined;
      series.labels.note = undefined;
      this.#byLabels.delete(series);
      this.#returned.delete(series.id);
    }
    this.#all = this.#all.filter((series) => !gone.has(series));
    for (const [name, values] of this.#postings) {
      const touched = new Set([...gone].map(({ labels }) => labels.get(name)));
      for (const value of touched) {
        const left = values.get(value)?.filter((series) => !gone.has(series)) ?? [];
        if (left.length > 0) values.set(value, left);
        else values.delete(value);
      }
    }
  }

  labelNames(): Iterable<string> {
    const names = new Set<string>();
    for (const { labels } of this.all()) for (let i = 0; i < labels.flat.length; i += 2) names.add(labels.flat[i]!);
    return names;
  }

  /** The values of a label, each with its series. */
  labelValues(name: string): Iterable<[value: string, series: readonly HeadSeries[]]> {
    return this.#postingsOf(name);
  }

  #postingsOf(name: string): Map<string, HeadSeries[]> {
    let values = this.#postings.get(name);
    if (values === undefined) {
      values = new Map();
      for (const series of this.all()) list(values, series.labels.get(name), series);
      // A name that no series has must not stay: anybody can ask for any.
      if (values.size > 0) this.#postings.set(name, values);
    }
    return values;
  }

  /**
   * The series that satisfy all matchers, in label order. The answer is shared by all who ask with the same list, until a
   * series comes or goes that it may have to do with.
   */
  find(matchers: readonly Matcher[]): readonly HeadSeries[] {
    const change = this.#lastChangeOf(matchers);
    const known = this.#answers.get(matchers);
    if (known?.change === change) {
      known.upTo = this.#changes;
      return known.found;
    }
    const isLogged = known !== undefined && known.upTo >= this.#changes - this.#log.length;
    const found = isLogged ? this.#bringUpToDate(known, matchers) : this.#search(matchers);
    if (known !== undefined) this.#remembered -= sizeOf(known.found);
    if (this.#remembered + found.length >= MOST_REMEMBERED) this.#forget();
    if (found.length >= MOST_REMEMBERED) return found;
    this.#answers.set(matchers, { found, change: this.#lastChangeOf(matchers), upTo: this.#changes });
    this.#remembered += sizeOf(found);
    return found;
  }

  /** An answer without the series that went since, and with those that came. */
  #bringUpToDate({ found, upTo }: Answer, matchers: readonly Matcher[]): readonly HeadSeries[] {
    const tests = matchers.map(rememberingTest);
    const came = new Set<HeadSeries>();
    let hasLost = false;
    for (let i = this.#log.length - (this.#changes - upTo); i < this.#log.length; i++) {
      const series = this.#log[i];
      if (series === undefined) hasLost = true;
      else if (series.index === this && tests.every((test) => test(series.labels))) came.add(series);
    }
    const left = hasLost ? found.filter((series) => series.index === this) : found;
    return came.size === 0 ? left : merged(left, [...came].sort(compareSeries));
  }

  /** The number of the last change of the metric that the matchers name, or of any if they name none. */
  #lastChangeOf(matchers: readonly Matcher[]): number {
    for (const { name, op, value } of matchers) {
      if (name === METRIC_NAME && op === '=') return this.#lastChanges.get(value) ?? 0;
    }
    return this.#changes;
  }

  #noteChange(series: HeadSeries, hasCome: boolean): void {
    if (this.#remembered === 0) return;
    this.#lastChanges.set(series.labels.metricName, ++this.#changes);
    this.#log.push(hasCome ? series : undefined);
    if (this.#log.length > Math.max(LOGGED, this.size / 4)) this.#log = this.#log.slice(this.#log.length >> 1);
    if (this.#lastChanges.size > MOST_CHANGED) this.#forget();
  }

  #forget(): void {
    this.#answers = new WeakMap();
    this.#remembered = 0;
    this.#changes = 0;
    this.#lastChanges.clear();
    this.#log = [];
  }

  #search(matchers: readonly Matcher[]): HeadSeries[] {
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
    if (best === undefined) return [this.all(), matchers];
    const { matcher, lists } = best;
    return [lists.length === 1 ? lists[0]! : lists.flat(), matchers.filter((other) => other !== matcher)];
  }

  #listsOf(matcher: Matcher): HeadSeries[][] {
    const values = this.#postingsOf(matcher.name);
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

/** What an answer counts for: also one without series takes room. */
function sizeOf(found: readonly HeadSeries[]): number {
  return found.length + 1;
}

/** Enters a series in the list of a value; a label that it does not have is on none. */
function list(values: Map<string, HeadSeries[]>, value: string, series: HeadSeries): void {
  if (value === '') return;
  const known = values.get(value);
  if (known === undefined) values.set(value, [series]);
  else known.push(series);
}

/** Two lists in label order as one. */
function merged(a: readonly HeadSeries[], b: readonly HeadSeries[]): readonly HeadSeries[] {
  const all: HeadSeries[] = [];
  let at = 0;
  for (const series of b) {
    while (at < a.length && compareSeries(a[at]!, series) < 0) all.push(a[at++]!);
    all.push(series);
  }
  while (at < a.length) all.push(a[at++]!);
  return all;
}

export function compareSeries(a: HeadSeries, b: HeadSeries): number {
  return compareLabels(a.labels, b.labels);
}
