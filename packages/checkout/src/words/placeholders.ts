// What each text may use. A name with "!" has to be used: without it the text would not say what it is for.

/** Figures and names of an incident, for texts that tell about it as a whole. */
export const INCIDENT = [
  'success',
  'success_before',
  'failing',
  'attempts',
  'attempts_before',
  'orders',
  'orders_before',
  'declined',
  'slow_part',
  'slow_seconds',
  'database_seconds',
  'waiting',
  'part',
  'customers',
  'provider',
  'step',
  'method',
  'region',
  'channel',
  'version',
  'instance',
  'job',
  'route',
  'since',
] as const;

const LOSS = ['orders!', 'orders_range', 'money', 'money_range', 'per_hour', 'other_money'] as const;

/** The path of a text, or of the group that it is in, to the placeholders that it may use. Nothing here: none. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  headline: INCIDENT,
  pool_exhausted: INCIDENT,
  meaning: INCIDENT,
  recovered: INCIDENT,
  first_steps: INCIDENT,
  first_steps_for: INCIDENT,
  options: INCIDENT,
  win_back: INCIDENT,
  recovering: INCIDENT,
  recovering_meaning: INCIDENT,
  since: ['clock!', 'duration'],
  lasted: ['duration!', 'from', 'to'],
  lost_so_far: LOSS,
  lost_in_total: LOSS,
  retried: ['orders!'],
  came_back: ['orders!', 'money'],
  finding: ['part!', 'failing', 'share'],
  missing: ['part!', 'missing'],
  reason: ['reason!', 'count'],
  promotion: ['name!'],
  who_is_told: ['teams!'],
  customers: ['provider', 'method', 'region', 'channel'],
  label: ['value!'],
  now_and_before: ['now!', 'before'],
  per_minute: ['value!'],
  so_many_orders: ['value!'],
  out_of: ['failed!', 'all!'],
  fail_share: ['share!'],
  range: ['mid!', 'low', 'high'],
  example: ['clock', 'step', 'provider', 'method', 'reason!', 'amount', 'version', 'attempt', 'trace'],
  'verdict.good': ['success!'],
  'verdict.stale': ['clock!'],
  'verdict.failing': ['success!', 'part'],
  'verdict.warning': ['success!', 'part'],
  'verdict.recovering': ['success!'],
  'verdict.slow_steps': ['success!'],
  'promotion_check.finding.targets': ['up!', 'all!', 'job'],
  'promotion_check.finding.not_scraped': ['job!'],
  'promotion_check.finding.one_rule_fails': ['rule!', 'error'],
  'promotion_check.finding.rules_fail': ['count!', 'rule', 'error'],
  'promotion_check.finding.failures': ['count!'],
  'promotion_check.finding.pages': ['alerts!'],
  'promotion_check.finding.delivered': ['receiver!', 'ago'],
  'promotion_check.finding.never_delivered': ['receiver!'],
  'promotion_check.finding.budget_left': ['name!', 'share'],
  'promotion_check.finding.budget_spent': ['name!'],
  'promotion_check.finding.budget_unknown': ['name!'],
  'promotion_check.finding.load': ['peak', 'expected!'],
  'promotion_check.finding.not_measured': ['exporter!'],
  'promotion_check.finding.too_little_seen': ['most'],
  'promotion_check.finding.many_cores': ['cores'],
  'promotion_check.finding.expected': ['most', 'mid!', 'low', 'high'],
  'promotion_check.finding.event_loop': ['seconds!'],
  'promotion_check.to_do.receivers': ['url'],
  'promotion_ready.title': ['promotion!', 'factor'],
  'promotion_ready.title_as_known': ['promotion!', 'factor'],
  'promotion_ready.title_one_not_ready': ['promotion!', 'factor'],
  'promotion_ready.title_not_ready': ['promotion!', 'factor', 'count'],
  promotion_lead: ['when!'],
  'promotion_report.title': ['promotion!', 'orders', 'factor'],
  'promotion_report.title_so_far': ['promotion!', 'orders', 'factor'],
  'promotion_report.lead': ['orders!', 'money', 'factor', 'expected_factor'],
  'promotion_report.lost_in_total': ['orders!', 'money'],
  'promotion_report.compared': ['during!', 'expected', 'usual'],
  'promotion_report.compared_success': ['during!', 'before', 'objective'],
  'promotion_report.compared_factor': ['reached!', 'expected'],
  'promotion_report.moment': ['value!', 'time'],
  'promotion_report.slowest_moment': ['seconds!', 'step', 'time'],
  'promotion_report.incident': ['from!', 'duration', 'alerts', 'orders', 'money'],
};

/** Whether the text at a path has placeholders of its own, and not those that its group shares. */
export function hasOwnPlaceholders(path: string): boolean {
  return ALLOWED[path] !== undefined;
}

/** The placeholders of the text at a path such as `headline.failures`. */
export function placeholdersFor(path: string): {
  readonly allowed: readonly string[];
  readonly needed: readonly string[];
} {
  const given = ALLOWED[path] ?? ALLOWED[path.split('.')[0] as string] ?? [];
  return {
    allowed: given.map((name) => name.replace('!', '')),
    needed: given.filter((name) => name.endsWith('!')).map((name) => name.slice(0, -1)),
  };
}
