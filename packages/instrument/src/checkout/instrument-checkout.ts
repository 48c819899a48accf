import { Gauge, Registry } from 'prom-client';
import { codeLookup } from '../classify/provider-codes.ts';
import { monotonicMs } from '../clock.ts';
import { instrumentProcess } from '../process.ts';
import { SelfMetrics } from '../self-metrics.ts';
import { expose } from '../serve/expose.ts';
import { type MetricsHandler, metricsHandler } from '../serve/metrics-handler.ts';
import type { Attempt, AttemptStart } from './attempt.ts';
import { checkoutLabels } from './checkout-labels.ts';
import { CheckoutMetrics } from './checkout-metrics.ts';
import { Desk } from './desk.ts';
import { createInitialSeries } from './initial-series.ts';
import { positive, readJourney } from './journey.ts';
import { type CheckoutOptions, DURATION_BUCKETS, STEP_BUCKETS } from './options.ts';

/** The instruments of one checkout. */
export interface Checkout {
  /** A customer begins a checkout. Never throws. */
  start(start?: AttemptStart): Attempt;
  /** The open attempt of this process with this id, for a checkout that spans several requests. */
  find(id: string): Attempt | undefined;
  /** A payment was taken and no attempt is at hand (a webhook of the provider). */
  paymentCaptured(provider: string): void;
  /** An order was placed outside of an attempt. `succeed` counts its order itself. */
  orderPlaced(provider: string): void;
  /**
   * Ends the attempts that were silent for longer than the timeout and returns how many. A timer does this and so does
   * every scrape; tests with a clock of their own call it.
   */
  expire(): number;
  /** The registry of all metrics. */
  readonly registry: Registry;
  /** The exposition of the whole registry, the shop's metrics included, in the text format 0.0.4. */
  metrics(): Promise<string>;
  /** Answers `GET /metrics`, in Fastify, Express and node:http alike. */
  readonly metricsHandler: MetricsHandler;
  /** Stops the timer. Attempts stay usable; the metrics stay registered. */
  stop(): void;
}

const DEFAULT_TIMEOUT_MS = 30 * 60_000;

/**
 * Sets up the metrics of a checkout. Throws `InstrumentError` when `options` cannot be right or a metric name is taken;
 * nothing throws later. Two checkouts on one registry count into the same metrics.
 */
export function instrumentCheckout(options: CheckoutOptions): Checkout {
  const registry = options.register ?? new Registry();
  const journey = readJourney(options);
  const version = options.version.trim();
  const currency = options.currency.toUpperCase();
  const timeoutMs = positive('timeoutMs', options.timeoutMs, DEFAULT_TIMEOUT_MS);
  const self = new SelfMetrics(registry);
  const metrics = new CheckoutMetrics({
    registry,
    limit: self.limit(positive('maxSeries', options.maxSeries, 5000)),
    paymentStep: journey.paymentStep,
    lastStep: journey.lastStep,
    stepBuckets: options.stepBuckets ?? STEP_BUCKETS,
    durationBuckets: options.durationBuckets ?? DURATION_BUCKETS,
  });
  const maxValues = positive('maxLabelValues', options.maxLabelValues, 50);
  const desk = new Desk({
    metrics,
    labels: checkoutLabels({ journey, version, currency, maxValues, self }),
    self,
    version,
    currency,
    timeoutMs,
    maxOpenAttempts: positive('maxOpenAttempts', options.maxOpenAttempts, 100_000),
    now: options.now ?? monotonicMs,
    lookup: codeLookup(options.codes),
    classify: options.classify,
    log: options.log,
    traceId: options.traceId,
  });
  const budget = positive('maxInitialSeries', options.maxInitialSeries, 2000);
  createInitialSeries(metrics, journey, version, currency, budget);
  instrumentProcess({ register: registry, version, processMetrics: options.processMetrics ?? true });
  const hide = showOpenAttempts(registry, desk);

  // The timer ends attempts also in a shop that nobody scrapes. It must not keep a process alive.
  const timer = setInterval(() => desk.expire(), Math.min(Math.max(timeoutMs / 4, 100), 15_000));
  timer.unref();
  return {
    start: (start = {}) => desk.start(start),
    find: (id) => desk.find(id),
    paymentCaptured: (provider) => desk.paymentCaptured(provider),
    orderPlaced: (provider) => desk.orderPlaced(provider),
    expire: () => desk.expire(),
    registry,
    metrics: () => expose(registry),
    metricsHandler: metricsHandler(registry),
    stop() {
      clearInterval(timer);
      hide();
    },
  };
}

/** The open attempts of all checkouts of a registry. */
class OpenAttemptsGauge extends Gauge {
  readonly desks = new Map<Desk, { isStopped: boolean }>();
}

/** Shows the open attempts of `desk` until the returned function was called and the last one has ended. */
function showOpenAttempts(registry: Registry, desk: Desk): () => void {
  const name = 'checkout_attempts_open';
  const existing: unknown = registry.getSingleMetric(name);
  const gauge = existing instanceof OpenAttemptsGauge ? existing : newGauge(registry, name);
  const entry = { isStopped: false };
  gauge.desks.set(desk, entry);
  return () => {
    entry.isStopped = true;
  };
}

function newGauge(registry: Registry, name: string): OpenAttemptsGauge {
  const gauge = new OpenAttemptsGauge({
    name,
    help: 'Checkouts that have begun and not ended.',
    registers: [registry],
    collect() {
      let open = 0;
      for (const [desk, { isStopped }] of gauge.desks) {
        desk.expire();
        open += desk.openCount;
        if (isStopped && desk.openCount === 0) gauge.desks.delete(desk);
      }
      gauge.set(open);
    },
  });
  return gauge;
}
