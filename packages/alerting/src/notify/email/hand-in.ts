import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { EmailConfig } from '@tillwatch/config';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { revealSecret } from '../files.ts';
import { tlsOptions } from '../http-config.ts';
import type { NotifierContext } from '../notifier-context.ts';
import { NotifyError } from '../notify-error.ts';
import { smtpError } from './smtp-error.ts';

/** How long the server may be silent. */
const TIMEOUT_MS = 20_000;

/** Who sends a mail to whom, as the server is told; the headers may say otherwise. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

/**
 * Hands a mail in at the smarthost: one connection, one mail. Resolves when the server has taken it, to what it did not
 * take: recipients that were refused while others were accepted. @throws {NotifyError}
 */
export async function handIn(
  config: EmailConfig,
  context: NotifierContext,
  envelope: Envelope,
  raw: Buffer,
  signal: AbortSignal,
): Promise<NotifyError | undefined> {
  const { host, port, smarthost } = smarthostOf(config, context);
  // Port 465 means TLS from the first byte, unless the configuration says otherwise.
  const implicitTls = config.forceImplicitTls ?? port === 465;
  const place = { smarthost, requireTls: config.requireTls && !implicitTls, implicitTls };
  const tls = await tlsOptions(config.tls, 'email_configs', context.readFile);
  const login = await credentials(config, context, place);
  const connection = new SMTPConnection({
    host,
    port,
    secure: implicitTls,
    requireTLS: place.requireTls,
    // As Alertmanager: without require_tls the session stays as it is, whatever the server offers.
    ignoreTLS: !place.requireTls,
    name: config.hello || hostname(),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    maxResponseSize: 65_536,
    tls: {
      // A name is sent and checked; for a bare address there is none.
      ...(isIP(host) !== 0 && tls?.serverName === undefined ? {} : { servername: tls?.serverName ?? host }),
      rejectUnauthorized: tls?.insecureSkipVerify !== true,
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    },
  });
  try {
    const rejected = await talk(connection, login, envelope, raw, signal);
    if (rejected.length === 0) return undefined;
    // Some have it: sending it again would tell them twice.
    return new NotifyError('client', `mail server ${smarthost} refused ${rejected.join(', ')} and took the others`, {
      hint: 'check the addresses in to',
    });
  } catch (error) {
    connection.close();
    if (signal.aborted && signal.reason instanceof NotifyError) throw signal.reason;
    throw smtpError(error, place);
  }
}

/** The conversation: greeting, login, mail, good-bye. Resolves to the recipients that were refused. */
function talk(
  connection: SMTPConnection,
  login: Login | undefined,
  envelope: Envelope,
  raw: Buffer,
  signal: AbortSignal,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    // An error can come at any time, also between two commands and after the last one.
    connection.on('error', reject);
    connection.once('end', () => reject(new Error('the server closed the connection')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    const send = () =>
      connection.send({ from: envelope.from, to: [...envelope.to], use8BitMime: true }, raw, (error, info) => {
        if (error) return reject(error);
        connection.quit();
        resolve((info?.rejected ?? []).map(String));
      });
    connection.connect((failed) => {
      if (failed) return reject(failed);
      if (login === undefined) return send();
      connection.login(login, (error) => (error ? reject(error) : send()));
    });
  });
}

interface Login {
  readonly user: string;
  readonly pass: string;
  /** Not said: the first that the server offers and we know. */
  readonly method?: string;
}

function smarthostOf(config: EmailConfig, context: NotifierContext): { host: string; port: number; smarthost: string } {
  const { smarthost } = config;
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
): Promise<Login | undefined> {
  const user = config.authUsername ?? '';
  if (user === '') return undefined;
  const secret = await revealSecret(config.authSecret, config.authSecretFile, 'auth_secret_file', context.readFile);
  // CRAM-MD5 does not show the secret to anyone, so it needs no TLS.
  if (secret !== undefined) return { user, pass: secret, method: 'CRAM-MD5' };
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
  return { user, pass };
}
