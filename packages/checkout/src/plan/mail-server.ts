import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { SettledOptions } from './options.ts';

/** How mail goes out, from the environment's address or from `mail`. */
export interface MailServer {
  readonly smarthost: string;
  readonly requireTls: boolean;
  readonly username: string | undefined;
  /** Only what the address in the environment holds; other secrets stay where they are. */
  readonly password: string | undefined;
}

/**
 * An address such as `smtp://user:password@mail.example.com:587` wins over `mail`. TLS is required unless the server is this
 * machine or the address says `?tls=optional`. Without any setting mail goes to this machine, port 25.
 */
export function mailServer({ mail }: TillwatchConfig, { environment }: SettledOptions): MailServer {
  const url = parsed(environment?.[mail.smtpUrlEnv]);
  if (url !== undefined) {
    const port = url.port || (url.protocol === 'smtps:' ? '465' : '587');
    const isOptional =
      url.searchParams.get('tls') === 'optional' ||
      url.searchParams.get('ignoreTLS') === 'true' ||
      isLoopback(url.hostname);
    return {
      smarthost: `${url.hostname}:${port}`,
      requireTls: !isOptional,
      username: url.username === '' ? undefined : decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
    };
  }
  if (mail.host === undefined) {
    return { smarthost: 'localhost:25', requireTls: false, username: undefined, password: undefined };
  }
  return {
    smarthost: `${mail.host}:${mail.port}`,
    requireTls: mail.tls === 'required',
    username: mail.username,
    password: undefined,
  };
}

function parsed(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const url = new URL(text);
    return /^smtps?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
