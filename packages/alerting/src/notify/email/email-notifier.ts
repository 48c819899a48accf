import { createHash } from 'node:crypto';
import type { EmailConfig } from '@tillwatch/config';
import { notificationData } from '../../template/index.ts';
import { plainLines, plainTitle } from '../fallback.ts';
import type { Delivered, Notifier, OutgoingMessage } from '../notifier.ts';
import type { NotifierContext } from '../notifier-context.ts';
import { NotifyError } from '../notify-error.ts';
import { createRenderer, type Renderer } from '../render.ts';
import { headerText, mailboxes } from './address.ts';
import { briefingMail, escapeHtml, type MailContent } from './briefing-mail.ts';
import { handIn } from './hand-in.ts';
import { buildMime } from './mime.ts';

/** One entry of `email_configs`. */
export function createEmailNotifier(config: EmailConfig, context: NotifierContext): Notifier {
  return {
    kind: 'email',
    target: config.to,
    sendResolved: config.sendResolved,
    timeoutMs: 60_000,
    async send(message, signal): Promise<Delivered> {
      const data = notificationData({ ...message.notification, routeLabels: message.routeLabels }, context.externalUrl);
      const render = createRenderer(context.templates, data, message.nowMs, context.place);
      const { content, headers, degraded } = compose(config, message, render, context.externalUrl);
      const from = mailboxes('from', render.text('from', config.from));
      const to = mailboxes('to', render.text('to', config.to));
      const extra = ['Cc', 'Bcc'].flatMap((name) => {
        const text = headers.find(([header]) => header.toLowerCase() === name.toLowerCase())?.[1] ?? '';
        return text === '' ? [] : mailboxes(name, text);
      });
      const raw = await buildMime({
        headers: [
          ...headers.filter(([name]) => name.toLowerCase() !== 'bcc'),
          ...threadHeaders(message, from[0]!.address),
        ],
        text: content.text,
        html: content.html,
        messageId: messageId(message.id, from[0]!.address),
        dateMs: message.nowMs,
      });
      const partly = await handIn(
        config,
        context,
        { from: from[0]!.address, to: [...to, ...extra].map((box) => box.address) },
        raw,
        signal,
      );
      return { title: content.subject, degraded: degraded ?? partly };
    },
    close: async () => {},
  };
}

interface Composed {
  readonly content: MailContent;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly degraded: NotifyError | undefined;
}

/** The parts of the mail; when one of its own templates fails, a plain mail that says so. */
function compose(config: EmailConfig, message: OutgoingMessage, render: Renderer, externalUrl: string): Composed {
  try {
    const own = Object.entries(config.headers).map(([name, value]) => [
      name,
      headerText(render.text(`headers.${name}`, value)),
    ]) as [string, string][];
    const subject = own.find(([name]) => name.toLowerCase() === 'subject')?.[1];
    const content =
      message.briefing === undefined
        ? {
            subject: subject ?? headerText(render.text('headers.Subject', DEFAULT_SUBJECT)),
            text: render.text('text', config.text),
            html: render.html('html', config.html),
          }
        : briefingMail(message.briefing);
    return { content, headers: withDefaults(config, own, content.subject, render), degraded: undefined };
  } catch (error) {
    if (!(error instanceof NotifyError) || error.reason !== 'template') throw error;
    const content = plainMail(message, error, externalUrl);
    return { content, headers: withDefaults(config, [], content.subject, render), degraded: error };
  }
}

const DEFAULT_SUBJECT = '{{ template "email.default.subject" . }}';

function withDefaults(
  config: EmailConfig,
  own: readonly (readonly [string, string])[],
  subject: string,
  render: Renderer,
): [string, string][] {
  const headers = new Map<string, [string, string]>();
  headers.set('from', ['From', headerText(render.text('from', config.from))]);
  headers.set('to', ['To', headerText(render.text('to', config.to))]);
  headers.set('auto-submitted', ['Auto-Submitted', 'auto-generated']);
  for (const [name, value] of own) headers.set(name.toLowerCase(), [name, value]);
  headers.set('subject', ['Subject', headerText(subject)]);
  return [...headers.values()];
}

function plainMail(message: OutgoingMessage, problem: NotifyError, externalUrl: string): MailContent {
  const lines = plainLines(message.notification, problem);
  if (externalUrl !== '') lines.push('', externalUrl);
  const html = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n');
  return { subject: plainTitle(message.notification), text: `${lines.join('\n')}\n`, html };
}

/** The same id at every attempt, so that a mail that was sent twice arrives once. */
function messageId(id: string, from: string): string {
  return `<${id}@${domainOf(from)}>`;
}

/** All mails of an incident refer to the same root, so that mail programs show the all-clear below what it ends. */
function threadHeaders(message: OutgoingMessage, from: string): [string, string][] {
  const root = createHash('sha256').update(message.thread).digest('hex').slice(0, 32);
  const reference = `<incident-${root}@${domainOf(from)}>`;
  return [
    ['In-Reply-To', reference],
    ['References', reference],
  ];
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
