import type { Span } from '@tillwatch/model';
import * as z from 'zod';
import { byteSize } from '../fields/byte-size.ts';
import { scalarText, textField, whole } from '../fields/field.ts';
import { defaulted, list, object, optional } from '../fields/object.ts';
import { choice, duration, flag, integer, number, text } from '../fields/scalars.ts';
import type { EscapingScheme, GlobalConfig, ScrapeConfig, ScrapeDefaults, ScrapeProtocol } from './config.ts';
import { checkTargetAddresses, DISCOVERY_FIELDS, discoveryOf } from './discovery.ts';
import { checkHttpClient, HTTP_CLIENT_FIELDS, httpClientOf } from './http-client.ts';
import { relabelConfigs } from './relabel.ts';

const PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
];

const DEFAULT_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

/** With native histograms the protobuf format comes first: it alone carries them in every version. */
const NATIVE_PROTOCOLS: readonly ScrapeProtocol[] = ['PrometheusProto', ...DEFAULT_PROTOCOLS];

export function defaultProtocols(native: boolean): readonly ScrapeProtocol[] {
  return native ? NATIVE_PROTOCOLS : DEFAULT_PROTOCOLS;
}

function validationScheme(): z.ZodType<'utf8' | 'legacy', unknown> {
  return textField((word, fail) => {
    if (word === 'utf8' || word === 'legacy') return word;
    return fail(`unrecognized ValidationScheme: "${word}"`, { hint: 'write utf8 or legacy' });
  });
}

/** The fields that `global` and every scrape config have. */
export const SCRAPE_DEFAULT_FIELDS = {
  scrapeIntervalMs: optional('scrape_interval', duration()),
  scrapeTimeoutMs: optional('scrape_timeout', duration()),
  scrapeProtocols: optional('scrape_protocols', list(text())),
  scrapeNativeHistograms: optional('scrape_native_histograms', flag()),
  alwaysScrapeClassicHistograms: optional('always_scrape_classic_histograms', flag()),
  convertClassicHistogramsToNhcb: optional('convert_classic_histograms_to_nhcb', flag()),
  extraScrapeMetrics: optional('extra_scrape_metrics', flag()),
  metricNameValidationScheme: optional('metric_name_validation_scheme', validationScheme()),
  metricNameEscapingScheme: optional(
    'metric_name_escaping_scheme',
    choice<EscapingScheme>('allow-utf-8', 'underscores', 'dots', 'values'),
  ),
  bodySizeLimitBytes: optional('body_size_limit', byteSize()),
  sampleLimit: optional('sample_limit', integer({ min: 0 })),
  targetLimit: optional('target_limit', integer({ min: 0 })),
  labelLimit: optional('label_limit', integer({ min: 0 })),
  labelNameLengthLimit: optional('label_name_length_limit', integer({ min: 0 })),
  labelValueLengthLimit: optional('label_value_length_limit', integer({ min: 0 })),
  keepDroppedTargets: optional('keep_dropped_targets', integer({ min: 0 })),
} as const;

const SCRAPE_FIELDS = {
  ...HTTP_CLIENT_FIELDS,
  ...DISCOVERY_FIELDS,
  ...SCRAPE_DEFAULT_FIELDS,
  jobName: defaulted('job_name', text(), ''),
  metricsPath: defaulted('metrics_path', text(), '/metrics'),
  scheme: defaulted('scheme', choice('http', 'https'), 'http'),
  params: defaulted('params', queryParams(), {}),
  honorLabels: defaulted('honor_labels', flag(), false),
  honorTimestamps: defaulted('honor_timestamps', flag(), true),
  trackTimestampsStaleness: defaulted('track_timestamps_staleness', flag(), false),
  enableCompression: defaulted('enable_compression', flag(), true),
  fallbackScrapeProtocol: optional('fallback_scrape_protocol', text()),
  scrapeFailureLogFile: optional('scrape_failure_log_file', text()),
  nativeHistogramBucketLimit: defaulted('native_histogram_bucket_limit', integer({ min: 0 }), 0),
  nativeHistogramMinBucketFactor: defaulted('native_histogram_min_bucket_factor', number({ min: 0 }), 0),
  relabelConfigs: defaulted('relabel_configs', relabelConfigs('empty or null target relabeling rule'), []),
  metricRelabelConfigs: defaulted('metric_relabel_configs', relabelConfigs('empty or null metric relabeling rule'), []),
} as const;

function queryParams(): z.ZodType<Record<string, string[]>, unknown> {
  return z.record(z.string(), list(text())) as unknown as z.ZodType<Record<string, string[]>, unknown>;
}

/** A scrape config as it is written, before it inherits from `global`. */
export type RawScrapeConfig = z.output<typeof SCRAPE_CONFIG>;

export const SCRAPE_CONFIG = object(
  SCRAPE_FIELDS,
  whole((wire, fail) => {
    const name = scalarText(wire.job_name) ?? '';
    if (name === '') fail(wire.job_name === undefined ? [] : 'job_name', 'job_name is empty', { part: 'key' });
    checkHttpClient(wire, fail);
    checkTargetAddresses(wire, fail);
    const job = `for scrape config with job name "${name}"`;
    const fallback = wire.fallback_scrape_protocol;
    if (typeof fallback === 'string' && !isProtocol(fallback)) {
      fail('fallback_scrape_protocol', `invalid fallback_scrape_protocol ${job}: ${unknownProtocol(fallback)}`);
    }
    checkProtocols(wire, (message) => `scrape_protocols: ${message} ${job}`, fail);
  }),
);

