import type { PrometheusConfig, RelabelConfig, ScrapeConfig } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';

/** A job with Prometheus's defaults, and a timeout that does not pass while a test lets an interval pass. */
export function job(overrides: Partial<ScrapeConfig>): ScrapeConfig {
  return {
    jobName: 'shop',
    scrapeIntervalMs: 10_000,
    scrapeTimeoutMs: 10_000,
    scrapeProtocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
    scrapeNativeHistograms: false,
    alwaysScrapeClassicHistograms: false,
    convertClassicHistogramsToNhcb: false,
    extraScrapeMetrics: false,
    metricNameValidationScheme: 'utf8',
    metricNameEscapingScheme: 'allow-utf-8',
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    targetLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    keepDroppedTargets: 0,
    metricsPath: '/metrics',
    scheme: 'http',
    params: {},
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    enableCompression: true,
    fallbackScrapeProtocol: undefined,
    scrapeFailureLogFile: undefined,
    nativeHistogramBucketLimit: 0,
    nativeHistogramMinBucketFactor: 0,
    relabelConfigs: [],
    metricRelabelConfigs: [],
    staticConfigs: [],
    fileSdConfigs: [],
    httpSdConfigs: [],
    dnsSdConfigs: [],
    unsupportedDiscoveries: [],
    basicAuth: undefined,
    authorization: undefined,
    oauth2: undefined,
    tls: undefined,
    followRedirects: true,
    enableHttp2: true,
    proxyUrl: undefined,
    noProxy: undefined,
    proxyFromEnvironment: false,
    proxyConnectHeader: {},
    headers: {},
    at: { file: 'prometheus.yml', text: '', from: 0, to: 0 },
    ...overrides,
  };
}

/** A prometheus.yml with these jobs; only those matter to the scraper. */
export function prometheus(...scrapeConfigs: ScrapeConfig[]): PrometheusConfig {
  return { scrapeConfigs } as unknown as PrometheusConfig;
}

export function rule(overrides: Partial<RelabelConfig>): RelabelConfig {
  return {
    sourceLabels: [],
    separator: ';',
    regex: '(.*)',
    modulus: 0,
    targetLabel: '',
    replacement: '$1',
    action: 'replace',
    ...overrides,
  };
}

export function staticTargets(...targets: string[]) {
  return [{ targets, labels: Labels.empty }];
}
