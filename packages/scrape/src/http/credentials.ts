import type { HttpClientConfig } from '@tillwatch/config';
import { readSecretFile } from './read-file.ts';

type Credentials = Pick<HttpClientConfig, 'basicAuth' | 'authorization' | 'headers'>;

/**
 * The headers that prove who we are, without OAuth 2.0. Files are read each time, so that a rotated password works without a
 * reload. @throws {ScrapeError} when a file cannot be read.
 */
export async function credentialHeaders(config: Credentials): Promise<Record<string, string[]>> {
  const { basicAuth, authorization } = config;
  const headers: Record<string, string[]> = {};
  for (const [name, { values, secrets, files }] of Object.entries(config.headers)) {
    const read = await Promise.all(files.map(readSecretFile));
    headers[name.toLowerCase()] = [...values, ...secrets.map((secret) => secret.reveal()), ...read];
  }
  if (basicAuth !== undefined) {
    const { username, usernameFile, password, passwordFile } = basicAuth;
    const user = usernameFile === undefined ? username : await readSecretFile(usernameFile);
    const pass = passwordFile === undefined ? (password?.reveal() ?? '') : await readSecretFile(passwordFile);
    headers.authorization = [`Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`];
  } else if (authorization !== undefined) {
    const { credentials, credentialsFile } = authorization;
    const token = credentialsFile === undefined ? credentials?.reveal() : await readSecretFile(credentialsFile);
    if (token !== undefined && token !== '') headers.authorization = [`${authorization.type} ${token}`];
  }
  return headers;
}
