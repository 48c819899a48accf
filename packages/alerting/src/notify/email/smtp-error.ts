import { NotifyError } from '../notify-error.ts';

/** Where a mail was handed in, for messages. */
export interface SmtpPlace {
  /** `mail.example.org:587` */
  readonly smarthost: string;
  readonly requireTls: boolean;
  readonly implicitTls: boolean;
}

interface SmtpFailure {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** What went wrong with a mail, with the server's name, what was missing, and the setting that has to do with it. */
export function smtpError(thrown: unknown, place: SmtpPlace): NotifyError {
  if (thrown instanceof NotifyError) return thrown;
  const failure = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SmtpFailure;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const server = `mail server ${place.smarthost}`;
  const said = saidOf(failure);
  const options = { cause: thrown };

  if (failure.code === 'EAUTH' || failure.code === 'ENOAUTH') {
    return new NotifyError('auth', `${server} did not accept user name and password${said}`, {
      ...options,
      retryable: (failure.responseCode ?? 500) < 500,
      hint: 'check auth_username and auth_password (smtp_auth_username, smtp_auth_password)',
    });
  }
  const noStartTls = failure.command === 'STARTTLS' && (failure.responseCode ?? 0) >= 400;
  const noEhlo = /does not support required STARTTLS/.test(message);
  if (place.requireTls && (noStartTls || noEhlo)) {
    return new NotifyError('tls', `${server} does not offer STARTTLS, and require_tls demands it${said}`, {
      ...options,
      hint: 'use a port with TLS (587 with STARTTLS, 465 with TLS from the first byte), or set require_tls: false (smtp_require_tls) if the way to this server is trusted',
    });
  }
  if (isCertificateProblem(failure, message)) {
    return new NotifyError('tls', `the certificate of ${server} was not accepted: ${message}`, {
      ...options,
      hint: 'set tls_config.ca_file to the authority that signed it, or tls_config.server_name to the name in it',
    });
  }
  if (failure.code === 'ETLS' || /wrong version number|packet length too long/i.test(message)) {
    const words = place.implicitTls ? 'does not speak TLS from the first byte' : 'could not switch to TLS';
    return new NotifyError('tls', `${server} ${words}: ${message}`, {
      ...options,
      hint: 'port 465 speaks TLS from the first byte, 587 and 25 switch to it with STARTTLS: check smarthost',
    });
  }
  if (failure.responseCode !== undefined) {
    const { responseCode } = failure;
    const refused = `${server} refused the message${said}`;
    if (responseCode < 500) return new NotifyError('server', refused, options);
    return new NotifyError('client', refused, { ...options, hint: hintOf(failure) });
  }
  if (failure.code === 'EDNS' || /ENOTFOUND|EAI_AGAIN/.test(message)) {
    return new NotifyError('connection', `${server} is not known to the name server`, {
      ...options,
      hint: 'check smarthost (smtp_smarthost)',
    });
  }
  if (failure.code === 'ETIMEDOUT') return new NotifyError('timeout', `${server} does not answer`, options);
  if (/ECONNREFUSED/.test(message)) {
    return new NotifyError('connection', `${server} refuses connections`, {
      ...options,
      hint: 'check host and port of smarthost (smtp_smarthost)',
    });
  }
  if (failure.code === 'EENVELOPE' || failure.code === 'EMESSAGE') {
    return new NotifyError('client', `${server} did not take the message: ${message}`, options);
  }
  return new NotifyError('connection', `the connection to ${server} failed: ${message}`, options);
}

function isCertificateProblem(failure: SmtpFailure, message: string): boolean {
  return /certificate|self.signed|CERT_|altnames|unable to verify/i.test(`${failure.code ?? ''} ${message}`);
}

function saidOf(failure: SmtpFailure): string {
  const text = (failure.response ?? '').replace(/\s+/g, ' ').trim().slice(0, 200);
  return text === '' ? '' : `: ${text}`;
}

function hintOf(failure: SmtpFailure): string {
  if (failure.command === 'RCPT TO') return 'the server does not take mail for this address: check to, or log in';
  if (failure.command === 'MAIL FROM') return 'the server does not take mail from this sender: check from (smtp_from)';
  return 'the server’s answer says why';
}
