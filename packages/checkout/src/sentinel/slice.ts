import { AboveTest } from './above-test.ts';
import { BelowTest } from './below-test.ts';
import { LevelCap } from './level-cap.ts';
import { OddsBaseline } from './odds-baseline.ts';
import { OwnLevel } from './own-level.ts';
import { ShareBaseline } from './share-baseline.ts';
import { DECLINING, FAILING, LEFT, SLOW, type Thresholds } from './thresholds.ts';

/** By which label a slice is cut; `all` is the whole checkout. */
export type Dimension =
  | 'all'
  | 'provider'
  | 'method'
  | 'region'
  | 'channel'
  | 'version'
  | 'instance'
  | 'step'
  | 'reason'
  | 'timing';

const HALF_LIFE_MS = 4 * 86_400_000;

/** Too many of some events: the test and what is usual. */
export interface Above {
  readonly test: AboveTest;
  readonly usual: ShareBaseline;
  /** The largest healthy share, from `usual`. */
  healthy: number;
}

/** Too few of some events: the test and what is usual. */
export interface Below {
  readonly test: BelowTest;
  readonly usual: OddsBaseline;
  readonly cap: LevelCap;
  readonly own: OwnLevel;
}

/** One part of the checkout, its counts of the current bin and its tests. */
export interface Slice {
  readonly dimension: Dimension;
  readonly value: string;
  readonly bornMs: number;
  lastMs: number;
  /** Events in all, fading: how busy it is. */
  weight: number;
  failed: number;
  finished: number;
  declined: number;
  orders: number;
  attempts: number;
  ended: number;
  slow: number;
  timed: number;
  /** Failures that an open incident explains; not in `failed`. */
  explained: number;
  /** Blocks of the past in which events of this part were missing. */
  readonly suspectBlocks: Set<number>;
  readonly failures: Above | undefined;
  readonly slowness: Above | undefined;
  readonly declines: Above | undefined;
  /** Orders among attempts that could have become one. */
  readonly missingOrders: Below | undefined;
  /** Its share of all attempts, or of all ended payments. */
  readonly missingShare: Below | undefined;
}

const COUNTS_DECLINES: ReadonlySet<Dimension> = new Set(['all', 'provider', 'method']);
const COUNTS_ATTEMPTS: ReadonlySet<Dimension> = new Set(['all', 'channel', 'region', 'version', 'instance']);
const HAS_SHARE: ReadonlySet<Dimension> = new Set(['channel', 'region', 'provider', 'method']);

/** Shares move for good reasons too: regions wake up at different times, and holidays shift that by hours. */
const LEAST_MARGIN: Partial<Record<Dimension, number>> = { region: 0.65, channel: 0.3, provider: 0.4, method: 0.4 };
const SHARE_MEMORY_MS = 3 * 3_600_000;
const SURGE_MEMORY_MS = 600_000;

/** A test for missing events that knows nothing yet. */
export function createBelow({ missingGuardMs }: Thresholds, leastMargin?: number, memoryMs = SURGE_MEMORY_MS): Below {
  return {
    test: new BelowTest(LEFT, missingGuardMs),
    usual: new OddsBaseline(leastMargin),
    cap: new LevelCap(memoryMs),
    own: new OwnLevel(),
  };
}

/** A new slice with the tests that make sense for its dimension. */
export function createSlice(dimension: Dimension, value: string, nowMs: number, thresholds: Thresholds): Slice {
  const above = (alternatives: readonly number[], guardMs: number): Above => ({
    test: new AboveTest(alternatives, guardMs),
    usual: new ShareBaseline(HALF_LIFE_MS),
    healthy: Number.NaN,
  });
  const isTiming = dimension === 'timing';
  return {
    dimension,
    value,
    bornMs: nowMs,
    lastMs: nowMs,
    weight: 0,
    failed: 0,
    finished: 0,
    declined: 0,
    orders: 0,
    attempts: 0,
    ended: 0,
    slow: 0,
    timed: 0,
    explained: 0,
    suspectBlocks: new Set(),
    failures: isTiming ? undefined : above(FAILING, thresholds.guardMs),
    slowness: isTiming || dimension === 'instance' ? above(SLOW, thresholds.guardMs) : undefined,
    declines: COUNTS_DECLINES.has(dimension) ? above(DECLINING, thresholds.guardMs) : undefined,
    missingOrders: COUNTS_ATTEMPTS.has(dimension) ? createBelow(thresholds) : undefined,
    missingShare: HAS_SHARE.has(dimension)
      ? createBelow(thresholds, LEAST_MARGIN[dimension], SHARE_MEMORY_MS)
      : undefined,
  };
}

/** The labels that select the slice; none for the whole. */
export function sliceLabels({ dimension, value }: Slice): Readonly<Record<string, string>> {
  if (dimension === 'all') return {};
  if (dimension !== 'timing') return { [dimension]: value };
  const [step = '', provider] = value.split('\u0000');
  return provider === undefined ? { step } : { step, provider };
}

/** Sets the counts of the current bin to zero. */
export function clearBin(slice: Slice): void {
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
