import type { InhibitRule } from '@tillwatch/config';
import { type Alert, isResolved, type Labels, type Matcher } from '@tillwatch/model';

/** Says which firing alerts keep another one quiet. */
export interface Inhibitor {
  /**
   * The firing alerts because of which an alert with these labels is not told, over all rules; empty when it is told. An
   * alert that is both source and target of a rule is not inhibited by its like, nor by itself.
   */
  inhibitedBy(labels: Labels, nowMs: number): Alert[];
}

/**
 * Reads the rules over `alerts` as they are now. Sources are looked up by the values of
 * a rule's `equal` labels, so a question costs the candidates and not all alerts.
 */
export function createInhibitor(rules: readonly InhibitRule[], alerts: Iterable<Alert>): Inhibitor {
  const all = [...alerts];
  const indexed = rules.map((rule) => ({ rule, sources: indexSources(rule, all) }));
  return {
    inhibitedBy(labels, nowMs) {
      const found = new Set<Alert>();
      for (const { rule, sources } of indexed) {
        if (!matchesAll(rule.targetMatchers, labels)) continue;
        const alsoSource = matchesAll(rule.sourceMatchers, labels);
        for (const source of sources.get(equalKey(rule, labels)) ?? []) {
          if (isResolved(source, nowMs)) continue;
          if (alsoSource && matchesAll(rule.targetMatchers, source.labels)) continue;
          found.add(source);
        }
      }
      return [...found];
    },
  };
}

function indexSources(rule: InhibitRule, alerts: readonly Alert[]): Map<string, Alert[]> {
  const sources = new Map<string, Alert[]>();
  for (const alert of alerts) {
    if (!matchesAll(rule.sourceMatchers, alert.labels)) continue;
    const key = equalKey(rule, alert.labels);
    const same = sources.get(key);
    if (same === undefined) sources.set(key, [alert]);
    else same.push(alert);
  }
  return sources;
}

/** Labels that are missing on both sides are equal. */
function equalKey(rule: InhibitRule, labels: Labels): string {
  return labels.keep(rule.equal).key;
}

function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matchesLabels(labels));
}
