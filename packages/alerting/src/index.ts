export { checkReceiverTexts } from './notify/check-templates.ts';
export type { NotifyReason } from './notify/notify-error.ts';
export { type ToneStyle, toneStyle, toneWord } from './notify/tone-style.ts';
export { type Replay, type ReplayOptions, type ReplayProgress, replayRules } from './replay/replay.ts';
export type { ReplayedAlert, ReplayFailure } from './replay/replayed-alert.ts';
export {
  type AlertRouter,
  type AlertRouterOptions,
  createAlertRouter,
  type TransportOptions,
} from './routing/router.ts';
export { type NewSilence, type Silence, SilenceError, type SilenceState, type Silences } from './routing/silences.ts';
export type {
  AlertGroupStatus,
  Delivery,
  ReceiverStatus,
  RoutedAlert,
  RouterStats,
  TestDelivery,
} from './routing/statuses.ts';
export {
  type PastAlert,
  type PastNotification,
  type QuietAlert,
  type RoutingReplay,
  type RoutingReplayOptions,
  replayRouting,
} from './routing-replay/replay-routing.ts';
export { checkRuleTests } from './rule-tests/check-rule-tests.ts';
export type { Observation } from './rule-tests/observe.ts';
export { RuleGraph, type Sight, unfedReads } from './rule-tests/rule-graph.ts';
export {
  type CheckOutcome,
  type RuleTestOutcome,
  type RuleTestRun,
  runRuleTests,
} from './rule-tests/run-rule-tests.ts';
export {
  type RuleFailure,
  RuleSimulation,
  type SimulatedSeries,
  type SimulationOptions,
} from './rule-tests/simulation.ts';
export {
  createRuleEngine,
  type RuleEngine,
  type RuleEngineOptions,
  type RuleFile,
} from './rules/rule-engine.ts';
export type { AlertStatus, RuleGroupStatus, RuleHealth, RuleStatus } from './rules/status.ts';
export {
  checkNotificationText,
  checkRuleTemplate,
  expandTemplate,
  type NotificationData,
  type NotificationTemplates,
  notificationData,
  type PrometheusEnvironment,
  parseNotificationTemplates,
  renderNotificationText,
  TemplateError,
} from './template/index.ts';
