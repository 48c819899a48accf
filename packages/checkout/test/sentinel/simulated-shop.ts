import { Labels, type Series } from '@tillwatch/model';
import type { SentinelReader } from '../../src/index.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** When every simulated shop begins, a Monday at noon. */
export const START_MS = Date.UTC(2026, 5, 1, 12);

/** What a customer does and what becomes of it; later fields win over the shop's. */
export interface Customer {
  readonly provider?: string;
  readonly method?: string;
  readonly region?: string;
  readonly channel?: string;
  /** `undefined`: the order succeeds. */
  readonly fails?: { readonly step: string; readonly reason: string; readonly reasonClass?: string } | undefined;
  /** The outcome never comes. */
  readonly hangs?: boolean;
  /** How long after the attempt the outcome comes, ms. */
  readonly lateMs?: number;
  /** Seconds that the payment step takes. */
  readonly seconds?: number;
  /** Pages that were looked at before; 2 by default. */
  readonly views?: number;
  /** Whether the checkout is started at all. */
  readonly starts?: boolean;
}

export interface ShopOptions {
  readonly seed?: number;
  readonly instances?: number;
  readonly attemptsPerMinute: number | ((atMs: number) => number);
  readonly scrapeMs?: number;
  /** Says what the next customer does. `random` is uniform in [0, 1). */
  readonly customer?: (atMs: number, random: () => number) => Customer;
  /** Whether an instance answers a scrape. */
  readonly isUp?: (instance: number, atMs: number) => boolean;
  /** When processes restart, by instance. */
  readonly restarts?: readonly { readonly instance: number; readonly atMs: number }[];
  /** Labels that are left out, as in a shop that has no such thing. */
  readonly without?: readonly string[];
  /** Whether failures are exported as 0 before they happen; true by default. */
  readonly bornAtZero?: boolean;
}

interface Column {
  readonly labels: Labels;
  readonly timestampsMs: number[];
  readonly values: number[];
}

/** A small shop whose metrics are scraped into memory. The same options give the same shop. */
export class SimulatedShop implements SentinelReader {
  readonly #options: ShopOptions;
  readonly #columns = new Map<string, Column>();
  readonly #counts = new Map<string, { readonly labels: Labels; value: number }>();
  readonly #late: { readonly atMs: number; readonly count: () => void }[] = [];
  #state: number;
  #nowMs = START_MS;
  /** While set, reading fails. */
  failure: Error | undefined;

