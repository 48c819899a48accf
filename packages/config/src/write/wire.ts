import { formatDuration, Labels, type Matcher } from '@tillwatch/model';
import { Secret } from '../fields/secret.ts';
import { formatMatcher } from '../matchers/parse-matchers.ts';
import type { Authorization, BasicAuth, HttpClientConfig, OAuth2, TlsConfig } from '../prometheus/http-client.ts';
import type { WriteOptions, YamlValue } from './yaml-text.ts';

/** A secret that would have stood in plain sight in a file. */
export class SecretInFileError extends Error {
  override readonly name = 'SecretInFileError';
  /** The field that would have held it. */
  readonly field: string;

  constructor(field: string) {
    super(`${field} would be written in plain sight: name a file that holds it, or ask for secrets to be revealed`);
    this.field = field;
  }
}

/** Labels in either form. */
export type LabelsInput = Labels | Readonly<Record<string, string>>;

/** A value, or nothing when it is what the reader assumes anyway. */
export function unless<T extends YamlValue>(value: T | undefined, assumed: T): T | undefined {
  return value === undefined || same(value, assumed) ? undefined : value;
}

/** A duration, or nothing when it is what the reader assumes anyway. */
export function durationUnless(ms: number | undefined, assumedMs: number | undefined): string | undefined {
  return ms === undefined || ms === assumedMs ? undefined : formatDuration(ms);
}

/** Are two values the same, secrets included? */
export function same(a: unknown, b: unknown): boolean {
  return comparable(a) === comparable(b);
}

function comparable(value: unknown): string | undefined {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, inner: unknown) {
    const original = this[key];
    return original instanceof Secret ? { secret: original.reveal() } : inner;
  });
}

/** A list, or nothing when it is empty. */
export function listOf<T>(items: readonly T[] | undefined, write: (item: T) => YamlValue): YamlValue {
  return items === undefined || items.length === 0 ? undefined : items.map(write);
}

/** Labels sorted by name, or nothing when there are none. */
export function labelMap(labels: LabelsInput | undefined): YamlValue {
  const record = labels instanceof Labels ? labels.toRecord() : labels;
  return record === undefined || Object.keys(record).length === 0 ? undefined : record;
}

/** A matcher in the notation that every Alertmanager reads. */
export function matcherText(matcher: Matcher | string): string {
  return typeof matcher === 'string' ? matcher : formatMatcher(matcher);
}

/** The text of a secret, or nothing when there is none. @throws {SecretInFileError} when it may not be revealed */
export function secretText(secret: Secret | undefined, field: string, options: WriteOptions): string | undefined {
  if (secret === undefined) return undefined;
  if (options.revealSecrets !== true) throw new SecretInFileError(field);
  return secret.reveal();
}

/** Are they the same secret? */
export function sameSecret(a: Secret | undefined, b: Secret | undefined): boolean {
  return a?.reveal() === b?.reveal();
}

export function tlsMap(tls: Partial<TlsConfig> | undefined, options: WriteOptions): YamlValue {
  if (tls === undefined) return undefined;
  return {
    ca: tls.ca,
    ca_file: tls.caFile,
    cert: tls.cert,
    cert_file: tls.certFile,
    key: secretText(tls.key, 'tls_config.key', options),
    key_file: tls.keyFile,
    server_name: tls.serverName,
    insecure_skip_verify: unless(tls.insecureSkipVerify, false),
    min_version: tls.minVersion,
    max_version: tls.maxVersion,
  };
}

/** The parts of an HTTP client that can be left out. */
export type HttpClientInput = Partial<Omit<HttpClientConfig, 'basicAuth' | 'authorization' | 'oauth2' | 'tls'>> & {
  readonly basicAuth?: Partial<BasicAuth> | undefined;
  readonly authorization?: Partial<Authorization> | undefined;
  readonly oauth2?: Partial<OAuth2> | undefined;
  readonly tls?: Partial<TlsConfig> | undefined;
};

/** The fields of an HTTP client, to be put among others. */
export function httpClientMap(http: HttpClientInput, options: WriteOptions): { readonly [key: string]: YamlValue } {
  const { basicAuth, authorization, oauth2 } = http;
  return {
    basic_auth: basicAuth && {
      username: unless(basicAuth.username, ''),
      username_file: basicAuth.usernameFile,
      password: secretText(basicAuth.password, 'basic_auth.password', options),
      password_file: basicAuth.passwordFile,
    },
    authorization: authorization && {
      type: unless(authorization.type, 'Bearer'),
      credentials: secretText(authorization.credentials, 'authorization.credentials', options),
      credentials_file: authorization.credentialsFile,
    },
    oauth2: oauth2 && {
      client_id: oauth2.clientId,
      client_secret: secretText(oauth2.clientSecret, 'oauth2.client_secret', options),
      client_secret_file: oauth2.clientSecretFile,
      token_url: oauth2.tokenUrl,
      scopes: listOf(oauth2.scopes, (scope) => scope),
      endpoint_params: oauth2.endpointParams && unless(oauth2.endpointParams as { [key: string]: YamlValue }, {}),
      tls_config: tlsMap(oauth2.tls, options),
    },
    tls_config: tlsMap(http.tls, options),
    follow_redirects: unless(http.followRedirects, true),
    enable_http2: unless(http.enableHttp2, true),
    proxy_url: http.proxyUrl,
    no_proxy: http.noProxy,
    proxy_from_environment: unless(http.proxyFromEnvironment, false),
    proxy_connect_header: proxyHeaderMap(http.proxyConnectHeader, options),
    http_headers: headerMap(http.headers, options),
  };
}

function proxyHeaderMap(headers: HttpClientInput['proxyConnectHeader'], options: WriteOptions): YamlValue {
  if (headers === undefined || Object.keys(headers).length === 0) return undefined;
  const written = Object.entries(headers).map(([name, values]) => [
    name,
    listOf(values, (value) => secretText(value, `proxy_connect_header.${name}`, options)),
  ]);
  return Object.fromEntries(written) as YamlValue;
}

function headerMap(headers: HttpClientInput['headers'], options: WriteOptions): YamlValue {
  if (headers === undefined || Object.keys(headers).length === 0) return undefined;
  const written = Object.entries(headers).map(([name, { values, secrets, files }]) => [
    name,
    {
      values: listOf(values, (value) => value),
      secrets: listOf(secrets, (value) => secretText(value, `http_headers.${name}.secrets`, options)),
      files: listOf(files, (file) => file),
    },
  ]);
  return Object.fromEntries(written) as YamlValue;
}

/** An `http_config`, or nothing when it says nothing. */
export function httpConfigMap(http: HttpClientInput | undefined, options: WriteOptions): YamlValue {
  if (http === undefined) return undefined;
  const map = httpClientMap(http, options);
  return Object.values(map).every((value) => value === undefined) ? {} : map;
}
