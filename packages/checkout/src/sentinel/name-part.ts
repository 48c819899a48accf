import { blameFailures } from '../diagnosis/blame-failures.ts';
import { type DiagnosisLabel, EXPOSURE_LABELS, type OutcomeCell } from '../diagnosis/outcome-cell.ts';
import type { JourneyCounter } from './journey-counters.ts';

/** A finding must hold at least this share of the trouble to give it its name. */
const SHARE_TO_NAME = 0.5;

/** The labels of the part to which bad outcomes since `fromMinute` are put down; none when nothing stands out. */
export function nameFailingPart(
  counters: Iterable<JourneyCounter>,
  bad: JourneyCounter['kind'],
  fromMinute: number,
  minute: number,
): Readonly<Record<string, string>> {
  const current: OutcomeCell[] = [];
  const before: OutcomeCell[] = [];
  for (const { kind, labels, recent, total } of counters) {
    if (kind !== bad && kind !== 'success') continue;
    const isFailure = kind === bad;
    const now = recent.since(fromMinute, minute);
    if (now > 0) current.push({ labels, isFailure, count: now });
    if (total > now) before.push({ labels, isFailure, count: total - now });
  }
  const [finding] = blameFailures(current, before);
  if (finding === undefined || finding.share < SHARE_TO_NAME) return {};
  return completed(finding.labels, current);
}

/** A name says more with what follows from it: the provider of a payment method, the step in which nearly all fail. */
function completed(
  labels: Readonly<Record<string, string>>,
  current: readonly OutcomeCell[],
): Readonly<Record<string, string>> {
  const isInside = (cell: OutcomeCell) =>
    EXPOSURE_LABELS.every((name) => labels[name] === undefined || cell.labels[name] === labels[name]);
  const inside = current.filter(isInside);
  const full: Record<string, string> = { ...labels };
  if (labels.method !== undefined) full.provider ??= dominant(inside, 'provider', 1) ?? '';
  if (labels.provider !== undefined) full.method ??= dominant(inside, 'method', 1) ?? '';
  full.step ??=
    dominant(
      inside.filter(({ isFailure }) => isFailure),
      'step',
      0.8,
    ) ?? '';
  return Object.fromEntries(Object.entries(full).filter(([, value]) => value !== ''));
}

function dominant(cells: readonly OutcomeCell[], name: DiagnosisLabel, share: number): string | undefined {
  const counts = new Map<string, number>();
  let all = 0;
  for (const { labels, count } of cells) {
    const value = labels[name] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + count);
    all += count;
  }
  for (const [value, count] of counts) if (count >= share * all && all > 0) return value;
  return undefined;
}
