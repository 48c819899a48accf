import type { Registry } from 'prom-client';
import { type Counter, type CounterCell, counter } from '../cells/counter.ts';
import { type Histogram, type HistogramCell, histogram } from '../cells/histogram.ts';
import type { Limit } from '../cells/label-tree.ts';
import { Memo } from '../cells/memo.ts';

/** How an attempt ended. */
export type Outcome = 'success' | 'failure' | 'abandoned';

/** How a step ended; `declined` is every failure that is not technical. */
export type StepOutcome = 'success' | 'failure' | 'declined';

/** The labels of one ended attempt, admitted; the empty ones are left out. */
export interface OutcomeLabels {
  readonly outcome: Outcome;
  readonly reasonClass: string;
  readonly reason: string;
  readonly step: string;
  readonly provider: string;
  readonly method: string;
}

/** The cells of a step with a provider. Other outcomes than success get theirs when they are needed. */
export interface StepCells {
  readonly step: string;
  readonly provider: string;
  /** Whether this is the step that takes the money. */
  readonly isPayment: boolean;
  readonly success: HistogramCell;
}

/** The cells of a success, found once per provider, method and currency. */
export interface SuccessCells {
  readonly outcomes: CounterCell;
  readonly orderValue: CounterCell;
  readonly ordersPlaced: CounterCell;
}

/** Where an attempt comes from: channel, region and version, and the cells that follow from them. */
export interface Lane {
  readonly channel: string;
  readonly region: string;
  readonly version: string;
  readonly attempts: CounterCell;
  /** By currency, provider and method. */
  readonly successes: Memo<SuccessCells>;
}

const SUCCESS = { outcome: 'success', reasonClass: '', reason: '' } as const;
const LANE_LABELS = ['channel', 'region', 'version'] as const;

/** How many combinations of currency, provider and method a lane remembers. */
const MAX_REMEMBERED = 1000;

/** All checkout metrics of one registry and the cells that the hot path holds. */
export class CheckoutMetrics {
  readonly #attempts: Counter;
  readonly #outcomes: Counter;
  readonly #orderValue: Counter;
  readonly #captured: Counter;
  readonly #placed: Counter;
  readonly #stepDuration: Histogram;
  readonly #lanes: Memo<Lane>;
  readonly #steps: Memo<StepCells>;
  readonly #lastStep: string;
  readonly #paymentStep: string | undefined;
  readonly duration: Readonly<Record<Outcome, HistogramCell>>;
  readonly doubleEndings: CounterCell;

  constructor(options: {
    readonly registry: Registry;
    readonly limit: Limit;
    readonly lastStep: string;
    readonly paymentStep: string | undefined;
    readonly stepBuckets: readonly number[];
    readonly durationBuckets: readonly number[];
  }) {
    const { registry, limit } = options;
    const outcomeLimit = { ...limit, keep: ['outcome', 'reason_class'] };
    this.#lastStep = options.lastStep;
    this.#paymentStep = options.paymentStep;
    this.#lanes = new Memo(limit.maxCells);
    this.#steps = new Memo(limit.maxCells);
    this.#attempts = counter(registry, 'checkout_attempts_total', 'Checkouts begun.', LANE_LABELS, limit);
    this.#outcomes = counter(
      registry,
      'checkout_outcomes_total',
      'Checkouts ended: success, failure (by class and reason) or abandoned.',
      ['outcome', 'reason_class', 'reason', 'step', 'provider', 'method', ...LANE_LABELS],
      outcomeLimit,
    );
    this.#orderValue = counter(
      registry,
      'checkout_order_value_total',
      'Value of ended checkouts in major units: of orders when successful, at stake when not.',
      ['currency', 'outcome', 'provider', 'channel', 'region'],
      outcomeLimit,
    );
    this.#captured = counter(
      registry,
      'checkout_payments_captured_total',
      'Payments taken, with or without an order.',
      ['provider'],
      limit,
    );
    this.#placed = counter(registry, 'checkout_orders_placed_total', 'Orders placed.', ['provider'], limit);
    this.#stepDuration = histogram(
      registry,
      'checkout_step_duration_seconds',
      'Time of a step of the checkout.',
      ['step', 'provider', 'outcome'],
      options.stepBuckets,
      // A cell of a histogram is as many lines as it has buckets, and three.
      { ...outcomeLimit, maxCells: Math.ceil(limit.maxCells / (options.stepBuckets.length + 3)) },
    );
    const duration = histogram(
      registry,
      'checkout_duration_seconds',
      'Time from the begin of a checkout to its end, or to its last sign of life when abandoned.',
      ['outcome'],
      options.durationBuckets,
    );
    this.duration = {
      success: duration.cell('success'),
      failure: duration.cell('failure'),
      abandoned: duration.cell('abandoned'),
    };
    this.doubleEndings = counter(
      registry,
      'checkout_double_endings_total',
      'Endings of checkouts that had ended before; they are ignored.',
    ).cell();
  }

  /** How many series `checkout_outcomes_total` has. */
  get outcomeSeries(): number {
    return this.#outcomes.seriesCount;
  }

  /** The lane of admitted labels. */
  lane(channel: string, region: string, version: string): Lane {
    return this.#lanes.get(channel, region, version, () => ({
      channel,
      region,
      version,
      attempts: this.#attempts.cell(channel, region, version),
      successes: new Memo(MAX_REMEMBERED),
    }));
  }

  /** The cells of a success in `lane`, of admitted labels. */
  success(lane: Lane, currency: string, provider: string, method: string): SuccessCells {
    return lane.successes.get(currency, provider, method, () => ({
      outcomes: this.outcome(lane, { ...SUCCESS, step: this.#lastStep, provider, method }),
      orderValue: this.orderValue(lane, currency, 'success', provider),
      ordersPlaced: this.placed(provider),
    }));
  }

  /** The cell of an ending in `lane`, of admitted labels. */
  outcome(lane: Lane, labels: OutcomeLabels): CounterCell {
    const { outcome, reasonClass, reason, step, provider, method } = labels;
    return this.#outcomes.cell(
      outcome,
      reasonClass,
      reason,
      step,
      provider,
      method,
      lane.channel,
      lane.region,
      lane.version,
    );
  }

  /** The cell of money, of admitted labels. */
  orderValue(lane: Lane, currency: string, outcome: Outcome, provider: string): CounterCell {
    return this.#orderValue.cell(currency, outcome, provider, lane.channel, lane.region);
  }

  /** The cell of payments taken by an admitted provider. */
  captured(provider: string): CounterCell {
    return this.#captured.cell(provider);
  }

  /** The cell of orders placed with an admitted provider. */
  placed(provider: string): CounterCell {
    return this.#placed.cell(provider);
  }

  /** The cells of a step, of admitted labels. */
  step(step: string, provider: string): StepCells {
    return this.#steps.get(step, provider, '', () => ({
      step,
      provider,
      isPayment: step === this.#paymentStep,
      success: this.stepDuration(step, provider, 'success'),
    }));
  }

  /** The cell of the time of a step that ended so, of admitted labels. */
  stepDuration(step: string, provider: string, outcome: StepOutcome): HistogramCell {
    return this.#stepDuration.cell(step, provider, outcome);
  }
}
