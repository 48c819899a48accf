import * as z from 'zod';
import { scalarText, textField, whole } from '../fields/field.ts';
import { anyMap, list, object, optional } from '../fields/object.ts';
import { choice, duration, flag, integer, number, secret, text } from '../fields/scalars.ts';
import { Secret } from '../fields/secret.ts';
import { checkHttpClient, HTTP_CLIENT_FIELDS, tlsConfig } from './http-client.ts';
import { relabelConfigs } from './relabel.ts';

// Sections of prometheus.yml that the embedded engine does not use. They are checked for what Prometheus would refuse, so
// that a file that passes here also loads there.

const RESERVED_HEADERS = new Set([
  'authorization',
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
]);

type Wire = Record<string, unknown>;
type FailAt = (path: PropertyKey | readonly PropertyKey[], message: string, params?: { readonly part?: 'key' }) => void;

function checkHeaders(wire: Wire, fail: FailAt, authorizationMessage: string): void {
  if (typeof wire.headers !== 'object' || wire.headers === null) return;
  for (const name of Object.keys(wire.headers)) {
    const lower = name.toLowerCase();
    if (lower === 'authorization') fail(['headers', name], authorizationMessage, { part: 'key' });
    else if (RESERVED_HEADERS.has(lower)) {
      fail(['headers', name], `${lower} is a reserved header. It must not be changed`, { part: 'key' });
    }
  }
}

const REMOTE_AUTH =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter';

const PROTOBUF_MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'];

function protobufMessage(): z.ZodType<string, unknown> {
  return textField((name, fail) => {
    if (PROTOBUF_MESSAGES.includes(name)) return name;
    const supported = PROTOBUF_MESSAGES.join(', ');
    return fail(
      `invalid protobuf_message value: unknown type for remote write protobuf message ${name}, supported: ${supported}`,
    );
  });
}

const QUEUE = object(
  {
    capacity: optional('capacity', integer()),
    maxShards: optional('max_shards', integer()),
    minShards: optional('min_shards', integer()),
    maxSamplesPerSend: optional('max_samples_per_send', integer()),
    batchSendDeadline: optional('batch_send_deadline', duration()),
    minBackoff: optional('min_backoff', duration()),
    maxBackoff: optional('max_backoff', duration()),
    retryOn429: optional('retry_on_http_429', flag()),
    sampleAgeLimit: optional('sample_age_limit', duration()),
  },
  whole((wire, fail) => {
    for (const name of ['capacity', 'max_shards', 'min_shards', 'max_samples_per_send']) {
      const value = wire[name];
      if (typeof value === 'number' && value <= 0) fail(name, `remote write queue ${name} must be positive`);
    }
    if (numberOr(wire.min_shards, 1) > numberOr(wire.max_shards, 50)) {
      fail('min_shards', 'remote write queue min_shards must not be greater than max_shards');
    }
    if (numberOr(wire.max_backoff, 5000) < numberOr(wire.min_backoff, 30)) {
      fail('max_backoff', 'remote write queue max_backoff must not be less than min_backoff');
    }
  }),
);

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

const REMOTE_WRITE = object(
  {
    ...HTTP_CLIENT_FIELDS,
    url: optional('url', text()),
    name: optional('name', text()),
    remoteTimeout: optional('remote_timeout', duration()),
    headers_: optional('headers', headerMap()),
    writeRelabelConfigs: optional(
      'write_relabel_configs',
      relabelConfigs('empty or null relabeling rule in remote write config'),
    ),
    sendExemplars: optional('send_exemplars', flag()),
    sendNativeHistograms: optional('send_native_histograms', flag()),
    roundRobinDns: optional('round_robin_dns', flag()),
    protobufMessage: optional('protobuf_message', protobufMessage()),
    queueConfig: optional('queue_config', QUEUE),
    metadataConfig: optional('metadata_config', anyMap()),
    sigv4: optional('sigv4', credentials()),
    azuread: optional('azuread', credentials()),
    googleIam: optional('google_iam', credentials()),
  },
  whole((wire, fail) => {
    if ((scalarText(wire.url) ?? '') === '') {
      fail(Object.hasOwn(wire, 'url') ? 'url' : [], 'url for remote_write is empty', { part: 'key' });
    }
    checkHeaders(wire, fail, REMOTE_AUTH);
    checkHttpClient(wire, fail);
  }),
);

