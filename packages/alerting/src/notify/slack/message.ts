import type { SlackConfig } from '@tillwatch/config';
import type { NotificationData } from '../../template/index.ts';
import { plainLines, plainTitle } from '../fallback.ts';
import type { OutgoingMessage } from '../notifier.ts';
import { NotifyError } from '../notify-error.ts';
import type { Renderer } from '../render.ts';
import { toneStyle } from '../tone-style.ts';
import { truncateRunes } from '../truncate.ts';
import { briefingBlocks, briefingFallback } from './briefing-blocks.ts';
import { cutMarkup, encodeUrl, escapeValue, link, neutralise, unescapeText } from './mrkdwn.ts';

/** What is posted, and the line by which people recognise it. */
export interface SlackMessage {
  readonly body: Readonly<Record<string, unknown>>;
  readonly title: string;
}

/** Alertmanager's limit of a title. */
const MAX_TITLE_RUNES = 1_024;
/** Above this Slack folds or refuses the text of an attachment. */
const MAX_TEXT = 3_000;
const MAX_FIELD = 2_000;
const MAX_FIELDS = 20;

/** Renders texts with the data as it is (`raw`: names, addresses) and made safe for markup (`safe`). */
export interface SlackRenderers {
  readonly raw: Renderer;
  readonly safe: Renderer;
}

/**
 * The data of a notification with every label and annotation made safe to stand in markup. Labels come from outside and
 * are made plain; annotations are written by the author of the rule, who may mean a `*` as it is.
 */
export function safeData(data: NotificationData): NotificationData {
  const labels = (record: Readonly<Record<string, string>>) => mapValues(record, safeLabel);
  const annotations = (record: Readonly<Record<string, string>>) => mapValues(record, escapeValue);
  return {
    ...data,
    groupLabels: labels(data.groupLabels),
    commonLabels: labels(data.commonLabels),
    commonAnnotations: annotations(data.commonAnnotations),
    routeLabels: labels(data.routeLabels),
    alerts: data.alerts.map((alert) => ({
      ...alert,
      labels: labels(alert.labels),
      annotations: annotations(alert.annotations),
    })),
  };
}

function safeLabel(value: string): string {
  return /^https?:\/\/\S+$/i.test(value) ? escapeValue(value) : neutralise(value);
}

