import type { Labels, Querier } from '@tillwatch/model';
import type { Periods } from '../diagnosis/diagnose.ts';
import { isUnseen, weightiest } from '../incident/incident-kind.ts';
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
  const named = alerts.map((labels) => ({ labels, annotations: labels, startsAtMs: 0, endsAtMs: 0, generatorUrl: '' }));
  const kind = weightiest(named)?.kind;
  return measureLoss(querier, config, periods, kind !== undefined && isUnseen(kind));
}
