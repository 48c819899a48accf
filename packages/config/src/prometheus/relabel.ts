import { closest } from '@tillwatch/model';
import type * as z from 'zod';
import { textField, whole } from '../fields/field.ts';
import { isLabelName, labelName, type NameScheme, quoteText, regex } from '../fields/labels.ts';
import { defaulted, list, object } from '../fields/object.ts';
import { integer, text } from '../fields/scalars.ts';

const ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

export type RelabelAction = (typeof ACTIONS)[number];

/** One relabelling rule with its defaults filled in. */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2 syntax; matched anchored at both ends. */
  readonly regex: string;
  /** Only for `hashmod`; otherwise 0. */
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action: RelabelAction;
}

/** What Prometheus takes for what a rule does not say. */
export const RELABEL_DEFAULTS: RelabelConfig = {
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
  action: 'replace',
};

/** A finding about a rule: the YAML field that it is about, and what is wrong. */
export interface RelabelFinding {
  readonly field: string;
  readonly message: string;
}

/** A list of relabelling rules. `ofNothing` words the refusal of an empty item. */
export function relabelConfigs(ofNothing: string): z.ZodType<RelabelConfig[], unknown> {
  return list(RELABEL, ofNothing);
}

const RELABEL: z.ZodType<RelabelConfig, unknown> = object(
  {
    sourceLabels: defaulted('source_labels', list(labelName()), RELABEL_DEFAULTS.sourceLabels as string[]),
    separator: defaulted('separator', text(), RELABEL_DEFAULTS.separator),
    regex: defaulted('regex', regex(), RELABEL_DEFAULTS.regex),
    modulus: defaulted('modulus', integer({ min: 0 }), 0),
    targetLabel: defaulted('target_label', text(), ''),
    replacement: defaulted('replacement', text(), RELABEL_DEFAULTS.replacement),
    action: defaulted('action', action(), 'replace'),
  },
  whole((wire, fail) => {
    if (Object.hasOwn(wire, 'action') && (wire.action === undefined || wire.action === '')) {
      fail('action', 'relabel action cannot be empty', { part: 'key' });
      return;
    }
    for (const { field, message } of validateRelabel(fromWire(wire), 'utf8')) {
      const isThere = wire[field] !== undefined;
      fail(isThere ? field : [], message, { code: 'relabel', part: isThere ? 'value' : 'key' });
    }
  }),
);

function action(): z.ZodType<RelabelAction, unknown> {
  return textField((word, fail) => {
    const found = ACTIONS.find((known) => known === word.toLowerCase());
    if (found !== undefined) return found;
    if (word === '') return fail('relabel action cannot be empty', { code: 'relabel' });
    const near = closest(word, ACTIONS);
    const hint = near === undefined ? `actions are ${ACTIONS.join(', ')}` : `did you mean ${near}?`;
    return fail(`unknown relabel action "${word}"`, { code: 'relabel', hint });
  });
}

/** The rule as far as it could be read; what could not is taken as not given, since it has its own problem already. */
function fromWire(wire: Record<string, unknown>): RelabelConfig {
  const textOr = (value: unknown, fallback: string) => (typeof value === 'string' ? value : fallback);
  return {
    sourceLabels: Array.isArray(wire.source_labels) ? wire.source_labels : [],
    separator: textOr(wire.separator, RELABEL_DEFAULTS.separator),
    regex: textOr(wire.regex, RELABEL_DEFAULTS.regex),
    modulus: typeof wire.modulus === 'number' ? wire.modulus : 0,
    targetLabel: textOr(wire.target_label, ''),
    replacement: textOr(wire.replacement, RELABEL_DEFAULTS.replacement),
    action: ACTIONS.find((known) => known === (wire.action ?? 'replace')) ?? 'keep',
  };
}

