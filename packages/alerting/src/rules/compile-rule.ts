import type { RuleGroup } from '@tillwatch/config';
import { positionAt, type Span } from '@tillwatch/model';
import { parse } from '@tillwatch/promql';
import type { AlertingRule } from './alerting-rule.ts';
import type { RecordingRule } from './recording-rule.ts';

type Rule = RuleGroup['rules'][number];

/** The name of a rule, whichever kind it is. */
export function nameOf(rule: Rule): string {
  return rule.kind === 'alerting' ? rule.alert : rule.record;
}

/** A rule ready to be evaluated, or with the reason why it never will be. */
export interface CompiledRule {
  /** Tells the rule from the others of its group, also after a reload: as in Prometheus, kind, name and labels. */
  readonly key: string;
  readonly source: Rule;
  readonly rule: AlertingRule | RecordingRule | undefined;
  /** What is wrong with the expression; '' when it could be read. */
  readonly problem: string;
}

/** Reads the rules of a group and gives each a key; rules that look the same are numbered. */
export function compileRules(group: RuleGroup): CompiledRule[] {
  const seen = new Map<string, number>();
  return group.rules.map((source) => {
    const labels = { ...group.labels.toRecord(), ...source.labels };
    const base = JSON.stringify([source.kind, nameOf(source), Object.entries(labels).sort()]);
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    const parsed = parse(source.expr);
    return {
      key: `${base}#${count}`,
      source,
      rule: parsed.ok ? ruleOf(source, parsed.expr, labels) : undefined,
      problem: parsed.ok ? '' : parsed.problems.map((problem) => problem.message).join('; '),
    };
  });
}

function ruleOf(
  source: Rule,
  expr: AlertingRule['expr'],
  labels: Readonly<Record<string, string>>,
): AlertingRule | RecordingRule {
  if (source.kind === 'recording') return { kind: 'recording', name: source.record, expr, labels };
  const { alert, forMs, keepFiringForMs, annotations } = source;
  return { kind: 'alerting', name: alert, expr, forMs, keepFiringForMs, labels, annotations };
}

/** Puts the place of the rule in front of a message, when the rule knows it. */
export function withPlace(at: Span | undefined, message: string): string {
  if (at === undefined) return message;
  const { line, column } = positionAt(at.text, at.from);
  return `${at.file}:${line}:${column}: ${message}`;
}
