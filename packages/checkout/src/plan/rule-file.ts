import { formatDuration } from '@tillwatch/model';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { PlannedAlert, PlannedGroup, PlannedRecording } from './planned-rule.ts';
import { yamlFile } from './yaml-file.ts';

/** Every alert of Tillwatch carries this, so that all of one checkout's alerts are told as one story. */
const JOURNEY = 'checkout';

/** Writes rule groups as Prometheus 2.42 and later read them. */
export function ruleFile(config: TillwatchConfig, groups: readonly PlannedGroup[]): string {
  return yamlFile(
    `Rules for the checkout of ${config.shop.name.replace(/\s+/g, ' ')}, written by Tillwatch from tillwatch.yaml.\nChange that file and generate again; put rules of your own into rules/custom/.`,
    { groups: groups.map(writtenGroup) },
  );
}

/** The same rules for releases of vmalert that do not know `keep_firing_for` yet. */
export function olderVictoriaMetrics(groups: readonly PlannedGroup[]): PlannedGroup[] {
  return groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (rule.kind === 'alerting' ? { ...rule, keepFiringForMs: 0 } : rule)),
  }));
}

function writtenGroup(group: PlannedGroup): unknown {
  return {
    name: group.name,
    interval: group.intervalMs === undefined ? undefined : formatDuration(group.intervalMs),
    rules: group.rules.map((rule) => (rule.kind === 'recording' ? writtenRecording(rule) : writtenAlert(rule))),
  };
}

function writtenRecording({ record, expr, labels }: PlannedRecording): unknown {
  return { record, expr, labels: Object.keys(labels).length === 0 ? undefined : labels };
}

function writtenAlert(rule: PlannedAlert): unknown {
  return {
    alert: rule.alert,
    expr: rule.expr,
    for: rule.forMs === 0 ? undefined : formatDuration(rule.forMs),
    keep_firing_for: rule.keepFiringForMs === 0 ? undefined : formatDuration(rule.keepFiringForMs),
    labels: { severity: rule.severity, area: rule.area, journey: JOURNEY, ...rule.labels },
    annotations: rule.annotations,
  };
}
