import { formatDuration } from '@tillwatch/model';
import { defaultQueryLimits } from '../query/query-engine.ts';

/** What of a process's settings has a flag in Prometheus. */
export interface FlagSettings {
  readonly dataDir: string;
  readonly retentionMs: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly externalUrl: string;
}

/** Settings by the names that Prometheus's flags have, for `/api/v1/status/flags`. */
export function prometheusFlags({ dataDir, retentionMs, listen, externalUrl }: FlagSettings): Record<string, string> {
  return {
    'query.lookback-delta': '5m',
    'query.max-samples': String(defaultQueryLimits.maxSamples),
    'query.timeout': formatDuration(defaultQueryLimits.timeoutMs),
    'storage.tsdb.path': dataDir,
    'storage.tsdb.retention.time': formatDuration(retentionMs),
    'web.enable-admin-api': 'false',
    'web.enable-lifecycle': 'true',
    'web.enable-remote-write-receiver': 'false',
    'web.external-url': externalUrl,
    'web.listen-address': `${listen.host}:${listen.port}`,
  };
}
