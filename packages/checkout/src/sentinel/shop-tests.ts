import { AboveTest } from './above-test.ts';
import { groupOf, type Signal, type SignalGroup } from './incident.ts';
import type { JourneyCounter } from './journey-counters.ts';
import type { OddsBaseline } from './odds-baseline.ts';
import { BLOCK_MS } from './share-baseline.ts';
import { type Above, type Below, clearBin, createBelow, type Slice, sliceLabels } from './slice.ts';
import type { Slices } from './slices.ts';
import type { Thresholds } from './thresholds.ts';
import { TrafficTest } from './traffic-test.ts';
import type { Verdict } from './verdict.ts';

/** Evidence about one part, for whoever wants to look closer. */
export interface Evidence {
  readonly signal: Signal;
  /** By which label the part is cut; `all` is the whole checkout. */
  readonly slice: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nats: number;
}

/** A stretch of time whose counts are judged together; it ends at `nowMs`, which is included. */
export interface Bin {
  readonly sinceMs: number;
  readonly nowMs: number;
  /** How much of it was scraped. */
  readonly scrapedMs: number;
}

/** Two counts that usually go together, in the current bin. */
export interface Ratio {
  readonly usual: OddsBaseline;
  readonly seen: number;
  readonly others: number;
}

/** What is assumed of a shop of which nothing is known. */
const PRIOR = { failing: 0.005, slow: 0.02, declining: 0.06, reason: 0.001, weight: 300 } as const;

/** The least share that may always be slow, or declined. */
const LEAST = { slow: 0.02, declined: 0.05 } as const;

/** Parts of which little happens are less busy than those of which much happened a day ago. */
const FADE_PER_BLOCK = 0.995;

/** All counts and tests of a shop: told what rose, it keeps the evidence for and against every part. */
export class ShopTests {
  readonly slices: Slices;
  /** The whole checkout. */
  readonly all: Slice;
  readonly attemptsPerView: Below;
  readonly ordersPerView: Below;
  readonly traffic = new TrafficTest();
  /** Whether a large share of all orders fails. */
  readonly severe: AboveTest;
  readonly #thresholds: Thresholds;
  readonly #slowSeconds: number;
  #boundsSeconds: number[] = [];
  #slowBoundSeconds = Number.NaN;
  #views = 0;
  #hasViews = false;
  #lastBlock = -1;

  constructor(slices: Slices, slowSeconds: number, thresholds: Thresholds) {
    this.slices = slices;
    this.#thresholds = thresholds;
    this.#slowSeconds = slowSeconds;
    this.all = slices.of('all', '', 0)!;
    this.severe = new AboveTest([0.7], thresholds.guardMs);
    this.attemptsPerView = createBelow(thresholds);
    this.ordersPerView = createBelow(thresholds);
  }

  /** Page views and attempts of the current bin. */
  get visits(): number {
    return this.#views + this.all.attempts;
  }

  /** A step that takes longer than this, seconds, counts as slow: the bound of a bucket. NaN before a bucket was seen. */
  get slowBoundSeconds(): number {
    return this.#slowBoundSeconds;
  }

