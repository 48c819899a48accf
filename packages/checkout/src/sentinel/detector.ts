// The heart of the sentinel: decides when the evidence is enough, and what the trouble is called.

import { type Incident, openIncident, type Signal } from './incident.ts';
import type { JourneyCounter } from './journey-counters.ts';
import { nameFailingPart } from './name-part.ts';
import { nameSlowPart } from './name-slow-part.ts';
import { OpenIncidents } from './open-incidents.ts';
import { type Bin, type Evidence, ShopTests, shareSignal } from './shop-tests.ts';
import { type Above, type Slice, sliceLabels } from './slice.ts';
import type { Slices } from './slices.ts';
import type { Thresholds } from './thresholds.ts';
import type { Verdict } from './verdict.ts';

/** Open incidents; more would be noise. */
const MOST_OPEN = 4;

/** What is left of the own level, at most, when events are missing. */
const FALLEN = 0.9;

/** A part that misses events is told about only when nothing before it in the journey does. */
const BEFORE: Partial<Record<Signal, readonly Signal[]>> = {
  missing_traffic: ['silence'],
  missing_attempts: ['silence', 'missing_traffic'],
  missing_orders: ['silence', 'missing_traffic', 'missing_attempts', 'failures'],
};

/** The counters whose rise is bad, by signal. */
const BAD = { failures: 'technical', declines: 'declined' } as const;

/** Opens and closes incidents. Bins must come in order of time. */
export class Detector {
  readonly #thresholds: Thresholds;
  readonly #tests: ShopTests;
  readonly #open: OpenIncidents;
  readonly #counters = new Set<JourneyCounter>();
  #restartedMs = Number.NEGATIVE_INFINITY;

  /** Steps that take longer than about `slowSeconds` are slow: the bucket below it decides. */
  constructor(slices: Slices, slowSeconds: number, thresholds: Thresholds) {
    this.#thresholds = thresholds;
    this.#tests = new ShopTests(slices, slowSeconds, thresholds);
    this.#open = new OpenIncidents(this.#tests, thresholds);
  }

  /** Incidents that are open, oldest first. */
  get incidents(): readonly Incident[] {
    return this.#open.list;
  }

  /** A step that takes longer than this, seconds, counts as slow: the bound of a bucket. NaN before a bucket was seen. */
  get slowBoundSeconds(): number {
    return this.#tests.slowBoundSeconds;
  }

  /** Takes note of a counter, so that what it counts can be given a name. */
  admit(counter: JourneyCounter): void {
    this.#counters.add(counter);
    if (counter.kind === 'bucket') this.#tests.noteBound(counter.boundSeconds);
  }

  /** Forgets a counter. */
  dismiss(counter: JourneyCounter): void {
    this.#counters.delete(counter);
  }

