import { readFile } from 'node:fs/promises';
import type { HttpClientConfig } from '@tillwatch/config';
import { ScrapeError } from './scrape-error.ts';

type Credentials = Pick<HttpClientConfig, 'basicAuth' | 'authorization' | 'headers' | 'oauth2'>;

/**
 * The headers that prove who we are. Files are read each time, so that a rotated password works without a reload.
 * @throws {ScrapeError} when a file cannot be read.
 */
export async function credentialHeaders(config: Credentials): Promise<Record<string, string[]>> {
  const { basicAuth, authorization, oauth2 } = config;
  if (oauth2 !== undefined) {
    throw new ScrapeError('config', 'oauth2 is not supported: use authorization with a credentials_file');
  }
  const headers: Record<string, string[]> = {};
  for (const [name, { values, secrets, files }] of Object.entries(config.headers)) {
    const read = await Promise.all(files.map(readSecret));
    headers[name.toLowerCase()] = [...values, ...secrets.map((secret) => secret.reveal()), ...read];
  }
  if (basicAuth !== undefined) {
    const username =
      basicAuth.usernameFile === undefined ? basicAuth.username : await readSecret(basicAuth.usernameFile);
    const password =
      basicAuth.passwordFile === undefined ? basicAuth.password?.reveal() : await readSecret(basicAuth.passwordFile);
    headers.authorization = [`Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`];
  } else if (authorization !== undefined) {
    const { credentials, credentialsFile } = authorization;
    const token = credentialsFile === undefined ? credentials?.reveal() : await readSecret(credentialsFile);
    if (token !== undefined && token !== '') headers.authorization = [`${authorization.type} ${token}`];
  }
  return headers;
}

async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
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
