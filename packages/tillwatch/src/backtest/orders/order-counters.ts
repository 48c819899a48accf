import { Labels, METRIC_NAME } from '@tillwatch/model';
import type { SampleSpool } from '../spool/sample-spool.ts';
import type { Order } from './order.ts';

/** What orders become counters of. */
export interface OrderCounterOptions {
  /** The distance of samples, ms. */
  readonly intervalMs: number;
  /** The label `job` of all series. */
  readonly job: string;
  /** The currency of amounts that name none. */
  readonly currency: string;
}

/** As many values of one label are told apart; the others are `other`. */
const MOST_VALUES = 50;
const INSTANCE = 'orders';

/**
 * Turns orders into the counters that a shop would have shown, as if it had been scraped at each whole multiple of the
 * interval: each begins with 0 before the first order. Orders may come in any order; nothing is in the spool before `write`.
 */
export class OrderCounters {
  readonly #options: OrderCounterOptions;
  readonly #counters = new Map<string, Counter>();
  readonly #values = new Map<string, Map<string, string>>();
  #firstTick = Number.POSITIVE_INFINITY;
  #lastTick = Number.NEGATIVE_INFINITY;

  constructor(options: OrderCounterOptions) {
    this.#options = options;
  }

  add(order: Order): void {
    // What happens between two scrapes is seen by the second.
    const tick = Math.ceil(order.atMs / this.#options.intervalMs);
    this.#firstTick = Math.min(this.#firstTick, tick);
    this.#lastTick = Math.max(this.#lastTick, tick);
    const place = { channel: this.#value('channel', order.channel), region: this.#value('region', order.region) };
    const provider = this.#value('provider', order.provider);
    this.#count('checkout_attempts_total', place, tick, 1);
    if (order.outcome === 'pending') return;
    this.#count('checkout_outcomes_total', { ...this.#outcomeLabels(order), ...place, provider }, tick, 1);
    if (order.outcome !== 'success' || order.amount === undefined || order.amount <= 0) return;
    const currency = order.currency === '' ? this.#options.currency : order.currency;
    this.#count('checkout_order_value_total', { currency, outcome: 'success', provider, ...place }, tick, order.amount);
  }

  /** Writes every counter, and `up`, from one interval before the first order to the last one. */
  write(spool: SampleSpool): void {
    if (!Number.isFinite(this.#firstTick)) return;
    const { intervalMs, job } = this.#options;
    const from = this.#firstTick - 1;
    const up = spool.series(Labels.of({ [METRIC_NAME]: 'up', job, instance: INSTANCE }));
    for (let tick = from; tick <= this.#lastTick; tick++) up.append(tick * intervalMs, 1);
    for (const counter of this.#counters.values()) {
      const series = spool.series(counter.labels);
      const events = counter.inOrder();
      let next = 0;
      let total = 0;
      for (let tick = from; tick <= this.#lastTick; tick++) {
        for (; next < events.length && events.tick(next) <= tick; next++) total += events.amount(next);
        // Cents of many orders leave a trail of binary digits behind that no shop would show.
        series.append(tick * intervalMs, Math.round(total * 1_000) / 1_000);
      }
    }
  }

  #outcomeLabels({ outcome, failure, method }: Order): Record<string, string> {
    return {
      outcome,
      reason_class: failure?.class ?? '',
      reason: this.#value('reason', failure?.reason ?? ''),
      step: outcome === 'success' ? 'confirm' : 'payment',
      method: this.#value('method', method),
    };
  }

  #count(metric: string, labels: Readonly<Record<string, string>>, tick: number, amount: number): void {
    const all = Labels.of({ [METRIC_NAME]: metric, job: this.#options.job, instance: INSTANCE, ...labels });
    let counter = this.#counters.get(all.key);
    if (counter === undefined) {
      counter = new Counter(all, metric === 'checkout_order_value_total');
      this.#counters.set(all.key, counter);
    }
    counter.add(tick, amount);
  }

  #value(label: string, value: string): string {
    if (value === '') return '';
    const values = this.#values.get(label) ?? new Map<string, string>();
    this.#values.set(label, values);
    const known = values.get(value);
    if (known !== undefined) return known;
    if (values.size >= MOST_VALUES) return 'other';
    // A piece of a text keeps all of it in memory, a whole stretch of the file: what stays is copied.
    const own = Buffer.from(value).toString();
    values.set(own, own);
    return own;
  }
}

/** The events of one counter as columns: a few bytes each, since there can be millions. */
class Counter {
  readonly labels: Labels;
  #ticks = new Uint32Array(16);
  #amounts: Float64Array | undefined;
  #count = 0;

  /** Without amounts each event counts as 1. */
  constructor(labels: Labels, hasAmounts: boolean) {
    this.labels = labels;
    this.#amounts = hasAmounts ? new Float64Array(16) : undefined;
  }

  add(tick: number, amount: number): void {
    if (this.#count === this.#ticks.length) this.#grow();
    this.#ticks[this.#count] = tick;
    if (this.#amounts !== undefined) this.#amounts[this.#count] = amount;
    this.#count++;
  }

  inOrder(): { readonly length: number; tick(i: number): number; amount(i: number): number } {
    const ticks = this.#ticks.subarray(0, this.#count);
    const amounts = this.#amounts;
    if (amounts === undefined) {
      const sorted = ticks.slice().sort();
      return { length: sorted.length, tick: (i) => sorted[i]!, amount: () => 1 };
    }
    const order = Uint32Array.from(ticks.keys()).sort((a, b) => ticks[a]! - ticks[b]!);
    return { length: order.length, tick: (i) => ticks[order[i]!]!, amount: (i) => amounts[order[i]!]! };
  }

  #grow(): void {
    const ticks = new Uint32Array(2 * this.#count);
    ticks.set(this.#ticks);
    this.#ticks = ticks;
    if (this.#amounts === undefined) return;
    const amounts = new Float64Array(2 * this.#count);
    amounts.set(this.#amounts);
    this.#amounts = amounts;
  }
}
