/** What was counted in the time of trouble and in the time before it. `undefined`: not measured. */
export interface LossInputs {
  readonly now: Counts;
  readonly before: Counts;
  /** Technical failures beyond the usual rate, in the time of trouble. */
  readonly extraFailures: number;
  /** Major units; `undefined` when nothing is known about the value of an order. */
  readonly averageOrderValue: number | undefined;
}

export interface Counts {
  readonly durationMs: number;
  readonly orders: number;
  readonly attempts: number;
  readonly pageViews: number | undefined;
}

export interface Estimate {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** What trouble has cost. Orders are whole; money is in major units and 0 when the value of an order is unknown. */
export interface Loss {
  readonly orders: Estimate;
  readonly money: Estimate;
  readonly ordersPerHour: Estimate;
  readonly moneyPerHour: Estimate;
}

/** Orders per visit change by about this much from one quarter of an hour to the next without any trouble. */
const DRIFT = 0.08;
/** Some customers try again and succeed: a failed attempt is this much of a lost order, at the least and at the most. */
export const LOST_PER_FAILURE = { low: 0.5, mid: 0.75, high: 1 } as const;
/** About 90 % of a normal distribution lie within so many deviations. */
const DEVIATIONS = 1.64;

/**
 * Orders lost: those that page views (or attempts, or the clock) let expect minus those that came, where that gap is
 * clearer than the usual ups and downs; otherwise what the counted failures stand for.
 */
export function estimateLoss({ now, before, extraFailures, averageOrderValue }: LossInputs): Loss {
  const expected = expectedOrders(now, before);
  const gap = expected - now.orders;
  const deviation = Math.sqrt(Math.max(expected, 1) + (DRIFT * expected) ** 2);
  const failures = Math.max(0, extraFailures);
  const orders =
    gap > 2 * deviation
      ? interval(gap - DEVIATIONS * deviation, gap, gap + DEVIATIONS * deviation)
      : interval(
          failures * LOST_PER_FAILURE.low - DEVIATIONS * Math.sqrt(failures) * 0.5,
          failures * LOST_PER_FAILURE.mid,
          failures * LOST_PER_FAILURE.high + DEVIATIONS * Math.sqrt(failures) * 0.5,
        );
  const perHour = scaled(orders, now.durationMs <= 0 ? 0 : 3_600_000 / now.durationMs);
  const value = averageOrderValue ?? 0;
  return { orders, money: scaled(orders, value), ordersPerHour: whole(perHour), moneyPerHour: scaled(perHour, value) };
}

/** Scaled by what tells demand apart from trouble: page views where there are some, the clock otherwise. */
function expectedOrders(now: Counts, before: Counts): number {
  if (before.durationMs <= 0 || before.orders <= 0) return 0;
  if (now.pageViews !== undefined && before.pageViews !== undefined && before.pageViews >= 20) {
    return (before.orders / before.pageViews) * now.pageViews;
  }
  return (before.orders / before.durationMs) * now.durationMs;
}

function interval(low: number, mid: number, high: number): Estimate {
  return { low: Math.max(0, Math.floor(low)), mid: Math.max(0, Math.round(mid)), high: Math.max(0, Math.ceil(high)) };
}

function scaled({ low, mid, high }: Estimate, factor: number): Estimate {
  return { low: low * factor, mid: mid * factor, high: high * factor };
}

function whole({ low, mid, high }: Estimate): Estimate {
  return { low: Math.floor(low), mid: Math.round(mid), high: Math.ceil(high) };
}
