import { formatDuration, type Querier, type VectorSample } from '@tillwatch/model';
import { counted } from '../plan/expressions.ts';
import { blameFailures } from './blame-failures.ts';
import { type AttemptCell, blameMissing } from './blame-missing.ts';
import {
  type DiagnosisLabel,
  EXPOSURE_LABELS,
  FAILURE_LABELS,
  type Finding,
  type OutcomeCell,
} from './outcome-cell.ts';

/** The time in which something is wrong, and the time before with which it is compared. */
export interface Periods {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** How far the time before goes back. */
  readonly pastMs: number;
}

/** Which parts of the checkout carry the trouble; both lists are empty when nothing stands out. */
export interface Diagnosis {
  readonly failures: readonly Finding[];
  readonly missing: readonly Finding[];
}

/** A part of the trouble is enough to find its cause, and keeps the query short. */
const LONGEST_LOOK_MS = 15 * 60_000;
const SHORTEST_LOOK_MS = 60_000;

const FINISHED = 'checkout_outcomes_total{outcome=~"success|failure",reason_class=~"|technical"}';

/** Asks for outcomes and attempts now and before, and finds the slices to which the difference can be put down. */
export async function diagnose(querier: Querier, { sinceMs, untilMs, pastMs }: Periods): Promise<Diagnosis> {
  const lookMs = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, untilMs - sinceMs));
  const look = formatDuration(roundToSeconds(lookMs));
  const past = formatDuration(roundToSeconds(pastMs));
  const beforeMs = untilMs - lookMs - SHORTEST_LOOK_MS;
  const labels = [...EXPOSURE_LABELS, ...FAILURE_LABELS, 'outcome'].join(', ');
  // Not by version: one that is replaced loses its attempts for a good reason.
  const attempts = (window: string) => `sum by (channel, region) (increase(checkout_attempts_total[${window}]))`;
  const [now, before, attemptsNow, attemptsBefore, unitsBefore] = await Promise.all([
    querier.instant(`sum by (${labels}) (${counted(FINISHED, look)}) > 0`, untilMs),
    querier.instant(`sum by (${labels}) (increase(${FINISHED}[${past}])) > 0`, beforeMs),
    querier.instant(attempts(look), untilMs),
    querier.instant(attempts(past), beforeMs),
    querier.instant(seenShare(past), beforeMs),
  ]);
  const seenMs = pastMs * Math.min(1, Math.max(0.01, unitsBefore[0]?.value ?? 1));
  return {
    failures: blameFailures(now.map(outcomeCell), before.map(outcomeCell)),
    missing: blameMissing(attemptCells(attemptsNow, attemptsBefore, lookMs / seenMs), seenMs / lookMs),
  };
}

/** The share of the past that was watched at all: a watch that began ten minutes ago knows ten minutes of its hour. */
function seenShare(past: string): string {
  return `max(count_over_time(up[${past}:1m])) / scalar(count_over_time(vector(1)[${past}:1m]))`;
}

function outcomeCell({ labels, value }: VectorSample): OutcomeCell {
  const known: Partial<Record<DiagnosisLabel, string>> = {};
  for (const name of [...EXPOSURE_LABELS, ...FAILURE_LABELS]) if (labels.has(name)) known[name] = labels.get(name);
  return { labels: known, isFailure: labels.get('outcome') === 'failure', count: value };
}

function attemptCells(now: readonly VectorSample[], before: readonly VectorSample[], scale: number): AttemptCell[] {
  const seen = new Map(now.map(({ labels, value }) => [labels.key, value]));
  return before.map(({ labels, value }) => ({
    labels: labels.toRecord(),
    seen: seen.get(labels.key) ?? 0,
    expected: value * scale,
  }));
}

function roundToSeconds(ms: number): number {
  return Math.max(1_000, Math.round(ms / 1_000) * 1_000);
}
