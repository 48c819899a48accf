import { isLabelName, isMetricName, type ScrapeConfig } from '@tillwatch/config';
import { type Label, Labels, METRIC_NAME } from '@tillwatch/model';
import type { Relabeler } from '../relabel/relabeler.ts';

/**
 * Joins the labels of an exposed sample with those of its target. On conflict the target wins and the exposed label moves to
 * `exported_…`; with `honorLabels` the exposed one stays, also when its value is empty (`exposedEmpty`).
 */
export function joinLabels(
  exposed: Labels,
  target: Labels,
  honorLabels: boolean,
  exposedEmpty: readonly string[] = [],
): Labels {
  if (honorLabels) {
    const added: Label[] = [...target].filter(([name]) => !exposed.has(name) && !exposedEmpty.includes(name));
    return exposed.merge(added);
  }
  const conflicts = [...exposed].filter(([name]) => target.has(name));
  if (conflicts.length === 0) return exposed.merge(target);
  const joined = new Map<string, string>([...exposed, ...target]);
  for (const [name, value] of conflicts) {
    let exported = `exported_${name}`;
    while (joined.has(exported)) exported = `exported_${exported}`;
    joined.set(exported, value);
  }
  return Labels.from(joined);
}

/** What is wrong with a series by the limits of its job; `undefined` when it keeps them. Lengths are in bytes, as UTF-8. */
export function limitBreach(
  labels: Labels,
  limits: Pick<ScrapeConfig, 'labelLimit' | 'labelNameLengthLimit' | 'labelValueLengthLimit'>,
): string | undefined {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = limits;
  const metric = labels.metricName.slice(0, 50);
  if (labelLimit > 0 && labels.size > labelLimit) {
    return `label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${labelLimit})`;
  }
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return undefined;
  for (const [name, value] of labels) {
    const nameBytes = Buffer.byteLength(name);
    if (labelNameLengthLimit > 0 && nameBytes > labelNameLengthLimit) {
      return `label_name_length_limit exceeded (metric: ${metric}, label name: ${name.slice(0, 50)}, length: ${nameBytes}, limit: ${labelNameLengthLimit})`;
    }
    const valueBytes = Buffer.byteLength(value);
    if (labelValueLengthLimit > 0 && valueBytes > labelValueLengthLimit) {
      return `label_value_length_limit exceeded (metric: ${metric}, label name: ${name.slice(0, 50)}, length: ${valueBytes}, limit: ${labelValueLengthLimit})`;
    }
  }
  return undefined;
}

/** Has a series only names as they were before UTF-8 was allowed? */
export function hasLegacyNames(labels: Labels): boolean {
  return [...labels].every(([name, value]) =>
    name === METRIC_NAME ? isMetricName(value, 'legacy') : isLabelName(name, 'legacy'),
  );
}

/** The labels under which a sample is stored; `undefined` when metric relabelling drops it. */
export function storedLabels(
  exposed: Labels,
  exposedEmpty: readonly string[],
  target: Labels,
  honorLabels: boolean,
  relabeler: Relabeler,
): Labels | undefined {
  return relabeler.relabel(joinLabels(exposed, target, honorLabels, exposedEmpty));
}
