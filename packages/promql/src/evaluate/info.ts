import { type Label, type Labels, Matcher, type Span } from '@tillwatch/model';
import type { Call, Expr, VectorSelector } from '../parse/ast.ts';
import { childrenOf } from '../visit.ts';
import { type Column, expectVector, mergeEqual, type Value, vectorOf } from './column.ts';
import { evaluateNode } from './node.ts';
import { failExecution, failSameLabels, type Run } from './run.ts';
import { evaluateSelector, evaluateSelectorTimestamps, shifted } from './select.ts';
import type { Timeline } from './timeline.ts';

/** What an info series and the series it tells about have in common. Prometheus takes these two for every info metric. */
const IDENTIFYING = ['instance', 'job'];

/**
 * `info()`: adds the data labels of info series to the series that they tell about. Which info series those are may change
 * from step to step; a step without any keeps its value as it is, unless a matcher asks for a label that must be there.
 */
export function evaluateInfo(run: Run, call: Call, timeline: Timeline): Value {
  const [base, selector] = [call.args[0]!, call.args[1] as VectorSelector | undefined];
  const wanted = new WantedInfo(selector?.matchers ?? []);
  const columns = expectVector(evaluateNode(run, base, timeline));
  const enriched = columns.filter((column) => !wanted.isInfo(column.labels));
  const times = timesOfFirstSelector(run, base, timeline) ?? timeline;
  const known = readInfo(run, wanted, enriched, times, selector?.span ?? call.span);

  const out: Column[] = [];
  for (const column of columns) {
    run.tick(call.span);
    if (wanted.isInfo(column.labels)) out.push(column);
    else out.push(...enrich(column, known.get(identityOf(column.labels)) ?? [], wanted, call.span));
  }
  return vectorOf(mergeEqual(out, () => failSameLabels(call.span)));
}

/** The second argument of `info()`: which info series are looked at, and which of their labels are taken. */
class WantedInfo {
  readonly matchers: readonly Matcher[];
  /** Must a label be there that only an info series can bring? */
  readonly isRequired: boolean;
  readonly #names: readonly Matcher[];
  readonly #dataNames: ReadonlySet<string>;

