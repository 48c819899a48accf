import * as z from 'zod';
import { scalarText, textField, whole } from '../fields/field.ts';
import { textRecord } from '../fields/labels.ts';
import { anything, defaulted, type FieldSpec, list, object, optional } from '../fields/object.ts';
import { duration, flag, integer, secret, text } from '../fields/scalars.ts';
import { secretUrl, url } from '../fields/url.ts';
import { atMostOne, httpConfig, isGiven, tlsConfig } from '../prometheus/http-client.ts';
import { hostPort } from './global.ts';
import { OTHER_INTEGRATIONS } from './other-integrations.ts';

const slackTemplate = (name: string) => `{{ template "slack.default.${name}" . }}`;

const SLACK_FIELD = object(
  {
    title: defaulted('title', text(), ''),
    value: defaulted('value', text(), ''),
    short: optional('short', flag()),
  },
  whole((wire, fail) => {
    if (!isGiven(wire.title)) fail([], 'missing title in Slack field configuration', { part: 'key' });
    if (!isGiven(wire.value)) fail([], 'missing value in Slack field configuration', { part: 'key' });
  }),
);

const SLACK_CONFIRMATION = object(
  {
    text: defaulted('text', text(), ''),
    title: defaulted('title', text(), ''),
    okText: defaulted('ok_text', text(), ''),
    dismissText: defaulted('dismiss_text', text(), ''),
  },
  whole((wire, fail) => {
    if (!isGiven(wire.text)) fail([], 'missing text in Slack confirmation configuration', { part: 'key' });
  }),
);

const SLACK_ACTION = object(
  {
    type: defaulted('type', text(), ''),
    text: defaulted('text', text(), ''),
    url: defaulted('url', text(), ''),
    style: defaulted('style', text(), ''),
    name: defaulted('name', text(), ''),
    value: defaulted('value', text(), ''),
    confirm: optional('confirm', SLACK_CONFIRMATION),
  },
  whole((wire, fail) => {
    if (!isGiven(wire.type)) fail([], 'missing type in Slack action configuration', { part: 'key' });
    if (!isGiven(wire.text)) fail([], 'missing text in Slack action configuration', { part: 'key' });
    if (!isGiven(wire.url) && !isGiven(wire.name)) {
      fail([], 'missing name or url in Slack action configuration', { part: 'key' });
    }
  }),
);

/** One entry of `slack_configs`, before it inherits from `global`. */
export const SLACK = object(
  {
    sendResolved: defaulted('send_resolved', flag(), false),
    httpConfig: optional('http_config', httpConfig()),
    apiUrl: optional('api_url', secretUrl()),
    apiUrlFile: optional('api_url_file', text()),
    appToken: optional('app_token', secret()),
    appTokenFile: optional('app_token_file', text()),
    appUrl: optional('app_url', url()),
    channel: optional('channel', text()),
    username: defaulted('username', text(), slackTemplate('username')),
    color: defaulted('color', text(), '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'),
    title: defaulted('title', text(), slackTemplate('title')),
    titleLink: defaulted('title_link', text(), slackTemplate('titlelink')),
    pretext: defaulted('pretext', text(), slackTemplate('pretext')),
    text: defaulted('text', text(), slackTemplate('text')),
    messageText: defaulted('message_text', text(), ''),
    fields: defaulted('fields', list(SLACK_FIELD), []),
    shortFields: defaulted('short_fields', flag(), false),
    footer: defaulted('footer', text(), slackTemplate('footer')),
    fallback: defaulted('fallback', text(), slackTemplate('fallback')),
    callbackId: defaulted('callback_id', text(), slackTemplate('callbackid')),
    iconEmoji: defaulted('icon_emoji', text(), slackTemplate('iconemoji')),
    iconUrl: defaulted('icon_url', text(), slackTemplate('iconurl')),
    imageUrl: defaulted('image_url', text(), ''),
    thumbUrl: defaulted('thumb_url', text(), ''),
    linkNames: defaulted('link_names', flag(), false),
    mrkdwnIn: defaulted('mrkdwn_in', list(text()), []),
    actions: defaulted('actions', list(SLACK_ACTION), []),
    updateMessage: defaulted('update_message', flag(), false),
    timeoutMs: defaulted('timeout', duration(), 0),
  },
  whole((wire, fail) => {
    atMostOne(wire, fail, ['api_url', 'api_url_file'], 'at most one of api_url & api_url_file must be configured');
    atMostOne(
      wire,
      fail,
      ['app_token', 'app_token_file'],
      'at most one of app_token & app_token_file must be configured',
    );
    const hasUrl = isGiven(wire.api_url) || isGiven(wire.api_url_file);
    const hasToken = isGiven(wire.app_token) || isGiven(wire.app_token_file);
    if (hasUrl && hasToken) {
      fail([], 'at most one of api_url/api_url_file & app_token/app_token_file must be configured', { part: 'key' });
    }
  }),
);

const EMAIL_THREADING = object({
  enabled: defaulted('enabled', flag(), false),
  threadByDate: defaulted(
    'thread_by_date',
    textField((word, fail) =>
      word === 'daily' || word === 'none'
        ? word
        : fail(`invalid value for thread_by_date: ${word}`, { hint: 'write daily or none' }),
    ) as z.ZodType<string, unknown>,
    'daily',
  ),
});

