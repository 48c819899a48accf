// The heart of the sentinel: told which counters rose, bin by bin, it keeps the tests of every part and opens and closes incidents.
import { AboveTest, type Verdict } from './above-test.ts';
import { concerns, type Incident, observe, openIncident, type Signal } from './incident.ts';
import type { JourneyCounter } from './journey-counters.ts';
import { nameFailingPart } from './name-part.ts';
import type { OddsBaseline } from './odds-baseline.ts';
import { BLOCK_MS } from './share-baseline.ts';
import { type Above, type Below, createBelow, type Slice } from './slice.ts';
import type { Slices } from './slices.ts';
import type { Thresholds } from './thresholds.ts';
import { TrafficTest } from './traffic-test.ts';

/** Evidence about one part, for whoever wants to look closer. */
export interface Evidence {
  readonly signal: Signal;
  readonly slice: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nats: number;
}

/** What is assumed of a shop of which nothing is known. */
const PRIOR = { failing: 0.005, slow: 0.02, declining: 0.06, reason: 0.001, weight: 300 } as const;

/** A missing part is let go of after this long: what stays away is the new normal. */
const LONGEST_MISSING_MS = 6 * 3_600_000;

/** Incidents of one signal that closed within this time of another are one story that flaps. */
const FLAP_MS = 30 * 60_000;

/** Open incidents of one signal; more would be noise. */
const MOST_OPEN = 4;

/** Checkouts that end elsewhere while a part has none any more: it is gone. */
const ELSEWHERE = 20;

/** Evidence of a part beside the slowest that makes it slow as well. */
const ALSO_SLOW = 2.5;

/** What is left of the own level, at most, when events are missing. */
const FALLEN = 0.85;

/** As long as less than this is known, only what breaks badly is kept from becoming usual. */
const KNOWN_MS = 86_400_000;
const BADLY = 0.15;
/** What goes on for longer than this becomes usual. */
const CHRONIC_MS = 6 * 3_600_000;

type Group = 'failures' | 'slow' | 'declines' | 'missing';
const GROUP: Readonly<Record<Signal, Group>> = {
  failures: 'failures',
  slow: 'slow',
  declines: 'declines',
  missing_orders: 'missing',
  missing_attempts: 'missing',
  missing_traffic: 'missing',
  silence: 'missing',
};

/** A part that misses events is told about only when nothing before it in the journey does. */
const BEFORE: Partial<Record<Signal, readonly Signal[]>> = {
  missing_traffic: ['silence'],
  missing_attempts: ['silence', 'missing_traffic'],
  missing_orders: ['silence', 'missing_traffic', 'missing_attempts', 'failures'],
};

