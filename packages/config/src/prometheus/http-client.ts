import * as z from 'zod';
import { field, scalarText, whole } from '../fields/field.ts';
import { anyMap, defaulted, list, object, optional } from '../fields/object.ts';
import { flag, secret, text } from '../fields/scalars.ts';
import { Secret } from '../fields/secret.ts';
import { url } from '../fields/url.ts';

/** How an HTTP client authenticates and connects. Prometheus and Alertmanager write it alike. */
export interface HttpClientConfig {
  readonly basicAuth: BasicAuth | undefined;
  /** `bearer_token` is read as this with the type Bearer. */
  readonly authorization: Authorization | undefined;
  readonly oauth2: OAuth2 | undefined;
  readonly tls: TlsConfig | undefined;
  readonly followRedirects: boolean;
  readonly enableHttp2: boolean;
  readonly proxyUrl: string | undefined;
  /** Hosts, domains, addresses and networks that are not reached through the proxy, separated by commas. */
  readonly noProxy: string | undefined;
  readonly proxyFromEnvironment: boolean;
  /** Headers for the proxy, sent when a tunnel is asked for. */
  readonly proxyConnectHeader: Readonly<Record<string, readonly Secret[]>>;
  /** Extra headers by name; the values are secret since they often are keys. */
  readonly headers: Readonly<Record<string, HeaderValues>>;
}

export interface HeaderValues {
  readonly values: readonly string[];
  readonly secrets: readonly Secret[];
  readonly files: readonly string[];
}

export interface BasicAuth {
  readonly username: string;
  readonly usernameFile: string | undefined;
  readonly password: Secret | undefined;
  readonly passwordFile: string | undefined;
}

export interface Authorization {
  readonly type: string;
  readonly credentials: Secret | undefined;
  readonly credentialsFile: string | undefined;
}

/** Access tokens that are fetched from an authorization server. */
export interface OAuth2 extends ProxySettings {
  readonly clientId: string;
  readonly clientSecret: Secret | undefined;
  readonly clientSecretFile: string | undefined;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  readonly endpointParams: Readonly<Record<string, unknown>>;
  readonly tls: TlsConfig | undefined;
  /** `undefined` and `client_credentials` mean the same. */
  readonly grantType: string | undefined;
}

/** Through which proxy a client goes. */
export type ProxySettings = Pick<
  HttpClientConfig,
  'proxyUrl' | 'noProxy' | 'proxyFromEnvironment' | 'proxyConnectHeader'
>;

export interface TlsConfig {
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  readonly cert: string | undefined;
  readonly certFile: string | undefined;
  readonly key: Secret | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: string | undefined;
  readonly maxVersion: string | undefined;
}

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'];

/** A `tls_config`. */
export function tlsConfig(): z.ZodType<TlsConfig, unknown> {
  return object(
    {
      ca: optional('ca', text()),
      caFile: optional('ca_file', text()),
      cert: optional('cert', text()),
      certFile: optional('cert_file', text()),
      key: optional('key', secret()),
      keyFile: optional('key_file', text()),
      serverName: optional('server_name', text()),
      insecureSkipVerify: defaulted('insecure_skip_verify', flag(), false),
      minVersion: optional('min_version', tlsVersion()),
      maxVersion: optional('max_version', tlsVersion()),
      caRef: optional('ca_ref', text()),
      certRef: optional('cert_ref', text()),
      keyRef: optional('key_ref', text()),
    },
    whole((tls, fail) => {
      atMostOne(tls, fail, ['ca', 'ca_file'], 'at most one of ca and ca_file must be configured');
      atMostOne(tls, fail, ['cert', 'cert_file'], 'at most one of cert and cert_file must be configured');
      atMostOne(tls, fail, ['key', 'key_file'], 'at most one of key and key_file must be configured');
      const hasCert = isGiven(tls.cert) || isGiven(tls.cert_file);
      const hasKey = isGiven(tls.key) || isGiven(tls.key_file);
      if (hasCert && !hasKey) {
        fail([], 'exactly one of key or key_file must be configured when a client certificate is configured');
      }
      if (hasKey && !hasCert) {
        fail([], 'exactly one of cert or cert_file must be configured when a client key is configured');
      }
    }),
  );
}

function tlsVersion(): z.ZodType<string, unknown> {
  return field((value, fail) => {
    const written = scalarText(value) ?? '';
    return TLS_VERSIONS.includes(written)
      ? written
      : fail(`unknown TLS version: ${written}`, { hint: `write one of ${TLS_VERSIONS.join(', ')}` });
  });
}