  /** Takes note of the bounds that buckets of durations have. */
  noteBound(boundSeconds: number): void {
    if (!Number.isFinite(boundSeconds) || this.#boundsSeconds.includes(boundSeconds)) return;
    this.#boundsSeconds = [...this.#boundsSeconds, boundSeconds].sort((a, b) => a - b);
    const bounds = this.#boundsSeconds;
    this.#slowBoundSeconds = bounds.findLast((bound) => bound <= this.#slowSeconds) ?? bounds[0]!;
  }

  /** What a bucket's rise says: `all` events ended in it, of which so many are not known to be fast. */
  timing({ boundSeconds }: JourneyCounter, increase: number): { readonly slow: number; readonly all: number } {
    if (boundSeconds === Number.POSITIVE_INFINITY) return { slow: increase, all: increase };
    return { slow: boundSeconds === this.#slowBoundSeconds ? -increase : 0, all: 0 };
  }

  /** Takes what a counter rose by in the bin that is being filled. What an incident explains speaks against no other part. */
  count(counter: JourneyCounter, increase: number, atMs: number, isExplained: boolean): void {
    if (counter.slicesEdition !== this.slices.edition) this.#lookUp(counter, atMs);
    if (counter.kind === 'view') {
      this.#views += increase;
      this.#hasViews = true;
      return;
    }
    for (const slice of counter.slices) {
      this.#countFor(slice, counter, increase, isExplained);
      slice.weight += increase;
      slice.lastMs = atMs;
    }
    if (!isExplained) for (const cause of counter.causeSlices) cause.failed += increase;
    counter.total += increase;
    counter.recent.add(increase, Math.floor(atMs / 60_000));
  }

  /** Lets every test take the counts of the bin. While `isFrozen`, the level of traffic stays what it was. */
  test(bin: Bin, isFrozen: boolean): void {
    const { attempts, orders, failed, finished, explained } = this.all;
    if (finished > 0) this.severe.add(failed, finished, this.#thresholds.severeShare, bin.nowMs, bin.sinceMs);
    if (this.visits > 0) {
      this.#testBelow(this.attemptsPerView, attempts, this.#views, bin);
      this.#testBelow(this.ordersPerView, orders + failed + explained, this.#views, bin);
    }
    this.traffic.add(this.visits, bin.scrapedMs, bin.nowMs, isFrozen);
    for (const slice of this.slices) this.#testSlice(slice, bin);
  }

  /** Every ten minutes: what is old enough becomes the past, unless it is suspect. */
  settle(nowMs: number, isSuspect: (group: SignalGroup, block: number) => boolean): void {
    const block = Math.floor(nowMs / BLOCK_MS);
    if (block === this.#lastBlock) return;
    this.#lastBlock = block;
    const suspectOf = (group: SignalGroup) => (index: number) => isSuspect(group, index);
    for (const slice of this.slices) {
      const { failures, slowness, declines, missingOrders, missingShare } = slice;
      slice.weight *= FADE_PER_BLOCK;
      if (failures?.usual.settle(block, suspectOf('failures')))
        failures.healthy = this.#healthyFailing(slice, failures);
      if (slowness?.usual.settle(block, suspectOf('slow'))) slowness.healthy = this.#healthySlow(slowness);
      if (declines?.usual.settle(block, suspectOf('declines'))) declines.healthy = this.#healthyDeclined(declines);
      const isMissing = (index: number) => isSuspect('missing', index) || slice.suspectBlocks.has(index);
      missingOrders?.usual.settle(block, isMissing);
      missingShare?.usual.settle(block, isMissing);
      forgetBefore(slice.suspectBlocks, block);
    }
    this.attemptsPerView.usual.settle(block, suspectOf('missing'));
    this.ordersPerView.usual.settle(block, suspectOf('missing'));
  }

  /** Starts a new bin. */
  clear(): void {
    for (const slice of this.slices) clearBin(slice);
    this.#views = 0;
  }

  /** Forgets the evidence of a signal, not what is usual. */
  reset(signal: Signal): void {
    for (const slice of this.slices) {
      if (signal === 'failures') slice.failures?.test.reset();
      if (signal === 'slow') slice.slowness?.test.reset();
      if (signal === 'declines') slice.declines?.test.reset();
    }
    if (signal === 'failures') this.severe.reset();
    if (groupOf(signal) === 'missing') this.resetMissing();
  }

  /** Forgets the evidence that events of parts are missing. */
  resetMissing(): void {
    for (const slice of this.slices) {
      slice.missingOrders?.test.reset();
      slice.missingShare?.test.reset();
    }
    this.attemptsPerView.test.reset();
    this.ordersPerView.test.reset();
  }

  /** The counts of the current bin by which `signal` is judged for a part. */
  ratio(signal: Signal, slice: Slice): Ratio {
    if (slice === this.all && signal === 'missing_attempts')
      return { usual: this.attemptsPerView.usual, seen: slice.attempts, others: this.#views };
    if (slice.missingShare !== undefined && shareSignal(slice) === signal)
      return { usual: slice.missingShare.usual, ...this.#share(slice) };
    return { usual: slice.missingOrders!.usual, ...ordersOf(slice) };
  }

  /** What is known about every part with at least `least` nats, most first. */
  evidence(least: number): Evidence[] {
    const found: Evidence[] = [];
    const add = (signal: Signal, slice: Slice, nats: number) => {
      if (nats >= least) found.push({ signal, slice: slice.dimension, labels: sliceLabels(slice), nats });
    };
    for (const slice of this.slices) {
      if (slice.failures) add('failures', slice, confirmed(slice.failures.test.verdict()));
      if (slice.slowness) add('slow', slice, confirmed(slice.slowness.test.verdict()));
      if (slice.declines) add('declines', slice, confirmed(slice.declines.test.verdict()));
      if (slice.missingShare) add(shareSignal(slice), slice, confirmed(slice.missingShare.test.verdict()));
      const orders = slice.missingOrders && confirmed(slice.missingOrders.test.verdict());
      const all = slice === this.all ? confirmed(this.ordersPerView.test.verdict()) : 0;
      if (orders !== undefined) add('missing_orders', slice, Math.max(orders, all));
    }
    add('missing_attempts', this.all, confirmed(this.attemptsPerView.test.verdict()));
    add('missing_traffic', this.all, this.traffic.evidence);
    return found.sort((a, b) => b.nats - a.nats);
  }

  #lookUp(counter: JourneyCounter, atMs: number): void {
    const find = (parts: JourneyCounter['parts']) =>
      parts.map(([dimension, value]) => this.slices.of(dimension, value, atMs)).filter((slice) => slice !== undefined);
    counter.slices = find(counter.parts);
    counter.causeSlices = find(counter.causes);
    counter.slicesEdition = this.slices.edition;
  }

  #countFor(slice: Slice, counter: JourneyCounter, increase: number, isExplained: boolean): void {
    switch (counter.kind) {
      case 'attempt':
        slice.attempts += increase;
        break;
      case 'success':
        slice.finished += increase;
        slice.orders += increase;
        slice.ended += increase;
        break;
      case 'technical':
        slice.ended += increase;
        if (isExplained) {
          slice.explained += increase;
          break;
        }
        slice.failed += increase;
        slice.finished += increase;
        break;
      case 'declined':
        slice.declined += increase;
        break;
      case 'bucket': {
        const { slow, all } = this.timing(counter, increase);
        slice.slow += slow;
        slice.timed += all;
        break;
      }
      case 'abandoned':
      case 'view':
        break;
    }
  }

  #testSlice(slice: Slice, bin: Bin): void {
    const { dimension, failures, slowness, declines, missingOrders, missingShare } = slice;
    // A step or reason is judged against all checkouts: one that failed early never came to the later steps.
    const finished = dimension === 'step' || dimension === 'reason' ? this.all.finished : slice.finished;
    if (failures !== undefined && finished > 0) {
      if (Number.isNaN(failures.healthy)) failures.healthy = this.#healthyFailing(slice, failures);
      testAbove(failures, slice.failed, Math.max(finished, slice.failed), bin);
    }
    if (slowness !== undefined && slice.timed > 0) {
      if (Number.isNaN(slowness.healthy)) slowness.healthy = this.#healthySlow(slowness);
      testAbove(slowness, Math.max(0, slice.slow), slice.timed, bin);
    }
    if (declines !== undefined && slice.declined + slice.orders > 0) {
      if (Number.isNaN(declines.healthy)) declines.healthy = this.#healthyDeclined(declines);
      testAbove(declines, slice.declined, slice.declined + slice.orders, bin);
    }
    if (missingOrders !== undefined && slice.attempts > 0) {
      const { seen, others } = ordersOf(slice);
      this.#testBelow(missingOrders, seen, others, bin);
    }
    if (missingShare !== undefined) {
      const { seen, others } = this.#share(slice);
      // Bots look at no page: the others may be as many as the pages let expect, or as they were lately.
      if (seen + others > 0) this.#testBelow(missingShare, seen, others, bin, this.#hasViews ? this.#views : undefined);
    }
  }

  #testBelow(below: Below, seen: number, others: number, { sinceMs, nowMs }: Bin, pace?: number): void {
    const elapsedMs = nowMs - sinceMs;
    const { odds, margin } = below.usual.usual;
    below.usual.add(seen, others, Math.floor(nowMs / BLOCK_MS));
    below.own.add(seen, elapsedMs);
    const capped = below.cap.take(others, pace ?? elapsedMs, elapsedMs);
    if (Number.isFinite(odds)) below.test.add(seen, capped, odds, margin, nowMs, sinceMs);
  }

  /** A part's payments or attempts, and those of the other parts. */
  #share(slice: Slice): { seen: number; others: number } {
    const isPayment = slice.dimension === 'provider' || slice.dimension === 'method';
    const seen = isPayment ? slice.ended : Math.max(0, slice.attempts - slice.declined);
    const whole = isPayment ? this.#endedPayments() : Math.max(0, this.all.attempts - this.all.declined);
    return { seen, others: Math.max(0, whole - seen) };
  }

  #endedPayments(): number {
    let ended = 0;
    for (const slice of this.slices) if (slice.dimension === 'provider') ended += slice.ended;
    return ended;
  }

