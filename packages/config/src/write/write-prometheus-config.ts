import type { Labels } from '@tillwatch/model';
import { formatByteSize } from '../fields/byte-size.ts';
import type {
  AlertmanagerEndpoint,
  Discovery,
  GlobalConfig,
  HttpSdConfig,
  PrometheusConfig,
  ScrapeConfig,
  ScrapeDefaults,
  StaticConfig,
} from '../prometheus/config.ts';
import { RELABEL_DEFAULTS, type RelabelConfig } from '../prometheus/relabel.ts';
import { defaultProtocols } from '../prometheus/scrape-config.ts';
import { DEFAULT_STORAGE, type StorageConfig } from '../prometheus/storage.ts';
import {
  durationUnless,
  type HttpClientInput,
  httpClientMap,
  type LabelsInput,
  labelMap,
  listOf,
  same,
  unless,
} from './wire.ts';
import { type WriteOptions, type YamlValue, yamlText } from './yaml-text.ts';

/** Static targets; labels in either form. */
interface StaticConfigInput {
  readonly targets: readonly string[];
  readonly labels?: LabelsInput;
}

type DiscoveryInput = {
  readonly staticConfigs?: readonly StaticConfigInput[];
  readonly fileSdConfigs?: Discovery['fileSdConfigs'];
  readonly httpSdConfigs?: readonly (HttpClientInput & Pick<HttpSdConfig, 'url'> & Partial<HttpSdConfig>)[];
  readonly dnsSdConfigs?: Discovery['dnsSdConfigs'];
};

/** A job of which everything but its name can be left out; what `readPrometheusConfig` gives is one too. */
export type ScrapeConfigInput = Partial<
  Omit<ScrapeConfig, keyof Discovery | keyof HttpClientInput | 'jobName' | 'relabelConfigs' | 'metricRelabelConfigs'>
> &
  DiscoveryInput &
  HttpClientInput & {
    readonly jobName: string;
    readonly relabelConfigs?: readonly Partial<RelabelConfig>[];
    readonly metricRelabelConfigs?: readonly Partial<RelabelConfig>[];
  };

type AlertmanagerEndpointInput = Partial<
  Omit<AlertmanagerEndpoint, keyof Discovery | keyof HttpClientInput | 'relabelConfigs' | 'alertRelabelConfigs'>
> &
  DiscoveryInput &
  HttpClientInput & {
    readonly relabelConfigs?: readonly Partial<RelabelConfig>[];
    readonly alertRelabelConfigs?: readonly Partial<RelabelConfig>[];
  };

/** A prometheus.yml of which everything can be left out; what `readPrometheusConfig` gives is one too. */
export interface PrometheusConfigInput {
  readonly global?: Partial<Omit<GlobalConfig, 'externalLabels'>> & { readonly externalLabels?: Labels | LabelsInput };
  readonly ruleFiles?: PrometheusConfig['ruleFiles'];
  readonly scrapeConfigFiles?: PrometheusConfig['scrapeConfigFiles'];
  readonly scrapeConfigs?: readonly ScrapeConfigInput[];
  readonly alerting?: {
    readonly alertRelabelConfigs?: readonly Partial<RelabelConfig>[];
    readonly alertmanagers?: readonly AlertmanagerEndpointInput[];
  };
  readonly storage?: Partial<StorageConfig>;
}

/**
 * Writes a prometheus.yml that reads back to the same configuration. Settings that are what the reader assumes anyway are
 * left out, so the file is short and loads in Prometheus 2.42 unless something newer is really set. Sections that the
 * embedded engine does not use, and discoveries that it does not support, are not written.
 * @throws {SecretInFileError}
 */
export function writePrometheusConfig(config: PrometheusConfigInput, options: WriteOptions = {}): string {
  const global = effectiveGlobal(config.global ?? {});
  const { alerting } = config;
  return yamlText(
    {
      global: orNothing(globalMap(config.global ?? {}, global)),
      rule_files: listOf(config.ruleFiles, (path) => path),
      scrape_config_files: listOf(config.scrapeConfigFiles, (path) => path),
      alerting:
        alerting &&
        orNothing({
          alert_relabel_configs: listOf(alerting.alertRelabelConfigs, relabelMap),
          alertmanagers: listOf(alerting.alertmanagers, (endpoint) => endpointMap(endpoint, options)),
        }),
      scrape_configs: listOf(config.scrapeConfigs, (job) => jobMap(job, global, options)),
      storage: orNothing(storageMap(config.storage ?? {})),
    },
    options,
  );
}

