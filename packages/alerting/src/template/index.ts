export { fingerprint } from './fingerprint.ts';
export { type NotificationData, notificationData } from './notification-data.ts';
export {
  checkNotificationText,
  type NotificationTemplates,
  parseNotificationTemplates,
  renderNotificationText,
} from './notification-text.ts';
export type { PrometheusEnvironment } from './prometheus-functions.ts';
export { checkRuleTemplate, expandTemplate, ruleTemplates } from './rule-template.ts';
export { TemplateError } from './template-error.ts';
