import type { Labels, Span } from '@tillwatch/model';

/** A group of rules that is evaluated together, one rule after the other. */
export interface RuleGroup {
  readonly name: string;
  /** `undefined`: the global evaluation interval. */
  readonly intervalMs: number | undefined;
  /** Most alerts or series that one rule may produce; 0 is no limit. */
  readonly limit: number;
  /** How far in the past rules are evaluated; `undefined`: the global setting. */
  readonly queryOffsetMs: number | undefined;
  /** Added to the labels of every rule, which win. */
  readonly labels: Labels;
  readonly rules: readonly Rule[];
}

export type Rule = AlertingRule | RecordingRule;

export interface AlertingRule {
  readonly kind: 'alerting';
  readonly alert: string;
  readonly expr: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Templates. */
  readonly labels: Readonly<Record<string, string>>;
  /** Templates. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Where the rule stands: its name. */
  readonly at?: Span | undefined;
}

export interface RecordingRule {
  readonly kind: 'recording';
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the rule stands: its name. */
  readonly at?: Span | undefined;
}

/** The name of a rule, whichever kind it is. */
export function ruleName(rule: Rule): string {
  return rule.kind === 'alerting' ? rule.alert : rule.record;
}
