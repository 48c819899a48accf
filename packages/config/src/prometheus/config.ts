import type { Labels, Span } from '@tillwatch/model';
import type { NameScheme } from '../fields/labels.ts';
import type { HttpClientConfig } from './http-client.ts';
import type { RelabelConfig } from './relabel.ts';
import type { StorageConfig } from './storage.ts';

/** A prometheus.yml with every default filled in and every setting of `global` inherited. */
export interface PrometheusConfig {
  readonly global: GlobalConfig;
  /** Globs, relative to the file they stand in. */
  readonly ruleFiles: readonly string[];
  /** Globs of files with more scrape configs; see `addScrapeConfigFiles`. */
  readonly scrapeConfigFiles: readonly string[];
  readonly scrapeConfigs: readonly ScrapeConfig[];
  readonly alerting: AlertingConfig;
  readonly storage: StorageConfig;
  /** Sections that the embedded engine does not use, as they were read; `undefined` when they are not given. */
  readonly unused: {
    readonly remoteWrite: unknown;
    readonly remoteRead: unknown;
    readonly tracing: unknown;
    readonly otlp: unknown;
    readonly runtime: unknown;
  };
}

/** Limits of a scrape; 0 is no limit. */
interface ScrapeLimits {
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly keepDroppedTargets: number;
}

/** What is sent as `Accept`, most wanted first. */
export type ScrapeProtocol =
  | 'OpenMetricsText0.0.1'
  | 'OpenMetricsText1.0.0'
  | 'PrometheusProto'
  | 'PrometheusText0.0.4'
  | 'PrometheusText1.0.0';

export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

/** How samples are taken; given in `global` and inherited by every scrape config that says nothing else. */
export interface ScrapeDefaults extends ScrapeLimits {
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly scrapeProtocols: readonly ScrapeProtocol[];
  readonly scrapeNativeHistograms: boolean;
  readonly alwaysScrapeClassicHistograms: boolean;
  readonly convertClassicHistogramsToNhcb: boolean;
  readonly extraScrapeMetrics: boolean;
  readonly metricNameValidationScheme: NameScheme;
  readonly metricNameEscapingScheme: EscapingScheme;
}

export interface GlobalConfig extends ScrapeDefaults {
  readonly evaluationIntervalMs: number;
  readonly ruleQueryOffsetMs: number;
  readonly externalLabels: Labels;
  readonly queryLogFile: string | undefined;
  readonly scrapeFailureLogFile: string | undefined;
}

/** One job. */
export interface ScrapeConfig extends ScrapeDefaults, HttpClientConfig, Discovery {
  readonly jobName: string;
  readonly metricsPath: string;
  readonly scheme: 'http' | 'https';
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly enableCompression: boolean;
  /** What a target without a usable content type is read as; `undefined`: such a scrape fails. */
  readonly fallbackScrapeProtocol: ScrapeProtocol | undefined;
  readonly scrapeFailureLogFile: string | undefined;
  readonly nativeHistogramBucketLimit: number;
  readonly nativeHistogramMinBucketFactor: number;
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly metricRelabelConfigs: readonly RelabelConfig[];
  /** Where the job stands, for messages about it. */
  readonly at: Span;
}

/** Where targets come from. */
export interface Discovery {
  readonly staticConfigs: readonly StaticConfig[];
  readonly fileSdConfigs: readonly FileSdConfig[];
  readonly httpSdConfigs: readonly HttpSdConfig[];
  readonly dnsSdConfigs: readonly DnsSdConfig[];
  /** Kinds of discovery that are given but not supported, by their field, such as `kubernetes_sd_configs`. */
  readonly unsupportedDiscoveries: readonly string[];
}

/** A group of targets with labels of their own; also one entry of a file_sd or http_sd answer. */
export interface StaticConfig {
  readonly targets: readonly string[];
  readonly labels: Labels;
}

export interface FileSdConfig {
  /** Globs of .json, .yml and .yaml files. */
  readonly files: readonly string[];
  readonly refreshIntervalMs: number;
}

export interface HttpSdConfig extends HttpClientConfig {
  readonly url: string;
  readonly refreshIntervalMs: number;
}

export interface DnsSdConfig {
  readonly names: readonly string[];
  readonly type: 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS';
  readonly port: number;
  readonly refreshIntervalMs: number;
}

export interface AlertingConfig {
  readonly alertRelabelConfigs: readonly RelabelConfig[];
  readonly alertmanagers: readonly AlertmanagerEndpoint[];
}

/** An Alertmanager that alerts are sent to. */
export interface AlertmanagerEndpoint extends HttpClientConfig, Discovery {
  readonly scheme: 'http' | 'https';
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  readonly apiVersion: 'v2';
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly alertRelabelConfigs: readonly RelabelConfig[];
}
