import type { Matcher } from '@tillwatch/model';
import type {
  AlertmanagerConfig,
  AlertmanagerGlobal,
  EmailConfig,
  InhibitRule,
  NamedTimeIntervals,
  Receiver,
  Route,
  SlackAction,
  SlackConfig,
  WebhookConfig,
} from '../alertmanager/config.ts';
import { EMAIL, SLACK } from '../alertmanager/receivers.ts';
import { intervalMap } from './time-interval-map.ts';
import {
  durationUnless,
  type HttpClientInput,
  httpConfigMap,
  labelMap,
  listOf,
  matcherText,
  same,
  sameSecret,
  secretText,
  tlsMap,
  unless,
} from './wire.ts';
import { type WriteOptions, type YamlValue, yamlText } from './yaml-text.ts';

type WithHttp<T> = Partial<Omit<T, 'httpConfig'>> & { readonly httpConfig?: HttpClientInput | undefined };

/** A matcher, or its text. */
type MatcherInput = Matcher | string;

/** A route of which everything can be left out but, at the root, the receiver. */
export interface RouteInput extends Partial<Omit<Route, 'matchers' | 'routes'>> {
  readonly matchers?: readonly MatcherInput[];
  readonly routes?: readonly RouteInput[];
}

export interface InhibitRuleInput extends Partial<Omit<InhibitRule, 'sourceMatchers' | 'targetMatchers'>> {
  readonly sourceMatchers: readonly MatcherInput[];
  readonly targetMatchers: readonly MatcherInput[];
}

type SlackConfigInput = Omit<WithHttp<SlackConfig>, 'actions' | 'fields'> & {
  readonly fields?: readonly { readonly title: string; readonly value: string; readonly short?: boolean | undefined }[];
  readonly actions?: readonly Partial<SlackAction>[];
};
type EmailConfigInput = Partial<EmailConfig> & { readonly to: string };
type WebhookConfigInput = WithHttp<WebhookConfig>;

export interface ReceiverInput extends Partial<Pick<Receiver, 'labels'>> {
  readonly name: string;
  readonly slackConfigs?: readonly SlackConfigInput[];
  readonly emailConfigs?: readonly EmailConfigInput[];
  readonly webhookConfigs?: readonly WebhookConfigInput[];
}

/** An alertmanager.yml of which most can be left out; what `readAlertmanagerConfig` gives is one too. */
export interface AlertmanagerConfigInput extends Partial<Pick<AlertmanagerConfig, 'templates'>> {
  readonly global?: WithHttp<AlertmanagerGlobal>;
  readonly route: RouteInput;
  readonly inhibitRules?: readonly InhibitRuleInput[];
  readonly receivers: readonly ReceiverInput[];
  readonly timeIntervals?: readonly NamedTimeIntervals[];
}

/**
 * Writes an alertmanager.yml that reads back to the same configuration. Settings that are what the reader assumes or
 * inherits anyway are left out, so the file is short and loads in Alertmanager 0.25 unless something newer is really set.
 * Integrations that the embedded engine does not send to are not written.
 * @throws {SecretInFileError}
 */
export function writeAlertmanagerConfig(config: AlertmanagerConfigInput, options: WriteOptions = {}): string {
  const global = config.global ?? {};
  return yamlText(
    {
      global: globalMap(global, options),
      templates: listOf(config.templates, (path) => path),
      route: routeMap(config.route, undefined),
      inhibit_rules: listOf(config.inhibitRules, inhibitMap),
      receivers: config.receivers.map((receiver) => receiverMap(receiver, global, options)),
      time_intervals: listOf(config.timeIntervals, ({ name, intervals }) => ({
        name,
        time_intervals: intervals.map(intervalMap),
      })),
    },
    options,
  );
}

type GlobalInput = NonNullable<AlertmanagerConfigInput['global']>;

function globalMap(global: GlobalInput, options: WriteOptions): YamlValue {
  const map = {
    resolve_timeout: durationUnless(global.resolveTimeoutMs, 300_000),
    http_config: httpConfigMap(global.httpConfig, options),
    smtp_smarthost: global.smtpSmarthost,
    smtp_from: global.smtpFrom,
    smtp_hello: unless(global.smtpHello, 'localhost'),
    smtp_auth_username: global.smtpAuthUsername,
    smtp_auth_password: secretText(global.smtpAuthPassword, 'smtp_auth_password', options),
    smtp_auth_password_file: global.smtpAuthPasswordFile,
    smtp_auth_secret: secretText(global.smtpAuthSecret, 'smtp_auth_secret', options),
    smtp_auth_secret_file: global.smtpAuthSecretFile,
    smtp_auth_identity: global.smtpAuthIdentity,
    smtp_require_tls: unless(global.smtpRequireTls, true),
    smtp_tls_config: tlsMap(global.smtpTlsConfig, options),
    smtp_force_implicit_tls: global.smtpForceImplicitTls,
    slack_api_url: secretText(global.slackApiUrl, 'slack_api_url', options),
    slack_api_url_file: global.slackApiUrlFile,
    slack_app_token: secretText(global.slackAppToken, 'slack_app_token', options),
    slack_app_token_file: global.slackAppTokenFile,
    slack_app_url: global.slackAppUrl,
  };
  return Object.values(map).every((value) => value === undefined) ? undefined : map;
}

