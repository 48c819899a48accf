import { explainRatio } from './explain-ratio.ts';
import type { Cause } from './leaf-table.ts';
import type { DiagnosisLabel, Finding, OutcomeCell } from './outcome-cell.ts';
import { type OutcomeTable, outcomeTable, PAYMENT_LABELS } from './outcome-table.ts';

const MAX_FINDINGS = 3;
/** Nobody is blamed for less than this. */
const FEWEST_FAILURES = 2;
/** A slice with less of the extra failures is not worth a name. */
const SMALLEST_SHARE = 0.1;
/** A step is named when at least this share of a part's failures is in it. */
const NEARLY_ALL = 0.85;

/**
 * Finds the parts that carry the extra failures of `current` against `baseline`, most extra failures first. Reasons are told but
 * never blamed: a new reason would always beat the part that it comes from. Nothing is blamed when nothing stands out.
 */
export function blameFailures(current: readonly OutcomeCell[], baseline: readonly OutcomeCell[]): Finding[] {
  const outcomes = outcomeTable(current, baseline);
  const causes = explainRatio(outcomes.table).filter(({ extra }) => extra >= FEWEST_FAILURES);
  const totalExtra = causes.reduce((sum, { extra }) => sum + extra, 0);
  return causes
    .filter(({ extra }) => extra >= SMALLEST_SHARE * totalExtra)
    .slice(0, MAX_FINDINGS)
    .map((cause) => describe(cause, outcomes, current, totalExtra))
    .filter(({ labels }) => Object.keys(labels).length > 0);
}

function describe(cause: Cause, outcomes: OutcomeTable, current: readonly OutcomeCell[], totalExtra: number): Finding {
  const { table, values, steps } = outcomes;
  const labels: Record<string, string> = {};
  for (const [a, value] of cause.labels) labels[table.attributes[a]!] = values[a]![value]!;
  const inside = current.filter((cell) => matches(cell, labels));
  const step = cause.kind === undefined ? undefined : steps[cause.kind];
  const failing = inside.filter((cell) => cell.isFailure && (step === undefined || (cell.labels.step ?? '') === step));
  // The step costs the description nothing when it is the only one, and tells a reader at once where to look.
  const named = step || dominantStep(failing);
  if (named !== undefined) labels.step = named;
  if (cause.labels.length === 0 && (step === undefined || named === 'payment'))
    Object.assign(labels, soleParties(failing));
  const failed = count(failing);
  return {
    labels,
    extra: cause.extra,
    share: Math.min(1, cause.extra / totalExtra),
    severity: Math.min(1, failed / Math.max(failed, count(inside))),
    confidence: 1 / (1 + Math.exp(-cause.evidence)),
    reasons: [...countBy(failing, 'reason')]
      .map(([reason, failures]) => ({ reason, count: Math.round(failures) }))
      .filter((reason) => reason.count > 0)
      .sort((a, b) => b.count - a.count)
      .slice(0, 3),
  };
}

/** The provider or method that all failures share: where everything fails on it, it is somebody to call. */
function soleParties(failing: readonly OutcomeCell[]): Record<string, string> {
  const parties: Record<string, string> = {};
  for (const name of PAYMENT_LABELS) {
    const [first] = failing;
    const value = first?.labels[name];
    if (value && failing.every(({ labels }) => labels[name] === value)) parties[name] = value;
  }
  return parties;
}

function dominantStep(failing: readonly OutcomeCell[]): string | undefined {
  const total = count(failing);
  for (const [step, failures] of countBy(failing, 'step')) if (failures >= NEARLY_ALL * total) return step;
  return undefined;
}

function countBy(cells: readonly OutcomeCell[], name: DiagnosisLabel): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { labels, count: failures } of cells) {
    const value = labels[name];
    if (value !== undefined && value !== '') counts.set(value, (counts.get(value) ?? 0) + failures);
  }
  return counts;
}

function count(cells: readonly OutcomeCell[]): number {
  return cells.reduce((sum, cell) => sum + Math.max(0, cell.count), 0);
}

function matches(cell: OutcomeCell, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => cell.labels[name as DiagnosisLabel] === value);
}
