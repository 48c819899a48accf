import type { CheckoutMetrics, Lane } from './checkout-metrics.ts';
import type { Journey, JourneyProvider } from './journey.ts';

/**
 * Counters that exist as 0 before anything happens. `rate()` sees growth only between two samples: a failure counter
 * that appears with its first failure at 1 has not grown, and nobody hears of that failure.
 *
 * What is made, per channel and region: attempts; success by provider and method; technical failures of each step,
 * with its providers and methods and the reasons below; abandonment by step; declines by provider and method. They are
 * made in this order, one reason after the other, each only if it fits as a whole into what is left of the budget.
 */

/** Technical reasons that any provider can give. */
const PROVIDER_REASONS: readonly string[] = [
  'provider_error',
  'provider_timeout',
  'connection_refused',
  'connection_reset',
  'unknown',
];
/** Technical reasons of steps that run in the shop itself. */
const OWN_REASONS: readonly string[] = ['internal_error', 'timeout', 'db_timeout', 'db_pool_exhausted', 'unknown'];
const DECLINES: readonly string[] = ['card_declined', 'insufficient_funds'];

/** Makes the series of a new version for all declared channels and regions. `budget` is a number of outcome series. */
export function createInitialSeries(
  metrics: CheckoutMetrics,
  journey: Journey,
  version: string,
  currency: string,
  budget: number,
): void {
  const lanes = journey.channels.flatMap((channel) =>
    journey.regions.map((region) => metrics.lane(channel, region, version)),
  );
  let left = budget - metrics.outcomeSeries;
  for (const cells of tiers(journey)) {
    if (cells.length * lanes.length > left) continue;
    left -= cells.length * lanes.length;
    for (const lane of lanes) {
      for (const create of cells) create(metrics, lane, currency);
    }
  }
  createSteps(metrics, journey);
}

type Create = (metrics: CheckoutMetrics, lane: Lane, currency: string) => void;

/** What is made, the more important first. */
function tiers(journey: Journey): Create[][] {
  return [
    successes(journey),
    ...PROVIDER_REASONS.map((reason) => providerFailures(journey, reason)),
    ...OWN_REASONS.map((reason) => ownFailures(journey, reason)),
    declaredFailures(journey),
    abandonments(journey),
    ...DECLINES.map((reason) => declines(journey, reason)),
  ];
}

function successes(journey: Journey): Create[] {
  return orNone(payers(journey)).flatMap(({ name, methods }) =>
    orEmpty(methods).map(
      (method): Create =>
        (metrics, lane, currency) =>
          void metrics.success(lane, currency, name, method),
    ),
  );
}

function providerFailures(journey: Journey, reason: string): Create[] {
  return journey.providers.flatMap((provider) =>
    provider.steps.flatMap((step) =>
      methodsAt(journey, provider, step).map((method) => failure('technical', reason, step, provider.name, method)),
    ),
  );
}

function ownFailures(journey: Journey, reason: string): Create[] {
  return ownSteps(journey).map((step) => failure('technical', reason, step, '', ''));
}

/** The reasons that the shop declares, at the steps it declares them for. */
function declaredFailures(journey: Journey): Create[] {
  return Object.entries(journey.reasons).flatMap(([step, reasons]) => {
    const called = journey.providers.filter(({ steps }) => steps.includes(step));
    const places = called.flatMap((provider) =>
      methodsAt(journey, provider, step).map((method) => [provider.name, method] as const),
    );
    return [['', ''] as const, ...places].flatMap(([provider, method]) =>
      reasons.map((reason) => failure('technical', reason, step, provider, method)),
    );
  });
}

function abandonments(journey: Journey): Create[] {
  return journey.steps.map(
    (step): Create =>
      (metrics, lane, currency) => {
        metrics.outcome(lane, { outcome: 'abandoned', reasonClass: '', reason: '', step, provider: '', method: '' });
        metrics.orderValue(lane, currency, 'abandoned', '');
      },
  );
}

function declines(journey: Journey, reason: string): Create[] {
  const step = journey.paymentStep;
  if (step === undefined) return [];
  return payers(journey).flatMap((provider) =>
    orEmpty(provider.methods).map((method) => failure('customer', reason, step, provider.name, method)),
  );
}

function createSteps(metrics: CheckoutMetrics, journey: Journey): void {
  for (const step of journey.steps) {
    const called = journey.providers.filter(({ steps }) => steps.includes(step));
    for (const { name } of orNone(called)) {
      metrics.step(step, name);
      metrics.stepDuration(step, name, 'failure');
    }
  }
  for (const { name } of orNone(payers(journey))) {
    metrics.captured(name);
    metrics.placed(name);
  }
}

function failure(reasonClass: string, reason: string, step: string, provider: string, method: string): Create {
  return (metrics, lane, currency) => {
    metrics.outcome(lane, { outcome: 'failure', reasonClass, reason, step, provider, method });
    metrics.orderValue(lane, currency, 'failure', provider);
  };
}

/** The providers that take money. */
function payers(journey: Journey): readonly JourneyProvider[] {
  return journey.providers.filter(
    ({ steps }) => journey.paymentStep !== undefined && steps.includes(journey.paymentStep),
  );
}

/** Methods belong to the payment step; elsewhere they are not known yet. */
function methodsAt(journey: Journey, provider: JourneyProvider, step: string): readonly string[] {
  return step === journey.paymentStep ? orEmpty(provider.methods) : [''];
}

function orNone(providers: readonly JourneyProvider[]): readonly Pick<JourneyProvider, 'name' | 'methods'>[] {
  return providers.length === 0 ? [{ name: '', methods: [] }] : providers;
}

/** The steps that call nobody. */
function ownSteps(journey: Journey): readonly string[] {
  return journey.steps.filter((step) => !journey.providers.some(({ steps }) => steps.includes(step)));
}

function orEmpty(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [''] : values;
}
