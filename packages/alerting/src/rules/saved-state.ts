import { Labels } from '@tillwatch/model';
import { parseFloatText } from '../template/go-number.ts';
import type { AlertInstance } from './alert-instance.ts';
import type { ActiveAlert, ActiveAlerts } from './alerting-rule.ts';

/** The shelf of the ledger that holds alert states, one document per rule group. */
export const STATE_SHELF = 'rule-states';

/**
 * A pending alert of before an outage longer than this starts anew: nobody knows that it was active all the time. Firing
 * ones are kept whatever the outage, or their all-clear would be lost.
 */
const OUTAGE_TOLERANCE_MS = 60 * 60_000;

interface SavedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** As text, since JSON has no NaN. */
  readonly value: string;
  readonly instance: AlertInstance;
  readonly lastSentAtMs: number | null;
}

interface SavedGroup {
  readonly savedAtMs: number;
  readonly rules: Readonly<Record<string, readonly SavedAlert[]>>;
}

/** The document of a group: the alerts of each rule by the rule's key. */
export function saveGroup(alertsByRule: ReadonlyMap<string, ActiveAlerts>, nowMs: number): SavedGroup {
  const rules = [...alertsByRule]
    .filter(([, alerts]) => alerts.size > 0)
    .map(([key, alerts]) => [key, [...alerts.values()].map(saveAlert)] as const);
  return { savedAtMs: nowMs, rules: Object.fromEntries(rules) };
}

function saveAlert(alert: ActiveAlert): SavedAlert {
  return {
    labels: alert.labels.toRecord(),
    annotations: alert.annotations.toRecord(),
    value: String(alert.value).replace('Infinity', 'Inf'),
    instance: alert.instance,
    lastSentAtMs: alert.lastSentAtMs ?? null,
  };
}

/** Reads a group's document back; a document of another form counts as none. */
export function restoreGroup(document: unknown, nowMs: number): ReadonlyMap<string, ActiveAlerts> {
  const restored = new Map<string, ActiveAlerts>();
  if (!isSavedGroup(document)) return restored;
  const isTooOld = nowMs - document.savedAtMs > OUTAGE_TOLERANCE_MS;
  for (const [key, saved] of Object.entries(document.rules)) {
    const alerts = saved
      .filter((alert) => !(isTooOld && alert.instance.state === 'pending'))
      .map(restoreAlert)
      .map((alert) => [alert.labels.key, alert] as const);
    restored.set(key, new Map(alerts));
  }
  return restored;
}

function restoreAlert(saved: SavedAlert): ActiveAlert {
  return {
    labels: Labels.of(saved.labels),
    annotations: Labels.of(saved.annotations),
    value: parseFloatText(saved.value) ?? Number.NaN,
    instance: saved.instance,
    lastSentAtMs: saved.lastSentAtMs ?? undefined,
  };
}

function isSavedGroup(document: unknown): document is SavedGroup {
  if (typeof document !== 'object' || document === null) return false;
  const { savedAtMs, rules } = document as Partial<SavedGroup>;
  return typeof savedAtMs === 'number' && typeof rules === 'object' && rules !== null;
}
