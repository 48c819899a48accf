export { createEnricher, type EnricherOptions } from './briefing/create-enricher.ts';
export { type Diagnosis, diagnose, type Periods } from './diagnosis/diagnose.ts';
export type { Finding } from './diagnosis/outcome-cell.ts';
export type { FailureExample, FailureQuestion, FailureSource } from './failures/failure-example.ts';
export { readFailureLine } from './failures/read-failure-line.ts';
export { RecentFailures } from './failures/recent-failures.ts';
export { costOfAlerts, onsetOfAlerts } from './impact/cost-of-alerts.ts';
export type { Estimate } from './impact/estimate-loss.ts';
export type { Loss } from './impact/measure-loss.ts';
export { type IncidentKind, incidentKind } from './incident/incident-kind.ts';
export { type OverviewOptions, overview } from './overview/compute-overview.ts';
export type {
  CheckoutOverview,
  OverviewComponent,
  OverviewEstimate,
  OverviewImpact,
  OverviewMoney,
  OverviewProvider,
  OverviewRate,
  OverviewStep,
  OverviewTone,
  Sparkline,
} from './overview.ts';
export type { PlanOptions } from './plan/options.ts';
export { plan, type StandardFile } from './plan/plan.ts';
export {
  createPromotionDesk,
  type PromotionCalendar,
  type PromotionDesk,
  type PromotionDeskOptions,
  type PromotionPhase,
  type PromotionView,
  UnknownPromotionError,
} from './promotion/promotion-desk.ts';
export type { CheckState, Readiness, ReadinessCheck } from './promotion/readiness.ts';
export type { WatchState } from './promotion/readiness-facts.ts';
export type { PromotionReport, ReportFigure, ReportIncident, ReportMoment } from './promotion/report.ts';
export { queryableReader, type Selector, type SentinelReader } from './sentinel/reader.ts';
export { createSentinel, type Sentinel, type SentinelOptions, type SentinelSample } from './sentinel/sentinel.ts';
export { exampleConfig, type InitAnswers } from './settings/example-config.ts';
export { readTillwatchConfig } from './settings/read-tillwatch-config.ts';
export type { TillwatchConfig } from './settings/tillwatch-config.ts';
export type { MessageOverride, Readers } from './words/briefing-words.ts';
export { readMessages } from './words/read-messages.ts';
export { writeMessages } from './words/write-messages.ts';
