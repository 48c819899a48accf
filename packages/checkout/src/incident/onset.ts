import type { Querier } from '@tillwatch/model';
import { shopUp } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { IncidentKind } from './incident-kind.ts';

/** How far before the alert its beginning is looked for. */
const LOOK_BACK_MS = 30 * 60_000;
const STEP_MS = 15_000;
/** A creeping fault is looked for farther back. */
const CREEP_MS = 6 * 3_600_000;
/** Beginnings that are so close are the same, and the one from finer steps is better. */
const CLOSE_MS = 3 * 60_000;
const HEALTHY_GAP_MS = 15 * 60_000;
/** Nats against trouble that a healthy stretch has to have. */
const DOUBT = 5;

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

/** A shop whose last good scrape is older than this does not answer. */
function downAfterSeconds(config: TillwatchConfig): number {
  return Math.ceil((2.5 * slowestScrapeMs(config)) / 1_000);
}

function slowestScrapeMs(config: TillwatchConfig): number {
  return Math.max(config.scrape.intervalMs, ...config.targets.map(({ intervalMs }) => intervalMs ?? 0));
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
      // A target that is gone leaves no sample that says so; before the first sample nobody knows.
      return `(time() - max(timestamp(${shopUp(config)}) * ${shopUp(config)}) > bool ${downAfterSeconds(config)}) or on () (vector(1) and on () max(max_over_time(${shopUp(config)}[1h])))`;
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
  if (kind === 'shop-down') return lastAnswer(querier, config, firedAtMs);
  const expr = troubleSeries(kind, config);
  if (expr === undefined) return firedAtMs;
  const [series] = await querier.range(expr, firedAtMs - LOOK_BACK_MS, firedAtMs, STEP_MS);
  const run =
    series === undefined
      ? undefined
      : startOfRun(series.timestampsMs, series.values, levelOf(kind, highest(series.values)));
  const found = run ?? firedAtMs;
  if (kind !== 'failures' && kind !== 'trickle') return found;
  // A creeping fault stands out late, and a flapping one has healthy minutes: both began earlier than the last bad stretch.
  const creeping = await creepingOnset(querier, config, firedAtMs);
  return creeping !== undefined && creeping < found - CLOSE_MS ? creeping : found;
}

/** A shop was there at its last good scrape and not at the next one, whether that failed or never came. */
async function lastAnswer(querier: Querier, config: TillwatchConfig, firedAtMs: number): Promise<number> {
  const up = shopUp(config);
  const look = `${LOOK_BACK_MS / 60_000}m`;
  const [seen] = await querier.instant(`max(max_over_time((timestamp(${up}) * ${up})[${look}:15s]))`, firedAtMs);
  if (seen === undefined || !(seen.value > 0)) return firedAtMs;
  return Math.min(firedAtMs, Math.round(seen.value * 1_000 + slowestScrapeMs(config) / 2));
}

async function creepingOnset(
  querier: Querier,
  config: TillwatchConfig,
  firedAtMs: number,
): Promise<number | undefined> {
  const { unit, unitMinutes } = windowsFor(config);
  const unitMs = unitMinutes * 60_000;
  const counts = (what: string) =>
    querier.range(`checkout:${what}:increase${unit}{slice="all"}`, firedAtMs - CREEP_MS, firedAtMs, unitMs);
  const [[failed], [finished]] = await Promise.all([counts('failed'), counts('finished')]);
  if (failed === undefined || finished === undefined) return undefined;
  const failedAt = new Map([...failed.timestampsMs].map((atMs, i) => [atMs, failed.values[i] as number]));
  const minutes = [...finished.timestampsMs].map((atMs, i) => ({
    atMs,
    failed: failedAt.get(atMs) ?? 0,
    finished: finished.values[i] as number,
  }));
  const first = startOfFailures(minutes, config.objectives.errorRate);
  return first === undefined ? undefined : first - unitMs;
}

/** What one minute (or longer unit) counted, up to `atMs`. */
interface Minute {
  readonly atMs: number;
  readonly failed: number;
  readonly finished: number;
}

/**
 * The minute from which on failures speak most for trouble: the likelihood ratio between some raised rate and a healthy one,
 * summed up backwards from the last minute, is highest there (Page's change point, for an unknown rate). It does not reach back
 * across a quarter of an hour that speaks against it. `undefined`: nothing speaks for trouble.
 */
export function startOfFailures(minutes: readonly Minute[], errorObjective: number): number | undefined {
  const healthy = errorObjective / 4;
  let best = { evidence: 0, atMs: undefined as number | undefined };
  for (let raised = errorObjective; raised < 1; raised *= 1.6) {
    const perFailure = Math.log(raised / healthy);
    const perSuccess = Math.log((1 - raised) / (1 - healthy));
    let evidence = 0;
    let top = { evidence: 0, atMs: undefined as number | undefined };
    for (const { atMs, failed, finished } of minutes.toReversed()) {
      if (!Number.isFinite(failed) || !Number.isFinite(finished)) continue;
      evidence += failed * perFailure + Math.max(0, finished - failed) * perSuccess;
      if (evidence >= top.evidence && failed > 0) top = { evidence, atMs };
      else if (top.atMs !== undefined && top.atMs - atMs > HEALTHY_GAP_MS && top.evidence - evidence > DOUBT) break;
    }
    if (top.evidence > best.evidence) best = top;
  }
  return best.atMs;
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