function storageMap(storage: Partial<StorageConfig>): { readonly [key: string]: YamlValue } {
  const { retentionMs, retentionBytes } = storage;
  return {
    tsdb: orNothing({
      out_of_order_time_window: durationUnless(storage.outOfOrderWindowMs, DEFAULT_STORAGE.outOfOrderWindowMs),
      retention: orNothing({
        time: durationUnless(retentionMs, undefined),
        size: retentionBytes === undefined ? undefined : formatByteSize(retentionBytes),
      }),
    }),
    exemplars: orNothing({ max_exemplars: unless(storage.maxExemplars, DEFAULT_STORAGE.maxExemplars) }),
  };
}

type Defaults = Required<Pick<ScrapeDefaults, 'scrapeIntervalMs' | 'scrapeTimeoutMs'>> & Partial<ScrapeDefaults>;

/** What jobs inherit. */
function effectiveGlobal(global: NonNullable<PrometheusConfigInput['global']>): Defaults {
  const scrapeIntervalMs = global.scrapeIntervalMs ?? 60_000;
  return { ...global, scrapeIntervalMs, scrapeTimeoutMs: global.scrapeTimeoutMs ?? Math.min(10_000, scrapeIntervalMs) };
}

function globalMap(
  global: NonNullable<PrometheusConfigInput['global']>,
  effective: Defaults,
): { readonly [key: string]: YamlValue } {
  const assumedTimeoutMs = Math.min(10_000, effective.scrapeIntervalMs);
  return {
    scrape_interval: durationUnless(global.scrapeIntervalMs, 60_000),
    scrape_timeout: durationUnless(global.scrapeTimeoutMs, assumedTimeoutMs),
    evaluation_interval: durationUnless(global.evaluationIntervalMs, 60_000),
    rule_query_offset: durationUnless(global.ruleQueryOffsetMs, 0),
    external_labels: labelMap(global.externalLabels),
    query_log_file: global.queryLogFile,
    scrape_failure_log_file: global.scrapeFailureLogFile,
    ...sharedMap(global, {}),
  };
}

/** The settings that `global` and jobs share, as far as they differ from what is inherited. */
function sharedMap(
  own: Partial<ScrapeDefaults>,
  inherited: Partial<ScrapeDefaults>,
): { readonly [key: string]: YamlValue } {
  const scheme = own.metricNameValidationScheme;
  const assumedScheme = inherited.metricNameValidationScheme ?? 'utf8';
  const bytes = own.bodySizeLimitBytes;
  return {
    metric_name_validation_scheme: unless(scheme, assumedScheme),
    metric_name_escaping_scheme: unless(
      own.metricNameEscapingScheme,
      assumedEscaping(scheme ?? assumedScheme, inherited),
    ),
    scrape_protocols: protocolsMap(own, inherited),
    scrape_native_histograms: unless(own.scrapeNativeHistograms, inherited.scrapeNativeHistograms ?? false),
    always_scrape_classic_histograms: unless(
      own.alwaysScrapeClassicHistograms,
      inherited.alwaysScrapeClassicHistograms ?? false,
    ),
    convert_classic_histograms_to_nhcb: unless(
      own.convertClassicHistogramsToNhcb,
      inherited.convertClassicHistogramsToNhcb ?? false,
    ),
    extra_scrape_metrics: unless(own.extraScrapeMetrics, inherited.extraScrapeMetrics ?? false),
    body_size_limit:
      bytes === undefined || bytes === (inherited.bodySizeLimitBytes ?? 0) ? undefined : formatByteSize(bytes),
    sample_limit: unless(own.sampleLimit, inherited.sampleLimit ?? 0),
    target_limit: unless(own.targetLimit, inherited.targetLimit ?? 0),
    label_limit: unless(own.labelLimit, inherited.labelLimit ?? 0),
    label_name_length_limit: unless(own.labelNameLengthLimit, inherited.labelNameLengthLimit ?? 0),
    label_value_length_limit: unless(own.labelValueLengthLimit, inherited.labelValueLengthLimit ?? 0),
    keep_dropped_targets: unless(own.keepDroppedTargets, inherited.keepDroppedTargets ?? 0),
  };
}

function assumedEscaping(
  scheme: 'utf8' | 'legacy',
  inherited: Partial<ScrapeDefaults>,
): ScrapeDefaults['metricNameEscapingScheme'] {
  const above = inherited.metricNameEscapingScheme;
  if (above === undefined) return scheme === 'utf8' ? 'allow-utf-8' : 'underscores';
  return scheme === 'legacy' && above === 'allow-utf-8' ? 'underscores' : above;
}

