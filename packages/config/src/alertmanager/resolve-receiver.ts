import type * as z from 'zod';
import { isGiven } from '../prometheus/http-client.ts';
import type { AlertmanagerGlobal, EmailConfig, SlackConfig, WebhookConfig } from './config.ts';
import { isPostMessage } from './global.ts';
import { canonicalHeader, type EMAIL, type SLACK, type WEBHOOK } from './receivers.ts';

/** A Slack entry with the address or token it inherits. */
export function resolveSlack(raw: z.output<typeof SLACK>, global: AlertmanagerGlobal): SlackConfig {
  return {
    ...raw,
    httpConfig: raw.httpConfig ?? global.httpConfig,
    appUrl: raw.appUrl ?? global.slackAppUrl,
    ...slackAddress(raw, global),
  };
}

type SlackAddress = Pick<SlackConfig, 'apiUrl' | 'apiUrlFile' | 'appToken' | 'appTokenFile'>;

const NO_ADDRESS: SlackAddress = {
  apiUrl: undefined,
  apiUrlFile: undefined,
  appToken: undefined,
  appTokenFile: undefined,
};

/** What the entry says itself goes before what `global` says, and a token before a URL. */
function slackAddress(raw: z.output<typeof SLACK>, global: AlertmanagerGlobal): SlackAddress {
  const { apiUrl, apiUrlFile, appToken, appTokenFile } = raw;
  if (isGiven(appToken) || isGiven(appTokenFile)) return { ...NO_ADDRESS, appToken, appTokenFile };
  if (isGiven(apiUrl) || isGiven(apiUrlFile)) return { ...NO_ADDRESS, apiUrl, apiUrlFile };
  // Before there were app tokens one wrote the token as the authorization of the Web API's address.
  const bringsToken = raw.httpConfig?.authorization !== undefined && isPostMessage(global.slackApiUrl);
  if (!bringsToken && (isGiven(global.slackAppToken) || isGiven(global.slackAppTokenFile))) {
    return { ...NO_ADDRESS, appToken: global.slackAppToken, appTokenFile: global.slackAppTokenFile };
  }
  return { ...NO_ADDRESS, apiUrl: global.slackApiUrl, apiUrlFile: global.slackApiUrlFile };
}

/** An e-mail entry with the server, sender and credentials it inherits. */
export function resolveEmail(raw: z.output<typeof EMAIL>, global: AlertmanagerGlobal): EmailConfig {
  const hasPassword = isGiven(raw.authPassword) || isGiven(raw.authPasswordFile);
  const hasSecret = isGiven(raw.authSecret) || isGiven(raw.authSecretFile);
  return {
    ...raw,
    from: raw.from || (global.smtpFrom ?? ''),
    hello: raw.hello || global.smtpHello,
    smarthost: raw.smarthost ?? global.smtpSmarthost ?? '',
    authUsername: raw.authUsername || global.smtpAuthUsername,
    authPassword: hasPassword ? raw.authPassword : global.smtpAuthPassword,
    authPasswordFile: hasPassword ? raw.authPasswordFile : global.smtpAuthPasswordFile,
    authSecret: hasSecret ? raw.authSecret : global.smtpAuthSecret,
    authSecretFile: hasSecret ? raw.authSecretFile : global.smtpAuthSecretFile,
    authIdentity: raw.authIdentity || global.smtpAuthIdentity,
    headers: Object.fromEntries(Object.entries(raw.headers).map(([name, value]) => [canonicalHeader(name), value])),
    requireTls: raw.requireTls ?? global.smtpRequireTls,
    tls: raw.tls ?? global.smtpTlsConfig,
    forceImplicitTls: raw.forceImplicitTls ?? global.smtpForceImplicitTls,
  };
}

export function resolveWebhook(raw: z.output<typeof WEBHOOK>, global: AlertmanagerGlobal): WebhookConfig {
  const { sendResolved, url, urlFile, maxAlerts, timeoutMs } = raw;
  return { sendResolved, url, urlFile, maxAlerts, timeoutMs, httpConfig: raw.httpConfig ?? global.httpConfig };
}
