import { type Labels, type Matcher, METRIC_NAME } from '@tillwatch/model';
import { type CompiledRule, nameOf } from '../rules/compile-rule.ts';

/** One rule of a replay: what it says, when it is evaluated, and its place among all rules. */
export interface ReplayedRule {
  /** Position in the order of evaluation: groups one after the other, rules in the order of their group. */
  readonly order: number;
  readonly group: string;
  readonly compiled: CompiledRule;
  readonly intervalMs: number;
  /** A tick at t reads, and writes, at t - `queryOffsetMs`. */
  readonly queryOffsetMs: number;
  readonly limit: number;
  readonly writes: Writes;
}

/** Which series a rule may write, as far as that is known before it runs. */
export class Writes {
  readonly #names: readonly string[];
  /** Labels that every series of the rule has; `undefined` for a value that a template decides. */
  readonly #fixed: ReadonlyMap<string, string | undefined>;

  constructor({ source, rule }: CompiledRule) {
    const isAlerting = source.kind === 'alerting';
    this.#names = isAlerting ? ['ALERTS', 'ALERTS_FOR_STATE'] : [source.record];
    const labels = Object.entries(rule?.labels ?? source.labels);
    this.#fixed = new Map([
      ...labels.map(([name, value]) => [name, isAlerting && value.includes('{{') ? undefined : value] as const),
      ...(isAlerting ? [['alertname', nameOf(source)] as const] : []),
    ]);
  }

  /** May a series of the rule satisfy the matchers? */
  mayMatch(matchers: readonly Matcher[]): boolean {
    return matchers.every((matcher) => {
      if (matcher.name === METRIC_NAME) return this.#names.some((name) => matcher.matches(name));
      if (!this.#fixed.has(matcher.name)) return true;
      const value = this.#fixed.get(matcher.name);
      return value === undefined || matcher.matches(value);
    });
  }

  /** May the rule write the series with these labels? */
  mayBe(labels: Labels): boolean {
    if (!this.#names.includes(labels.metricName)) return false;
    for (const [name, value] of this.#fixed) if (value !== undefined && labels.get(name) !== value) return false;
    return true;
  }
}