/** Opens and closes incidents. Bins must come in order of time. */
export class Detector {
  readonly #slices: Slices;
  readonly #thresholds: Thresholds;
  readonly #counters = new Set<JourneyCounter>();
  readonly #all: Slice;
  readonly #severe: AboveTest;
  readonly #attemptsPerView: Below;
  readonly #ordersPerView: Below;
  readonly #traffic = new TrafficTest();
  readonly #suspect: Readonly<Record<Group, Set<number>>> = {
    failures: new Set(),
    slow: new Set(),
    declines: new Set(),
    missing: new Set(),
  };
  readonly #open: Incident[] = [];
  #closed: { readonly signal: Signal; readonly atMs: number }[] = [];
  #views = 0;
  #hasViews = false;
  #lastBlock = -1;
  #knownMs = 0;
  #restartedMs = Number.NEGATIVE_INFINITY;
  #sawBoundSeconds: number[] = [];
  #slowBoundSeconds = Number.NaN;
  readonly #slowSeconds: number;

  constructor(slices: Slices, slowSeconds: number, thresholds: Thresholds, nowMs: number) {
    this.#slices = slices;
    this.#thresholds = thresholds;
    this.#slowSeconds = slowSeconds;
    this.#all = slices.of('all', '', nowMs)!;
    this.#severe = new AboveTest([0.7], thresholds.guardMs);
    this.#attemptsPerView = createBelow(thresholds);
    this.#ordersPerView = createBelow(thresholds);
  }

  /** Incidents that are open, oldest first. */
  get incidents(): readonly Incident[] {
    return this.#open;
  }

  /** A step that takes longer than this, seconds, counts as slow: the bound of a bucket. NaN before a bucket was seen. */
  get slowBoundSeconds(): number {
    return this.#slowBoundSeconds;
  }

  /** Takes note of a counter, so that what it counts can be given a name. */
  admit(counter: JourneyCounter): void {
    this.#counters.add(counter);
    if (counter.kind !== 'bucket' || this.#sawBoundSeconds.includes(counter.boundSeconds)) return;
    this.#sawBoundSeconds = [...this.#sawBoundSeconds, counter.boundSeconds].sort((a, b) => a - b);
    const finite = this.#sawBoundSeconds.filter((bound) => Number.isFinite(bound));
    this.#slowBoundSeconds = finite.findLast((bound) => bound <= this.#slowSeconds) ?? finite[0] ?? Number.NaN;
  }

  dismiss(counter: JourneyCounter): void {
    this.#counters.delete(counter);
  }

  /** A process began anew, up to `atMs`. */
  restarted(atMs: number): void {
    if (atMs > this.#restartedMs) this.#restartedMs = atMs;
  }

  /** Takes what a counter rose by in the bin that is being filled. */
  count(counter: JourneyCounter, increase: number, atMs: number): void {
    if (counter.slicesEdition !== this.#slices.edition) this.#lookUp(counter, atMs);
    const minute = Math.floor(atMs / 60_000);
    switch (counter.kind) {
      case 'view':
        this.#views += increase;
        this.#hasViews = true;
        return;
      case 'attempt':
        for (const slice of counter.slices) slice.attempts += increase;
        break;
      case 'success':
        for (const slice of counter.slices) {
          slice.finished += increase;
          slice.orders += increase;
          slice.ended += increase;
        }
        break;
      case 'technical': {
        const explained = this.#explained('failures', counter);
        for (const slice of counter.slices) {
          slice.ended += increase;
          if (explained !== undefined) {
            slice.explained += increase;
            continue;
          }
          slice.failed += increase;
          slice.finished += increase;
        }
        if (explained === undefined) for (const slice of counter.causeSlices) slice.failed += increase;
        break;
      }
      case 'declined': {
        for (const slice of counter.slices) {
          slice.declined += increase;
        }
        break;
      }
      case 'abandoned':
        return;
      case 'bucket':
        if (counter.boundSeconds === Number.POSITIVE_INFINITY) {
          for (const slice of counter.slices) {
            slice.timed += increase;
            slice.slow += increase;
          }
        } else if (counter.boundSeconds === this.#slowBoundSeconds) {
          for (const slice of counter.slices) slice.slow -= increase;
        } else return;
        break;
    }
    for (const slice of counter.slices) {
      slice.weight += increase;
      slice.lastMs = atMs;
    }
    counter.total += increase;
    counter.recent.add(increase, minute);
    this.#feedIncidents(counter, increase);
  }

  /** Ends a bin that reaches from `sinceMs` to `nowMs`: every test takes its counts, incidents open and close. */
  endBin(sinceMs: number, nowMs: number, scrapedMs: number, isPast = false): void {
    const block = Math.floor(nowMs / BLOCK_MS);
    this.#knownMs += nowMs - sinceMs;
    for (const incident of this.#open) if (!this.#isUsual(incident, nowMs)) this.#distrust(incident, block);
    this.#testWhole(sinceMs, nowMs, block, scrapedMs);
    for (const slice of this.#slices) this.#testSlice(slice, sinceMs, nowMs, block);
    if (block !== this.#lastBlock) this.#settle(block);
    this.#lastBlock = block;
    this.#follow(nowMs, nowMs - sinceMs);
    this.#openIncidents(nowMs, isPast);
    for (const slice of this.#slices) clearBin(slice);
    this.#views = 0;
  }

  /** Tells that no instance has answered since `sinceMs`, worth `evidence`; none when one answered. */
  silent(evidence: number, sinceMs: number, nowMs: number, labels: Readonly<Record<string, string>>): void {
    const open = this.#open.find(({ signal }) => signal === 'silence');
    if (open !== undefined) {
      open.evidence = Math.max(open.evidence, evidence);
      open.recovery.add(evidence > this.#thresholds.perMissedScrape * 1.5 ? -10 : 1, nowMs);
      return;
    }
    if (evidence <= this.#thresholds.convincing * 0.92) return;
    this.#push(openIncident('silence', labels, { onsetMs: sinceMs, nowMs, evidence, calmMs: this.#calmMs('silence') }));
  }

  /** What is known about every part with at least `least` nats, most first. */
  evidence(least: number): Evidence[] {
    const found: Evidence[] = [];
    const add = (signal: Signal, slice: Slice, nats: number) => {
      if (nats >= least) found.push({ signal, slice: slice.dimension, labels: sliceLabels(slice), nats });
    };
    for (const slice of this.#slices) {
      if (slice.failures) add('failures', slice, confirmed(slice.failures.test.verdict()));
      if (slice.slowness) add('slow', slice, confirmed(slice.slowness.test.verdict()));
      if (slice.declines) add('declines', slice, confirmed(slice.declines.test.verdict()));
      if (slice.missingOrders) add('missing_orders', slice, confirmed(slice.missingOrders.test.verdict()));
      if (slice.missingShare) add(shareSignal(slice), slice, confirmed(slice.missingShare.test.verdict()));
    }
    add('missing_attempts', this.#all, confirmed(this.#attemptsPerView.test.verdict()));
    add('missing_traffic', this.#all, this.#traffic.evidence);
    return found.sort((a, b) => b.nats - a.nats);
  }

  #lookUp(counter: JourneyCounter, atMs: number): void {
    const find = (parts: JourneyCounter['parts']) =>
      parts.map(([dimension, value]) => this.#slices.of(dimension, value, atMs)).filter((slice) => slice !== undefined);
    counter.slices = find(counter.parts);
    counter.causeSlices = find(counter.causes);
    counter.slicesEdition = this.#slices.edition;
  }

  #explained(signal: Signal, counter: JourneyCounter): Incident | undefined {
    for (const incident of this.#open)
      if (incident.signal === signal && concerns(incident, counter, true)) return incident;
    return undefined;
  }

  #feedIncidents(counter: JourneyCounter, increase: number): void {
    for (const incident of this.#open) {
      const { kind } = counter;
      if (incident.signal === 'failures') {
        if (kind === 'technical' && concerns(incident, counter, true)) {
          binOf(incident).bad += increase;
          binOf(incident).all += increase;
        } else if (kind === 'success' && concerns(incident, counter, false)) binOf(incident).all += increase;
      } else if (incident.signal === 'declines') {
        if (kind === 'declined' && concerns(incident, counter, true)) {
          binOf(incident).bad += increase;
          binOf(incident).all += increase;
        } else if (kind === 'success' && concerns(incident, counter, false)) binOf(incident).all += increase;
      } else if (incident.signal === 'slow' && kind === 'bucket' && concerns(incident, counter, true)) {
        if (counter.boundSeconds === Number.POSITIVE_INFINITY) {
          binOf(incident).bad += increase;
          binOf(incident).all += increase;
        } else if (counter.boundSeconds === this.#slowBoundSeconds) binOf(incident).bad -= increase;
      }
    }
  }

  #testSlice(slice: Slice, sinceMs: number, nowMs: number, block: number): void {
    const finished = slice.dimension === 'step' || slice.dimension === 'reason' ? this.#all.finished : slice.finished;
    const { failures, slowness, declines, missingOrders, missingShare } = slice;
    if (failures !== undefined && finished > 0) {
      this.#testAbove(
        failures,
        slice.failed,
        Math.max(finished, slice.failed),
        sinceMs,
        nowMs,
        block,
        this.#failingPrior(slice),
      );
    }
    if (slowness !== undefined && slice.timed > 0)
      this.#testAbove(slowness, Math.max(0, slice.slow), slice.timed, sinceMs, nowMs, block, PRIOR.slow, 0.02);
    if (declines !== undefined && slice.declined + slice.orders > 0)
      this.#testAbove(
        declines,
        slice.declined,
        slice.declined + slice.orders,
        sinceMs,
        nowMs,
        block,
        PRIOR.declining,
        0.05,
      );
    if (missingOrders !== undefined && slice.attempts > 0) {
      const { seen, others } = ordersOf(slice);
      this.#testBelow(missingOrders, seen, others, sinceMs, nowMs, block);
    }
    if (missingShare !== undefined) {
      const isPayment = slice.dimension === 'provider' || slice.dimension === 'method';
      const own = isPayment ? slice.ended : Math.max(0, slice.attempts - slice.declined);
      const whole = isPayment ? this.#endedPayments() : Math.max(0, this.#all.attempts - this.#all.declined);
      // Bots look at no page: the others may be as many as the pages let expect, or as they were lately.
      const pace = this.#views > 0 || this.#hasViews ? this.#views : nowMs - sinceMs;
      if (whole > 0) this.#testBelow(missingShare, own, Math.max(0, whole - own), sinceMs, nowMs, block, pace);
    }
  }

  #testWhole(sinceMs: number, nowMs: number, block: number, scrapedMs: number): void {
    const { attempts, orders, failed, finished, explained } = this.#all;
    if (finished > 0) this.#severe.add(failed, finished, this.#thresholds.severeShare, nowMs, sinceMs);
    if (this.#views + attempts > 0) {
      this.#testBelow(this.#attemptsPerView, attempts, this.#views, sinceMs, nowMs, block);
      this.#testBelow(this.#ordersPerView, orders + failed + explained, this.#views, sinceMs, nowMs, block);
    }
    const isFrozen = this.#open.some(
      ({ signal, slice }) => GROUP[signal] === 'missing' && (slice ?? this.#all) === this.#all,
    );
    this.#traffic.add(this.#views + attempts, scrapedMs, nowMs, isFrozen);
  }

  #testAbove(
    above: Above,
    bad: number,
    all: number,
    sinceMs: number,
    nowMs: number,
    block: number,
    prior: number,
    least: number = this.#thresholds.leastShare,
  ): void {
    if (Number.isNaN(above.healthy)) above.healthy = this.#healthy(above, prior, least);
    above.test.add(bad, all, above.healthy, nowMs, sinceMs);
    above.usual.add(bad, all, block);
  }

  #testBelow(
    below: Below,
    seen: number,
    others: number,
    sinceMs: number,
    nowMs: number,
    block: number,
    pace: number = nowMs - sinceMs,
  ): void {
    const { odds, margin } = below.usual.usual;
    below.usual.add(seen, others, block);
    below.own.add(seen, nowMs - sinceMs);
    const capped = below.cap.take(others, pace, nowMs - sinceMs);
    if (Number.isFinite(odds)) below.test.add(seen, capped, odds, margin, nowMs, sinceMs);
  }

  #endedPayments(): number {
    let ended = 0;
    for (const slice of this.#slices) if (slice.dimension === 'provider') ended += slice.ended;
    return ended;
  }

  #failingPrior(slice: Slice): number {
    if (slice.dimension === 'reason') return PRIOR.reason;
    const whole = this.#all.failures!.usual.share(PRIOR.failing, PRIOR.weight);
    return slice.dimension === 'step' ? Math.min(whole, PRIOR.failing) : whole;
  }

  #healthy({ usual }: Above, prior: number, least: number): number {
    return Math.min(0.5, Math.max(least, this.#thresholds.slack * usual.share(prior, PRIOR.weight)));
  }

  /** Every ten minutes: what is old enough becomes the past. */
  #settle(block: number): void {
    const isSuspect = (group: Group) => (index: number) => this.#suspect[group].has(index);
    for (const slice of this.#slices) {
      const { failures, slowness, declines, missingOrders, missingShare } = slice;
      slice.weight *= 0.995;
      if (failures?.usual.settle(block, isSuspect('failures')))
        failures.healthy = this.#healthy(failures, this.#failingPrior(slice), this.#thresholds.leastShare);
      if (slowness?.usual.settle(block, isSuspect('slow')))
        slowness.healthy = this.#healthy(slowness, PRIOR.slow, 0.02);
      if (declines?.usual.settle(block, isSuspect('declines')))
        declines.healthy = this.#healthy(declines, PRIOR.declining, 0.05);
      const isMissing = (index: number) => this.#suspect.missing.has(index) || slice.suspectBlocks.has(index);
      missingOrders?.usual.settle(block, isMissing);
      missingShare?.usual.settle(block, isMissing);
      for (const index of slice.suspectBlocks) if (index < block - 60) slice.suspectBlocks.delete(index);
    }
    this.#attemptsPerView.usual.settle(block, isSuspect('missing'));
    this.#ordersPerView.usual.settle(block, isSuspect('missing'));
    for (const blocks of Object.values(this.#suspect))
      for (const index of blocks) if (index < block - 60) blocks.delete(index);
  }

  #openIncidents(nowMs: number, isPast: boolean): void {
    this.#openAbove('failures', nowMs, (slice) => slice.failures);
    this.#openAbove('slow', nowMs, (slice) => slice.slowness);
    this.#openAbove('declines', nowMs, (slice) => slice.declines);
    // What is missing can only be told by who knows what is usual: while the past is learned, nobody does.
    if (isPast) {
      this.#resetMissing();
      return;
    }
    if (this.#traffic.evidence > this.#thresholds.convincing)
      this.#openMissing('missing_traffic', this.#all, verdictOf(this.#traffic), nowMs);
    // Pages that crawlers read make nobody's checkouts fewer.
    if (this.#attemptsPerView.own.fall < FALLEN)
      this.#openMissing('missing_attempts', this.#all, this.#attemptsPerView.test.verdict(), nowMs);
    for (const slice of this.#slices)
      if (slice.missingShare) this.#openMissing(shareSignal(slice), slice, slice.missingShare.test.verdict(), nowMs);
    if (this.#ordersPerView.own.fall < FALLEN)
      this.#openMissing('missing_orders', this.#all, this.#ordersPerView.test.verdict(), nowMs);
    for (const slice of this.#slices)
      if (slice.missingOrders) this.#openMissing('missing_orders', slice, slice.missingOrders.test.verdict(), nowMs);
  }

  #openAbove(signal: 'failures' | 'slow' | 'declines', nowMs: number, of: (slice: Slice) => Above | undefined): void {
    let leader: Slice | undefined;
    let best: Verdict | undefined;
    const open = this.#open.filter((incident) => incident.signal === signal);
    if (open.length >= (signal === 'failures' ? MOST_OPEN : 1)) return;
    const isRestarting = nowMs - this.#restartedMs < this.#thresholds.restartMs;
    const bar =
      this.#thresholds.convincing +
      (isRestarting && signal === 'failures' ? this.#thresholds.duringRestart : 0) +
      (open.length > 0 ? this.#thresholds.besideOpen : 0);
    const clumps = of(this.#all)?.usual.dispersion ?? 1;
    const isSevere = signal === 'failures' && this.#severe.peak() >= this.#thresholds.severeEvidence;
    for (const slice of this.#slices) {
      const verdict = of(slice)?.test.verdict();
      if (verdict === undefined || verdict.total < bar * clumps) continue;
      if (verdict.events < this.#thresholds.fewestFailures * clumps) continue;
      const isSettled = isSevere && nowMs - verdict.onsetMs >= this.#thresholds.severeMs;
      if (verdict.outside < this.#outside(verdict, isRestarting) * clumps && !isSettled) continue;
      if (best !== undefined && verdict.total <= best.total) continue;
      best = verdict;
      leader = slice;
    }
    if (leader === undefined || best === undefined) return;
    const bad = signal === 'failures' ? 'technical' : signal === 'declines' ? 'declined' : 'bucket';
    const minute = Math.floor(nowMs / 60_000);
    const named =
      bad === 'bucket'
        ? this.#nameSlow(leader)
        : nameFailingPart(this.#counters, bad, Math.floor(best.onsetMs / 60_000), minute);
    const labels = Object.keys(named).length > 0 ? named : sliceLabels(leader);
    this.#push(
      openIncident(signal, labels, {
        onsetMs: best.onsetMs,
        nowMs,
        evidence: best.total,
        calmMs: this.#calmMs(signal),
        above: of(leader),
        bad: best.events,
        all: best.all,
      }),
    );
    for (const slice of this.#slices) of(slice)?.test.reset();
    if (signal === 'failures') this.#severe.reset();
  }

  /** After a hiccup of many failures a few more are soon together: the more there were, the more must come from outside it. */
  #outside({ events }: Verdict, isRestarting: boolean): number {
    const { outside, outsideMany, manyFailures } = this.#thresholds;
    return (events < manyFailures ? outside : outsideMany) * (isRestarting ? 3 : 1);
  }

  /** The step that is slow, its provider when no other one is slow, and the instance when no other one is slow. */
  #nameSlow(leader: Slice): Readonly<Record<string, string>> {
    const slices = [...this.#slices].filter(({ slowness, timed }) => slowness !== undefined && timed >= 0);
    const isSlow = ({ slowness }: Slice) => slowness!.test.peak() > ALSO_SLOW;
    const instances = slices.filter(({ dimension }) => dimension === 'instance');
    const slowInstances = instances.filter(isSlow);
    const labels: Record<string, string> = {};
    if (instances.length > 1 && slowInstances.length === 1) labels.instance = slowInstances[0]!.value;
    const steps = slices.filter(
      (slice) => slice.dimension === 'timing' && !slice.value.includes('\u0000') && isSlow(slice),
    );
    const [worst] = steps.sort((a, b) => b.slowness!.test.peak() - a.slowness!.test.peak());
    const step = leader.dimension === 'timing' ? leader.value.split('\u0000')[0]! : worst?.value;
    if (step === undefined) return Object.keys(labels).length > 0 ? labels : sliceLabels(leader);
    labels.step = step;
    const providers = slices.filter((slice) => slice.dimension === 'timing' && slice.value.startsWith(`${step}\u0000`));
    const slowProviders = providers.filter(isSlow);
    if (providers.length > 1 && slowProviders.length === 1)
      labels.provider = slowProviders[0]!.value.split('\u0000')[1]!;
    return labels;
  }

  #openMissing(signal: Signal, slice: Slice, verdict: Verdict, nowMs: number): void {
    // Who tries out cards with one provider makes the others look few.
    const isBlurred = signal !== 'missing_traffic' && this.#open.some((incident) => incident.signal === 'declines');
    const bar = this.#thresholds.convincing * (isBlurred ? 2 : 1);
    if (verdict.total < bar || verdict.outside < this.#thresholds.outside) return;
    const before = BEFORE[signal] ?? [];
    const isTold = (incident: Incident) =>
      before.includes(incident.signal) ||
      (incident.signal === signal && (incident.slice === slice || incident.slice === this.#all || slice === this.#all));
    if (this.#open.length >= MOST_OPEN || this.#open.some(isTold)) return;
    this.#push(
      openIncident(signal, sliceLabels(slice), {
        onsetMs: verdict.onsetMs,
        nowMs,
        evidence: verdict.total,
        calmMs: this.#calmMs(signal),
        slice,
      }),
    );
    this.#resetMissing();
  }

  #resetMissing(): void {
    for (const slice of this.#slices) {
      slice.missingOrders?.test.reset();
      slice.missingShare?.test.reset();
    }
    this.#attemptsPerView.test.reset();
    this.#ordersPerView.test.reset();
  }

  #push(incident: Incident): void {
    this.#open.push(incident);
    const from = Math.floor(incident.onsetMs / BLOCK_MS);
    for (let block = from; block <= Math.floor(incident.openedMs / BLOCK_MS); block++) this.#distrust(incident, block);
  }

  /** Some shops fail more than others every day: that is for objectives to tell, not for somebody who looks for changes. */
  #isUsual({ signal, openedMs, bad, all }: Incident, nowMs: number): boolean {
    if (GROUP[signal] === 'missing') return false;
    if (this.#knownMs < KNOWN_MS) return bad < BADLY * all;
    return nowMs - openedMs > CHRONIC_MS;
  }

  /** What happens while something is wrong is not usual. A part that misses events taints what is known of that part alone. */
  #distrust({ signal, slice }: Incident, block: number): void {
    if (slice !== undefined && slice !== this.#all) {
      const isPayment = (one: Slice) => one.dimension === 'provider' || one.dimension === 'method';
      for (const one of this.#slices)
        if (one.dimension === slice.dimension || (isPayment(one) && isPayment(slice))) one.suspectBlocks.add(block);
      return;
    }
    this.#suspect[GROUP[signal]].add(block);
    // Who fails tries again, and who is slow gives up: ratios are not what they were.
    this.#suspect.missing.add(block);
  }

  #follow(nowMs: number, elapsedMs: number): void {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const incident = this.#open[i]!;
      if (incident.signal !== 'silence') this.#observeBin(incident, nowMs, elapsedMs);
      if (!this.#isOver(incident, nowMs)) continue;
      this.#open.splice(i, 1);
      this.#closed.push({ signal: incident.signal, atMs: nowMs });
      this.#forgetEvidence(incident);
    }
    if (this.#closed.length > 0) this.#closed = this.#closed.filter(({ atMs }) => nowMs - atMs < FLAP_MS);
  }

  /** What speaks for an incident that is over must not open it again. */
  #forgetEvidence({ signal, slice }: Incident): void {
    for (const one of this.#slices) {
      if (signal === 'failures') one.failures?.test.reset();
      if (signal === 'slow') one.slowness?.test.reset();
      if (signal === 'declines') one.declines?.test.reset();
    }
    if (signal === 'failures') this.#severe.reset();
    if (GROUP[signal] !== 'missing') return;
    this.#resetMissing();
    this.#traffic.reset();
    slice?.suspectBlocks.clear();
  }

  #observeBin(incident: Incident, nowMs: number, elapsedMs: number): void {
    const bin = binOf(incident);
    switch (incident.signal) {
      case 'failures':
      case 'slow':
      case 'declines': {
        const bad = Math.max(0, bin.bad);
        const all = Math.max(bin.all, bad);
        observe(incident, bad, all, elapsedMs, nowMs);
        if (all === 0) incident.elsewhere += this.#all.finished;
        if (all === 0) break;
        const least = incident.signal === 'failures' ? 0.004 : 0.05;
        const healthy = Math.max(least, incident.above?.healthy ?? 0);
        const ill = Math.min(0.9, Math.max(2.5 * healthy, 0.5 * (incident.totalBad / incident.totalAll)));
        const healthyThen = Math.min(healthy, ill / 2.5);
        incident.recovery.add(
          bad * Math.log(healthyThen / ill) + (all - bad) * Math.log((1 - healthyThen) / (1 - ill)),
          nowMs,
        );
        break;
      }
      case 'missing_traffic': {
        const expected = this.#traffic.level * elapsedMs;
        const seen = this.#views + this.#all.attempts;
        observe(incident, Math.max(0, expected - seen), expected, elapsedMs, nowMs);
        incident.recovery.add(seen * Math.log(0.3 / 0.1) - expected * 0.2, nowMs);
        break;
      }
      case 'missing_attempts':
      case 'missing_orders': {
        const { usual, seen, others } = this.#missing(incident);
        const { odds, margin } = usual.usual;
        if (!Number.isFinite(odds) || seen + others === 0) break;
        observe(incident, Math.max(0, others * odds - seen), others * odds, elapsedMs, nowMs);
        const healthy = odds * (1 - margin);
        const ill = odds * Math.min(0.6, 0.75 * (1 - margin));
        incident.recovery.add(
          seen * Math.log((healthy / ill) * ((1 + ill) / (1 + healthy))) + others * Math.log((1 + ill) / (1 + healthy)),
          nowMs,
        );
        break;
      }
      case 'silence':
        break;
    }
    bin.bad = 0;
    bin.all = 0;
  }

  #missing({ signal, slice }: Incident): { usual: OddsBaseline; seen: number; others: number } {
    const part = slice ?? this.#all;
    if (part === this.#all && signal === 'missing_attempts')
      return { usual: this.#attemptsPerView.usual, seen: part.attempts, others: this.#views };
    if (part.missingShare !== undefined && (part.dimension === 'provider' || part.dimension === 'method'))
      return {
        usual: part.missingShare.usual,
        seen: part.ended,
        others: Math.max(0, this.#endedPayments() - part.ended),
      };
    if (part.missingShare !== undefined && signal === 'missing_attempts') {
      const own = Math.max(0, part.attempts - part.declined);
      const whole = Math.max(0, this.#all.attempts - this.#all.declined);
      return { usual: part.missingShare.usual, seen: own, others: Math.max(0, whole - own) };
    }
    return { usual: part.missingOrders!.usual, ...ordersOf(part) };
  }

  #isOver(incident: Incident, nowMs: number): boolean {
    if (incident.recovery.isOver(nowMs, incident.calmMs, this.#thresholds.over)) return true;
    if (incident.signal === 'silence') return false;
    if (GROUP[incident.signal] === 'missing') {
      if (nowMs - incident.openedMs <= LONGEST_MISSING_MS) return false;
      this.#learnAnew(incident);
      return true;
    }
    // A version that was taken back has no checkouts any more that could prove it well.
    return nowMs - incident.lastMs >= incident.calmMs && incident.elsewhere >= ELSEWHERE;
  }

  /** What has been missing for hours is not coming back: what is left is the new normal. */
  #learnAnew(incident: Incident): void {
    if (incident.signal === 'missing_traffic') this.#traffic.forget();
    else this.#missing(incident).usual.forget();
    if (incident.slice === this.#all && incident.signal === 'missing_orders') this.#ordersPerView.usual.forget();
  }

  /** What is told again and again is one story: it takes longer to be over each time. */
  #calmMs(signal: Signal): number {
    const flaps = this.#closed.filter((closed) => GROUP[closed.signal] === GROUP[signal]).length;
    return this.#thresholds.calmMs * (1 + 2 * Math.min(2, flaps));
  }
}

/** Counts of the current bin of an incident. */
interface IncidentBin {
  bad: number;
  all: number;
}

const bins = new WeakMap<Incident, IncidentBin>();

function binOf(incident: Incident): IncidentBin {
  let bin = bins.get(incident);
  if (bin === undefined) {
    bin = { bad: 0, all: 0 };
    bins.set(incident, bin);
  }
  return bin;
}

function confirmed({ total, outside }: Verdict): number {
  return Math.min(total, 4 * outside);
}

function verdictOf(traffic: TrafficTest): Verdict {
  return { total: traffic.evidence, outside: traffic.evidence, onsetMs: traffic.onsetMs, events: 0, all: 0 };
}

/** Attempts that became an order, or failed visibly, and those that did neither. Declined ones are the customer's. */
function ordersOf({ attempts, declined, orders, failed, explained }: Slice): { seen: number; others: number } {
  const seen = orders + failed + explained;
  return { seen, others: Math.max(0, attempts - declined - seen) };
}

function shareSignal({ dimension }: Slice): Signal {
  return dimension === 'provider' || dimension === 'method' ? 'missing_orders' : 'missing_attempts';
}

function sliceLabels({ dimension, value }: Slice): Readonly<Record<string, string>> {
  if (dimension === 'all') return {};
  if (dimension !== 'timing') return { [dimension]: value };
  const [step = '', provider] = value.split('\u0000');
  return provider === undefined ? { step } : { step, provider };
}

function clearBin(slice: Slice): void {
  slice.failed = 0;
  slice.finished = 0;
  slice.declined = 0;
  slice.orders = 0;
  slice.attempts = 0;
  slice.ended = 0;
  slice.explained = 0;
  slice.slow = 0;
  slice.timed = 0;
}
