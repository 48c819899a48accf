import type { ScrapeConfig } from '@tillwatch/config';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
};

/** The `Accept` header for a job: its protocols, most wanted first, as Prometheus 3 words it. Protobuf is left out. */
export function acceptHeader(settings: Pick<ScrapeConfig, 'scrapeProtocols' | 'metricNameEscapingScheme'>): string {
  const types = settings.scrapeProtocols.flatMap((protocol) => {
    const type = MEDIA_TYPES[protocol];
    if (type === undefined) return [];
    return protocol.endsWith('1.0.0') ? [`${type};escaping=${settings.metricNameEscapingScheme}`] : [type];
  });
  // Like Prometheus: the last resort is anything, so the weights count down to it.
  const weight = (i: number) => `q=0.${types.length + 2 - i}`;
  return [...types.map((type, i) => `${type};${weight(i)}`), `*/*;${weight(types.length)}`].join(',');
}
