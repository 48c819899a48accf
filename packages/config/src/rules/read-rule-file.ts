import { isError, type Problem, type SourceText } from '@tillwatch/model';
import { scalarText } from '../fields/field.ts';
import { valueAt } from '../yaml/issues.ts';
import { readYaml, type YamlReading } from '../yaml/read-yaml.ts';
import { ruleWarnings } from './lint.ts';
import type { Rule, RuleGroup } from './rule.ts';
import { type RawGroup, type RawRule, RULE_FILE } from './rule-schema.ts';

/** What a rule file is checked against. */
export interface RuleFileOptions {
  /** How often the series of the rules are scraped; with it, windows that are too short for `rate` are warned about. */
  readonly scrapeIntervalMs?: number;
  /**
   * Checks one label or annotation of an alerting rule, which this room takes for text. The places of its findings are in
   * the template; they are moved into the file.
   */
  readonly checkTemplate?: (template: SourceText) => readonly Problem[];
  /** Fields that nobody knows are warned about and left out, instead of refused. */
  readonly ignoreUnknownFields?: boolean;
}

/** What was read; `groups` is empty when there is a problem of severity error. */
export interface RuleFileReading {
  readonly groups: RuleGroup[];
  readonly problems: Problem[];
}

/**
 * Reads a rule file as Prometheus 3 does. Everything that is wrong is reported at once, expressions down to the character.
 */
export function readRuleFile(source: SourceText, options: RuleFileOptions = {}): RuleFileReading {
  const unknownFields = options.ignoreUnknownFields === true ? 'warning' : 'error';
  const reading = readYaml(source, RULE_FILE, { keepSource: true, unknownFields });
  const problems = [...reading.problems, ...duplicateGroups(reading), ...templateProblems(reading, options)];
  const isRefused = problems.some(isError);
  const groups = isRefused ? [] : (reading.value?.groups ?? []).map((group, i) => toGroup(group, i, reading));
  problems.push(...ruleWarnings(groups, reading, options.scrapeIntervalMs));
  problems.sort((a, b) => a.at.from - b.at.from);
  return { groups, problems };
}

function toGroup(group: RawGroup, index: number, reading: YamlReading<unknown>): RuleGroup {
  const { name, intervalMs, limit, queryOffsetMs, labels } = group;
  const rules = group.rules.map((rule, i) => toRule(rule, ['groups', index, 'rules', i], reading));
  return { name, intervalMs: intervalMs || undefined, limit, queryOffsetMs, labels, rules };
}

function toRule(rule: RawRule, path: readonly PropertyKey[], reading: YamlReading<unknown>): Rule {
  const { record, alert, expr = '', labels } = rule;
  if (record !== '') return { kind: 'recording', record, expr, labels, at: reading.spanAt([...path, 'record']) };
  return {
    kind: 'alerting',
    alert,
    expr,
    forMs: rule.forMs ?? 0,
    keepFiringForMs: rule.keepFiringForMs ?? 0,
    labels,
    annotations: rule.annotations ?? {},
    at: reading.spanAt([...path, 'alert']),
  };
}

/** Group names are compared in the raw document, so that a duplicate is found whatever else is wrong. */
function duplicateGroups(reading: YamlReading<unknown>): Problem[] {
  const groups = valueAt(reading.raw, ['groups']);
  if (!Array.isArray(groups)) return [];
  const seen = new Set<string>();
  return groups.flatMap((_, i): Problem[] => {
    const name = scalarText(valueAt(reading.raw, ['groups', i, 'name'])) ?? '';
    if (name === '' || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    const message = `groupname: "${name}" is repeated in the same file`;
    return [{ code: 'duplicate-name', severity: 'error', message, at: reading.spanAt(['groups', i, 'name']) }];
  });
}

function templateProblems(reading: YamlReading<unknown>, { checkTemplate }: RuleFileOptions): Problem[] {
  const groups = valueAt(reading.raw, ['groups']);
  if (checkTemplate === undefined || !Array.isArray(groups)) return [];
  const problems: Problem[] = [];
  groups.forEach((_, g) => {
    const rules = valueAt(reading.raw, ['groups', g, 'rules']);
    if (!Array.isArray(rules)) return;
    rules.forEach((rule, r) => {
      if (valueAt(rule, ['alert']) === undefined) return;
      for (const field of ['labels', 'annotations']) {
        const texts = valueAt(rule, [field]);
        if (typeof texts !== 'object' || texts === null) continue;
        for (const [name, value] of Object.entries(texts)) {
          const template = scalarText(value);
          if (template === undefined) continue;
          const path = ['groups', g, 'rules', r, field, name];
          const what = `${field === 'labels' ? 'label' : 'annotation'} "${name}"`;
          for (const finding of checkTemplate({ file: what, text: template })) {
            const at = reading.spanAt(path, 'value', finding.at);
            problems.push({ ...finding, message: `${what}: ${finding.message}`, at });
          }
        }
      }
    });
  });
  return problems;
}
