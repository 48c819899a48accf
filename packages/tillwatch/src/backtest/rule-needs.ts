import type { Rule, RuleGroup } from '@tillwatch/config';
import { ruleName } from '@tillwatch/config';
import { type Matcher, METRIC_NAME } from '@tillwatch/model';
import { type Expr, parse, type Subquery, type VectorSelector, visit } from '@tillwatch/promql';

/** Series that rules read, and how far before an evaluation they look for them. */
export interface NeededSeries {
  readonly matchers: readonly Matcher[];
  readonly reachMs: number;
  /** The names of the alerts that depend on them, sorted. */
  readonly alerts: readonly string[];
}

/** What rules need of the past. */
export interface RuleNeeds {
  /** What is read and not recorded by the rules themselves; one that chooses a part of what another one chooses is left out. */
  readonly series: readonly NeededSeries[];
  /** How long the rules must run before all of them know what they would have known: recorded series are read with a delay too. */
  readonly warmUpMs: number;
}

const LOOKBACK_MS = 5 * 60_000;
/** A reach that no number tells (`@`, or an offset that is worked out) is taken to be this long. */
const UNKNOWN_MS = 86_400_000;

interface Read {
  readonly matchers: readonly Matcher[];
  readonly reachMs: number;
}

/** Finds what rules read. A rule that cannot be parsed reads nothing. */
export function ruleNeeds(groups: readonly RuleGroup[]): RuleNeeds {
  const graph = new ReadGraph(groups.flatMap((group) => group.rules));
  const needed = new Map<string, Needed>();
  let warmUpMs = 0;
  for (const rule of graph.rules) {
    const reach = graph.reachOf(rule);
    warmUpMs = Math.max(warmUpMs, reach.recordedMs);
    for (const [key, { matchers, reachMs }] of reach.series) {
      const known = needed.get(key) ?? { matchers, reachMs: 0, alerts: new Set() };
      known.reachMs = Math.max(known.reachMs, reachMs);
      if (rule.kind === 'alerting') known.alerts.add(ruleName(rule));
      needed.set(key, known);
    }
  }
  return { series: withoutParts([...needed.values()]), warmUpMs };
}

interface Needed extends Read {
  reachMs: number;
  readonly alerts: Set<string>;
}

/** What one rule reads, through the rules that record for it too. */
interface Reach {
  readonly series: ReadonlyMap<string, Read>;
  /** How far back it looks at what rules record, delays of those rules included. */
  readonly recordedMs: number;
}

const NOTHING: Reach = { series: new Map(), recordedMs: 0 };

class ReadGraph {
  readonly rules: readonly Rule[];
  readonly #known = new Map<Rule, Reach>();

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  /** Rules that go round in circles read what they read the first time round. */
  reachOf(rule: Rule): Reach {
    const known = this.#known.get(rule);
    if (known !== undefined) return known;
    this.#known.set(rule, NOTHING);
    const series = new Map<string, Read>();
    const add = (matchers: readonly Matcher[], reachMs: number) => {
      const key = textOf(matchers);
      series.set(key, { matchers, reachMs: Math.max(reachMs, series.get(key)?.reachMs ?? 0) });
    };
    let recordedMs = 0;
    for (const { matchers, reachMs } of readsOf(rule)) {
      const writers = this.rules.filter((other) => writes(other, matchers));
      if (writers.length === 0) add(matchers, reachMs);
      for (const writer of writers) {
        const further = this.reachOf(writer);
        recordedMs = Math.max(recordedMs, reachMs + further.recordedMs);
        // Whoever looks at the state of another alert does not go blind with it.
        if (writer.kind === 'alerting') continue;
        for (const read of further.series.values()) add(read.matchers, reachMs + read.reachMs);
      }
    }
    const reach = { series, recordedMs };
    this.#known.set(rule, reach);
    return reach;
  }
}

/** Needs with further series that somebody else reads. */
export function withMore({ series, warmUpMs }: RuleNeeds, more: readonly NeededSeries[]): RuleNeeds {
  const all = [...series, ...more].map((one) => ({ ...one, alerts: new Set(one.alerts) }));
  return { series: withoutParts(all), warmUpMs };
}

/** `{__name__="x",a="b"}`, with the matchers in one order. */
export function textOf(matchers: readonly Matcher[]): string {
  return `{${matchers.map(String).sort().join(',')}}`;
}

function readsOf(rule: Rule): Read[] {
  const parsed = parse(rule.expr);
  if (!parsed.ok) return [];
  const reads: Read[] = [];
  visit(parsed.expr, (node, path) => {
    if (node.kind !== 'vectorSelector') return;
    const { matchers } = node;
    reads.push({ matchers, reachMs: [...path, node].reduce((reach, one) => reach + reachOf(one), LOOKBACK_MS) });
  });
  return reads;
}

function reachOf(node: Expr): number {
  switch (node.kind) {
    case 'vectorSelector':
      return shiftOf(node);
    case 'matrixSelector':
      return node.rangeExpr === undefined ? node.rangeMs : UNKNOWN_MS;
    case 'subquery':
      return shiftOf(node) + (node.rangeExpr === undefined ? node.rangeMs : UNKNOWN_MS);
    default:
      return 0;
  }
}

function shiftOf({ offsetMs, offsetExpr, atModifier }: VectorSelector | Subquery): number {
  return offsetExpr === undefined && atModifier === undefined ? Math.max(0, offsetMs) : UNKNOWN_MS;
}

/** May a rule write series that satisfy the matchers? */
function writes(rule: Rule, matchers: readonly Matcher[]): boolean {
  const named = matchers.find(({ name }) => name === METRIC_NAME);
  if (named === undefined) return false;
  const names = rule.kind === 'alerting' ? ['ALERTS', 'ALERTS_FOR_STATE'] : [rule.record];
  return names.some((name) => named.matches(name));
}

/** Leaves out what another one chooses too. */
function withoutParts(needed: readonly Needed[]): NeededSeries[] {
  const kept: Needed[] = [];
  for (const one of [...needed].sort((a, b) => a.matchers.length - b.matchers.length)) {
    const texts = new Set(one.matchers.map(String));
    const whole = kept.find(({ matchers }) => matchers.every((matcher) => texts.has(String(matcher))));
    if (whole === undefined) {
      kept.push(one);
      continue;
    }
    whole.reachMs = Math.max(whole.reachMs, one.reachMs);
    for (const alert of one.alerts) whole.alerts.add(alert);
  }
  return kept.map(({ matchers, reachMs, alerts }) => ({ matchers, reachMs, alerts: [...alerts].sort() }));
}
