import type { Labels, Querier } from '@tillwatch/model';
import type { Periods } from '../diagnosis/diagnose.ts';
import { type IncidentKind, isUnseen, weightiest } from '../incident/incident-kind.ts';
import { findOnset } from '../incident/onset.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type Loss, measureLoss } from './measure-loss.ts';

/**
 * What was lost while these alerts were firing, now or in any past that `querier` knows. The alerts (by their labels) decide how
 * it is measured: when nobody reaches the checkout, only the clock says how many orders were to be expected.
 */
export async function costOfAlerts(
  querier: Querier,
  config: TillwatchConfig,
  alerts: readonly Labels[],
  periods: Periods,
): Promise<Loss> {
  const kind = kindOf(alerts);
  return measureLoss(querier, config, periods, kind !== undefined && isUnseen(kind));
}

/**
 * When the trouble began that these alerts tell of: before they fired, since rules wait until they are sure. `firedAtMs` itself
 * where nothing tells, as for alerts that are not Tillwatch's own. `querier` must know what the generated rules record.
 */
export async function onsetOfAlerts(
  querier: Querier,
  config: TillwatchConfig,
  alerts: readonly Labels[],
  firedAtMs: number,
): Promise<number> {
  const kind = kindOf(alerts);
  return kind === undefined ? firedAtMs : Math.min(firedAtMs, await findOnset(querier, config, kind, firedAtMs));
}

function kindOf(alerts: readonly Labels[]): IncidentKind | undefined {
  const named = alerts.map((labels) => ({ labels, annotations: labels, startsAtMs: 0, endsAtMs: 0, generatorUrl: '' }));
  return weightiest(named)?.kind;
}
