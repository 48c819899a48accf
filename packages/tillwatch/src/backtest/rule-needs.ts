import type { Rule, RuleGroup } from '@tillwatch/config';
import { ruleName } from '@tillwatch/config';
import { type Matcher, METRIC_NAME } from '@tillwatch/model';
import { type Expr, parse, type selectorsOf, visit } from '@tillwatch/promql';

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

interface ReadingRule {
  readonly rule: Rule;
  readonly reads: readonly Read[];
}

/** Finds what rules read. A rule that cannot be parsed reads nothing. */
export function ruleNeeds(groups: readonly RuleGroup[]): RuleNeeds {
  const rules = groups.flatMap((group) => group.rules).map((rule) => ({ rule, reads: readsOf(rule) }));
  const needed = new Map<string, { matchers: readonly Matcher[]; reachMs: number; alerts: Set<string> }>();
  let warmUpMs = 0;
  const walk = (rule: ReadingRule, alert: string, delayMs: number, path: readonly Rule[]) => {
    for (const { matchers, reachMs } of rule.reads) {
      const writers = rules.filter((other) => writes(other.rule, matchers));
      if (writers.length > 0) {
        warmUpMs = Math.max(warmUpMs, delayMs + reachMs);
        for (const writer of writers) {
          if (!path.includes(writer.rule)) walk(writer, alert, delayMs + reachMs, [...path, writer.rule]);
        }
        continue;
      }
      const key = textOf(matchers);
      const known = needed.get(key) ?? { matchers, reachMs: 0, alerts: new Set() };
      known.reachMs = Math.max(known.reachMs, reachMs);
      if (alert !== '') known.alerts.add(alert);
      needed.set(key, known);
    }
  };
  for (const rule of rules) walk(rule, rule.rule.kind === 'alerting' ? ruleName(rule.rule) : '', 0, [rule.rule]);
  return { series: withoutParts([...needed.values()]), warmUpMs };
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

function shiftOf({
  offsetMs,
  offsetExpr,
  atModifier,
}: Pick<ReturnType<typeof selectorsOf>[number], 'offsetMs' | 'offsetExpr' | 'atModifier'>): number {
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
function withoutParts(
  needed: readonly { readonly matchers: readonly Matcher[]; readonly reachMs: number; readonly alerts: Set<string> }[],
): NeededSeries[] {
  const kept: { matchers: readonly Matcher[]; reachMs: number; alerts: Set<string> }[] = [];
  for (const one of [...needed].sort((a, b) => a.matchers.length - b.matchers.length)) {
    const texts = new Set(one.matchers.map(String));
    const whole = kept.find(({ matchers }) => matchers.every((matcher) => texts.has(String(matcher))));
    if (whole === undefined) {
      kept.push({ matchers: one.matchers, reachMs: one.reachMs, alerts: new Set(one.alerts) });
      continue;
    }
    whole.reachMs = Math.max(whole.reachMs, one.reachMs);
    for (const alert of one.alerts) whole.alerts.add(alert);
  }
  return kept.map(({ matchers, reachMs, alerts }) => ({ matchers, reachMs, alerts: [...alerts].sort() }));
}
