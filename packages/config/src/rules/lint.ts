import { formatDuration, Labels, type Problem } from '@tillwatch/model';
import { type Expr, parse, visit } from '@tillwatch/promql';
import type { YamlReading } from '../yaml/read-yaml.ts';
import { mismatchedSides } from './matching-labels.ts';
import { type RuleGroup, ruleName } from './rule.ts';

/** Functions that need two samples in their window. */
const NEEDS_TWO = new Set([
  'rate',
  'increase',
  'irate',
  'idelta',
  'delta',
  'deriv',
  'predict_linear',
  'changes',
  'resets',
]);

/** What is allowed and yet most likely a mistake. */
export function ruleWarnings(
  groups: readonly RuleGroup[],
  reading: YamlReading<unknown>,
  scrapeIntervalMs: number | undefined,
): Problem[] {
  const problems = duplicateRules(groups, reading);
  groups.forEach((group, g) => {
    group.rules.forEach(({ expr }, r) => {
      const parsed = parse(expr);
      if (!parsed.ok) return;
      const path = ['groups', g, 'rules', r, 'expr'];
      const spanAt = (range: { from: number; to: number }) => reading.spanAt(path, 'value', range);
      problems.push(...mismatchedSides(parsed.expr, spanAt));
      if (scrapeIntervalMs !== undefined) problems.push(...shortWindows(parsed.expr, scrapeIntervalMs, spanAt));
    });
  });
  return problems;
}

function shortWindows(
  expr: Expr,
  scrapeIntervalMs: number,
  spanAt: (range: { readonly from: number; readonly to: number }) => Problem['at'],
): Problem[] {
  const problems: Problem[] = [];
  visit(expr, (node) => {
    if (node.kind !== 'call' || !NEEDS_TWO.has(node.func)) return;
    for (const arg of node.args) {
      if (arg.kind !== 'matrixSelector' || arg.rangeExpr !== undefined) continue;
      if (arg.rangeMs >= 4 * scrapeIntervalMs) continue;
      // The left end of a window is not in it: on the grid of the scrapes it holds one sample less than it seems.
      const holds = Math.floor(arg.rangeMs / scrapeIntervalMs);
      const window = `the window of ${formatDuration(arg.rangeMs)}`;
      problems.push({
        code: 'short-window',
        severity: 'warning',
        message:
          holds < 2
            ? `${window} holds fewer than two scrapes, so ${node.func} often yields nothing`
            : `${window} holds only ${holds} scrapes, so ${node.func} yields nothing after lost ones`,
        hint: `scrapes are ${formatDuration(scrapeIntervalMs)} apart: write at least [${formatDuration(4 * scrapeIntervalMs)}], which survives a lost scrape`,
        at: spanAt(arg.span),
      });
    }
  });
  return problems;
}

/** Two rules that write the same series overwrite each other. */
function duplicateRules(groups: readonly RuleGroup[], reading: YamlReading<unknown>): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  groups.forEach((group, g) => {
    group.rules.forEach((rule, r) => {
      const labels = Labels.from([...group.labels, ...Object.entries(rule.labels)]);
      const key = `${rule.kind}\u0000${ruleName(rule)}\u0000${labels.key}`;
      if (seen.has(key)) {
        const field = rule.kind === 'alerting' ? 'alert' : 'record';
        problems.push({
          code: 'duplicate-rule',
          severity: 'warning',
          message: `an earlier ${rule.kind} rule has the same name and labels: ${ruleName(rule)}`,
          hint: 'their results can collide: give each a label of its own, or another name',
          at: reading.spanAt(['groups', g, 'rules', r, field]),
        });
      }
      seen.add(key);
    });
  });
  return problems;
}