/** Checks `scrape_protocols` of `global` or a scrape config; `word` turns a finding into a message. */
export function checkProtocols(
  wire: Record<string, unknown>,
  word: (message: string) => string,
  fail: (path: readonly PropertyKey[], message: string) => void,
): void {
  if (!Array.isArray(wire.scrape_protocols)) return;
  if (wire.scrape_protocols.length === 0) fail(['scrape_protocols'], word('scrape protocols cannot be empty'));
  const seen = new Set<unknown>();
  wire.scrape_protocols.forEach((protocol: unknown, i) => {
    const path = ['scrape_protocols', i];
    if (typeof protocol === 'string' && !isProtocol(protocol)) fail(path, word(unknownProtocol(protocol)));
    if (seen.has(protocol)) fail(path, word(`duplicated protocol in scrape_protocols, got ${String(protocol)}`));
    seen.add(protocol);
  });
}

function isProtocol(word: string): word is ScrapeProtocol {
  return (PROTOCOLS as readonly string[]).includes(word);
}

function unknownProtocol(word: string): string {
  return `unknown scrape protocol ${word}, supported: [${PROTOCOLS.join(' ')}]`;
}

/** A scrape config with what it inherits. Values of 0 count as not given, as in Prometheus. */
export function resolveScrapeConfig(raw: RawScrapeConfig, global: GlobalConfig, at: Span): ScrapeConfig {
  const scrapeIntervalMs = raw.scrapeIntervalMs || global.scrapeIntervalMs;
  const scheme = raw.metricNameValidationScheme ?? global.metricNameValidationScheme;
  const scrapeNativeHistograms = raw.scrapeNativeHistograms ?? global.scrapeNativeHistograms;
  return {
    jobName: raw.jobName,
    ...resolveDefaults(raw, global),
    scrapeIntervalMs,
    scrapeTimeoutMs: raw.scrapeTimeoutMs || Math.min(global.scrapeTimeoutMs, scrapeIntervalMs),
    scrapeNativeHistograms,
    metricNameValidationScheme: scheme,
    metricNameEscapingScheme: raw.metricNameEscapingScheme ?? inheritedEscaping(global, scheme),
    metricsPath: raw.metricsPath,
    scheme: raw.scheme,
    params: raw.params,
    honorLabels: raw.honorLabels,
    honorTimestamps: raw.honorTimestamps,
    trackTimestampsStaleness: raw.trackTimestampsStaleness,
    enableCompression: raw.enableCompression,
    fallbackScrapeProtocol: raw.fallbackScrapeProtocol as ScrapeProtocol | undefined,
    scrapeFailureLogFile: raw.scrapeFailureLogFile ?? global.scrapeFailureLogFile,
    nativeHistogramBucketLimit: raw.nativeHistogramBucketLimit,
    nativeHistogramMinBucketFactor: raw.nativeHistogramMinBucketFactor,
    relabelConfigs: raw.relabelConfigs,
    metricRelabelConfigs: raw.metricRelabelConfigs,
    ...discoveryOf(raw),
    ...httpClientOf(raw),
    at,
  };
}

/** A job that goes back to classic names cannot keep an escaping that lets UTF-8 through. */
function inheritedEscaping(global: GlobalConfig, scheme: 'utf8' | 'legacy'): EscapingScheme {
  const inherited = global.metricNameEscapingScheme;
  return scheme === 'legacy' && inherited === 'allow-utf-8' ? 'underscores' : inherited;
}

function resolveDefaults(
  raw: RawScrapeConfig,
  global: GlobalConfig,
): Omit<
  ScrapeDefaults,
  'scrapeIntervalMs' | 'scrapeTimeoutMs' | 'metricNameValidationScheme' | 'metricNameEscapingScheme'
> {
  const native = raw.scrapeNativeHistograms ?? global.scrapeNativeHistograms;
  return {
    scrapeProtocols: (raw.scrapeProtocols as ScrapeProtocol[] | undefined) ?? inheritedProtocols(global, native),
    scrapeNativeHistograms: native,
    alwaysScrapeClassicHistograms: raw.alwaysScrapeClassicHistograms ?? global.alwaysScrapeClassicHistograms,
    convertClassicHistogramsToNhcb: raw.convertClassicHistogramsToNhcb ?? global.convertClassicHistogramsToNhcb,
    extraScrapeMetrics: raw.extraScrapeMetrics ?? global.extraScrapeMetrics,
    bodySizeLimitBytes: raw.bodySizeLimitBytes || global.bodySizeLimitBytes,
    sampleLimit: raw.sampleLimit || global.sampleLimit,
    targetLimit: raw.targetLimit || global.targetLimit,
    labelLimit: raw.labelLimit || global.labelLimit,
    labelNameLengthLimit: raw.labelNameLengthLimit || global.labelNameLengthLimit,
    labelValueLengthLimit: raw.labelValueLengthLimit || global.labelValueLengthLimit,
    keepDroppedTargets: raw.keepDroppedTargets || global.keepDroppedTargets,
  };
}

/** Protocols that were chosen in `global` are inherited; the defaults depend on whether this job wants native histograms. */
function inheritedProtocols(global: GlobalConfig, native: boolean): readonly ScrapeProtocol[] {
  const isDefault = global.scrapeProtocols === DEFAULT_PROTOCOLS || global.scrapeProtocols === NATIVE_PROTOCOLS;
  return isDefault ? defaultProtocols(native) : global.scrapeProtocols;
}
