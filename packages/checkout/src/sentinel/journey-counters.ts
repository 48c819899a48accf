import type { Labels } from '@tillwatch/model';
import { type DiagnosisLabel, EXPOSURE_LABELS } from '../diagnosis/outcome-cell.ts';
import { MinuteRing } from './minute-ring.ts';
import type { Dimension, Slice } from './slice.ts';

/** How a checkout ended, as far as the sentinel tells it apart. */
type OutcomeKind = 'success' | 'technical' | 'declined' | 'abandoned';

/** The counter of one way in which checkouts end, or of one bucket of durations: what it counts, and for which parts. */
export interface JourneyCounter {
  readonly kind: OutcomeKind | 'attempt' | 'view' | 'bucket';
  readonly labels: Readonly<Partial<Record<DiagnosisLabel, string>>>;
  /** The parts whose checkouts it counts. */
  readonly parts: readonly (readonly [Dimension, string])[];
  /** The parts that say what went wrong: only failures have them. */
  readonly causes: readonly (readonly [Dimension, string])[];
  /** The upper bound of a bucket of durations, seconds. */
  readonly boundSeconds: number;
  /** `parts` and `causes` as slices, looked up again when slices were let go. */
  slices: readonly Slice[];
  causeSlices: readonly Slice[];
  slicesEdition: number;
  /** Counts by the minute, and all in all. */
  readonly recent: MinuteRing;
  total: number;
}

/** The metrics that are read, in the order in which they must come: what says when a target was there comes first. */
export const METRICS = {
  up: 'up',
  started: 'process_start_time_seconds',
  attempts: 'checkout_attempts_total',
  outcomes: 'checkout_outcomes_total',
  durations: 'checkout_step_duration_seconds_bucket',
  views: 'http_requests_total',
} as const;

const ALL: readonly [Dimension, string] = ['all', ''];

/** What a series of one of `METRICS` counts; `undefined` for those that say nothing about the journey. */
export function journeyCounter(labels: Labels): JourneyCounter | undefined {
  switch (labels.metricName) {
    case METRICS.attempts:
      return counter('attempt', labels, [ALL, ...present(labels, ['channel', 'region', 'version', 'instance'])]);
    case METRICS.views:
      return counter('view', labels, [ALL]);
    case METRICS.outcomes: {
      const kind = outcomeKind(labels);
      if (kind === undefined) return undefined;
      const causes = kind === 'technical' ? present(labels, ['step', 'reason']) : [];
      return counter(kind, labels, [ALL, ...present(labels, EXPOSURE_LABELS)], causes);
    }
    case METRICS.durations: {
      const le = labels.get('le');
      const boundSeconds = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      const step = labels.get('step');
      const provider = labels.get('provider');
      const parts: [Dimension, string][] = [['timing', step], ...present(labels, ['instance'])];
      if (provider !== '') parts.push(['timing', `${step}\u0000${provider}`]);
      return { ...counter('bucket', labels, parts), boundSeconds };
    }
    default:
      return undefined;
  }
}

function outcomeKind(labels: Labels): OutcomeKind | undefined {
  const outcome = labels.get('outcome');
  if (outcome === 'success' || outcome === 'abandoned') return outcome;
  if (outcome !== 'failure') return undefined;
  const reasonClass = labels.get('reason_class');
  return reasonClass === '' || reasonClass === 'technical' ? 'technical' : 'declined';
}

function counter(
  kind: JourneyCounter['kind'],
  labels: Labels,
  parts: JourneyCounter['parts'],
  causes: JourneyCounter['causes'] = [],
): JourneyCounter {
  const known: Partial<Record<DiagnosisLabel, string>> = {};
  for (const name of [...EXPOSURE_LABELS, 'step', 'reason'] as const) {
    const value = labels.get(name);
    if (value !== '') known[name] = value;
  }
  return {
    kind,
    labels: known,
    parts,
    causes,
    boundSeconds: Number.NaN,
    slices: [],
    causeSlices: [],
    slicesEdition: -1,
    recent: new MinuteRing(),
    total: 0,
  };
}

function present(labels: Labels, names: readonly (Dimension & string)[]): [Dimension, string][] {
  return names.map((name): [Dimension, string] => [name, labels.get(name)]).filter(([, value]) => value !== '');
}