function protocolsMap(own: Partial<ScrapeDefaults>, inherited: Partial<ScrapeDefaults>): YamlValue {
  const { scrapeProtocols } = own;
  if (scrapeProtocols === undefined) return undefined;
  const native = own.scrapeNativeHistograms ?? inherited.scrapeNativeHistograms ?? false;
  const above = inherited.scrapeProtocols;
  const isAboveDefault =
    above === undefined || same(above, defaultProtocols(inherited.scrapeNativeHistograms ?? false));
  const assumed = isAboveDefault ? defaultProtocols(native) : above;
  return same(scrapeProtocols, assumed) ? undefined : scrapeProtocols;
}

function jobMap(job: ScrapeConfigInput, global: Defaults, options: WriteOptions): YamlValue {
  const intervalMs = job.scrapeIntervalMs ?? global.scrapeIntervalMs;
  return {
    job_name: job.jobName,
    scrape_interval: durationUnless(job.scrapeIntervalMs, global.scrapeIntervalMs),
    scrape_timeout: durationUnless(job.scrapeTimeoutMs, Math.min(global.scrapeTimeoutMs, intervalMs)),
    metrics_path: unless(job.metricsPath, '/metrics'),
    scheme: unless(job.scheme, 'http'),
    params: job.params && unless(job.params as { [key: string]: YamlValue }, {}),
    honor_labels: unless(job.honorLabels, false),
    honor_timestamps: unless(job.honorTimestamps, true),
    track_timestamps_staleness: unless(job.trackTimestampsStaleness, false),
    enable_compression: unless(job.enableCompression, true),
    fallback_scrape_protocol: job.fallbackScrapeProtocol,
    scrape_failure_log_file: job.scrapeFailureLogFile,
    native_histogram_bucket_limit: unless(job.nativeHistogramBucketLimit, 0),
    native_histogram_min_bucket_factor: unless(job.nativeHistogramMinBucketFactor, 0),
    ...sharedMap(job, global),
    ...httpClientMap(job, options),
    ...discoveryMap(job, options),
    relabel_configs: listOf(job.relabelConfigs, relabelMap),
    metric_relabel_configs: listOf(job.metricRelabelConfigs, relabelMap),
  };
}

function discoveryMap(from: DiscoveryInput, options: WriteOptions): { readonly [key: string]: YamlValue } {
  return {
    static_configs: listOf(from.staticConfigs, staticMap),
    file_sd_configs: listOf(from.fileSdConfigs, ({ files, refreshIntervalMs }) => ({
      files,
      refresh_interval: durationUnless(refreshIntervalMs, 300_000),
    })),
    http_sd_configs: listOf(from.httpSdConfigs, ({ url, refreshIntervalMs, ...http }) => ({
      url,
      refresh_interval: durationUnless(refreshIntervalMs, 60_000),
      ...httpClientMap(http, options),
    })),
    dns_sd_configs: listOf(from.dnsSdConfigs, ({ names, type, port, refreshIntervalMs }) => ({
      names,
      type: unless(type, 'SRV'),
      port: unless(port, 0),
      refresh_interval: durationUnless(refreshIntervalMs, 30_000),
    })),
  };
}

function staticMap({ targets, labels }: StaticConfigInput | StaticConfig): YamlValue {
  return { targets, labels: labelMap(labels) };
}

function relabelMap(rule: Partial<RelabelConfig>): YamlValue {
  return {
    source_labels: listOf(rule.sourceLabels, (name) => name),
    separator: unless(rule.separator, RELABEL_DEFAULTS.separator),
    regex: unless(rule.regex, RELABEL_DEFAULTS.regex),
    modulus: unless(rule.modulus, RELABEL_DEFAULTS.modulus),
    target_label: unless(rule.targetLabel, RELABEL_DEFAULTS.targetLabel),
    replacement: unless(rule.replacement, RELABEL_DEFAULTS.replacement),
    action: unless(rule.action, RELABEL_DEFAULTS.action),
  };
}

function endpointMap(endpoint: AlertmanagerEndpointInput, options: WriteOptions): YamlValue {
  return {
    scheme: unless(endpoint.scheme, 'http'),
    path_prefix: unless(endpoint.pathPrefix, '/'),
    timeout: durationUnless(endpoint.timeoutMs, 10_000),
    ...httpClientMap(endpoint, options),
    ...discoveryMap(endpoint, options),
    relabel_configs: listOf(endpoint.relabelConfigs, relabelMap),
    alert_relabel_configs: listOf(endpoint.alertRelabelConfigs, relabelMap),
  };
}

function orNothing(map: { readonly [key: string]: YamlValue }): YamlValue {
  return Object.values(map).every((value) => value === undefined) ? undefined : map;
}