/** What a route without settings has: the defaults at the root, the parent's elsewhere. */
type Inherited = Pick<
  Route,
  'receiver' | 'groupBy' | 'groupByAll' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs' | 'labels'
>;

const AT_THE_ROOT: Inherited = {
  receiver: '',
  groupBy: [],
  groupByAll: false,
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 14_400_000,
  labels: {},
};

function routeMap(route: RouteInput, parent: Inherited | undefined): YamlValue {
  const above = parent ?? AT_THE_ROOT;
  const effective: Inherited = {
    receiver: route.receiver ?? above.receiver,
    groupBy: route.groupBy ?? (route.groupByAll === true ? [] : above.groupBy),
    groupByAll: route.groupByAll ?? (route.groupBy === undefined ? above.groupByAll : route.groupBy.includes('...')),
    groupWaitMs: route.groupWaitMs ?? above.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs ?? above.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs ?? above.repeatIntervalMs,
    labels: { ...above.labels, ...route.labels },
  };
  const groups = ({ groupBy, groupByAll }: Inherited) => (groupByAll ? ['...'] : groupBy);
  const ownLabels = Object.entries(route.labels ?? {}).filter(([name, value]) => above.labels[name] !== value);
  return {
    receiver: unless(effective.receiver, above.receiver),
    matchers: listOf(route.matchers, matcherText),
    group_by: unless(groups(effective), groups(above)),
    group_wait: durationUnless(effective.groupWaitMs, above.groupWaitMs),
    group_interval: durationUnless(effective.groupIntervalMs, above.groupIntervalMs),
    repeat_interval: durationUnless(effective.repeatIntervalMs, above.repeatIntervalMs),
    mute_time_intervals: listOf(route.muteTimeIntervals, (name) => name),
    active_time_intervals: listOf(route.activeTimeIntervals, (name) => name),
    labels: labelMap(Object.fromEntries(ownLabels)),
    continue: unless(route.continue, false),
    routes: listOf(route.routes, (child) => routeMap(child, effective)),
  };
}

function inhibitMap(rule: InhibitRuleInput): YamlValue {
  return {
    name: rule.name,
    source_matchers: listOf(rule.sourceMatchers, matcherText),
    target_matchers: listOf(rule.targetMatchers, matcherText),
    equal: listOf(rule.equal, (name) => name),
  };
}

function receiverMap(receiver: ReceiverInput, global: GlobalInput, options: WriteOptions): YamlValue {
  return {
    name: receiver.name,
    labels: labelMap(receiver.labels),
    slack_configs: listOf(receiver.slackConfigs, (slack) => slackMap(slack, global, options)),
    email_configs: listOf(receiver.emailConfigs, (email) => emailMap(email, global, options)),
    webhook_configs: listOf(receiver.webhookConfigs, (webhook) => webhookMap(webhook, global, options)),
  };
}

const SLACK_DEFAULTS = SLACK.parse({});
const EMAIL_DEFAULTS = EMAIL.parse({ to: 'x' });

/** The texts of an entry that differ from their defaults, under their wire names. */
function textsUnlessDefault<T>(
  own: Partial<T>,
  defaults: T,
  names: Readonly<Record<string, keyof T>>,
): { readonly [key: string]: YamlValue } {
  const entries = Object.entries(names).map(([wire, name]) => [
    wire,
    unless(own[name] as YamlValue, defaults[name] as YamlValue),
  ]);
  return Object.fromEntries(entries) as { readonly [key: string]: YamlValue };
}

function ownHttp(own: HttpClientInput | undefined, global: GlobalInput, options: WriteOptions): YamlValue {
  return own === global.httpConfig || same(own, global.httpConfig) ? undefined : httpConfigMap(own, options);
}

function slackMap(slack: SlackConfigInput, global: GlobalInput, options: WriteOptions): YamlValue {
  const isInherited =
    sameSecret(slack.apiUrl, global.slackApiUrl) &&
    slack.apiUrlFile === global.slackApiUrlFile &&
    sameSecret(slack.appToken, global.slackAppToken) &&
    slack.appTokenFile === global.slackAppTokenFile;
  const address = isInherited
    ? {}
    : {
        api_url: secretText(slack.apiUrl, 'slack_configs.api_url', options),
        api_url_file: slack.apiUrlFile,
        app_token: secretText(slack.appToken, 'slack_configs.app_token', options),
        app_token_file: slack.appTokenFile,
      };
  return {
    ...address,
    app_url: slack.appUrl === global.slackAppUrl ? undefined : slack.appUrl,
    channel: slack.channel,
    send_resolved: unless(slack.sendResolved, false),
    ...textsUnlessDefault<Pick<SlackConfig, SlackTextName>>(slack, SLACK_DEFAULTS, SLACK_TEXTS),
    fields: listOf(slack.fields, ({ title, value, short }) => ({ title, value, short })),
    short_fields: unless(slack.shortFields, false),
    link_names: unless(slack.linkNames, false),
    mrkdwn_in: listOf(slack.mrkdwnIn, (name) => name),
    actions: listOf(slack.actions, actionMap),
    update_message: unless(slack.updateMessage, false),
    timeout: durationUnless(slack.timeoutMs, 0),
    http_config: ownHttp(slack.httpConfig, global, options),
  };
}

