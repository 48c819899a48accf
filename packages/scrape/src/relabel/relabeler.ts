import { createHash } from 'node:crypto';
import type { RelabelConfig } from '@tillwatch/config';
import { compileAnchoredRegex, Labels, unreachable } from '@tillwatch/model';
import { expand, readTemplate } from './expand.ts';

/** Rewrites labels by rules, or drops their bearer. */
export interface Relabeler {
  /** Are there no rules, so that labels always stay as they are? */
  readonly isEmpty: boolean;
  /** The labels after all rules; `undefined` when a rule drops the target or series. */
  relabel(labels: Labels): Labels | undefined;
}

type LabelMap = Map<string, string>;
/** Changes the labels; false drops them. */
type Step = (labels: LabelMap) => boolean;

/** Compiles relabelling rules, which are applied one after the other. @throws {RegexError} */
export function compileRelabeler(rules: readonly RelabelConfig[]): Relabeler {
  const steps = rules.map(compileStep);
  return {
    isEmpty: steps.length === 0,
    relabel(labels) {
      if (steps.length === 0) return labels;
      const map: LabelMap = new Map(labels);
      for (const step of steps) if (!step(map)) return undefined;
      return Labels.from(map);
    },
  };
}

function compileStep(rule: RelabelConfig): Step {
  const { action, targetLabel } = rule;
  const source = (labels: LabelMap) => rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator);
  switch (action) {
    case 'replace':
      return compileReplace(rule, source);
    case 'keep':
    case 'drop': {
      const matches = compileTest(rule.regex);
      return (labels) => matches(source(labels)) === (action === 'keep');
    }
    case 'keepequal':
    case 'dropequal':
      return (labels) => (source(labels) === (labels.get(targetLabel) ?? '')) === (action === 'keepequal');
    case 'hashmod':
      return always((labels) => set(labels, targetLabel, hashModulo(source(labels), rule.modulus)));
    case 'lowercase':
      return always((labels) => set(labels, targetLabel, source(labels).toLowerCase()));
    case 'uppercase':
      return always((labels) => set(labels, targetLabel, source(labels).toUpperCase()));
    case 'labelmap':
      return compileLabelMap(rule);
    case 'labeldrop':
    case 'labelkeep': {
      const matches = compileTest(rule.regex);
      return always((labels) => {
        for (const name of [...labels.keys()]) if (matches(name) === (action === 'labeldrop')) labels.delete(name);
      });
    }
    default:
      return unreachable(action);
  }
}

function always(change: (labels: LabelMap) => void): Step {
  return (labels) => {
    change(labels);
    return true;
  };
}

/** A label without a value is no label. */
function set(labels: LabelMap, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

function compileReplace(rule: RelabelConfig, source: (labels: LabelMap) => string): Step {
  const match = compileMatch(rule.regex);
  const target = readTemplate(rule.targetLabel);
  const replacement = readTemplate(rule.replacement);
  return always((labels) => {
    const groupText = match(source(labels));
    if (groupText === undefined) return;
    const name = expand(target, groupText);
    if (name !== '') set(labels, name, expand(replacement, groupText));
  });
}

function compileLabelMap(rule: RelabelConfig): Step {
  const match = compileMatch(rule.regex);
  const replacement = readTemplate(rule.replacement);
  return always((labels) => {
    // In label order, over the labels as they were, so that the outcome does not depend on how they came.
    for (const [name, value] of Labels.from(labels)) {
      const groupText = match(name);
      if (groupText === undefined) continue;
      const mapped = expand(replacement, groupText);
      if (mapped !== '') set(labels, mapped, value);
    }
  });
}

function compileTest(pattern: string): (text: string) => boolean {
  const regex = compileAnchoredRegex(pattern);
  return (text) => regex.matches(text);
}

/** Matches a text as a whole and gives access to the groups. */
function compileMatch(pattern: string): (text: string) => ((group: string) => string) | undefined {
  const regex = compileAnchoredRegex(pattern);
  const names = regex.namedGroups();
  return (text) => {
    const matcher = regex.matcher(text);
    if (!matcher.matches()) return undefined;
    return (group) => {
      const number = /^\d+$/.test(group) ? Number(group) : names[group];
      if (number === undefined || number > matcher.groupCount()) return '';
      return matcher.group(number) ?? '';
    };
  };
}

/** The last eight bytes of the MD5, which is what Prometheus has always shared targets out by. */
function hashModulo(text: string, modulus: number): string {
  const hash = createHash('md5').update(text).digest().readBigUInt64BE(8);
  return String(hash % BigInt(modulus));
}
