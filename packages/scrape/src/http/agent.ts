import { readFileSync } from 'node:fs';
import type { SecureVersion } from 'node:tls';
import type { HttpClientConfig, TlsConfig } from '@tillwatch/config';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { ScrapeError } from './scrape-error.ts';

const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** The connections of a job, kept open between scrapes. Time limits are the scrape's own. @throws {ScrapeError} */
export function createAgent(config: Pick<HttpClientConfig, 'tls' | 'proxyUrl'>): Dispatcher {
  const tls = config.tls === undefined ? {} : tlsOptions(config.tls);
  const limits = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 65_000, maxHeaderSize: 65_536 };
  if (config.proxyUrl !== undefined && config.proxyUrl !== '') {
    return new ProxyAgent({ ...limits, uri: config.proxyUrl, requestTls: tls });
  }
  return new Agent({ ...limits, connect: { ...tls, timeout: 0 } });
}

function tlsOptions(tls: TlsConfig): object {
  return withoutUndefined({
    ca: tls.ca ?? readPem(tls.caFile),
    cert: tls.cert ?? readPem(tls.certFile),
    key: tls.key?.reveal() ?? readPem(tls.keyFile),
    servername: tls.serverName,
    rejectUnauthorized: !tls.insecureSkipVerify,
    minVersion: tls.minVersion === undefined ? undefined : TLS_VERSIONS[tls.minVersion],
    maxVersion: tls.maxVersion === undefined ? undefined : TLS_VERSIONS[tls.maxVersion],
  });
}

function readPem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ScrapeError(
      'config',
      `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`,
      {
        cause,
      },
    );
  }
}

function withoutUndefined(record: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== ''));
}