const SLACK_TEXTS = {
  username: 'username',
  color: 'color',
  title: 'title',
  title_link: 'titleLink',
  pretext: 'pretext',
  text: 'text',
  message_text: 'messageText',
  footer: 'footer',
  fallback: 'fallback',
  callback_id: 'callbackId',
  icon_emoji: 'iconEmoji',
  icon_url: 'iconUrl',
  image_url: 'imageUrl',
  thumb_url: 'thumbUrl',
} as const;

type SlackTextName = (typeof SLACK_TEXTS)[keyof typeof SLACK_TEXTS];

function actionMap(action: Partial<SlackAction>): YamlValue {
  const { confirm } = action;
  return {
    type: action.type,
    text: action.text,
    url: unless(action.url, ''),
    style: unless(action.style, ''),
    name: unless(action.name, ''),
    value: unless(action.value, ''),
    confirm: confirm && {
      title: unless(confirm.title, ''),
      text: confirm.text,
      ok_text: unless(confirm.okText, ''),
      dismiss_text: unless(confirm.dismissText, ''),
    },
  };
}

function emailMap(email: EmailConfigInput, global: GlobalInput, options: WriteOptions): YamlValue {
  const isSet = (own: string | undefined, inherited: string | undefined) => (own === inherited ? undefined : own);
  const hasOwnPassword =
    !sameSecret(email.authPassword, global.smtpAuthPassword) || email.authPasswordFile !== global.smtpAuthPasswordFile;
  const hasOwnSecret =
    !sameSecret(email.authSecret, global.smtpAuthSecret) || email.authSecretFile !== global.smtpAuthSecretFile;
  return {
    to: email.to,
    from: isSet(email.from, global.smtpFrom),
    smarthost: isSet(email.smarthost, global.smtpSmarthost),
    hello: isSet(email.hello, global.smtpHello ?? 'localhost'),
    auth_username: isSet(email.authUsername, global.smtpAuthUsername),
    auth_password: hasOwnPassword ? secretText(email.authPassword, 'email_configs.auth_password', options) : undefined,
    auth_password_file: hasOwnPassword ? email.authPasswordFile : undefined,
    auth_secret: hasOwnSecret ? secretText(email.authSecret, 'email_configs.auth_secret', options) : undefined,
    auth_secret_file: hasOwnSecret ? email.authSecretFile : undefined,
    auth_identity: isSet(email.authIdentity, global.smtpAuthIdentity),
    send_resolved: unless(email.sendResolved, false),
    headers: labelMap(email.headers),
    html: unless(email.html, EMAIL_DEFAULTS.html),
    text: unless(email.text, EMAIL_DEFAULTS.text),
    require_tls: unless(email.requireTls, global.smtpRequireTls ?? true),
    tls_config: same(email.tls, global.smtpTlsConfig) ? undefined : tlsMap(email.tls, options),
    force_implicit_tls: email.forceImplicitTls === global.smtpForceImplicitTls ? undefined : email.forceImplicitTls,
    threading:
      email.threading === undefined || !email.threading.enabled
        ? undefined
        : { enabled: true, thread_by_date: unless(email.threading.threadByDate, 'daily') },
  };
}

function webhookMap(webhook: WebhookConfigInput, global: GlobalInput, options: WriteOptions): YamlValue {
  return {
    url: webhookUrl(webhook, options),
    url_file: webhook.urlFile,
    send_resolved: unless(webhook.sendResolved, true),
    max_alerts: unless(webhook.maxAlerts, 0),
    timeout: durationUnless(webhook.timeoutMs, 0),
    http_config: ownHttp(webhook.httpConfig, global, options),
  };
}

/** Alertmanager 0.25 has no `url_file`, and a URL of a machine of one's own is no secret unless it carries one. */
function webhookUrl({ url }: WebhookConfigInput, options: WriteOptions): string | undefined {
  if (url === undefined) return undefined;
  const text = url.reveal();
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal =
    parsed !== undefined && /^(?:localhost|127\.|\[::1\])/.test(parsed.hostname) && parsed.password === '';
  return isLocal ? text : secretText(url, 'webhook_configs.url', options);
}
