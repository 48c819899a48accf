import type { Rule } from '@tillwatch/config';
import { type Labels, METRIC_NAME } from '@tillwatch/model';
import { type Expr, parse, type VectorSelector, visit } from '@tillwatch/promql';
import type { RuleFile } from '../rules/rule-engine.ts';

/** Functions that can give a result where there is no series. */
const NEED_NO_SERIES = new Set(['absent', 'absent_over_time', 'vector', 'time', 'scalar', 'pi']);

const LOOKBACK_MS = 5 * 60_000;

/** What an expression can see: through recording rules down to the series that are put in. */
export interface Sight {
  /** Selectors of what no rule records. */
  readonly selectors: readonly VectorSelector[];
  /** It gives something even when there is no series. */
  readonly needsNoSeries: boolean;
  /** Samples older than this cannot matter any more; infinite when that cannot be told. */
  readonly reachMs: number;
}

/** The rules of a test file, as far as it matters what each of them reads. */
export class RuleGraph {
  readonly #rules: readonly Rule[];
  readonly #recorded: ReadonlyMap<string, readonly Expr[]>;

  constructor(files: readonly RuleFile[]) {
    this.#rules = files.flatMap(({ groups }) => groups.flatMap((group) => group.rules));
    const recorded = new Map<string, Expr[]>();
    for (const rule of this.#rules) {
      const parsed = rule.kind === 'recording' ? parse(rule.expr) : undefined;
      if (rule.kind !== 'recording' || parsed?.ok !== true) continue;
      recorded.set(rule.record, [...(recorded.get(rule.record) ?? []), parsed.expr]);
    }
    this.#recorded = recorded;
  }

  get alertNames(): readonly string[] {
    return [...new Set(this.#rules.flatMap((rule) => (rule.kind === 'alerting' ? [rule.alert] : [])))];
  }

  /** The expressions that are recorded under a name. */
  recordedAs(name: string): readonly Expr[] {
    return this.#recorded.get(name) ?? [];
  }

  alerting(name: string): readonly Extract<Rule, { kind: 'alerting' }>[] {
    return this.#rules.flatMap((rule) => (rule.kind === 'alerting' && rule.alert === name ? [rule] : []));
  }

  /** What several expressions see together. */
  sight(exprs: readonly string[]): Sight {
    const parsed = exprs.flatMap((expr) => {
      const result = parse(expr);
      return result.ok ? [result.expr] : [];
    });
    return this.#look(parsed, new Set());
  }

  #look(exprs: readonly Expr[], above: ReadonlySet<string>): Sight {
    const selectors: VectorSelector[] = [];
    let needsNoSeries = false;
    let reachMs = 0;
    for (const expr of exprs) {
      if (expr.kind === 'number') needsNoSeries = true;
      visit(expr, (node, path) => {
        if (node.kind === 'call' && NEED_NO_SERIES.has(node.func)) needsNoSeries = true;
        if (node.kind !== 'vectorSelector') return;
        const ownMs = windowsMs([...path, node]);
        const recorded = this.#recordedBy(node).filter((name) => !above.has(name));
        // Alert states of the rules are series that the rules write.
        if (/^ALERTS(_FOR_STATE)?$/.test(node.name)) needsNoSeries = true;
        if (recorded.length === 0) selectors.push(node);
        const behind = this.#look(
          recorded.flatMap((name) => this.#recorded.get(name) ?? []),
          new Set([...above, ...recorded]),
        );
        selectors.push(...behind.selectors);
        needsNoSeries ||= behind.needsNoSeries;
        reachMs = Math.max(reachMs, ownMs + behind.reachMs);
      });
    }
    return { selectors, needsNoSeries, reachMs };
  }

  #recordedBy({ matchers }: VectorSelector): string[] {
    const named = matchers.filter(({ name }) => name === METRIC_NAME);
    return [...this.#recorded.keys()].filter((name) => named.every((matcher) => matcher.matches(name)));
  }
}

/** How far back the windows and offsets on the way to a selector look, and the selector itself. */
function windowsMs(path: readonly Expr[]): number {
  let sum = LOOKBACK_MS;
  for (const node of path) {
    if (node.kind === 'matrixSelector') sum += node.rangeExpr === undefined ? node.rangeMs : Number.POSITIVE_INFINITY;
    if (node.kind === 'subquery') sum += node.rangeExpr === undefined ? node.rangeMs : Number.POSITIVE_INFINITY;
    if (node.kind !== 'subquery' && node.kind !== 'vectorSelector') continue;
    if (node.offsetExpr !== undefined || node.atModifier !== undefined) return Number.POSITIVE_INFINITY;
    sum += Math.max(0, node.offsetMs);
  }
  return sum;
}

/** Does any of the series satisfy a selector? */
function isFed(selector: VectorSelector, series: readonly Labels[]): boolean {
  return series.some((labels) => selector.matchers.every((matcher) => matcher.matchesLabels(labels)));
}

/**
 * What an alert reads, as far as none of the series is of it: when it reads nothing else, it never fires whatever it says.
 * `undefined` when it can fire.
 */
export function unfedReads(sight: Sight, series: readonly Labels[]): readonly string[] | undefined {
  const { selectors, needsNoSeries } = sight;
  if (needsNoSeries || selectors.length === 0 || selectors.some((selector) => isFed(selector, series)))
    return undefined;
  return [...new Set(selectors.map(({ name, matchers }) => name || `{${matchers.join(', ')}}`))];
}
