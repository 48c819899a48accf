import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { EmailConfig } from '@tillwatch/config';
import { createTransport } from 'nodemailer';
import { notificationData } from '../../template/index.ts';
import { plainLines, plainTitle } from '../fallback.ts';
import { revealSecret } from '../files.ts';
import { tlsOptions } from '../http-config.ts';
import { NotifyError } from '../notify-error.ts';
import type { Delivered, Notifier, OutgoingMessage } from '../notifier.ts';
import type { NotifierContext } from '../notifier-context.ts';
import { createRenderer, type Renderer } from '../render.ts';
import { headerText, mailboxes } from './address.ts';
import { briefingMail, escapeHtml, type MailContent } from './briefing-mail.ts';
import { buildMime } from './mime.ts';
import { smtpError } from './smtp-error.ts';

const TIMEOUT_MS = 20_000;

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
        headers: [...headers.filter(([name]) => name.toLowerCase() !== 'bcc'), ...threadHeaders(message, from[0]!.address)],
        text: content.text,
        html: content.html,
        messageId: messageId(message.id, from[0]!.address),
        dateMs: message.nowMs,
      });
      const partly = await handIn(config, context, { from: from[0]!.address, to: [...to, ...extra].map((box) => box.address) }, raw, signal);
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

/** Hands the mail in; resolves when the server has taken it, to what it did not take. @throws {NotifyError} */
async function handIn(
  config: EmailConfig,
  context: NotifierContext,
  envelope: { readonly from: string; readonly to: readonly string[] },
  raw: Buffer,
  signal: AbortSignal,
): Promise<NotifyError | undefined> {
  const { host, port, smarthost } = smarthostOf(config, context);
  // Port 465 means TLS from the first byte, unless the configuration says otherwise.
  const implicitTls = config.forceImplicitTls ?? port === 465;
  const place = { smarthost, requireTls: config.requireTls && !implicitTls, implicitTls };
  const tls = await tlsOptions(config.tls, 'email_configs', context.readFile);
  const auth = await credentials(config, context, place);
  const transport = createTransport({
    host,
    port,
    secure: implicitTls,
    requireTLS: place.requireTls,
    // As Alertmanager: without require_tls the session stays as it is, whatever the server offers.
    ignoreTLS: !place.requireTls,
    name: config.hello || hostname(),
    ...(auth === undefined ? {} : auth),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: {
      // A name is sent and checked; for a bare address there is none.
      ...(isIP(host) !== 0 && tls?.serverName === undefined ? {} : { servername: tls?.serverName ?? host }),
      rejectUnauthorized: tls?.insecureSkipVerify !== true,
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    },
  });
  const onAbort = () => transport.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const sent = await transport.sendMail({
      envelope: { from: envelope.from, to: [...envelope.to], use8BitMime: true },
      raw,
    });
    const rejected = sent.rejected.map(String);
    if (rejected.length === 0) return undefined;
    // Some have it: sending it again would tell them twice.
    return new NotifyError('client', `mail server ${smarthost} refused ${rejected.join(', ')} and took the others`, {
      hint: 'check the addresses in to',
    });
  } catch (error) {
    if (signal.aborted && signal.reason instanceof NotifyError) throw signal.reason;
    throw smtpError(error, place);
  } finally {
    signal.removeEventListener('abort', onAbort);
    transport.close();
  }
}

function smarthostOf(config: EmailConfig, context: NotifierContext): { host: string; port: number; smarthost: string } {
  const smarthost = config.smarthost ?? '';
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(smarthost);
  if (match === null) {
    throw new NotifyError('configuration', `${context.place} has no smarthost`, {
      hint: 'set smarthost or global.smtp_smarthost to host:port',
    });
  }
  return { host: match[1] as string, port: Number(match[2]), smarthost };
}

/** How to log in, if at all. A password leaves this machine only over TLS. */
async function credentials(
  config: EmailConfig,
  context: NotifierContext,
  place: { readonly smarthost: string; readonly requireTls: boolean; readonly implicitTls: boolean },
): Promise<{ auth: { user: string; pass: string }; authMethod?: string } | undefined> {
  const user = config.authUsername ?? '';
  if (user === '') return undefined;
  const secret = await revealSecret(config.authSecret, config.authSecretFile, 'auth_secret_file', context.readFile);
  // CRAM-MD5 does not show the secret to anyone, so it needs no TLS.
  if (secret !== undefined) return { auth: { user, pass: secret }, authMethod: 'CRAM-MD5' };
  const pass = await revealSecret(config.authPassword, config.authPasswordFile, 'auth_password_file', context.readFile);
  if (pass === undefined) {
    throw new NotifyError('configuration', `${context.place} has auth_username and no password`, {
      hint: 'set auth_password, auth_password_file or auth_secret',
    });
  }
  const isLocal = /^\[?(localhost|127(\.\d+){3}|::1)\]?:\d+$/.test(place.smarthost);
  if (!place.requireTls && !place.implicitTls && !isLocal) {
    throw new NotifyError('configuration', `refusing to send the password to ${place.smarthost} without TLS`, {
      hint: 'set require_tls: true, or use port 465',
    });
  }
  return { auth: { user, pass } };
}
