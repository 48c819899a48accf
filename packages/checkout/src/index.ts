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
export { readTillwatchConfig } from './settings/read-tillwatch-config.ts';
export type { TillwatchConfig } from './settings/tillwatch-config.ts';
