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
};

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
