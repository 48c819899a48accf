import { createHash } from 'node:crypto';
import type { SlackConfig } from '@tillwatch/config';
import { notificationData } from '../../template/index.ts';
import { revealSecret } from '../files.ts';
import { hostOf } from '../http-client.ts';
import { type ConfiguredHttp, configuredHttp } from '../http-config.ts';
import type { Delivered, Notifier, OutgoingMessage } from '../notifier.ts';
import type { NotifierContext } from '../notifier-context.ts';
import { NotifyError } from '../notify-error.ts';
import { createRenderer } from '../render.ts';
import { slackError } from './answer.ts';
import { briefingMessage, plainMessage, type SlackMessage, safeData, standardMessage } from './message.ts';

/** Slack takes one message per second and webhook, with short bursts; more is answered with 429. */
const PACE_MS = 1_000;
const TIMEOUT_MS = 10_000;

/** One entry of `slack_configs`: an incoming webhook, or `chat.postMessage` with a bot token. */
export function createSlackNotifier(config: SlackConfig, context: NotifierContext): Notifier {
  let http: Promise<ConfiguredHttp> | undefined;
  const connect = () => {
    http ??= configuredHttp(config.httpConfig, context.readFile);
    // What could not be set up is set up anew at the next attempt: a missing file may have come.
    http.catch(() => {
      http = undefined;
    });
    return http;
  };

  /** Posts; a form that Slack refuses is sent again as plain text, since a message matters more than its looks. */
  const post = async (built: SlackMessage, message: OutgoingMessage, signal: AbortSignal, channel: string) => {
    const refused = await postOnce(built.body, message.nowMs, signal);
    if (refused === undefined) return undefined;
    if (!refused.badForm) throw refused;
    const plain = plainMessage(channel, message, refused, context.externalUrl);
    const again = await postOnce(plain.body, message.nowMs, signal);
    if (again !== undefined) throw again;
    return refused;
  };

  const postOnce = async (body: unknown, nowMs: number, signal: AbortSignal): Promise<NotifyError | undefined> => {
    const { client, headers } = await connect();
    const { url, token } = await address(config, context);
    const answer = await client.post(
      {
        url,
        body: JSON.stringify(body),
        headers: { ...(await headers()), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        timeoutMs: config.timeoutMs || TIMEOUT_MS,
      },
      signal,
    );
    return slackError(answer, nowMs);
  };

  return {
    kind: 'slack',
    target: config.channel || hostOf(config.apiUrl?.reveal() ?? config.appUrl ?? 'https://slack.com/'),
    sendResolved: config.sendResolved,
    timeoutMs: config.timeoutMs || undefined,
    pace: { key: paceKey(config), intervalMs: PACE_MS },
    async send(message, signal): Promise<Delivered> {
      const data = notificationData({ ...message.notification, routeLabels: message.routeLabels }, context.externalUrl);
      const raw = createRenderer(context.templates, data, message.nowMs, context.place);
      const safe = createRenderer(context.templates, safeData(data), message.nowMs, context.place);
      try {
        const built =
          message.briefing === undefined
            ? standardMessage(config, message, { raw, safe })
            : briefingMessage(config, message, raw);
        const channel = raw.text('channel', config.channel ?? '');
        return { title: built.title, degraded: await post(built, message, signal, channel) };
      } catch (error) {
        if (!(error instanceof NotifyError) || error.reason !== 'template') throw error;
        // A channel that is itself a template may be what failed: then the webhook's own channel is used.
        const channel = config.channel?.includes('{{') === true ? '' : (config.channel ?? '');
        const plain = plainMessage(channel, message, error, context.externalUrl);
        const refused = await postOnce(plain.body, message.nowMs, signal);
        if (refused !== undefined) throw refused;
        return { title: plain.title, degraded: error };
      }
    },
    async close() {
      await http?.then(
        ({ client }) => client.close(),
        () => {},
      );
    },
  };
}

/** Where to post and, for the Web API, with which token. */
async function address(config: SlackConfig, context: NotifierContext): Promise<{ url: string; token?: string }> {
  const token = await revealSecret(config.appToken, config.appTokenFile, 'app_token_file', context.readFile);
  if (token !== undefined) return { url: config.appUrl ?? 'https://slack.com/api/chat.postMessage', token };
  const url = await revealSecret(config.apiUrl, config.apiUrlFile, 'api_url_file', context.readFile);
  if (url !== undefined) return { url };
  throw new NotifyError('configuration', `${context.place} has no api_url`, {
    hint: 'set api_url, api_url_file or global.slack_api_url to the address of an incoming webhook',
  });
}

/** The webhook and channel, not to be read back. */
function paceKey(config: SlackConfig): string {
  const secret = config.appToken?.reveal() ?? config.apiUrl?.reveal() ?? config.apiUrlFile ?? config.appTokenFile ?? '';
  return createHash('sha256')
    .update(`${secret}\u0000${config.channel ?? ''}`)
    .digest('base64url');
}
