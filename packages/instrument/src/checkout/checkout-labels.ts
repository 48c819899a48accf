import { LabelGuard } from '../labels/label-guard.ts';
import { sanitizeLabel, sanitizeReason } from '../labels/sanitize.ts';
import type { SelfMetrics } from '../self-metrics.ts';
import type { Journey } from './journey.ts';

/** The guards of all labels whose values come from outside. */
export interface CheckoutLabels {
  readonly channel: LabelGuard;
  readonly region: LabelGuard;
  readonly version: LabelGuard;
  readonly step: LabelGuard;
  readonly provider: LabelGuard;
  readonly method: LabelGuard;
  readonly reason: LabelGuard;
  readonly currency: LabelGuard;
}

/** Guards that admit what `journey` declares, and `maxValues` in all for each label. */
export function checkoutLabels(options: {
  readonly journey: Journey;
  readonly version: string;
  readonly currency: string;
  readonly maxValues: number;
  readonly self: SelfMetrics;
}): CheckoutLabels {
  const { journey, maxValues, self } = options;
  const guard = (label: string, declared: readonly string[], clean = sanitizeLabel): LabelGuard =>
    new LabelGuard({ declared: declared.filter(Boolean), maxValues, clean, onFold: () => self.foldedLabel(label) });
  return {
    channel: guard('channel', journey.channels),
    region: guard('region', journey.regions),
    version: guard('version', [options.version]),
    step: guard('step', journey.steps),
    provider: guard(
      'provider',
      journey.providers.map(({ name }) => name),
    ),
    method: guard('method', [...journey.methods, ...journey.providers.flatMap(({ methods }) => methods)]),
    reason: guard('reason', ['unknown', ...Object.values(journey.reasons).flat()], sanitizeReason),
    currency: guard('currency', [options.currency], (raw) => sanitizeLabel(raw).toUpperCase()),
  };
}
