import { concerns, groupOf, type Incident, observe, type Signal, type SignalGroup } from './incident.ts';
import type { JourneyCounter } from './journey-counters.ts';
import { BLOCK_MS } from './share-baseline.ts';
import { type Bin, forgetBefore, type ShopTests } from './shop-tests.ts';
import type { Slice } from './slice.ts';
import type { Thresholds } from './thresholds.ts';

/** A missing part is let go of after this long: what stays away is the new normal. */
const LONGEST_MISSING_MS = 6 * 3_600_000;

/** Incidents of one kind that closed within this time of another are one story that flaps. */
const FLAP_MS = 30 * 60_000;

/** Checkouts that end elsewhere while a part has none any more: it is gone. */
const ELSEWHERE = 20;

/** As long as less than this is known, only what breaks badly is kept from becoming usual. */
const KNOWN_MS = 86_400_000;
const BADLY = 0.15;
/** What goes on for longer than this becomes usual. */
const CHRONIC_MS = 6 * 3_600_000;

/** No part counts as ill with less than so many times the healthy share. */
const CLEARLY_ILL = 2.5;

/** The incidents that are open: follows each to its end, and keeps what happens meanwhile from becoming usual. */
export class OpenIncidents {
  readonly #tests: ShopTests;
  readonly #thresholds: Thresholds;
  readonly #open: Incident[] = [];
  #closed: { readonly signal: Signal; readonly atMs: number }[] = [];
  readonly #suspect: Readonly<Record<SignalGroup, Set<number>>> = {
    failures: new Set(),
    slow: new Set(),
    declines: new Set(),
    missing: new Set(),
  };
  #knownMs = 0;

  constructor(tests: ShopTests, thresholds: Thresholds) {
    this.#tests = tests;
    this.#thresholds = thresholds;
  }

  /** Oldest first. */
  get list(): readonly Incident[] {
    return this.#open;
  }

  /** Is traffic missing as a whole, so that its level says nothing? */
  get isWholeMissing(): boolean {
    const { all } = this.#tests;
    return this.#open.some(({ signal, slice }) => groupOf(signal) === 'missing' && (slice ?? all) === all);
  }

  /** Adds an incident; the time since its onset is kept from becoming usual. */
  open(incident: Incident): void {
    this.#open.push(incident);
    const last = Math.floor(incident.openedMs / BLOCK_MS);
    for (let block = Math.floor(incident.onsetMs / BLOCK_MS); block <= last; block++) this.#distrust(incident, block);
  }

  /** Does an open incident explain that this counter of failures rises? */
  explains(counter: JourneyCounter): boolean {
    return this.#open.some((incident) => incident.signal === 'failures' && concerns(incident, counter, true));
  }

  /** Counts a rise for those incidents whose part it concerns. */
  count(counter: JourneyCounter, increase: number): void {
    const { kind } = counter;
    for (const incident of this.#open) {
      const { signal } = incident;
      if (signal === 'failures' || signal === 'declines') {
        const isBad = kind === (signal === 'failures' ? 'technical' : 'declined');
        if ((!isBad && kind !== 'success') || !concerns(incident, counter, isBad)) continue;
        if (isBad) incident.binBad += increase;
        incident.binAll += increase;
      } else if (signal === 'slow' && kind === 'bucket' && concerns(incident, counter, true)) {
        const { slow, all } = this.#tests.timing(counter, increase);
        incident.binBad += slow;
        incident.binAll += all;
      }
    }
  }

  /** What happens in a bin while something is wrong is not usual; asked before the bin is tested. */
  distrust({ sinceMs, nowMs }: Bin): void {
    this.#knownMs += nowMs - sinceMs;
    const block = Math.floor(nowMs / BLOCK_MS);
    for (const incident of this.#open) if (!this.#isUsual(incident, nowMs)) this.#distrust(incident, block);
    for (const blocks of Object.values(this.#suspect)) forgetBefore(blocks, block);
  }

  isSuspect(group: SignalGroup, block: number): boolean {
    return this.#suspect[group].has(block);
  }

  /** Ends a bin: incidents take their counts, and close when they are over. */
  follow({ sinceMs, nowMs }: Bin): void {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const incident = this.#open[i]!;
      this.#observe(incident, nowMs, nowMs - sinceMs);
      if (!this.#isOver(incident, nowMs)) continue;
      this.#open.splice(i, 1);
      this.#closed.push({ signal: incident.signal, atMs: nowMs });
      // What spoke for it must not open it again.
      this.#tests.reset(incident.signal);
      if (groupOf(incident.signal) !== 'missing') continue;
      this.#tests.traffic.reset();
      incident.slice?.suspectBlocks.clear();
    }
    if (this.#closed.length > 0) this.#closed = this.#closed.filter(({ atMs }) => nowMs - atMs < FLAP_MS);
  }

  /** What is told again and again is one story: it takes longer to be over each time. */
  calmMs(signal: Signal): number {
    const flaps = this.#closed.filter((closed) => groupOf(closed.signal) === groupOf(signal)).length;
    return this.#thresholds.calmMs * (1 + 2 * Math.min(2, flaps));
  }

  /** Some shops fail more than others every day: that is for objectives to tell, not for somebody who looks for changes. */
  #isUsual({ signal, openedMs, bad, all }: Incident, nowMs: number): boolean {
    if (groupOf(signal) === 'missing') return false;
    if (this.#knownMs < KNOWN_MS) return bad < BADLY * all;
    return nowMs - openedMs > CHRONIC_MS;
  }

  /** A part that misses events taints what is known of it and those it shares with, and nothing else. */
  #distrust({ signal, slice }: Incident, block: number): void {
    if (slice !== undefined && slice !== this.#tests.all) {
      const isPayment = (one: Slice) => one.dimension === 'provider' || one.dimension === 'method';
      for (const one of this.#tests.slices)
        if (one.dimension === slice.dimension || (isPayment(one) && isPayment(slice))) one.suspectBlocks.add(block);
      return;
    }
    this.#suspect[groupOf(signal)].add(block);
    // Who fails tries again, and who is slow gives up: ratios are not what they were.
    this.#suspect.missing.add(block);
  }

  #observe(incident: Incident, nowMs: number, elapsedMs: number): void {
    const { signal, recovery } = incident;
    switch (signal) {
      case 'failures':
      case 'slow':
      case 'declines':
        this.#observeShare(incident, nowMs, elapsedMs);
        break;
      case 'missing_traffic': {
        const expected = this.#tests.traffic.level * elapsedMs;
        const seen = this.#tests.visits;
        observe(incident, Math.max(0, expected - seen), expected, elapsedMs, nowMs);
        // Poisson: three tenths of the usual against one tenth.
        recovery.add(seen * Math.log(0.3 / 0.1) - expected * (0.3 - 0.1), nowMs);
        break;
      }
      case 'missing_attempts':
      case 'missing_orders': {
        const { usual, seen, others } = this.#tests.ratio(signal, incident.slice ?? this.#tests.all);
        const { odds, margin } = usual.usual;
        if (!Number.isFinite(odds) || seen + others === 0) break;
        observe(incident, Math.max(0, others * odds - seen), others * odds, elapsedMs, nowMs);
        const healthy = odds * (1 - margin);
        const ill = odds * Math.min(0.6, 0.75 * (1 - margin));
        const perOther = Math.log((1 + ill) / (1 + healthy));
        recovery.add(seen * (Math.log(healthy / ill) + perOther) + others * perOther, nowMs);
        break;
      }
      case 'silence':
        break;
    }
    incident.binBad = 0;
    incident.binAll = 0;
  }

  #observeShare(incident: Incident, nowMs: number, elapsedMs: number): void {
    const bad = Math.max(0, incident.binBad);
    const all = Math.max(incident.binAll, bad);
    observe(incident, bad, all, elapsedMs, nowMs);
    if (all === 0) {
      incident.elsewhere += this.#tests.all.finished;
      return;
    }
    const least = incident.signal === 'failures' ? 0.004 : 0.05;
    const usual = Math.max(least, incident.above?.healthy ?? 0);
    const ill = Math.min(0.9, Math.max(CLEARLY_ILL * usual, 0.5 * (incident.totalBad / incident.totalAll)));
    const healthy = Math.min(usual, ill / CLEARLY_ILL);
    const evidence = bad * Math.log(healthy / ill) + (all - bad) * Math.log((1 - healthy) / (1 - ill));
    incident.recovery.add(evidence, nowMs);
  }

  #isOver(incident: Incident, nowMs: number): boolean {
    if (incident.recovery.isOver(nowMs, incident.calmMs, this.#thresholds.over)) return true;
    if (incident.signal === 'silence') return false;
    if (groupOf(incident.signal) === 'missing') {
      if (nowMs - incident.openedMs <= LONGEST_MISSING_MS) return false;
      this.#learnAnew(incident);
      return true;
    }
    // A version that was taken back has no checkouts any more that could prove it well.
    return nowMs - incident.lastMs >= incident.calmMs && incident.elsewhere >= ELSEWHERE;
  }

  /** What has been missing for hours is not coming back: what is left is the new normal. */
  #learnAnew({ signal, slice }: Incident): void {
    const { all, traffic, ordersPerView } = this.#tests;
    if (signal === 'missing_traffic') traffic.forget();
    else this.#tests.ratio(signal, slice ?? all).usual.forget();
    if (slice === all && signal === 'missing_orders') ordersPerView.usual.forget();
  }
}