const REMOTE_READ = object(
  {
    ...HTTP_CLIENT_FIELDS,
    url: optional('url', text()),
    name: optional('name', text()),
    remoteTimeout: optional('remote_timeout', duration()),
    chunkedReadLimit: optional('chunked_read_limit', integer({ min: 0 })),
    headers_: optional('headers', headerMap()),
    readRecent: optional('read_recent', flag()),
    requiredMatchers: optional('required_matchers', anyMap()),
    filterExternalLabels: optional('filter_external_labels', flag()),
  },
  whole((wire, fail) => {
    if ((scalarText(wire.url) ?? '') === '') {
      fail(Object.hasOwn(wire, 'url') ? 'url' : [], 'url for remote_read is empty', { part: 'key' });
    }
    checkHeaders(wire, fail, REMOTE_AUTH);
    checkHttpClient(wire, fail);
  }),
);

export function remoteWrite(): z.ZodType<unknown[], unknown> {
  return list(REMOTE_WRITE, 'empty or null remote write config section');
}

export function remoteRead(): z.ZodType<unknown[], unknown> {
  return list(REMOTE_READ, 'empty or null remote read config section');
}

export function tracing(): z.ZodType<unknown, unknown> {
  return object(
    {
      clientType: optional('client_type', choice('grpc', 'http')),
      endpoint: optional('endpoint', text()),
      samplingFraction: optional('sampling_fraction', number()),
      insecure: optional('insecure', flag()),
      tls: optional('tls_config', tlsConfig()),
      headers: optional('headers', headerMap()),
      compression: optional(
        'compression',
        textField((name, fail) =>
          name === 'gzip' || name === ''
            ? name
            : fail(`invalid compression type ${name} provided, valid options: gzip`),
        ),
      ),
      timeout: optional('timeout', duration()),
    },
    whole((wire, fail) => {
      if ((scalarText(wire.endpoint) ?? '') === '') fail([], 'tracing endpoint must be set', { part: 'key' });
      checkHeaders(wire, fail, 'authorization header configuration is not yet supported');
    }),
  );
}

const TRANSLATIONS = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
];

export function otlp(): z.ZodType<unknown, unknown> {
  return object(
    {
      promoteAll: optional('promote_all_resource_attributes', flag()),
      promote: optional('promote_resource_attributes', list(text())),
      ignore: optional('ignore_resource_attributes', list(text())),
      translation: optional('translation_strategy', text()),
      keepIdentifying: optional('keep_identifying_resource_attributes', flag()),
      convertHistograms: optional('convert_histograms_to_nhcb', flag()),
      promoteScope: optional('promote_scope_metadata', flag()),
      sanitizeUnderscores: optional('label_name_underscore_sanitization', flag()),
      keepUnderscores: optional('label_name_preserve_multiple_underscores', flag()),
    },
    whole((wire, fail) => {
      const strategy = wire.translation_strategy;
      if (typeof strategy === 'string' && strategy !== '' && !TRANSLATIONS.includes(strategy)) {
        fail('translation_strategy', `unsupported OTLP translation strategy "${strategy}"`);
      }
      checkAttributes(wire, fail);
    }),
  );
}

function checkAttributes(wire: Wire, fail: FailAt): void {
  const promoteAll = wire.promote_all_resource_attributes === true;
  const promoted = textsOf(wire.promote_resource_attributes);
  const ignored = textsOf(wire.ignore_resource_attributes);
  if (promoteAll && promoted.length > 0) {
    fail(
      'promote_resource_attributes',
      "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
    );
    return;
  }
  if (!promoteAll && ignored.length > 0) {
    fail(
      'ignore_resource_attributes',
      "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
    );
    return;
  }
  const report = (name: string, word: string, attributes: readonly string[]) => {
    const findings = attributes.flatMap((attribute, i) => {
      if (attribute === '') return [`empty ${word} OTel resource attribute`];
      return attributes.indexOf(attribute) < i ? [`duplicated ${word} OTel resource attribute "${attribute}"`] : [];
    });
    if (findings.length > 0) fail(name, `invalid '${name}': ${findings.join('\n')}`);
  };
  report('promote_resource_attributes', 'promoted', promoted);
  report('ignore_resource_attributes', 'ignored', ignored);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map((item) => (scalarText(item) ?? '').trim()) : [];
}

export function runtime(): z.ZodType<unknown, unknown> {
  return object({ gogc: optional('gogc', integer()) });
}

/** A map of headers; the values are secret since they often are keys. */
function headerMap(): z.ZodType<Record<string, Secret>, unknown> {
  return z.record(z.string(), secret()) as unknown as z.ZodType<Record<string, Secret>, unknown>;
}

/** A section of credentials that only the real servers understand: not looked into, and not shown. */
function credentials(): z.ZodType<Secret, unknown> {
  return anyMap().transform((value) => new Secret(JSON.stringify(value))) as unknown as z.ZodType<Secret, unknown>;
}