function mapValues(record: Readonly<Record<string, string>>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/**
 * The message that Alertmanager sends for the same configuration, with two differences that only show where Alertmanager's
 * message would be broken: values are escaped, and what is longer than Slack takes is cut, beginning with how many alerts
 * there are. @throws {NotifyError} reason `template`
 */
export function standardMessage(config: SlackConfig, message: OutgoingMessage, render: SlackRenderers): SlackMessage {
  const { raw, safe } = render;
  const url = (setting: string, template: string | undefined) => encodeUrl(raw.text(setting, template ?? ''));
  const title = cutTitle(safe.text('title', config.title));
  const titleLink = url('title_link', config.titleLink);
  const attachment = {
    title,
    title_link: titleLink,
    pretext: cutMarkup(safe.text('pretext', config.pretext), MAX_TEXT),
    text: fitText(safe.text('text', config.text), message, titleLink),
    fallback: cutMarkup(safe.text('fallback', config.fallback), MAX_TEXT),
    callback_id: raw.text('callback_id', config.callbackId),
    image_url: url('image_url', config.imageUrl),
    thumb_url: url('thumb_url', config.thumbUrl),
    footer: safe.text('footer', config.footer),
    color: raw.text('color', config.color),
    mrkdwn_in: config.mrkdwnIn.length === 0 ? ['fallback', 'pretext', 'text'] : config.mrkdwnIn,
    fields: config.fields.slice(0, MAX_FIELDS).map((field, i) =>
      dropEmpty({
        title: safe.text(`fields[${i}].title`, field.title),
        value: cutMarkup(safe.text(`fields[${i}].value`, field.value), MAX_FIELD),
        short: field.short ?? config.shortFields,
      }),
    ),
    actions: config.actions.map((action, i) => renderAction(action, i, safe, raw)),
  };
  const body = {
    ...envelope(config, raw),
    ...dropEmpty({ text: cutMarkup(safe.text('message_text', config.messageText), MAX_TEXT) }),
    attachments: [dropEmpty(attachment, ALWAYS)],
  };
  return { body, title: readable(title) };
}

/** Alertmanager sends these even when they are empty. */
const ALWAYS: ReadonlySet<string> = new Set(['text', 'fallback', 'callback_id', 'footer']);

function renderAction(action: SlackConfig['actions'][number], i: number, safe: Renderer, raw: Renderer) {
  const text = (setting: string, template: string | undefined) => safe.text(`actions[${i}].${setting}`, template ?? '');
  const common = {
    type: text('type', action.type),
    text: text('text', action.text),
    style: text('style', action.style),
  };
  // An action with an address is a link: Alertmanager drops what only makes sense for one that calls back.
  if ((action.url ?? '') !== '') {
    return dropEmpty({ ...common, url: encodeUrl(raw.text(`actions[${i}].url`, action.url ?? '')) });
  }
  const { confirm } = action;
  return dropEmpty({
    ...common,
    name: text('name', action.name),
    value: text('value', action.value),
    confirm:
      confirm === undefined
        ? undefined
        : dropEmpty({
            title: text('confirm.title', confirm.title),
            text: text('confirm.text', confirm.text),
            ok_text: text('confirm.ok_text', confirm.okText),
            dismiss_text: text('confirm.dismiss_text', confirm.dismissText),
          }),
  });
}

/** The message of a briefing: Block Kit inside an attachment, whose bar has the colour of the tone. */
export function briefingMessage(config: SlackConfig, message: OutgoingMessage, raw: Renderer): SlackMessage {
  const { briefing } = message;
  if (briefing === undefined) throw new NotifyError('template', 'there is no briefing');
  const fallback = briefingFallback(briefing);
  return {
    body: {
      ...envelope(config, raw),
      text: fallback,
      attachments: [{ color: toneStyle[briefing.tone].color, fallback, blocks: briefingBlocks(briefing) }],
    },
    title: briefing.title,
  };
}

/** A message without templates or blocks: what is sent when one of those is at fault. */
export function plainMessage(
  channel: string,
  message: OutgoingMessage,
  problem: NotifyError | undefined,
  externalUrl: string,
): SlackMessage {
  const { notification, briefing } = message;
  const title = briefing?.title ?? plainTitle(notification);
  const lead = briefing === undefined ? [] : [briefing.lead];
  const lines = [...lead, ...plainLines(notification, problem)].filter((line) => line !== '').map(neutralise);
  const more = externalUrl === '' ? '' : `\n${link(externalUrl, 'all alerts')}`;
  const text = cutMarkup(`${neutralise(title)}\n${lines.join('\n')}`, MAX_TEXT - more.length) + more;
  return { body: dropEmpty({ channel, text }), title };
}

function envelope(config: SlackConfig, raw: Renderer): Record<string, unknown> {
  return dropEmpty({
    channel: raw.text('channel', config.channel ?? ''),
    username: raw.text('username', config.username),
    icon_emoji: raw.text('icon_emoji', config.iconEmoji ?? ''),
    icon_url: encodeUrl(raw.text('icon_url', config.iconUrl ?? '')),
    link_names: config.linkNames,
  });
}

function cutTitle(title: string): string {
  const cut = truncateRunes(title, MAX_TITLE_RUNES).text;
  // The cut may have gone through an entity; then the entity goes as a whole.
  return cut === title ? title : cut.replace(/&\w{0,4}…$/, '…');
}

/** A text that is too long begins with how much there is and ends with where the rest is. */
function fitText(text: string, message: OutgoingMessage, titleLink: string): string {
  if (text.length <= MAX_TEXT) return text;
  const total = message.notification.alerts.length;
  const where = titleLink === '' ? '' : ` ${link(titleLink, 'see all')}`;
  const head = (shown: number) => `${total} alerts, ${shown} shown\n`;
  const room = MAX_TEXT - head(total).length - where.length;
  const lines = text.split('\n');
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 2 > room) break;
    kept.push(line);
    length += line.length + 1;
  }
  const perAlert = Math.max(1, lines.filter((line) => line !== '').length / Math.max(1, total));
  const shown = Math.min(total, Math.floor(kept.filter((line) => line !== '').length / perAlert));
  // One line that is too long by itself is cut inside.
  if (kept.length === 0) return cutMarkup(text, MAX_TEXT - where.length) + where;
  return `${head(shown)}${kept.join('\n')}\n…${where}`;
}

function readable(title: string): string {
  return unescapeText(title).trim();
}

/** Without empty texts, lists, `false` at the top and `undefined`; `keep` names what stays. */
function dropEmpty(
  record: Readonly<Record<string, unknown>>,
  keep: ReadonlySet<string> = new Set(['short']),
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([name, value]) => {
      if (keep.has(name)) return true;
      if (Array.isArray(value)) return value.length > 0;
      return value !== '' && value !== undefined && value !== false;
    }),
  );
}
