// The overview as the server's checkout room computes it: `checkout/src/overview.ts`. A type test in the tillwatch room holds the two together.
/** How something is doing; the page has one colour and one word for each. */
export type OverviewTone = 'good' | 'warning' | 'bad' | 'unknown';

/** A short series for a sparkline: `values[i]` was seen at `timestampsMs[i]`; `null` where nothing was measured. */
export interface Sparkline {
  readonly timestampsMs: readonly number[];
  readonly values: readonly (number | null)[];
}

/** One figure now and in the time before, `null` when it cannot be told (no traffic, no data). */
export interface OverviewRate {
  /** Over the last few minutes. */
  readonly now: number | null;
  /** Over the recent past that `now` is compared with. */
  readonly before: number | null;
  readonly tone: OverviewTone;
  readonly sparkline: Sparkline;
}

/** One step of the journey over the last few minutes. */
export interface OverviewStep {
  readonly step: string;
  /** Attempts that reached this step. */
  readonly entered: number;
  /** Attempts that failed technically in this step. */
  readonly failed: number;
  /** Attempts that ended in this step because the customer's payment was refused. */
  readonly declined: number;
  /** Attempts that the customer gave up in this step. */
  readonly abandoned: number;
  readonly p95Seconds: number | null;
  readonly tone: OverviewTone;
}

/** One payment provider over the last few minutes. Rates are shares (0 to 1) of technical outcomes. */
export interface OverviewProvider {
  readonly provider: string;
  readonly successRate: number | null;
  readonly errorRate: number | null;
  readonly orders: number;
  readonly p95Seconds: number | null;
  readonly tone: OverviewTone;
}

/** A slice of the checkout that carries more failures than it should. */
export interface OverviewComponent {
  /** What selects the slice, for instance `{ step: "payment", provider: "nordpay" }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Share of all extra failures that fall into this slice, 0 to 1. */
  readonly share: number;
  /** Failures (or, when attempts vanished, attempts) beyond what the recent past lets expect. */
  readonly extraFailures: number;
  readonly sentence: string;
}

/** An estimate with the ends of its interval. */
export interface OverviewEstimate {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** An estimated amount. */
export interface OverviewMoney {
  /** ISO 4217. */
  readonly currency: string;
  /** Major units of `currency`. */
  readonly money: OverviewEstimate;
}

/** What the trouble has cost so far. Always an estimate. */
export interface OverviewImpact {
  readonly sinceMs: number;
  /** Whole orders. */
  readonly lostOrders: OverviewEstimate;
  /** Major units of `currency`; currencies with a rate are converted and part of it. */
  readonly lostMoney: OverviewEstimate;
  /** Lost beside `lostMoney`, in currencies without a rate; the largest amount first. */
  readonly otherMoney: readonly OverviewMoney[];
  /** `lostMoney` once more, in each currency that the shop has given a rate for. */
  readonly converted: readonly OverviewMoney[];
  readonly ordersPerHour: OverviewEstimate;
  readonly moneyPerHour: OverviewEstimate;
  readonly currency: string;
}

/** What the live page shows. Plain JSON. */
export interface CheckoutOverview {
  readonly shop: string;
  /** BCP 47 tag of every sentence in here. */
  readonly language: string;
  /** ISO 4217 code of every amount in here. */
  readonly currency: string;
  /** When the figures were taken. */
  readonly atMs: number;
  readonly verdict: { readonly tone: OverviewTone; readonly sentence: string };
  /** Share of successful among technically finished checkouts, 0 to 1. */
  readonly successRate: OverviewRate;
  /** Share of technical failures, 0 to 1. */
  readonly errorRate: OverviewRate;
  readonly p95Seconds: OverviewRate;
  readonly ordersPerMinute: OverviewRate;
  /** Currencies with a rate are converted and part of it. */
  readonly moneyPerMinute: OverviewRate;
  /** What comes in beside `moneyPerMinute` now, in currencies without a rate; the largest amount first. */
  readonly otherMoneyPerMinute: readonly { readonly currency: string; readonly now: number }[];
  readonly attemptsPerMinute: OverviewRate;
  readonly objectives: {
    /** The success rate that must be reached, 0 to 1. */
    readonly successRate: number;
    /** The highest error rate that is fine, 0 to 1. */
    readonly errorRate: number;
    readonly p95Seconds: number;
  };
  readonly funnel: readonly OverviewStep[];
  readonly providers: readonly OverviewProvider[];
  readonly failing: readonly OverviewComponent[];
  /** `null` while nothing is being lost. */
  readonly impact: OverviewImpact | null;
  /** When data last arrived, if that is too long ago to trust the figures; `null` while data is fresh. */
  readonly staleSinceMs: number | null;
}