  constructor(options: ShopOptions) {
    this.#options = options;
    this.#state = options.seed ?? 1;
    if (options.bornAtZero !== false) {
      for (let instance = 0; instance < this.#instances; instance++)
        for (const [provider, method] of PAYMENTS)
          this.#outcome(instance, { provider, method }, { step: 'payment', reason: 'provider_error' }, 0);
    }
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass in the shop, scrapes included. */
  runUntil(untilMs: number): void {
    while (this.#nowMs < untilMs) {
      this.#nowMs += 1_000;
      this.#serve(this.#nowMs);
      for (const { instance, atMs } of this.#options.restarts ?? []) {
        if (atMs > this.#nowMs - 1_000 && atMs <= this.#nowMs) this.#restart(instance);
      }
      const scrapeMs = this.#options.scrapeMs ?? 15_000;
      for (let instance = 0; instance < this.#instances; instance++) {
        const offsetMs = Math.floor((instance * scrapeMs) / this.#instances / 1_000) * 1_000;
        if ((this.#nowMs - START_MS) % scrapeMs === offsetMs) this.#scrape(instance, this.#nowMs);
      }
    }
  }

  async read(...[selectors, fromMs, toMs]: Parameters<SentinelReader['read']>): Promise<Series[]> {
    if (this.failure !== undefined) throw this.failure;
    const found: Series[] = [];
    for (const selector of selectors) {
      for (const { labels, timestampsMs, values } of this.#columns.values()) {
        if (!selector.every((matcher) => matcher.matchesLabels(labels))) continue;
        let from = timestampsMs.length;
        while (from > 0 && timestampsMs[from - 1]! > fromMs) from--;
        const kept = timestampsMs.slice(from).filter((atMs) => atMs <= toMs);
        if (kept.length === 0) continue;
        found.push({
          labels,
          timestampsMs: Float64Array.from(kept),
          values: Float64Array.from(values.slice(from, from + kept.length)),
        });
      }
    }
    return found;
  }

  get #instances(): number {
    return this.#options.instances ?? 2;
  }

  #random = (): number => {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };

  #serve(atMs: number): void {
    const { attemptsPerMinute, customer = usualCustomer } = this.#options;
    const perMinute = typeof attemptsPerMinute === 'number' ? attemptsPerMinute : attemptsPerMinute(atMs);
    let left = perMinute / 60;
    for (; this.#random() < left; left -= 1) this.#visit(atMs, customer(atMs, this.#random));
    for (let i = this.#late.length - 1; i >= 0; i--)
      if (this.#late[i]!.atMs <= atMs) this.#late.splice(i, 1)[0]!.count();
  }

  #visit(atMs: number, customer: Customer): void {
    const instance = Math.floor(this.#random() * this.#instances);
    const [provider, method] = PAYMENTS[Math.floor(this.#random() ** 1.5 * PAYMENTS.length)]!;
    const who: Customer = { provider, method, region: 'eu', channel: 'web', seconds: 0.5, ...customer };
    this.#add(instance, 'http_requests_total', { route: '/checkout', code: '200' }, who.views ?? 2);
    if (who.starts === false) return;
    const { region = '', channel = '' } = who;
    this.#add(instance, 'checkout_attempts_total', { region, channel, version: 'v1' }, 1);
    if (who.hangs === true) return;
    const count = () => {
      this.#outcome(instance, who, who.fails, 1);
      const seconds = who.seconds ?? 0.5;
      for (const le of ['0.3', '1', '3', '10', '+Inf']) {
        const isIn = le === '+Inf' || seconds <= Number(le);
        this.#add(
          instance,
          'checkout_step_duration_seconds_bucket',
          { step: 'payment', provider: who.provider!, le },
          isIn ? 1 : 0,
        );
      }
    };
    if (who.lateMs === undefined) count();
    else this.#late.push({ atMs: atMs + who.lateMs, count });
  }

  #outcome(instance: number, who: Customer, fails: Customer['fails'], count: number): void {
    const { provider = '', method = '', region = 'eu', channel = 'web' } = who;
    const where = { provider, method, region, channel, version: 'v1' };
    const how =
      fails === undefined
        ? { outcome: 'success', step: 'confirm' }
        : {
            outcome: 'failure',
            step: fails.step,
            reason: fails.reason,
            reason_class: fails.reasonClass ?? 'technical',
          };
    this.#add(instance, 'checkout_outcomes_total', { ...where, ...how }, count);
  }

  #add(instance: number, name: string, labels: Readonly<Record<string, string>>, count: number): void {
    const full = Labels.of({ ...labels, __name__: name, job: 'shop', instance: `shop-${instance}` }).without(
      this.#options.without ?? [],
    );
    const known = this.#counts.get(full.key) ?? { labels: full, value: 0 };
    known.value += count;
    this.#counts.set(full.key, known);
  }

  #restart(instance: number): void {
    for (const count of this.#counts.values()) if (count.labels.get('instance') === `shop-${instance}`) count.value = 0;
  }

  #scrape(instance: number, atMs: number): void {
    const isUp = this.#options.isUp?.(instance, atMs) ?? true;
    const up = Labels.of({ __name__: 'up', job: 'shop', instance: `shop-${instance}` });
    this.#sample(up, atMs, isUp ? 1 : 0);
    if (!isUp) return;
    for (const { labels, value } of this.#counts.values())
      if (labels.get('instance') === `shop-${instance}`) this.#sample(labels, atMs, value);
  }

  #sample(labels: Labels, atMs: number, value: number): void {
    const column = this.#columns.get(labels.key) ?? { labels, timestampsMs: [], values: [] };
    this.#columns.set(labels.key, column);
    column.timestampsMs.push(atMs);
    column.values.push(value);
  }
}

const PAYMENTS = [
  ['nordpay', 'visa'],
  ['nordpay', 'amex'],
  ['walletco', 'wallet'],
] as const;

/** One in two hundred fails at the provider, one in twenty is declined. */
export function usualCustomer(_atMs: number, random: () => number): Customer {
  const luck = random();
  if (luck < 0.005) return { fails: { step: 'payment', reason: 'provider_error' } };
  if (luck < 0.055) return { fails: { step: 'payment', reason: 'declined', reasonClass: 'customer' } };
  return {};
}
