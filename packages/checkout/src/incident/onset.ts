import type { Querier } from '@tillwatch/model';
import { shopUp } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { IncidentKind } from './incident-kind.ts';

/** How far before the alert its beginning is looked for. */
const LOOK_BACK_MS = 30 * 60_000;
const STEP_MS = 15_000;

/** What customers do less of stands out once it falls below this share of the usual. */
const FEW = 0.7;

/** A single failure before or after is chance: what belongs to the trouble is at least this share of its worst. */
const SHARE_OF_WORST = 0.2;

/** The value from which on the series shows the trouble. */
function levelOf(kind: IncidentKind, worst: number): number {
  return isAboutFailures(kind) ? Math.max(1, SHARE_OF_WORST * worst) : 1;
}

function isAboutFailures(kind: IncidentKind): boolean {
  return kind === 'failures' || kind === 'trickle' || kind === 'server-errors';
}

/**
 * How long after the end of trouble its series still shows it, as a share of the unit that it looks back over: a failure rate
 * falls evenly until nothing of the trouble is left in the unit, orders that come again stop standing out before, and `up`
 * looks back at nothing.
 */
function lagOfEnd(kind: IncidentKind, level: number, worst: number): number {
  if (isAboutFailures(kind)) return 1 - level / worst;
  if (kind === 'shop-down') return 0;
  return kind === 'attempts-stopped' || kind === 'silent' || kind === 'orders-drop' ? FEW : 1;
}

/** A series whose value is at least 1 while the trouble lasts. */
function troubleSeries(kind: IncidentKind, config: TillwatchConfig): string | undefined {
  const { unit } = windowsFor(config);
  switch (kind) {
    case 'failures':
    case 'trickle':
    case 'server-errors':
      return `checkout:error_ratio:${unit}{slice="all"} / ${config.objectives.errorRate / 2}`;
    case 'attempts-stopped':
    case 'silent':
      return `${FEW} * checkout:attempts:before / clamp_min(checkout:attempts:increase${unit}, 0.01)`;
    case 'orders-drop':
      return `${FEW} * checkout:orders:before / clamp_min(checkout:orders:increase${unit}, 0.01)`;
    case 'slow':
      return `max(checkout:step_seconds:p95_${unit}) / ${config.objectives.stepP95Seconds}`;
    case 'database':
      return `max(checkout:db_seconds:p95_${unit}) / ${config.objectives.databaseP95Seconds}`;
    case 'shop-down':
      return `1 - max(${shopUp(config)})`;
    case 'declines':
    case 'payment-without-order':
    case 'instance-down':
    case 'watch':
      return undefined;
  }
}

/**
 * When the trouble began: the start of the bad stretch that leads up to the alert. An alert fires some time after that,
 * once it is sure. Falls back to `firedAtMs`.
 */
export async function findOnset(
  querier: Querier,
  config: TillwatchConfig,
  kind: IncidentKind,
  firedAtMs: number,
): Promise<number> {
  const expr = troubleSeries(kind, config);
  if (expr === undefined) return firedAtMs;
  const [series] = await querier.range(expr, firedAtMs - LOOK_BACK_MS, firedAtMs, STEP_MS);
  if (series === undefined) return firedAtMs;
  return startOfRun(series.timestampsMs, series.values, levelOf(kind, highest(series.values))) ?? firedAtMs;
}

/**
 * When the trouble ended: alerts go on firing for a while after that, to be sure, and that time has cost nothing. Falls back
 * to `resolvedAtMs`.
 */
export async function findEnd(
  querier: Querier,
  config: TillwatchConfig,
  kind: IncidentKind,
  sinceMs: number,
  resolvedAtMs: number,
): Promise<number> {
  const expr = troubleSeries(kind, config);
  if (expr === undefined || resolvedAtMs <= sinceMs) return resolvedAtMs;
  const stepMs = Math.max(STEP_MS, Math.ceil((resolvedAtMs - sinceMs) / 2_000));
  const [series] = await querier.range(expr, sinceMs, resolvedAtMs, stepMs);
  if (series === undefined) return resolvedAtMs;
  const worst = highest(series.values);
  const level = levelOf(kind, worst);
  const last = [...series.values].findLastIndex((value) => value >= level);
  if (last === -1) return resolvedAtMs;
  const lookBackMs = windowsFor(config).unitMinutes * 60_000 * lagOfEnd(kind, level, worst);
  return Math.min(resolvedAtMs, Math.max(sinceMs + STEP_MS, (series.timestampsMs[last] as number) - lookBackMs));
}

function highest(values: Iterable<number>): number {
  let worst = 0;
  for (const value of values) if (value > worst) worst = value;
  return worst;
}

/**
 * The first moment of the last run of values of at least `level`, one exception in a row forgiven. `undefined` when the end
 * of the series is not in such a run.
 */
export function startOfRun(
  timestampsMs: readonly number[] | Float64Array,
  values: readonly number[] | Float64Array,
  level = 1,
): number | undefined {
  let start: number | undefined;
  let exceptions = 0;
  for (let i = values.length - 1; i >= 0; i--) {
    if ((values[i] as number) >= level) {
      start = timestampsMs[i] as number;
      exceptions = 0;
    } else if (++exceptions > 1) {
      break;
    }
  }
  return start;
}
