import type { Receiver } from '@tillwatch/config';
import { createEmailNotifier } from './email/email-notifier.ts';
import type { Notifier } from './notifier.ts';
import type { NotifierContext } from './notifier-context.ts';
import { createSlackNotifier } from './slack/slack-notifier.ts';
import { createWebhookNotifier } from './webhook/webhook-notifier.ts';

/** The notifiers of a receiver by the name of their entry: `slack[0]`, `email[1]`. */
export function createNotifiers(receiver: Receiver, context: Omit<NotifierContext, 'place'>): Map<string, Notifier> {
  const notifiers = new Map<string, Notifier>();
  const add = <C>(kind: string, configs: readonly C[], create: (config: C, context: NotifierContext) => Notifier) =>
    configs.forEach((config, i) => {
      const integration = `${kind}[${i}]`;
      const place = `${kind}_configs[${i}] of receiver ${JSON.stringify(receiver.name)}`;
      notifiers.set(integration, create(config, { ...context, place }));
    });
  add('slack', receiver.slackConfigs, createSlackNotifier);
  add('email', receiver.emailConfigs, createEmailNotifier);
  add('webhook', receiver.webhookConfigs, createWebhookNotifier);
  return notifiers;
}
