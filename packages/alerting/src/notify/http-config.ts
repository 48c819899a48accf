import type { HttpClientConfig, TlsConfig } from '@tillwatch/config';
import { type ReadFile, readSetting, revealSecret } from './files.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client.ts';
import { NotifyError } from './notify-error.ts';

/** An HTTP client as an `http_config` describes it: connections once, credentials at every use. */
export interface ConfiguredHttp {
  readonly client: HttpClient;
  /** @throws {NotifyError} reason `configuration` */
  headers(): Promise<Record<string, string>>;
}

/** @throws {NotifyError} reason `configuration` when a file cannot be read or a setting is not supported */
export async function configuredHttp(config: HttpClientConfig | undefined, read: ReadFile): Promise<ConfiguredHttp> {
  if (config === undefined) return { client: createHttpClient(), headers: async () => ({}) };
  if (config.oauth2 !== undefined) {
    throw new NotifyError('configuration', 'http_config.oauth2 is not supported for receivers', {
      hint: 'use authorization with credentials_file',
    });
  }
  return {
    client: createHttpClient({ proxyUrl: config.proxyUrl, tls: await tlsOptions(config.tls, 'http_config', read) }),
    headers: () => authHeaders(config, read),
  };
}

async function authHeaders(config: HttpClientConfig, read: ReadFile): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, { values, secrets, files }] of Object.entries(config.headers)) {
    const first =
      values[0] ?? secrets[0]?.reveal() ?? (files[0] && (await readSetting(files[0], 'http_headers', read)));
    if (first !== undefined) headers[name.toLowerCase()] = first.trim();
  }
  const { authorization, basicAuth } = config;
  if (authorization !== undefined) {
    const credentials = await revealSecret(
      authorization.credentials,
      authorization.credentialsFile,
      'http_config.authorization.credentials_file',
      read,
    );
    if (credentials !== undefined) headers.authorization = `${authorization.type} ${credentials}`;
  }
  if (basicAuth !== undefined) {
    const file = basicAuth.usernameFile;
    const user =
      file === undefined ? basicAuth.username : (await readSetting(file, 'basic_auth.username_file', read)).trim();
    const password = await revealSecret(basicAuth.password, basicAuth.passwordFile, 'basic_auth.password_file', read);
    headers.authorization = `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
  }
  return headers;
}

/** File contents for a `tls_config`. @throws {NotifyError} reason `configuration` */
export async function tlsOptions(
  tls: TlsConfig | undefined,
  place: string,
  read: ReadFile,
): Promise<HttpClientOptions['tls']> {
  if (tls === undefined) return undefined;
  const textOrFile = async (text: string | undefined, file: string | undefined, name: string) =>
    text ?? (file === undefined ? undefined : readSetting(file, `${place}.${name}`, read));
  return {
    ca: await textOrFile(tls.ca, tls.caFile, 'tls_config.ca_file'),
    cert: await textOrFile(tls.cert, tls.certFile, 'tls_config.cert_file'),
    key: await textOrFile(tls.key?.reveal(), tls.keyFile, 'tls_config.key_file'),
    serverName: tls.serverName,
    insecureSkipVerify: tls.insecureSkipVerify,
  };
}
