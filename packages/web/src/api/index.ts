export type {
  DemoMessage,
  LiveAlert,
  LiveDelivery,
  LiveDemo,
  LivePromotion,
  LiveState,
  LiveTarget,
  SlackBody,
} from './live-state.ts';
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
export type {
  PromotionCalendar,
  PromotionReport,
  PromotionView,
  Readiness,
  ReadinessCheck,
  ReportEstimate,
  ReportFigure,
  ReportIncident,
  ReportMoment,
} from './promotions.ts';
