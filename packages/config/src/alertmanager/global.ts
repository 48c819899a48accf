import type * as z from 'zod';
import { field, scalarText, whole } from '../fields/field.ts';
import { anything, defaulted, type FieldSpec, object, optional } from '../fields/object.ts';
import { duration, flag, secret, text } from '../fields/scalars.ts';
import { Secret } from '../fields/secret.ts';
import { secretUrl, url } from '../fields/url.ts';
import { atMostOne, httpConfig, isGiven, tlsConfig } from '../prometheus/http-client.ts';
import type { AlertmanagerGlobal } from './config.ts';

/** The address of Slack's Web API, which older files give as `api_url` together with a bot token. */
const SLACK_POST_MESSAGE = 'https://slack.com/api/chat.postMessage';

/** `host:port`. */
export function hostPort(): z.ZodType<string, unknown> {
  return field((value, fail) => {
    const address = scalarText(value) ?? '';
    if (address === '') return fail('the address is empty');
    const match = /^(?:\[[^\]]*\]|[^:]*):([^:]*)$/.exec(address);
    if (match === null) {
      const hint = `write ${address.replace(/:.*$/, '') || 'smtp.example.org'}:587`;
      return fail(`address ${address}: missing port in address`, { code: 'address', hint });
    }
    return match[1] === '' ? fail(`address "${address}": port cannot be empty`, { code: 'address' }) : address;
  });
}

/** Settings of integrations that the embedded engine does not send to: taken, not looked into, not shown. */
const OTHER_SETTINGS = [
  'pagerduty_url',
  'opsgenie_api_url',
  'opsgenie_api_key',
  'opsgenie_api_key_file',
  'wechat_api_url',
  'wechat_api_secret',
  'wechat_api_secret_file',
  'wechat_api_corp_id',
  'victorops_api_url',
  'victorops_api_key',
  'victorops_api_key_file',
  'telegram_api_url',
  'telegram_bot_token',
  'telegram_bot_token_file',
  'webex_api_url',
  'jira_api_url',
  'rocketchat_api_url',
  'rocketchat_token',
  'rocketchat_token_file',
  'rocketchat_token_id',
  'rocketchat_token_id_file',
  'mattermost_webhook_url',
  'mattermost_webhook_url_file',
];

const OTHER_FIELDS: Readonly<Record<string, FieldSpec<unknown>>> = Object.fromEntries(
  OTHER_SETTINGS.map((wire) => [wire, optional(wire, anything())]),
);

const AT_MOST_ONE: readonly (readonly [string, string])[] = [
  ['smtp_auth_password', 'smtp_auth_password_file'],
  ['smtp_auth_secret', 'smtp_auth_secret_file'],
  ['slack_api_url', 'slack_api_url_file'],
  ['slack_app_token', 'slack_app_token_file'],
  ['opsgenie_api_key', 'opsgenie_api_key_file'],
  ['wechat_api_secret', 'wechat_api_secret_file'],
  ['victorops_api_key', 'victorops_api_key_file'],
  ['telegram_bot_token', 'telegram_bot_token_file'],
  ['rocketchat_token', 'rocketchat_token_file'],
  ['rocketchat_token_id', 'rocketchat_token_id_file'],
  ['mattermost_webhook_url', 'mattermost_webhook_url_file'],
];

const FIELDS = {
  resolveTimeoutMs: defaulted('resolve_timeout', duration(), 300_000),
  httpConfig: optional('http_config', httpConfig()),
  smtpFrom: optional('smtp_from', text()),
  smtpHello: defaulted('smtp_hello', text(), 'localhost'),
  smtpSmarthost: optional('smtp_smarthost', hostPort()),
  smtpAuthUsername: optional('smtp_auth_username', text()),
  smtpAuthPassword: optional('smtp_auth_password', secret()),
  smtpAuthPasswordFile: optional('smtp_auth_password_file', text()),
  smtpAuthSecret: optional('smtp_auth_secret', secret()),
  smtpAuthSecretFile: optional('smtp_auth_secret_file', text()),
  smtpAuthIdentity: optional('smtp_auth_identity', text()),
  smtpRequireTls: defaulted('smtp_require_tls', flag(), true),
  smtpTlsConfig: optional('smtp_tls_config', tlsConfig()),
  smtpForceImplicitTls: optional('smtp_force_implicit_tls', flag()),
  slackApiUrl: optional('slack_api_url', secretUrl()),
  slackApiUrlFile: optional('slack_api_url_file', text()),
  slackAppToken: optional('slack_app_token', secret()),
  slackAppTokenFile: optional('slack_app_token_file', text()),
  slackAppUrl: optional('slack_app_url', url()),
} as const;

/** `global`. */
export const GLOBAL: z.ZodType<AlertmanagerGlobal, unknown> = object(
  { ...FIELDS, ...OTHER_FIELDS },
  whole((wire, fail) => {
    for (const names of AT_MOST_ONE) {
      atMostOne(wire, fail, names, `at most one of ${names.join(' & ')} must be configured`);
    }
    const hasToken = isGiven(wire.slack_app_token) || isGiven(wire.slack_app_token_file);
    const hasUrl = isGiven(wire.slack_api_url) || isGiven(wire.slack_api_url_file);
    if (hasToken && hasUrl && !isPostMessage(wire.slack_api_url)) {
      const message =
        'at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured';
      fail(isGiven(wire.slack_api_url) ? 'slack_api_url' : 'slack_api_url_file', message);
    }
  }),
) as unknown as z.ZodType<AlertmanagerGlobal, unknown>;

export function isPostMessage(apiUrl: unknown): boolean {
  const revealed = apiUrl instanceof Secret ? apiUrl.reveal() : apiUrl;
  return revealed === SLACK_POST_MESSAGE;
}
