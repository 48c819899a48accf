import type { LiveAlert } from '../api/index.ts';

/** Who decided: plain PromQL rules, or the sentinel. */
export type AlertLayer = 'rules' | 'sentinel';

/** Alerts that tell of one trouble, however many of them there are. */
export interface AlertGroup {
  /** The one that says best what is wrong. */
  readonly head: LiveAlert;
  /** The others, those that fire first. */
  readonly others: readonly LiveAlert[];
  readonly layers: readonly AlertLayer[];
  /** When the first of those that are as urgent as the head became active. */
  readonly sinceMs: number;
}

/** Labels that say how an alert came about, and not what it is about. */
const NO_PART: ReadonlySet<string> = new Set([
  'alertname',
  'area',
  'detector',
  'journey',
  'severity',
  'signal',
  'slice',
]);

/**
 * Puts together what is about the same trouble in the same part: the whole checkout, a provider and one of its payment methods lie
 * within each other; two providers do not, unless the whole fails with them. The most urgent group comes first.
 */
export function groupAlerts(alerts: readonly LiveAlert[]): readonly AlertGroup[] {
  let groups: (readonly LiveAlert[])[] = [];
  for (const alert of alerts) {
    const touches = (group: readonly LiveAlert[]) => group.some((other) => isSameTrouble(alert, other));
    groups = [...groups.filter((group) => !touches(group)), [...groups.filter(touches).flat(), alert]];
  }
  return groups
    .map(groupOf)
    .sort((a, b) => urgency(a.head) - urgency(b.head) || a.sinceMs - b.sinceMs || compare(a.head.name, b.head.name));
}

/** Which layer an alert comes from. */
export function layerOf({ labels }: LiveAlert): AlertLayer {
  return labels.detector === 'sentinel' ? 'sentinel' : 'rules';
}

function groupOf(alerts: readonly LiveAlert[]): AlertGroup {
  const [head, ...others] = [...alerts].sort(
    (a, b) =>
      urgency(a) - urgency(b) ||
      // The sentinel names the part that explains the rest; of the rules the broadest says how much it is in all.
      Number(layerOf(b) === 'sentinel') - Number(layerOf(a) === 'sentinel') ||
      partOf(a).length - partOf(b).length ||
      a.activeAtMs - b.activeAtMs,
  ) as [LiveAlert, ...LiveAlert[]];
  const urgent = alerts.filter((alert) => urgency(alert) === urgency(head));
  return {
    head,
    others,
    layers: [...new Set(alerts.map(layerOf))].sort(),
    sinceMs: Math.min(...urgent.map(({ activeAtMs }) => activeAtMs)),
  };
}

function isSameTrouble(a: LiveAlert, b: LiveAlert): boolean {
  if (a.trouble !== b.trouble) return false;
  const isWithin = (inner: LiveAlert, outer: LiveAlert) =>
    partOf(outer).every(([label, value]) => inner.labels[label] === value);
  return isWithin(a, b) || isWithin(b, a);
}

function partOf({ labels }: LiveAlert): readonly (readonly [label: string, value: string])[] {
  return Object.entries(labels).filter(([label, value]) => value !== '' && !NO_PART.has(label));
}

/** Firing before pending, paging before informing. */
function urgency({ state, severity }: LiveAlert): number {
  return (state === 'firing' ? 0 : 2) + (severity === 'page' ? 0 : 1);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
