import { availableParallelism, hostname } from 'node:os';
import { type PrometheusConfig, Secret, writePrometheusConfig } from '@tillwatch/config';
import { type Clock, formatDuration, Labels } from '@tillwatch/model';
import { AGGREGATE_OPS, functionNames, functionSignature } from '@tillwatch/promql';
import type { FastifyInstance } from 'fastify';
import { PROMETHEUS_VERSION, VERSION } from '../build-info.ts';
import { createApiRoutes, type OriginTest } from './api-routes.ts';
import { sendData, sendError } from './reply.ts';

/** What the status part of the API tells about. */
export interface StatusServices {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly retentionMs: () => number;
  /** How the last reading of the configuration went. */
  readonly lastReload: () => LastReload;
  /** What runs. */
  readonly prometheusConfig: () => PrometheusConfig;
  /** Settings by the names that Prometheus's flags have. */
  readonly flags: () => Readonly<Record<string, string>>;
  /** Damaged parts of the store that are set aside. */
  readonly corruptionCount: () => number;
  /** Pages of which other origins may read answers; none when not given. */
  readonly corsOrigin?: OriginTest | undefined;
}

/** When the configuration was read last with success, and whether the last attempt was one. */
export interface LastReload {
  readonly isSuccess: boolean;
  readonly successAtMs: number;
}

/**
 * `/api/v1/status/…`, `features`, `notifications` and `alertmanagers`, as Prometheus answers them, and what Prometheus answers where
 * something is switched off.
 */
export function registerStatusRoutes(app: FastifyInstance, services: StatusServices): void {
  const { clock, startedAtMs, retentionMs, lastReload, prometheusConfig, flags, corruptionCount } = services;
  const routes = createApiRoutes(app, services.corsOrigin);
  const show = (path: string, read: () => unknown) =>
    routes.get(`/api/v1/${path}`, (_parameters, reply) => sendData(reply, JSON.stringify(read())));

  show('status/buildinfo', () => ({
    version: PROMETHEUS_VERSION,
    revision: `tillwatch-${VERSION}`,
    branch: 'HEAD',
    buildUser: 'tillwatch',
    buildDate: '',
    goVersion: `node ${process.version}`,
  }));
  show('status/runtimeinfo', () => ({
    startTime: new Date(startedAtMs).toISOString(),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: new Date(clock.nowMs()).toISOString(),
    reloadConfigSuccess: lastReload().isSuccess,
    lastConfigTime: new Date(lastReload().successAtMs).toISOString(),
    corruptionCount: corruptionCount(),
    // There are no goroutines; clients expect a number.
    goroutineCount: 1,
    GOMAXPROCS: availableParallelism(),
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: formatDuration(retentionMs()),
  }));
  show('status/config', () => ({
    yaml: writePrometheusConfig(withoutSecrets(prometheusConfig()), { revealSecrets: true }),
  }));
  show('status/flags', flags);
  // A store that listens is a store that is read.
  show('status/walreplay', () => ({ min: 0, max: 0, current: 0 }));
  show('features', features);
  show('notifications', () => []);
  // Alerts are routed and delivered by this process itself.
  show('alertmanagers', () => ({ activeAlertmanagers: [], droppedAlertmanagers: [] }));

  for (const action of ['delete_series', 'clean_tombstones', 'snapshot']) {
    routes.only(['POST', 'PUT'], `/api/v1/admin/tsdb/${action}`, (_parameters, reply) =>
      sendError(reply, 'unavailable', 'admin APIs disabled'),
    );
  }
  for (const path of ['write', 'otlp/v1/metrics']) {
    routes.only(['POST'], `/api/v1/${path}`, (_parameters, reply) =>
      reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send('remote write receiver is not part of Tillwatch: it scrapes its targets\n'),
    );
  }
}

/** What clients may use, in the categories of Prometheus. */
function features(): object {
  const isStable = (name: string) => functionSignature(name)?.experimental !== true;
  return {
    api: {
      admin: false,
      exclude_alerts: true,
      label_values_match: true,
      lifecycle: true,
      otlp_write_receiver: false,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: false,
      time_range_labels: true,
      time_range_series: true,
    },
    promql: { at_modifier: true, bool: true, by: true, group_left: true, group_right: true, ignoring: true },
    promql_functions: Object.fromEntries(functionNames().map((name) => [name, isStable(name)])),
    promql_operators: Object.fromEntries(AGGREGATE_OPS.map((op) => [op, !['limitk', 'limit_ratio'].includes(op)])),
  };
}

/** The same configuration with `<secret>` where one stands. */
function withoutSecrets(config: PrometheusConfig): PrometheusConfig {
  return masked(config) as PrometheusConfig;
}

function masked(value: unknown): unknown {
  if (value instanceof Secret) return value.isEmpty ? value : new Secret(value.toString());
  if (typeof value === 'string') return withoutPassword(value);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null || value instanceof Labels) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}

/** URLs of proxies, tokens and targets may carry a password; Prometheus writes `xxxxx` in its place, too. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*?:)[^/?#]*@/i, '$1xxxxx@');
}