function basicAuth(): z.ZodType<BasicAuth, unknown> {
  return object(
    {
      username: defaulted('username', text(), ''),
      usernameFile: optional('username_file', text()),
      password: optional('password', secret()),
      passwordFile: optional('password_file', text()),
      usernameRef: optional('username_ref', text()),
      passwordRef: optional('password_ref', text()),
    },
    whole((auth, fail) => {
      atMostOne(
        auth,
        fail,
        ['username', 'username_file'],
        'at most one of basic_auth username & username_file must be configured',
      );
      atMostOne(
        auth,
        fail,
        ['password', 'password_file'],
        'at most one of basic_auth password & password_file must be configured',
      );
    }),
  );
}

function authorization(): z.ZodType<Authorization, unknown> {
  return object(
    {
      type: defaulted('type', text(), 'Bearer'),
      credentials: optional('credentials', secret()),
      credentialsFile: optional('credentials_file', text()),
      credentialsRef: optional('credentials_ref', text()),
    },
    whole((auth, fail) => {
      atMostOne(
        auth,
        fail,
        ['credentials', 'credentials_file'],
        'at most one of authorization credentials & credentials_file must be configured',
      );
      if (typeof auth.type === 'string' && auth.type.trim().toLowerCase() === 'basic') {
        fail('type', 'authorization type cannot be set to "basic", use "basic_auth" instead');
      }
    }),
  );
}

function oauth2(): z.ZodType<OAuth2, unknown> {
  return object(
    {
      clientId: defaulted('client_id', text(), ''),
      clientSecret: optional('client_secret', secret()),
      clientSecretFile: optional('client_secret_file', text()),
      clientSecretRef: optional('client_secret_ref', text()),
      tokenUrl: defaulted('token_url', text(), ''),
      scopes: defaulted('scopes', list(text()), []),
      endpointParams: defaulted('endpoint_params', anyMap(), {}),
      tls: optional('tls_config', tlsConfig()),
      proxyUrl: optional('proxy_url', text()),
      noProxy: optional('no_proxy', text()),
      proxyFromEnvironment: defaulted('proxy_from_environment', flag(), false),
      proxyConnectHeader: defaulted('proxy_connect_header', proxyConnectHeader(), {}),
      grantType: optional('grant_type', text()),
      clientCertificateKeyId: optional('client_certificate_key_id', text()),
      clientCertificateKey: optional('client_certificate_key', secret()),
      clientCertificateKeyFile: optional('client_certificate_key_file', text()),
      clientCertificateKeyRef: optional('client_certificate_key_ref', text()),
      signatureAlgorithm: optional('signature_algorithm', text()),
      iss: optional('iss', text()),
      audience: optional('audience', text()),
      claims: optional('claims', anyMap()),
    },
    whole((auth, fail) => {
      if (!isGiven(auth.client_id)) fail([], 'oauth2 client_id must be configured');
      if (!isGiven(auth.token_url)) fail([], 'oauth2 token_url must be configured');
      atMostOne(
        auth,
        fail,
        ['client_secret', 'client_secret_file'],
        'at most one of oauth2 client_secret & client_secret_file must be configured',
      );
    }),
  );
}

function headers(): z.ZodType<Record<string, HeaderValues>, unknown> {
  const values = object({
    values: defaulted('values', list(text()), []),
    secrets: defaulted('secrets', list(secret()), []),
    files: defaulted('files', list(text()), []),
  });
  return z.record(z.string(), values) as unknown as z.ZodType<Record<string, HeaderValues>, unknown>;
}

function proxyConnectHeader(): z.ZodType<Record<string, Secret[]>, unknown> {
  return z.record(z.string(), list(secret())) as unknown as z.ZodType<Record<string, Secret[]>, unknown>;
}

/** The fields of an HTTP client, for objects that hold them among others. */
export const HTTP_CLIENT_FIELDS = {
  basicAuth: optional('basic_auth', basicAuth()),
  authorization: optional('authorization', authorization()),
  oauth2: optional('oauth2', oauth2()),
  tls: optional('tls_config', tlsConfig()),
  followRedirects: defaulted('follow_redirects', flag(), true),
  enableHttp2: defaulted('enable_http2', flag(), true),
  proxyUrl: optional('proxy_url', url()),
  noProxy: optional('no_proxy', text()),
  proxyFromEnvironment: defaulted('proxy_from_environment', flag(), false),
  proxyConnectHeader: defaulted('proxy_connect_header', proxyConnectHeader(), {}),
  headers: defaulted('http_headers', headers(), {}),
  bearerToken: optional('bearer_token', secret()),
  bearerTokenFile: optional('bearer_token_file', text()),
} as const;

