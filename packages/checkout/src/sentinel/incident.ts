import type { JourneyCounter } from './journey-counters.ts';
import { Recovery } from './recovery.ts';
import type { Slice } from './slice.ts';

/** What the sentinel notices. All but `declines` mean that orders are lost. */
export type Signal =
  | 'failures'
  | 'slow'
  | 'missing_orders'
  | 'missing_attempts'
  | 'missing_traffic'
  | 'silence'
  | 'declines';

/** Signals that are learned about together. */
export type SignalGroup = 'failures' | 'slow' | 'declines' | 'missing';

/** The group of a signal. */
export function groupOf(signal: Signal): SignalGroup {
  return signal === 'failures' || signal === 'slow' || signal === 'declines' ? signal : 'missing';
}

/** Something that is wrong now, from when it was certain until it is certainly over. */
export interface Incident {
  readonly signal: Signal;
  /** The part that it concerns; these stay the same as long as it lasts. */
  readonly labels: Readonly<Record<string, string>>;
  readonly openedMs: number;
  /** When it began, as far as that can be told. */
  readonly onsetMs: number;
  /** The most evidence so far, nats. */
  evidence: number;
  /** Bad events and all of them, fading: what is left of the part, or fails in it, now. */
  bad: number;
  all: number;
  /** The part in which events are missing. */
  readonly slice: Slice | undefined;
  /** What is usual for the part that showed the trouble first. */
  readonly above: { readonly healthy: number } | undefined;
  readonly recovery: Recovery;
  /** Calm that it takes to be over. */
  readonly calmMs: number;
  /** Bad events and all of them in the bin that is being filled. */
  binBad: number;
  binAll: number;
  /** Bad events and all of them since the onset. */
  totalBad: number;
  totalAll: number;
  /** Events elsewhere since the part last had any. */
  elsewhere: number;
  /** When the part last had events at all. */
  lastMs: number;
}

const FADE_MS = 180_000;

/** A new incident; its counts begin with those that were seen since the onset. */
export function openIncident(
  signal: Signal,
  labels: Readonly<Record<string, string>>,
  {
    onsetMs,
    nowMs,
    evidence,
    slice,
    calmMs,
    above,
    bad = 0,
    all = 0,
  }: {
    onsetMs: number;
    nowMs: number;
    evidence: number;
    calmMs: number;
    slice?: Slice | undefined;
    above?: Incident['above'];
    bad?: number;
    all?: number;
  },
): Incident {
  const recovery = new Recovery(nowMs);
  return {
    signal,
    labels,
    openedMs: nowMs,
    onsetMs,
    evidence,
    bad,
    all,
    binBad: 0,
    binAll: 0,
    totalBad: bad,
    totalAll: all,
    elsewhere: 0,
    slice,
    above,
    recovery,
    calmMs,
    lastMs: nowMs,
  };
}

/** Adds a bin of `elapsedMs` to the fading counts. */
export function observe(incident: Incident, bad: number, all: number, elapsedMs: number, nowMs: number): void {
  const kept = Math.exp(-elapsedMs / FADE_MS);
  incident.bad = incident.bad * kept + bad;
  incident.all = incident.all * kept + all;
  incident.totalBad += bad;
  incident.totalAll += all;
  if (all > 0) {
    incident.lastMs = nowMs;
    incident.elsewhere = 0;
  }
}

/** Does the counter count checkouts of this part? Steps and reasons are asked for failures only: others have passed them. */
export function concerns({ labels }: Incident, counter: JourneyCounter, isBad: boolean): boolean {
  for (const name in labels) {
    if (!isBad && (name === 'step' || name === 'reason')) continue;
    if (counter.labels[name as keyof JourneyCounter['labels']] !== labels[name]) return false;
  }
  return true;
}
