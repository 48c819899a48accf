import type { AlertStatus, RuleEngine, RuleGroupStatus, RuleStatus } from '@tillwatch/alerting';
import type { Scraper, TargetStatus } from '@tillwatch/scrape';
import type { FastifyInstance } from 'fastify';
import { PROMETHEUS_VERSION, VERSION } from '../build-info.ts';
import { formatValue } from './json.ts';
import { parametersOf, sendData, sendError } from './reply.ts';

/** What the status part of the API tells about. */
export interface StatusServices {
  readonly rules: RuleEngine;
  readonly scraper: Scraper;
  readonly startedAtMs: number;
  readonly retentionMs: number;
  /** How the last reading of the configuration went. */
  readonly lastReload: () => LastReload;
}

/** When the configuration was read last with success, and whether the last attempt was one. */
export interface LastReload {
  readonly isSuccess: boolean;
  readonly successAtMs: number;
}

/** `/api/v1/rules`, `alerts`, `targets`, `metadata` and `status/…`, as Prometheus answers them. */
export function registerStatusRoutes(
  app: FastifyInstance,
  { rules, scraper, startedAtMs, retentionMs, lastReload }: StatusServices,
): void {
  app.get('/api/v1/rules', (request, reply) => {
    const parameters = parametersOf(request);
    const type = parameters.get('type');
    if (!['', 'alert', 'record'].includes(type)) {
      return sendError(reply, 'bad_data', `invalid parameter "type": not supported value ${JSON.stringify(type)}`);
    }
    const names = new Set(parameters.all('rule_name[]'));
    const groupNames = new Set(parameters.all('rule_group[]'));
    const files = new Set(parameters.all('file[]'));
    const withoutAlerts = parameters.get('exclude_alerts') === 'true';
    const groups = rules
      .groups()
      .filter(
        (group) => (groupNames.size === 0 || groupNames.has(group.name)) && (files.size === 0 || files.has(group.file)),
      )
      .map((group) => ({
        ...group,
        rules: group.rules.filter(
          (rule) =>
            (names.size === 0 || names.has(rule.name)) &&
            (type === '' || (type === 'alert') === (rule.type === 'alerting')),
        ),
      }))
      .filter((group) => group.rules.length > 0 || (names.size === 0 && type === ''));
    return sendData(reply, JSON.stringify({ groups: groups.map((group) => groupJson(group, withoutAlerts)) }));
  });

  app.get('/api/v1/alerts', (_request, reply) => {
    const alerts = rules
      .groups()
      .flatMap((group) => group.rules)
      .flatMap((rule) => (rule.type === 'alerting' ? rule.alerts : []));
    return sendData(reply, JSON.stringify({ alerts: alerts.map(alertJson) }));
  });

  app.get('/api/v1/targets', (request, reply) => {
    const state = parametersOf(request).get('state').toLowerCase();
    const targets = scraper.targets();
    const active = targets.filter(isActive);
    const dropped = targets.filter((target) => target.state === 'dropped');
    return sendData(
      reply,
      JSON.stringify({
        activeTargets: state === 'dropped' ? [] : active.map(targetJson),
        droppedTargets:
          state === 'active'
            ? []
            : dropped.map((target) => ({ discoveredLabels: target.discoveredLabels, scrapePool: target.scrapePool })),
        droppedTargetCounts: countBy(dropped, (target) => target.scrapePool),
      }),
    );
  });

  app.get('/api/v1/metadata', (request, reply) => {
    const parameters = parametersOf(request);
    const metric = parameters.get('metric');
    const limit = parameters.get('limit') === '' ? -1 : Number(parameters.get('limit'));
    const perMetric = parameters.get('limit_per_metric') === '' ? -1 : Number(parameters.get('limit_per_metric'));
    if (!Number.isInteger(limit) || !Number.isInteger(perMetric))
      return sendError(reply, 'bad_data', 'limit must be a number');
    const byMetric = new Map<string, { type: string; help: string; unit: string }[]>();
    for (const { metric: name, type, help, unit } of scraper.metadata()) {
      if (metric !== '' && name !== metric) continue;
      const known = byMetric.get(name) ?? [];
      if (known.length === 0 && limit >= 0 && byMetric.size >= limit) continue;
      byMetric.set(name, known);
      if (known.some((other) => other.type === type && other.help === help && other.unit === unit)) continue;
      if (perMetric <= 0 || known.length < perMetric) known.push({ type, help, unit });
    }
    return sendData(reply, JSON.stringify(Object.fromEntries(byMetric)));
  });

  app.get('/api/v1/status/buildinfo', (_request, reply) =>
    sendData(
      reply,
      JSON.stringify({
        version: PROMETHEUS_VERSION,
        revision: `tillwatch-${VERSION}`,
        branch: 'HEAD',
        buildUser: 'tillwatch',
        buildDate: '',
        goVersion: `node ${process.version}`,
      }),
    ),
  );

  app.get('/api/v1/status/runtimeinfo', (_request, reply) =>
    sendData(
      reply,
      JSON.stringify({
        startTime: new Date(startedAtMs).toISOString(),
        CWD: process.cwd(),
        reloadConfigSuccess: lastReload().isSuccess,
        lastConfigTime: new Date(lastReload().successAtMs).toISOString(),
        storageRetention: `${Math.round(retentionMs / 3_600_000)}h`,
      }),
    ),
  );
}

function groupJson(group: RuleGroupStatus, withoutAlerts: boolean): object {
  return {
    name: group.name,
    file: group.file,
    rules: group.rules.map((rule) => ruleJson(rule, withoutAlerts)),
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationMs / 1000,
    lastEvaluation: timeJson(group.lastEvaluationMs),
  };
}

function ruleJson(rule: RuleStatus, withoutAlerts: boolean): object {
  const common = {
    name: rule.name,
    query: rule.query,
    labels: rule.labels,
    health: rule.health,
    ...(rule.lastError === '' ? {} : { lastError: rule.lastError }),
    evaluationTime: rule.evaluationMs / 1000,
    lastEvaluation: timeJson(rule.lastEvaluationMs),
    type: rule.type,
  };
  if (rule.type === 'recording') return common;
  return {
    state: rule.state,
    ...common,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: rule.annotations,
    alerts: withoutAlerts ? [] : rule.alerts.map(alertJson),
  };
}

function alertJson(alert: AlertStatus): object {
  return {
    labels: alert.labels,
    annotations: alert.annotations,
    state: alert.state,
    activeAt: new Date(alert.activeAtMs).toISOString(),
    ...(alert.keepFiringSinceMs === undefined
      ? {}
      : { keepFiringSince: new Date(alert.keepFiringSinceMs).toISOString() }),
    value: scientific(alert.value),
  };
}

/** Prometheus writes an alert's value with Go's `%e`-like shortest form. */
function scientific(value: number): string {
  if (!Number.isFinite(value)) return formatValue(value);
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${exponent.replace(/^[-+]/, '').padStart(2, '0')}`;
}

function targetJson(target: ActiveTarget): object {
  return {
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.scrapeUrl,
    lastError: target.lastError,
    lastScrape: timeJson(target.lastScrapeMs),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    health: target.health,
    scrapeInterval: `${target.intervalMs / 1000}s`,
    scrapeTimeout: `${target.timeoutMs / 1000}s`,
  };
}

type ActiveTarget = Extract<TargetStatus, { state: 'active' }>;

function isActive(target: TargetStatus): target is ActiveTarget {
  return target.state === 'active';
}

/** A time in RFC 3339; Go's zero time for "never". */
function timeJson(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString();
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
