import { type Alert, compareText, type Labels } from '@tillwatch/model';

/** The labels by which alerts are sorted before all others. */
const FIRST: readonly string[] = ['job', 'instance'];

/** Alertmanager's order of alerts in a message: by job and instance (those without come last), then by how many labels there are and what they say. */
export function sortAlerts(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => compareAlertLabels(a.labels, b.labels));
}

function compareAlertLabels(a: Labels, b: Labels): number {
  for (const name of FIRST) {
    if (a.has(name) !== b.has(name)) return a.has(name) ? -1 : 1;
    const order = compareText(a.get(name), b.get(name));
    if (order !== 0) return order;
  }
  // Go's order of label sets: the smaller set first, then name by name.
  if (a.size !== b.size) return a.size - b.size;
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length; i++) {
    const [leftName, leftValue] = left[i]!;
    const [rightName, rightValue] = right[i]!;
    // The set that lacks the smaller of the two names comes first.
    if (leftName !== rightName) return compareText(leftName, rightName) < 0 ? 1 : -1;
    const order = compareText(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return 0;
}
