export { createEnricher, type EnricherOptions } from './briefing/create-enricher.ts';
export { type Diagnosis, diagnose, type Periods } from './diagnosis/diagnose.ts';
export type { Finding } from './diagnosis/outcome-cell.ts';
export { type OverviewOptions, overview } from './overview/compute-overview.ts';
export type {
  CheckoutOverview,
  OverviewComponent,
  OverviewEstimate,
  OverviewImpact,
  OverviewProvider,
  OverviewRate,
  OverviewStep,
  OverviewTone,
  Sparkline,
} from './overview.ts';
export type { PlanOptions } from './plan/options.ts';
export { plan, type StandardFile } from './plan/plan.ts';
export { exampleConfig, type InitAnswers } from './settings/example-config.ts';
export { readTillwatchConfig } from './settings/read-tillwatch-config.ts';
export type { TillwatchConfig } from './settings/tillwatch-config.ts';
