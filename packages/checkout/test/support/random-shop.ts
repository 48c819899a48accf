import { Labels } from '@tillwatch/model';
import type { GrowingStore } from './growing-store.ts';

/** What is wrong with the shop, or with its traffic. Everything absent: a healthy evening. */
export interface Weather {
  /** Times the usual traffic. */
  readonly traffic?: number;
  /** Times the usual attempts, with page views as usual. */
  readonly attempts?: Partial<Record<'web' | 'app', number>>;
  /** Share of the attempts in the slice that fail technically. */
  readonly failing?: {
    readonly share: number;
    readonly step: string;
    readonly reason: string;
    readonly provider?: string;
    readonly region?: string;
    readonly version?: string;
  };
  /** Attempts with stolen cards, as a multiple of the usual attempts. */
  readonly cardTesting?: number;
  readonly isDown?: boolean;
  readonly stepSeconds?: number;
  readonly querySeconds?: number;
}

const PROVIDERS = [
  ['acme-pay', 0.5],
  ['nordbank', 0.3],
  ['walletly', 0.2],
] as const;
const REGIONS = [
  ['eu', 0.6],
  ['us', 0.4],
] as const;
const CHANNELS = [
  ['web', 0.7],
  ['app', 0.3],
] as const;
const BOUNDS = [0.1, 0.5, 1, 2.5, 5, 10, Number.POSITIVE_INFINITY];

/** A shop of two instances whose customers come and go by a seeded chance. One call of `scrape` is one round of scrapes. */
export class RandomShop {
  readonly #counters = new Map<string, { labels: Labels; value: number }>();
  readonly #random: () => number;
  readonly #attemptsPerMinute: number;
  /** Versions by their share of the traffic. */
  versions: readonly (readonly [string, number])[] = [['v1', 1]];

  constructor(seed: number, attemptsPerMinute: number) {
    this.#random = seededRandom(seed);
    this.#attemptsPerMinute = attemptsPerMinute;
    this.#zero();
  }

  scrape(store: GrowingStore, nowMs: number, seconds: number, weather: Weather): void {
    if (weather.isDown !== true) this.#trade(seconds, weather);
    const target = { job: 'shop', instance: 'shop-1:3000' };
    store.append(Labels.of({ __name__: 'up', ...target }), nowMs, weather.isDown === true ? 0 : 1);
    for (const { labels, value } of this.#counters.values()) {
      store.append(labels, nowMs, weather.isDown === true ? 'stale' : value);
    }
    store.append(Labels.of({ __name__: 'db_pool_waiting', pool: 'default', ...target }), nowMs, 0);
  }

  #trade(seconds: number, weather: Weather): void {
    const mean = (this.#attemptsPerMinute / 60) * seconds * (weather.traffic ?? 1);
    this.#add('http_requests_total', { route: '/checkout', method: 'GET', code: '200' }, this.#poisson(mean * 1.8));
    for (const [channel, share] of CHANNELS) {
      const attempts = this.#poisson(mean * share * (weather.attempts?.[channel] ?? 1));
      for (let i = 0; i < attempts; i++) this.#attempt(channel, weather);
    }
    const stolen = this.#poisson(mean * (weather.cardTesting ?? 0));
    for (let i = 0; i < stolen; i++) {
      const lane = { channel: 'web', region: 'eu', version: 'v1' };
      this.#add('checkout_attempts_total', lane, 1);
      this.#end({
        ...lane,
        outcome: 'failure',
        reason_class: 'customer',
        reason: 'card_declined',
        step: 'payment',
        provider: 'acme-pay',
      });
    }
    for (let i = 0; i < mean * 5; i++)
      this.#observe('db_query_duration_seconds', { operation: 'select' }, weather.querySeconds ?? 0.02);
  }

  #attempt(channel: string, { failing, stepSeconds }: Weather): void {
    const lane = { channel, region: this.#pick(REGIONS), version: this.#pick(this.versions) };
    const provider = this.#pick(PROVIDERS);
    this.#add('checkout_attempts_total', lane, 1);
    this.#observe(
      'checkout_step_duration_seconds',
      { step: 'payment', provider },
      (stepSeconds ?? 0.3) * (0.5 + this.#random()),
    );
    const isHit =
      failing !== undefined &&
      (failing.provider ?? provider) === provider &&
      (failing.region ?? lane.region) === lane.region &&
      (failing.version ?? lane.version) === lane.version &&
      this.#random() < failing.share;
    if (isHit && failing.step !== 'payment' && failing.step !== 'confirm') {
      this.#end({ ...lane, outcome: 'failure', reason_class: 'technical', reason: failing.reason, step: failing.step });
    } else if (this.#random() < 0.22) {
      this.#end({ ...lane, outcome: 'abandoned', step: 'payment' });
    } else if (isHit) {
      this.#end({
        ...lane,
        outcome: 'failure',
        reason_class: 'technical',
        reason: failing.reason,
        step: failing.step,
        provider,
      });
    } else if (this.#random() < 0.05) {
      this.#end({
        ...lane,
        outcome: 'failure',
        reason_class: 'customer',
        reason: 'card_declined',
        step: 'payment',
        provider,
      });
    } else if (this.#random() < 0.003) {
      this.#end({
        ...lane,
        outcome: 'failure',
        reason_class: 'technical',
        reason: 'provider_error',
        step: 'payment',
        provider,
      });
    } else {
      this.#end({ ...lane, outcome: 'success', step: 'confirm', provider });
      this.#add('checkout_order_value_total', { currency: 'EUR', outcome: 'success', provider }, 60);
    }
  }

  /** What the instrumentation makes before anything happens; failures of new kinds are born when they first happen. */
  #zero(): void {
    for (const [channel] of CHANNELS) {
      for (const [region] of REGIONS) {
        const lane = { channel, region, version: 'v1' };
        this.#add('checkout_attempts_total', lane, 0);
        for (const [provider] of PROVIDERS) this.#end({ ...lane, outcome: 'success', step: 'confirm', provider }, 0);
      }
    }
    this.#add('checkout_order_value_total', { currency: 'EUR', outcome: 'success', provider: 'acme-pay' }, 0);
  }

  #end(labels: Record<string, string>, count = 1): void {
    this.#add('checkout_outcomes_total', labels, count);
  }

  #observe(name: string, labels: Record<string, string>, seconds: number): void {
    for (const bound of BOUNDS) {
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
      this.#add(`${name}_bucket`, { ...labels, le }, seconds <= bound ? 1 : 0);
    }
    this.#add(`${name}_count`, labels, 1);
  }

  #add(name: string, labels: Record<string, string>, by: number): void {
    const all = { __name__: name, ...labels, job: 'shop', instance: 'shop-1:3000' };
    const key = JSON.stringify(all);
    const known = this.#counters.get(key);
    if (known === undefined) this.#counters.set(key, { labels: Labels.of(all), value: by });
    else known.value += by;
  }

  #pick(weighted: readonly (readonly [string, number])[]): string {
    let left = this.#random();
    for (const [value, share] of weighted) {
      left -= share;
      if (left <= 0) return value;
    }
    return weighted.at(-1)![0];
  }

  #poisson(mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.#normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.#random(); product > limit; product *= this.#random()) count++;
    return count;
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