  #healthyFailing(slice: Slice, above: Above): number {
    const whole = this.all.failures!.usual.share(PRIOR.failing, PRIOR.weight);
    const priors: Partial<Record<Slice['dimension'], number>> = {
      reason: PRIOR.reason,
      step: Math.min(whole, PRIOR.failing),
    };
    return this.#healthy(above, priors[slice.dimension] ?? whole, this.#thresholds.leastShare);
  }

  #healthySlow(above: Above): number {
    return this.#healthy(above, PRIOR.slow, LEAST.slow);
  }

  #healthyDeclined(above: Above): number {
    return this.#healthy(above, PRIOR.declining, LEAST.declined);
  }

  #healthy({ usual }: Above, prior: number, least: number): number {
    return Math.min(0.5, Math.max(least, this.#thresholds.slack * usual.share(prior, PRIOR.weight)));
  }
}

/** How long a block can be asked about after its time. */
const REMEMBERED_BLOCKS = 60;

/** Forgets blocks that are settled for long. */
export function forgetBefore(blocks: Set<number>, block: number): void {
  for (const index of blocks) if (index < block - REMEMBERED_BLOCKS) blocks.delete(index);
}

/** What a part that falls behind the others lacks: payments that end, or attempts. */
export function shareSignal({ dimension }: Slice): Signal {
  return dimension === 'provider' || dimension === 'method' ? 'missing_orders' : 'missing_attempts';
}

function testAbove(above: Above, bad: number, all: number, { sinceMs, nowMs }: Bin): void {
  above.test.add(bad, all, above.healthy, nowMs, sinceMs);
  above.usual.add(bad, all, Math.floor(nowMs / BLOCK_MS));
}

function confirmed({ total, outside }: Verdict): number {
  return Math.min(total, 4 * outside);
}

/** Attempts that became an order, or failed visibly, and those that did neither. Declined ones are the customer's. */
function ordersOf({ attempts, declined, orders, failed, explained }: Slice): { seen: number; others: number } {
  const seen = orders + failed + explained;
  return { seen, others: Math.max(0, attempts - declined - seen) };
}
