import type { ConnectionOptions, SecureVersion } from 'node:tls';
import type { TlsConfig } from '@tillwatch/config';
import { readNamedFile } from './read-file.ts';

const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** TLS settings in Node's words. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
>;

/**
 * What Node needs to know for a `tls_config`. Files are read each time; equal results mean that nothing was rotated.
 * @throws {ScrapeError} when a file cannot be read.
 */
export async function tlsOptions(tls: TlsConfig | undefined): Promise<TlsOptions> {
  if (tls === undefined) return {};
  const options = {
    ca: tls.ca ?? (await readPem(tls.caFile)),
    cert: tls.cert ?? (await readPem(tls.certFile)),
    key: tls.key?.reveal() ?? (await readPem(tls.keyFile)),
    servername: tls.serverName,
    rejectUnauthorized: !tls.insecureSkipVerify,
    // Node's own least version is 1.2, as Go's is.
    minVersion: tls.minVersion === undefined ? undefined : TLS_VERSIONS[tls.minVersion],
    maxVersion: tls.maxVersion === undefined ? undefined : TLS_VERSIONS[tls.maxVersion],
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== ''));
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  return path === undefined || path === '' ? undefined : readNamedFile(path);
}
