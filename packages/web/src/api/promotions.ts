// The calendar of promotions as the server's checkout room computes it: `checkout/src/promotion`. A type test in the tillwatch room holds the two together.

/** What `GET /api/tillwatch/promotions` answers. */
export interface PromotionCalendar {
  readonly shop: {
    readonly name: string;
    readonly currency: string;
    readonly timezone: string;
    readonly language: string;
  };
  readonly nowMs: number;
  /** Those that are live or ahead in their order, then those that are over, the latest first. */
  readonly promotions: readonly PromotionView[];
}

/** One promotion, with its check while it is ahead or live, and its report once it has begun. */
export interface PromotionView {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly expectedFactor: number;
  readonly phase: 'ahead' | 'live' | 'over';
  readonly readiness: Readiness | null;
  readonly report: PromotionReport | null;
}

/** The check before a promotion, in the shop's language. */
export interface Readiness {
  readonly atMs: number;
  readonly isReady: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** One line of the check. */
export interface ReadinessCheck {
  readonly topic: string;
  readonly state: 'ready' | 'not-ready' | 'not-known';
  readonly finding: string;
  readonly toDo: string;
}

/** A figure of a promotion beside what is usual and what was planned; `null` is not known. */
export interface ReportFigure {
  readonly during: number | null;
  readonly usual: number | null;
  readonly expected: number | null;
}

/** An estimate with the ends of its interval. */
export interface ReportEstimate {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** A time of trouble within a promotion. */
export interface ReportIncident {
  readonly fromMs: number;
  /** `null` while it goes on. */
  readonly toMs: number | null;
  readonly alert: string;
  readonly alerts: readonly string[];
  readonly lostOrders: ReportEstimate;
  readonly lostMoney: ReportEstimate;
}

/** One moment of a promotion. */
export interface ReportMoment {
  readonly atMs: number;
  readonly value: number;
}

/** What came of a promotion. */
export interface PromotionReport {
  readonly atMs: number;
  readonly untilMs: number;
  readonly isOver: boolean;
  readonly basis: 'week-before' | 'time-before' | null;
  readonly orders: ReportFigure;
  readonly money: ReportFigure;
  readonly attempts: ReportFigure;
  readonly successRate: { readonly during: number | null; readonly usual: number | null; readonly objective: number };
  readonly reachedFactor: number | null;
  readonly expectedFactor: number;
  readonly peak: ReportMoment | null;
  readonly worst: ReportMoment | null;
  readonly slowest: (ReportMoment & { readonly step: string }) | null;
  readonly incidents: readonly ReportIncident[];
  /** Orders a minute. */
  readonly timeline: { readonly timestampsMs: readonly number[]; readonly values: readonly (number | null)[] };
}
