import type { WebhookConfig } from '@tillwatch/config';
import type { Labels, Notification } from '@tillwatch/model';
import { notificationData } from '../../template/index.ts';
import { plainTitle } from '../fallback.ts';
import { readSetting } from '../files.ts';
import { hostOf, statusError } from '../http-client.ts';
import { type ConfiguredHttp, configuredHttp } from '../http-config.ts';
import type { Delivered, Notifier, OutgoingMessage } from '../notifier.ts';
import type { NotifierContext } from '../notifier-context.ts';
import { NotifyError } from '../notify-error.ts';
import { createRenderer } from '../render.ts';
import { truncateRunes } from '../truncate.ts';

const TIMEOUT_MS = 10_000;

/** One entry of `webhook_configs`: Alertmanager's JSON, version 4. */
export function createWebhookNotifier(config: WebhookConfig, context: NotifierContext): Notifier {
  let http: Promise<ConfiguredHttp> | undefined;
  const connect = () => {
    http ??= configuredHttp(config.httpConfig, context.readFile);
    http.catch(() => {
      http = undefined;
    });
    return http;
  };
  return {
    kind: 'webhook',
    target: config.url === undefined ? context.place : hostOf(config.url.reveal()),
    sendResolved: config.sendResolved,
    timeoutMs: config.timeoutMs || undefined,
    async send(message, signal): Promise<Delivered> {
      const { client, headers } = await connect();
      const url = await addressOf(config, message, context);
      const answer = await client.post(
        {
          url,
          body: JSON.stringify(webhookBody(message, context.externalUrl, config.maxAlerts)),
          headers: await headers(),
          timeoutMs: config.timeoutMs || TIMEOUT_MS,
        },
        signal,
      );
      const error = statusError(answer.status, detailOf(answer.body, url), answer.retryAfter, message.nowMs);
      if (error !== undefined) throw error;
      return { title: message.briefing?.title ?? plainTitle(message.notification) };
    },
    async close() {
      await http?.then(
        ({ client }) => client.close(),
        () => {},
      );
    },
  };
}

/** The body. `maxAlerts` 0 means all; what is left out is counted in `truncatedAlerts`. */
function webhookBody(
  message: { readonly notification: Notification; readonly routeLabels: Labels; readonly reason: string },
  externalUrl: string,
  maxAlerts: number,
): Record<string, unknown> {
  const { notification, routeLabels, reason } = message;
  // As in Alertmanager, what the alerts have in common is said of those that are sent.
  const alerts = maxAlerts > 0 ? notification.alerts.slice(0, maxAlerts) : notification.alerts;
  return {
    ...notificationData({ ...notification, alerts, routeLabels }, externalUrl),
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: notification.alerts.length - alerts.length,
    notification_reason: reason,
  };
}

async function addressOf(config: WebhookConfig, message: OutgoingMessage, context: NotifierContext): Promise<string> {
  const url =
    config.url?.reveal() ??
    (config.urlFile === undefined
      ? undefined
      : (await readSetting(config.urlFile, 'url_file', context.readFile)).trim());
  if (url === undefined || url === '') {
    throw new NotifyError('configuration', `${context.place} has no url`, { hint: 'set url or url_file' });
  }
  if (!url.includes('{{')) return url;
  const data = notificationData({ ...message.notification, routeLabels: message.routeLabels }, context.externalUrl);
  return createRenderer(context.templates, data, message.nowMs, context.place).text('url', url);
}

/** What the receiver said, short, and without the address in it, which may be a secret. */
function detailOf(body: string, url: string): string {
  const { pathname, search } = URL.canParse(url) ? new URL(url) : { pathname: '', search: '' };
  let text = body.replace(/\s+/g, ' ').trim();
  for (const secret of [url, pathname + search, pathname]) {
    if (secret.length > 1) text = text.replaceAll(secret, '<secret>');
  }
  return truncateRunes(text, 200).text;
}