/** One entry of `email_configs`, before it inherits from `global`. */
export const EMAIL = object(
  {
    sendResolved: defaulted('send_resolved', flag(), false),
    to: defaulted('to', text(), ''),
    from: optional('from', text()),
    hello: optional('hello', text()),
    smarthost: optional('smarthost', hostPort()),
    authUsername: optional('auth_username', text()),
    authPassword: optional('auth_password', secret()),
    authPasswordFile: optional('auth_password_file', text()),
    authSecret: optional('auth_secret', secret()),
    authSecretFile: optional('auth_secret_file', text()),
    authIdentity: optional('auth_identity', text()),
    headers: defaulted('headers', headerRecord(), {}),
    html: defaulted('html', text(), '{{ template "email.default.html" . }}'),
    text: defaulted('text', text(), ''),
    requireTls: optional('require_tls', flag()),
    tls: optional('tls_config', tlsConfig()),
    forceImplicitTls: optional('force_implicit_tls', flag()),
    threading: defaulted('threading', EMAIL_THREADING, { enabled: false, threadByDate: 'daily' }),
  },
  whole((wire, fail) => {
    if (!isGiven(wire.to)) {
      fail(wire.to === undefined ? [] : 'to', 'missing to address in email config', {
        part: 'key',
        code: 'missing-field',
      });
    }
    for (const name of ['auth_password', 'auth_secret']) {
      const names = [name, `${name}_file`];
      atMostOne(wire, fail, names, `at most one of ${names.join(' & ')} must be configured`);
    }
    if (typeof wire.headers !== 'object' || wire.headers === null) return;
    const seen = new Set<string>();
    for (const name of Object.keys(wire.headers)) {
      const canonical = canonicalHeader(name);
      if (seen.has(canonical)) {
        const message = `duplicate header "${canonical}" in email config`;
        fail(['headers', name], message, { part: 'key', code: 'duplicate-name' });
      }
      seen.add(canonical);
    }
  }),
);

/** Header names and values; the names are made canonical after duplicates were looked for. */
function headerRecord(): z.ZodType<Record<string, string>, unknown> {
  return z.record(z.string(), text()) as unknown as z.ZodType<Record<string, string>, unknown>;
}

/** `x-custom-HEADER` as `X-Custom-Header`. */
export function canonicalHeader(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** One entry of `webhook_configs`, before it inherits from `global`. */
export const WEBHOOK = object(
  {
    sendResolved: defaulted('send_resolved', flag(), true),
    httpConfig: optional('http_config', httpConfig()),
    url: optional('url', webhookUrl()),
    urlFile: optional('url_file', text()),
    maxAlerts: defaulted('max_alerts', integer({ min: 0 }), 0),
    timeoutMs: defaulted('timeout', duration(), 0),
    payload: optional('payload', anything()),
  },
  whole((wire, fail) => {
    if (!isGiven(wire.url) && !isGiven(wire.url_file))
      fail([], 'one of url or url_file must be configured', { part: 'key' });
    atMostOne(wire, fail, ['url', 'url_file'], 'at most one of url & url_file must be configured');
  }),
);

/** A URL, or a template that makes one. */
function webhookUrl(): ReturnType<typeof secretUrl> {
  return z.unknown().transform((value, context) => {
    const written = scalarText(value) ?? '';
    const schema = written.includes('{{') ? secret() : secretUrl();
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    context.issues.push(
      ...(result.error.issues as unknown as z.core.$ZodRawIssue[]).map((issue) => ({ ...issue, continue: true })),
    );
    return z.NEVER;
  }) as unknown as ReturnType<typeof secretUrl>;
}

const OTHER_FIELDS: Readonly<Record<string, FieldSpec<unknown>>> = Object.fromEntries(
  OTHER_INTEGRATIONS.map(({ field, word }) => [
    field,
    optional(field, word === undefined ? z.array(anything()) : list(anything(), `missing ${word} config`)),
  ]),
);

export const RECEIVER = object(
  {
    name: defaulted('name', text(), ''),
    labels: defaulted('labels', textRecord(), {}),
    slackConfigs: defaulted('slack_configs', z.array(nothingAsEmpty().pipe(SLACK)), []),
    emailConfigs: defaulted('email_configs', list(EMAIL, 'missing email config'), []),
    webhookConfigs: defaulted('webhook_configs', list(WEBHOOK, 'missing webhook config'), []),
    ...OTHER_FIELDS,
  },
  whole((wire, fail) => {
    const name = scalarText(wire.name) ?? '';
    if (name === '') {
      fail(Object.hasOwn(wire, 'name') ? 'name' : [], 'missing name in receiver', {
        part: 'key',
        code: 'missing-field',
      });
    }
    const labels = wire.labels as Readonly<Record<string, string>> | undefined;
    const label = typeof labels === 'object' && labels !== null ? scalarText(labels.name) : undefined;
    if (label !== undefined && label !== name) {
      fail(['labels', 'name'], `receiver label "name" must match receiver name "${name}", got "${label}"`);
    }
  }),
);

/** An entry that is nothing takes everything from `global`. */
function nothingAsEmpty() {
  return z.unknown().transform((value): unknown => value ?? {});
}