type Wire = Record<string, unknown>;
type FailAt = (path: PropertyKey | readonly PropertyKey[], message: string) => void;

/** The rules between the fields of an HTTP client. */
export function checkHttpClient(wire: Wire, fail: FailAt): void {
  atMostOne(
    wire,
    fail,
    ['bearer_token', 'bearer_token_file'],
    'at most one of bearer_token & bearer_token_file must be configured',
  );
  const hasBearer = isGiven(wire.bearer_token) || isGiven(wire.bearer_token_file);
  const hasBasic = isGiven(wire.basic_auth);
  const hasOauth = isGiven(wire.oauth2);
  if (hasBearer && (hasBasic || hasOauth)) {
    fail(
      hasBasic ? 'basic_auth' : 'oauth2',
      'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured',
    );
  }
  if (isGiven(wire.authorization)) {
    if (hasBearer) fail('authorization', 'authorization is not compatible with bearer_token & bearer_token_file');
    if (hasBasic || hasOauth) {
      fail('authorization', 'at most one of basic_auth, oauth2 & authorization must be configured');
    }
  } else if (hasBasic && hasOauth) {
    fail('oauth2', 'at most one of basic_auth, oauth2 & authorization must be configured');
  }
  checkProxy(wire, fail);
}

function checkProxy(wire: Wire, fail: FailAt): void {
  const fromEnvironment = wire.proxy_from_environment === true;
  if (fromEnvironment && isGiven(wire.proxy_url)) {
    fail('proxy_url', 'if proxy_from_environment is configured, proxy_url must not be configured');
  }
  if (fromEnvironment && isGiven(wire.no_proxy)) {
    fail('no_proxy', 'if proxy_from_environment is configured, no_proxy must not be configured');
  } else if (isGiven(wire.no_proxy) && !isGiven(wire.proxy_url)) {
    fail('no_proxy', 'if no_proxy is configured, proxy_url must also be configured');
  }
  if (isGiven(wire.proxy_connect_header) && !fromEnvironment && !isGiven(wire.proxy_url)) {
    fail(
      'proxy_connect_header',
      'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured',
    );
  }
}

/** Reports the second of several given fields of which only one may be. */
export function atMostOne(wire: Wire, fail: FailAt, names: readonly string[], message: string): void {
  const given = names.filter((name) => isGiven(wire[name]));
  if (given.length > 1) fail(given[1]!, message);
}

/** An empty text counts as not given, as in Go. */
export function isGiven(value: unknown): boolean {
  if (value instanceof Secret) return !value.isEmpty;
  return value !== undefined && value !== null && value !== '';
}

interface ReadFields extends HttpClientConfig {
  readonly bearerToken: Secret | undefined;
  readonly bearerTokenFile: string | undefined;
}

/** What the fields amount to: `bearer_token` is another way to write `authorization`. */
export function httpClientOf(fields: ReadFields): HttpClientConfig {
  const { basicAuth, oauth2, tls, followRedirects, enableHttp2, headers } = fields;
  const { proxyUrl, noProxy, proxyFromEnvironment, proxyConnectHeader, bearerToken, bearerTokenFile } = fields;
  const hasBearer = isGiven(bearerToken) || isGiven(bearerTokenFile);
  const authorization: Authorization | undefined = hasBearer
    ? { type: 'Bearer', credentials: bearerToken, credentialsFile: bearerTokenFile }
    : fields.authorization;
  return {
    basicAuth,
    authorization,
    oauth2,
    tls,
    followRedirects,
    enableHttp2,
    proxyUrl,
    noProxy,
    proxyFromEnvironment,
    proxyConnectHeader,
    headers,
  };
}

/** An `http_config` on its own. */
export function httpConfig(): z.ZodType<HttpClientConfig, unknown> {
  const read = object(HTTP_CLIENT_FIELDS, whole(checkHttpClient));
  return read.transform((fields) => httpClientOf(fields)) as unknown as z.ZodType<HttpClientConfig, unknown>;
}
