export { fingerprint } from './fingerprint.ts';
export {
  type AlertData,
  type NotificationData,
  type NotificationDataInput,
  notificationData,
} from './notification-data.ts';
export {
  checkNotificationText,
  type NotificationTemplates,
  parseNotificationTemplates,
  type RenderOptions,
  renderNotificationText,
} from './notification-text.ts';
export type { PrometheusEnvironment } from './prometheus-functions.ts';
export {
  checkRuleTemplate,
  expandPrometheusTemplate,
  type RuleTemplateData,
  type RuleTemplateExpander,
  ruleTemplates,
} from './rule-template.ts';
export { TemplateError } from './template-error.ts';
