import { createHash } from 'node:crypto';
import type { AlertStatus, RuleEngine, RuleGroupStatus, RuleStatus } from '@tillwatch/alerting';
import { Labels } from '@tillwatch/model';
import type { FastifyInstance } from 'fastify';
import { createApiRoutes, type OriginTest } from './api-routes.ts';
import { formatValue } from './json.ts';
import { BadRequest, type Parameters } from './parameters.ts';
import { sendData } from './reply.ts';
import { selectorMatchers } from './selectors.ts';
import { timeJson } from './time-json.ts';

/** What is told about rules. */
export interface RuleServices {
  readonly rules: RuleEngine;
  /** Pages of which other origins may read answers; none when not given. */
  readonly corsOrigin?: OriginTest | undefined;
}

/** `/api/v1/rules` and `alerts`, as Prometheus answers them. */
export function registerRuleRoutes(app: FastifyInstance, { rules, corsOrigin }: RuleServices): void {
  const routes = createApiRoutes(app, corsOrigin);

  routes.get('/api/v1/rules', (parameters, reply) => {
    const isWanted = ruleFilter(parameters);
    const withoutAlerts = parameters.flag('exclude_alerts');
    const files = new Set(parameters.all('file[]'));
    const names = new Set(parameters.all('rule_group[]'));
    const groups = rules
      .groups()
      .filter(({ file, name }) => (files.size === 0 || files.has(file)) && (names.size === 0 || names.has(name)))
      .map((group) => ({ ...group, rules: group.rules.filter(isWanted) }))
      .filter((group) => group.rules.length > 0);
    const { page, nextToken } = pageOf(groups, parameters);
    return sendData(
      reply,
      JSON.stringify({ groups: page.map((group) => groupJson(group, withoutAlerts)), groupNextToken: nextToken }),
    );
  });

  routes.get('/api/v1/alerts', (_parameters, reply) => {
    const alerts = rules
      .groups()
      .flatMap((group) => group.rules)
      .flatMap((rule) => (rule.type === 'alerting' ? rule.alerts : []));
    return sendData(reply, JSON.stringify({ alerts: alerts.map(alertJson) }));
  });
}

function ruleFilter(parameters: Parameters): (rule: RuleStatus) => boolean {
  const type = parameters.get('type').toLowerCase();
  if (!['', 'alert', 'record'].includes(type)) {
    throw new BadRequest(`invalid parameter "type": not supported value ${JSON.stringify(type)}`);
  }
  const names = new Set(parameters.all('rule_name[]'));
  const selectors = selectorMatchers(parameters);
  return (rule) => {
    if (type !== '' && (type === 'alert') !== (rule.type === 'alerting')) return false;
    if (names.size > 0 && !names.has(rule.name)) return false;
    const labels = Labels.of(rule.labels);
    return selectors.length === 0 || selectors.some((all) => all.every((matcher) => matcher.matchesLabels(labels)));
  };
}

/** The groups of one page: `group_limit` of them from the one on that `group_next_token` stands for. */
function pageOf(
  groups: readonly RuleGroupStatus[],
  parameters: Parameters,
): { page: readonly RuleGroupStatus[]; nextToken: string | undefined } {
  const limit = parameters.number('group_limit');
  const token = parameters.get('group_next_token');
  if (limit === undefined) {
    if (token === '') return { page: groups, nextToken: undefined };
    throw new BadRequest(
      'invalid parameter "group_limit": group_limit needs to be present in order to paginate over the groups',
    );
  }
  if (limit <= 0) throw new BadRequest('invalid parameter "group_limit": group_limit needs to be greater than 0');
  const from = token === '' ? 0 : groups.findIndex((group) => tokenOf(group) === token);
  if (from === -1) throw new BadRequest(`invalid group_next_token '${token}'. were rule groups changed?`);
  const next = groups[from + limit];
  return { page: groups.slice(from, from + limit), nextToken: next && tokenOf(next) };
}

/** Stands for a group on a later page, whatever comes before it by then. */
function tokenOf({ file, name }: RuleGroupStatus): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex');
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
    activeAt: timeJson(alert.activeAtMs),
    ...(alert.keepFiringSinceMs === undefined ? {} : { keepFiringSince: timeJson(alert.keepFiringSinceMs) }),
    value: scientific(alert.value),
  };
}

/** Prometheus writes an alert's value with Go's `%e`-like shortest form. */
function scientific(value: number): string {
  if (!Number.isFinite(value)) return formatValue(value);
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${exponent.replace(/^[-+]/, '').padStart(2, '0')}`;
}
