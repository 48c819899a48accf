export type { DemoMessage, LiveAlert, LiveDelivery, LiveDemo, LiveState, LiveTarget, SlackBody } from './live-state.ts';
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
