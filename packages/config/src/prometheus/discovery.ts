import { Labels } from '@tillwatch/model';
import type * as z from 'zod';
import { textField, whole } from '../fields/field.ts';
import { labelsRecord } from '../fields/labels.ts';
import { anything, defaulted, type FieldSpec, list, object, optional, required } from '../fields/object.ts';
import { duration, integer, text } from '../fields/scalars.ts';
import type { Discovery, DnsSdConfig, FileSdConfig, HttpSdConfig, StaticConfig } from './config.ts';
import { checkHttpClient, HTTP_CLIENT_FIELDS, httpClientOf } from './http-client.ts';

/** Discoveries that Prometheus has and the embedded engine does not. */
const UNSUPPORTED = [
  'aws',
  'azure',
  'consul',
  'digitalocean',
  'docker',
  'dockerswarm',
  'ec2',
  'ecs',
  'elasticache',
  'eureka',
  'gce',
  'hetzner',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'msk',
  'nerve',
  'nomad',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'rds',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
].map((name) => `${name}_sd_configs`);

/** A group of static targets. */
export const STATIC_CONFIG: z.ZodType<StaticConfig, unknown> = object({
  targets: defaulted('targets', list(text()), []),
  labels: defaulted('labels', labelsRecord(), Labels.empty),
});

const FILE_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

const FILE_SD: z.ZodType<FileSdConfig, unknown> = object(
  {
    files: defaulted(
      'files',
      list(
        textField((path, fail) =>
          FILE_PATTERN.test(path) ? path : fail(`path name "${path}" is not valid for file discovery`),
        ),
      ),
      [],
    ),
    refreshIntervalMs: defaulted('refresh_interval', duration(), 300_000),
  },
  whole((wire, fail) => {
    if (isEmptyList(wire.files)) fail([], 'file service discovery config must contain at least one path name');
  }),
);

const HTTP_SD: z.ZodType<HttpSdConfig, unknown> = object(
  {
    ...HTTP_CLIENT_FIELDS,
    url: required('url', httpSdUrl()),
    refreshIntervalMs: defaulted('refresh_interval', duration(), 60_000),
  },
  whole(checkHttpClient),
).transform(({ url, refreshIntervalMs, ...fields }) => ({
  url,
  refreshIntervalMs,
  ...httpClientOf(fields),
})) as unknown as z.ZodType<HttpSdConfig, unknown>;

function httpSdUrl(): z.ZodType<string, unknown> {
  return textField((url, fail) => {
    if (url === '') return fail('URL is missing');
    if (!/^https?:/i.test(url)) return fail("URL scheme must be 'http' or 'https'", { code: 'url' });
    if (!/^https?:\/\/[^/?#]/i.test(url)) return fail('host is missing in URL', { code: 'url' });
    return URL.canParse(url) ? url : fail(`"${url}" is not a URL`, { code: 'url' });
  });
}

const DNS_SD: z.ZodType<DnsSdConfig, unknown> = object(
  {
    names: defaulted('names', list(text()), []),
    type: defaulted('type', recordType(), 'SRV'),
    port: defaulted('port', integer({ min: 0, max: 65_535 }), 0),
    refreshIntervalMs: defaulted('refresh_interval', duration(), 30_000),
  },
  whole((wire, fail) => {
    if (isEmptyList(wire.names)) fail([], 'DNS-SD config must contain at least one SRV record name');
    const needsPort = wire.type !== undefined && wire.type !== 'SRV' && wire.type !== 'MX';
    if (needsPort && (wire.port ?? 0) === 0) {
      fail('type', 'a port is required in DNS-SD configs for all record types except SRV');
    }
  }),
);

function recordType(): z.ZodType<DnsSdConfig['type'], unknown> {
  return choiceOf(['SRV', 'A', 'AAAA', 'MX', 'NS'], (word) => `invalid DNS-SD records type ${word}`);
}

function choiceOf<const T extends string>(
  words: readonly T[],
  message: (word: string) => string,
): z.ZodType<T, unknown> {
  return textField((written, fail) => {
    const found = words.find((word) => word === written.toUpperCase());
    return found ?? fail(message(written), { hint: `write one of ${words.join(', ')}` });
  });
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

const UNSUPPORTED_FIELDS: Readonly<Record<string, FieldSpec<unknown>>> = Object.fromEntries(
  UNSUPPORTED.map((wire) => [wire, optional(wire, anything())]),
);

/** The fields that say where targets come from, for objects that hold them among others. */
export const DISCOVERY_FIELDS = {
  staticConfigs: defaulted('static_configs', list(STATIC_CONFIG, 'empty or null section in static_configs'), []),
  fileSdConfigs: defaulted('file_sd_configs', list(FILE_SD, 'empty or null section in file_sd_configs'), []),
  httpSdConfigs: defaulted('http_sd_configs', list(HTTP_SD, 'empty or null section in http_sd_configs'), []),
  dnsSdConfigs: defaulted('dns_sd_configs', list(DNS_SD, 'empty or null section in dns_sd_configs'), []),
  ...UNSUPPORTED_FIELDS,
} as const;

/** Picks discovery out of the fields of an object that was read with `DISCOVERY_FIELDS`. */
export function discoveryOf(fields: Omit<Discovery, 'unsupportedDiscoveries'>): Discovery {
  const { staticConfigs, fileSdConfigs, httpSdConfigs, dnsSdConfigs } = fields;
  const given = fields as unknown as Record<string, unknown>;
  const unsupportedDiscoveries = UNSUPPORTED.filter((name) => given[name] !== undefined);
  return { staticConfigs, fileSdConfigs, httpSdConfigs, dnsSdConfigs, unsupportedDiscoveries };
}

/**
 * Finds targets that are URLs where a host and port belong. Relabelling may still make an address of them, so the check is
 * for objects whose rules do not set the address.
 */
export function checkTargetAddresses(
  wire: Record<string, unknown>,
  fail: (path: readonly PropertyKey[], message: string, params: { code: string; hint: string }) => void,
): void {
  const rules = Array.isArray(wire.relabel_configs) ? wire.relabel_configs : [];
  if (rules.some((rule) => setsAddress(rule))) return;
  const groups = Array.isArray(wire.static_configs) ? (wire.static_configs as Partial<StaticConfig>[]) : [];
  groups.forEach((group, i) => {
    const targets = Array.isArray(group?.targets) ? group.targets : [];
    targets.forEach((target, j) => {
      if (typeof target !== 'string' || !target.includes('/')) return;
      const message = `"${target}" is not a valid hostname`;
      fail(['static_configs', i, 'targets', j], message, { code: 'target', hint: targetHint(target) });
    });
  });
}

function setsAddress(rule: unknown): boolean {
  const { targetLabel, action } = (rule ?? {}) as { targetLabel?: string; action?: string };
  return (
    targetLabel === '__address__' || action === 'labelmap' || (targetLabel ?? '').includes('$') || action === 'drop'
  );
}

function targetHint(target: string): string {
  const host = target.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/, '');
  return `a target is host:port${host === '' ? '' : `: write ${host}`}; the path goes into metrics_path, https into scheme`;
}