  /** A process began anew, up to `atMs`. */
  restarted(atMs: number): void {
    if (atMs > this.#restartedMs) this.#restartedMs = atMs;
  }

  /** Takes what a counter rose by in the bin that is being filled. */
  count(counter: JourneyCounter, increase: number, atMs: number): void {
    // What is given up, and durations between two bounds, are followed by nobody.
    if (counter.kind === 'abandoned') return;
    this.#tests.count(counter, increase, atMs, counter.kind === 'technical' && this.#open.explains(counter));
    this.#open.count(counter, increase);
  }

  /** Ends a bin: every test takes its counts, incidents open and close. In the past that is learned from, nothing is missing yet. */
  endBin(bin: Bin, isPast: boolean): void {
    this.#open.distrust(bin);
    this.#tests.test(bin, this.#open.isWholeMissing);
    this.#tests.settle(bin.nowMs, (group, block) => this.#open.isSuspect(group, block));
    this.#open.follow(bin);
    this.#openAbove('failures', bin.nowMs, (slice) => slice.failures);
    this.#openAbove('slow', bin.nowMs, (slice) => slice.slowness);
    this.#openAbove('declines', bin.nowMs, (slice) => slice.declines);
    // What is missing can only be told by who knows what is usual: while the past is learned, nobody does.
    if (isPast) this.#tests.resetMissing();
    else this.#openAnyMissing(bin.nowMs);
    this.#tests.clear();
  }

  /** Tells that no instance has answered since `sinceMs`, worth `evidence`; none when one answered. */
  silent(evidence: number, sinceMs: number, nowMs: number, labels: Readonly<Record<string, string>>): void {
    const open = this.#open.list.find(({ signal }) => signal === 'silence');
    if (open !== undefined) {
      open.evidence = Math.max(open.evidence, evidence);
      const isSilent = evidence > 1.5 * this.#thresholds.perMissedScrape;
      open.recovery.add(isSilent ? Number.NEGATIVE_INFINITY : 1, nowMs);
      return;
    }
    if (evidence <= this.#thresholds.silent) return;
    const calmMs = this.#open.calmMs('silence');
    this.#open.open(openIncident('silence', labels, { onsetMs: sinceMs, nowMs, evidence, calmMs }));
  }

  /** What is known about every part with at least `least` nats, most first. */
  evidence(least: number): Evidence[] {
    return this.#tests.evidence(least);
  }

  #openAbove(signal: 'failures' | 'slow' | 'declines', nowMs: number, of: (slice: Slice) => Above | undefined): void {
    const open = this.#open.list.filter((incident) => incident.signal === signal).length;
    if (open >= (signal === 'failures' ? MOST_OPEN : 1)) return;
    const leader = this.#leader(signal, nowMs, open > 0, of);
    if (leader === undefined) return;
    const { slice, verdict } = leader;
    const onsetMinute = Math.floor(verdict.onsetMs / 60_000);
    const named =
      signal === 'slow'
        ? nameSlowPart([...this.#tests.slices], slice)
        : nameFailingPart(this.#counters, BAD[signal], onsetMinute, Math.floor(nowMs / 60_000));
    const labels = Object.keys(named).length > 0 ? named : sliceLabels(slice);
    this.#open.open(
      openIncident(signal, labels, {
        onsetMs: verdict.onsetMs,
        nowMs,
        evidence: verdict.total,
        calmMs: this.#open.calmMs(signal),
        above: of(slice),
        bad: verdict.events,
        all: verdict.all,
      }),
    );
    this.#tests.reset(signal);
  }

  /** The part with the most evidence, if that is enough. */
  #leader(
    signal: Signal,
    nowMs: number,
    isFurther: boolean,
    of: (slice: Slice) => Above | undefined,
  ): { readonly slice: Slice; readonly verdict: Verdict } | undefined {
    const { convincing, duringRestart, besideOpen, restartMs, fewestFailures, severeEvidence, severeMs } =
      this.#thresholds;
    const isRestarting = nowMs - this.#restartedMs < restartMs;
    const bar = convincing + (isRestarting && signal === 'failures' ? duringRestart : 0) + (isFurther ? besideOpen : 0);
    const clumps = of(this.#tests.all)?.usual.dispersion ?? 1;
    const isSevere = signal === 'failures' && this.#tests.severe.peak() >= severeEvidence;
    let leader: { readonly slice: Slice; readonly verdict: Verdict } | undefined;
    for (const slice of this.#tests.slices) {
      const verdict = of(slice)?.test.verdict();
      if (verdict === undefined || verdict.total < bar * clumps || verdict.events < fewestFailures * clumps) continue;
      const isBeyondDoubt = isSevere && nowMs - verdict.onsetMs >= severeMs;
      if (verdict.outside < this.#outside(verdict, isRestarting) * clumps && !isBeyondDoubt) continue;
      if (leader === undefined || verdict.total > leader.verdict.total) leader = { slice, verdict };
    }
    return leader;
  }

  /** After a hiccup of many failures a few more are soon together: the more there were, the more must come from outside it. */
  #outside({ events }: Verdict, isRestarting: boolean): number {
    const { outside, outsideMany, manyFailures } = this.#thresholds;
    return (events < manyFailures ? outside : outsideMany) * (isRestarting ? 3 : 1);
  }

  #openAnyMissing(nowMs: number): void {
    const { all, slices, traffic, attemptsPerView, ordersPerView } = this.#tests;
    const { evidence, onsetMs } = traffic;
    this.#openMissing(
      'missing_traffic',
      all,
      { total: evidence, outside: evidence, onsetMs, events: 0, all: 0 },
      nowMs,
    );
    // Pages that crawlers read make nobody's checkouts fewer.
    if (attemptsPerView.own.fall < FALLEN)
      this.#openMissing('missing_attempts', all, attemptsPerView.test.verdict(), nowMs);
    for (const slice of slices)
      if (slice.missingShare) this.#openMissing(shareSignal(slice), slice, slice.missingShare.test.verdict(), nowMs);
    if (ordersPerView.own.fall < FALLEN) this.#openMissing('missing_orders', all, ordersPerView.test.verdict(), nowMs);
    for (const slice of slices)
      if (slice.missingOrders) this.#openMissing('missing_orders', slice, slice.missingOrders.test.verdict(), nowMs);
  }

  #openMissing(signal: Signal, slice: Slice, verdict: Verdict, nowMs: number): void {
    const { convincing, outside } = this.#thresholds;
    if (verdict.total < convincing || verdict.outside < outside) return;
    const open = this.#open.list;
    // Who tries out cards with one provider makes the others look few.
    const isBlurred = slice !== this.#tests.all && open.some((incident) => incident.signal === 'declines');
    if (isBlurred && verdict.total < 2 * convincing) return;
    if (open.length >= MOST_OPEN || open.some((incident) => this.#isTold(signal, slice, incident))) return;
    this.#open.open(
      openIncident(signal, sliceLabels(slice), {
        onsetMs: verdict.onsetMs,
        nowMs,
        evidence: verdict.total,
        calmMs: this.#open.calmMs(signal),
        slice,
      }),
    );
    this.#tests.resetMissing();
  }

  /** Is it told already by an open incident: one earlier in the journey, of the same part, or of the whole? */
  #isTold(signal: Signal, slice: Slice, incident: Incident): boolean {
    if (BEFORE[signal]?.includes(incident.signal)) return true;
    const { all } = this.#tests;
    return incident.signal === signal && (incident.slice === slice || incident.slice === all || slice === all);
  }
}