  constructor(matchers: readonly Matcher[]) {
    const data = matchers.filter(({ name }) => name !== '__name__');
    this.#names = nameMatchers(matchers.filter(({ name }) => name === '__name__'));
    this.#dataNames = new Set(data.map(({ name }) => name));
    this.matchers = [...this.#names, ...data];
    this.isRequired = data.some((matcher) => !matcher.matches(''));
  }

  /** Series that are info series themselves are left alone. Their name alone decides. */
  isInfo(labels: Labels): boolean {
    const name = labels.metricName;
    return name !== '' && this.#names.every((matcher) => matcher.matches(name));
  }

  takes(labelName: string): boolean {
    return labelName !== '__name__' && (this.#dataNames.size === 0 || this.#dataNames.has(labelName));
  }
}

/** Names that are only excluded say nothing about what is an info metric: the usual ending does. */
function nameMatchers(given: readonly Matcher[]): readonly Matcher[] {
  if (given.length === 0) return [new Matcher('__name__', '=', 'target_info')];
  const isPositive = given.some(({ op }) => op === '=' || op === '=~');
  return isPositive ? given : [new Matcher('__name__', '=~', '.+_info'), ...given];
}

/**
 * The moments that the info series are looked at: those of the samples that the base reads, which `offset` and `@` move.
 * Where several selectors are read, the first one speaks; `undefined` when there is none.
 */
function timesOfFirstSelector(run: Run, expr: Expr, timeline: Timeline): Timeline | undefined {
  if (expr.kind === 'vectorSelector') return shifted(run, timeline, expr);
  const inner = expr.kind === 'subquery' ? shifted(run, timeline, expr) : timeline;
  for (const child of childrenOf(expr)) {
    const times = timesOfFirstSelector(run, child, inner);
    if (times !== undefined) return times;
  }
  return undefined;
}

/** At each step the newest series of one info metric for one identity; -1 where there is none. */
interface InfoMetric {
  readonly series: readonly Labels[];
  readonly newest: Int32Array;
}

/** Reads the info series that may belong to the given columns, by identity, those of one metric together. */
function readInfo(
  run: Run,
  wanted: WantedInfo,
  columns: readonly Column[],
  times: Timeline,
  span: Span,
): Map<string, InfoMetric[]> {
  const identities = new Set(columns.map(({ labels }) => identityOf(labels)));
  identities.delete('');
  if (identities.size === 0) return new Map();

  const matchers = [...wanted.matchers, ...IDENTIFYING.map((name) => oneOf(name, columns))];
  const selector: VectorSelector = { kind: 'vectorSelector', span, name: '', matchers, offsetMs: 0 };
  checkFloats(expectVector(evaluateSelector(run, selector, times)), span);
  const byIdentity = new Map<string, Map<string, Column[]>>();
  for (const column of evaluateSelectorTimestamps(run, selector, times)) {
    const identity = identityOf(column.labels);
    if (!identities.has(identity)) continue;
    const metrics = byIdentity.get(identity) ?? new Map<string, Column[]>();
    byIdentity.set(identity, metrics);
    const name = column.labels.metricName;
    metrics.set(name, [...(metrics.get(name) ?? []), column]);
  }
  return new Map(
    [...byIdentity].map(([identity, metrics]) => [
      identity,
      [...metrics.values()].map((series) => infoMetric(series, times.count, span)),
    ]),
  );
}

/** An info metric is a constant 1; what has a native histogram is something else. */
function checkFloats(columns: readonly Column[], span: Span): void {
  for (const { labels, present, histograms } of columns) {
    if (histograms?.some((histogram, k) => histogram !== undefined && present[k] === 1) !== true) continue;
    failExecution(`an info metric should have float samples: ${labels}`, span, 'name a metric that has data labels');
  }
}

/** '' when a series has neither label: then nothing is known about it. */
function identityOf(labels: Labels): string {
  return labels.keep(IDENTIFYING).key;
}

/** A matcher for the values that a label has among the columns, so that only info series that can matter are read. */
function oneOf(name: string, columns: readonly Column[]): Matcher {
  const values = [...new Set(columns.map(({ labels }) => labels.get(name)))];
  if (values.length === 1) return new Matcher(name, '=', values[0]!);
  return new Matcher(name, '=~', values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'));
}

/** Of series that overlap, as after a restart with other data, the one with the newest sample counts. */
function infoMetric(columns: readonly Column[], steps: number, span: Span): InfoMetric {
  const newest = new Int32Array(steps).fill(-1);
  for (const [i, { present, values: seconds, labels }] of columns.entries()) {
    for (let k = 0; k < steps; k++) {
      if (present[k] === 0) continue;
      const best = columns[newest[k]!];
      if (best !== undefined && best.values[k] === seconds[k]) failDuplicate(best.labels, labels, span);
      if (best === undefined || best.values[k]! < seconds[k]!) newest[k] = i;
    }
  }
  return { series: columns.map(({ labels }) => labels), newest };
}

function failDuplicate(a: Labels, b: Labels, span: Span): never {
  const hint = 'their samples are equally new, so none of them can be preferred';
  return failExecution(`found duplicate series for info metric: existing ${a}, new ${b}`, span, hint);
}

/** One column for each set of labels that the info series give it over time. Values are shared, presence is not. */
function enrich(base: Column, metrics: readonly InfoMetric[], wanted: WantedInfo, span: Span): Column[] {
  const byLabels = new Map<string, Column>();
  let current: Column | undefined;
  for (let k = 0; k < base.present.length; k++) {
    if (base.present[k] === 0) continue;
    const isSame = k > 0 && metrics.every(({ newest }) => newest[k] === newest[k - 1]);
    if (current === undefined || !isSame) current = columnFor(base, metrics, k, wanted, byLabels, span);
    if (current !== undefined) current.present[k] = 1;
  }
  return [...byLabels.values()];
}

/** The column that takes a step of the base; `undefined` when the step is dropped. */
function columnFor(
  base: Column,
  metrics: readonly InfoMetric[],
  step: number,
  wanted: WantedInfo,
  byLabels: Map<string, Column>,
  span: Span,
): Column | undefined {
  const found = metrics.flatMap(({ series, newest }) => series[newest[step]!] ?? []);
  if (found.length === 0 && wanted.isRequired) return undefined;
  const labels = base.labels.merge(dataLabels(base.labels, found, wanted, span));
  const known = byLabels.get(labels.key);
  if (known !== undefined) return known;
  const column: Column = { ...base, labels, present: new Uint8Array(base.present.length) };
  byLabels.set(labels.key, column);
  return column;
}

/** The labels that info series add to a base, which keeps its own where both have one. */
function dataLabels(base: Labels, found: readonly Labels[], wanted: WantedInfo, span: Span): Iterable<Label> {
  const added = new Map<string, string>();
  for (const [name, value] of found.flatMap((labels) => [...labels])) {
    if (!wanted.takes(name) || base.has(name)) continue;
    const before = added.get(name);
    if (before !== undefined && before !== value) {
      failExecution(`conflicting label: ${name}`, span, 'name one info metric, or the labels that you need');
    }
    added.set(name, value);
  }
  return added;
}