const NEEDS_TARGET = new Set<string>(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal']);
const FIXED_REPLACEMENT = new Set<string>(['lowercase', 'uppercase', 'keepequal', 'dropequal']);

/** Checks a rule as Prometheus does when it loads one. Missing fields are '' and 0, not defaults. Empty: nothing wrong. */
export function validateRelabel(
  rule: Omit<RelabelConfig, 'action'> & { readonly action: RelabelAction | '' },
  scheme: NameScheme,
): RelabelFinding[] {
  if (rule.action === '') return [{ field: 'action', message: 'relabel action cannot be empty' }];
  const findings = [
    ...equalActionFindings(rule),
    ...labelActionFindings(rule),
    ...targetFindings(rule, scheme),
    ...replacementFindings(rule, scheme),
  ];
  // One field may break two rules; the more specific one was put first.
  return findings.filter(({ field }, i) => findings.findIndex((other) => other.field === field) === i);
}

type Rule = Parameters<typeof validateRelabel>[0];

function targetFindings(rule: Rule, scheme: NameScheme): RelabelFinding[] {
  const { action, targetLabel } = rule;
  if (action === 'hashmod' && rule.modulus === 0) {
    return [{ field: 'modulus', message: 'relabel configuration for hashmod requires non-zero modulus' }];
  }
  if (!NEEDS_TARGET.has(action)) return [];
  if (targetLabel === '') {
    return [
      { field: 'target_label', message: `relabel configuration for ${action} action requires 'target_label' value` },
    ];
  }
  const isTemplate = action === 'replace' && hasVariable(targetLabel);
  const isValid = isTemplate ? isLabelTemplate(targetLabel, scheme) : isLabelName(targetLabel, scheme);
  if (isValid) return [];
  return [
    { field: 'target_label', message: `${quoteText(targetLabel)} is invalid 'target_label' for ${action} action` },
  ];
}

function replacementFindings(rule: Rule, scheme: NameScheme): RelabelFinding[] {
  const { action, replacement } = rule;
  if (FIXED_REPLACEMENT.has(action) && replacement !== RELABEL_DEFAULTS.replacement) {
    return [{ field: 'replacement', message: `'replacement' can not be set for ${action} action` }];
  }
  if (action === 'labelmap' && !isLabelTemplate(replacement, scheme)) {
    return [
      { field: 'replacement', message: `${quoteText(replacement)} is invalid 'replacement' for ${action} action` },
    ];
  }
  return [];
}

function equalActionFindings(rule: Rule): RelabelFinding[] {
  if (rule.action !== 'keepequal' && rule.action !== 'dropequal') return [];
  const message = `${rule.action} action requires only 'source_labels' and \`target_label\`, and no other fields`;
  return changedFields(rule, ['regex', 'modulus', 'separator', 'replacement']).map((field) => ({ field, message }));
}

function labelActionFindings(rule: Rule): RelabelFinding[] {
  if (rule.action !== 'labeldrop' && rule.action !== 'labelkeep') return [];
  const message = `${rule.action} action requires only 'regex', and no other fields`;
  const fields = changedFields(rule, ['modulus', 'separator', 'replacement', 'target_label', 'source_labels']);
  return fields.map((field) => ({ field, message }));
}

function changedFields(rule: Rule, fields: readonly string[]): string[] {
  const isChanged: Readonly<Record<string, boolean>> = {
    regex: rule.regex !== RELABEL_DEFAULTS.regex,
    modulus: rule.modulus !== RELABEL_DEFAULTS.modulus,
    separator: rule.separator !== RELABEL_DEFAULTS.separator,
    replacement: rule.replacement !== RELABEL_DEFAULTS.replacement,
    target_label: rule.targetLabel !== '',
    source_labels: rule.sourceLabels.length > 0,
  };
  return fields.filter((field) => isChanged[field] === true);
}

function hasVariable(template: string): boolean {
  return /\$(?:\{\w+\}|\w+)/.test(template);
}

const LEGACY_TEMPLATE = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))(?:\w|\$(?:\{\w+\}|\w+))*$/;

/** Can a template (`${1}_total`) become a label name? With UTF-8 names every text can. */
function isLabelTemplate(template: string, scheme: NameScheme): boolean {
  return scheme === 'legacy' ? LEGACY_TEMPLATE.test(template) : isLabelName(template, scheme);
}
