import type { Matcher } from '@tillwatch/model';
import type { Secret } from '../fields/secret.ts';
import type { HttpClientConfig, TlsConfig } from '../prometheus/http-client.ts';
import type { TimeInterval } from './time-interval.ts';

/** An alertmanager.yml with every default filled in, routes and receivers having inherited what they do not say. */
export interface AlertmanagerConfig {
  readonly global: AlertmanagerGlobal;
  readonly route: Route;
  readonly inhibitRules: readonly InhibitRule[];
  readonly receivers: readonly Receiver[];
  /** Globs, relative to the file they stand in. */
  readonly templates: readonly string[];
  /** `time_intervals` and the older `mute_time_intervals`. */
  readonly timeIntervals: readonly NamedTimeIntervals[];
}

export interface AlertmanagerGlobal {
  /** When an alert without an end counts as resolved unless it is sent again. */
  readonly resolveTimeoutMs: number;
  readonly httpConfig: HttpClientConfig | undefined;
  readonly smtpFrom: string | undefined;
  readonly smtpHello: string;
  readonly smtpSmarthost: string | undefined;
  readonly smtpAuthUsername: string | undefined;
  readonly smtpAuthPassword: Secret | undefined;
  readonly smtpAuthPasswordFile: string | undefined;
  readonly smtpAuthSecret: Secret | undefined;
  readonly smtpAuthSecretFile: string | undefined;
  readonly smtpAuthIdentity: string | undefined;
  readonly smtpRequireTls: boolean;
  readonly smtpTlsConfig: TlsConfig | undefined;
  readonly smtpForceImplicitTls: boolean | undefined;
  readonly slackApiUrl: Secret | undefined;
  readonly slackApiUrlFile: string | undefined;
  readonly slackAppToken: Secret | undefined;
  readonly slackAppTokenFile: string | undefined;
  readonly slackAppUrl: string | undefined;
}

/** A node of the routing tree with inherited options. */
export interface Route {
  readonly receiver: string;
  readonly groupBy: readonly string[];
  /** `group_by: ['...']`: every alert is a group of its own. */
  readonly groupByAll: boolean;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** All must match; from `matchers`, `match` and `match_re`. */
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  /** Not inherited. */
  readonly muteTimeIntervals: readonly string[];
  /** Not inherited. */
  readonly activeTimeIntervals: readonly string[];
  /** Templates, the parents' included. */
  readonly labels: Readonly<Record<string, string>>;
  readonly routes: readonly Route[];
}

export interface InhibitRule {
  readonly name: string | undefined;
  readonly sourceMatchers: readonly Matcher[];
  readonly targetMatchers: readonly Matcher[];
  readonly equal: readonly string[];
}

export interface NamedTimeIntervals {
  readonly name: string;
  /** A time is inside when one of them contains it. */
  readonly intervals: readonly TimeInterval[];
}

export interface Receiver {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly slackConfigs: readonly SlackConfig[];
  readonly emailConfigs: readonly EmailConfig[];
  readonly webhookConfigs: readonly WebhookConfig[];
  /** Fields of integrations that are given but not sent to, such as `pagerduty_configs`. */
  readonly unsupportedConfigs: readonly string[];
}

/** One entry of `slack_configs`. Texts are templates. At most one of app token and API URL is set. */
export interface SlackConfig {
  readonly sendResolved: boolean;
  readonly httpConfig: HttpClientConfig | undefined;
  readonly apiUrl: Secret | undefined;
  readonly apiUrlFile: string | undefined;
  readonly appToken: Secret | undefined;
  readonly appTokenFile: string | undefined;
  readonly appUrl: string | undefined;
  readonly channel: string | undefined;
  readonly username: string;
  readonly color: string;
  readonly title: string;
  readonly titleLink: string;
  readonly pretext: string;
  readonly text: string;
  readonly messageText: string;
  readonly fields: readonly SlackField[];
  readonly shortFields: boolean;
  readonly footer: string;
  readonly fallback: string;
  readonly callbackId: string;
  readonly iconEmoji: string;
  readonly iconUrl: string;
  readonly imageUrl: string;
  readonly thumbUrl: string;
  readonly linkNames: boolean;
  readonly mrkdwnIn: readonly string[];
  readonly actions: readonly SlackAction[];
  readonly updateMessage: boolean;
  /** 0: the sender's own. */
  readonly timeoutMs: number;
}

export interface SlackField {
  readonly title: string;
  readonly value: string;
  /** `undefined`: as `short_fields` says. */
  readonly short: boolean | undefined;
}

export interface SlackAction {
  readonly type: string;
  readonly text: string;
  readonly url: string;
  readonly style: string;
  readonly name: string;
  readonly value: string;
  readonly confirm: SlackConfirmation | undefined;
}

interface SlackConfirmation {
  readonly text: string;
  readonly title: string;
  readonly okText: string;
  readonly dismissText: string;
}

/** One entry of `email_configs`. Addresses, headers, html and text are templates. */
export interface EmailConfig {
  readonly sendResolved: boolean;
  readonly to: string;
  readonly from: string;
  readonly hello: string;
  /** `host:port`. */
  readonly smarthost: string;
  readonly authUsername: string | undefined;
  readonly authPassword: Secret | undefined;
  readonly authPasswordFile: string | undefined;
  readonly authSecret: Secret | undefined;
  readonly authSecretFile: string | undefined;
  readonly authIdentity: string | undefined;
  /** By canonical name (`X-Custom-Header`), only those that are given. */
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
  readonly text: string;
  readonly requireTls: boolean;
  readonly tls: TlsConfig | undefined;
  /** `undefined`: TLS from the first byte exactly when the port is 465. */
  readonly forceImplicitTls: boolean | undefined;
  readonly threading: EmailThreading;
}

interface EmailThreading {
  readonly enabled: boolean;
  readonly threadByDate: string;
}

/** One entry of `webhook_configs`. */
export interface WebhookConfig {
  readonly sendResolved: boolean;
  readonly httpConfig: HttpClientConfig | undefined;
  /** May be a template. */
  readonly url: Secret | undefined;
  readonly urlFile: string | undefined;
  /** Most alerts in one message; 0 is all. */
  readonly maxAlerts: number;
  /** 0: the sender's own. */
  readonly timeoutMs: number;
}
