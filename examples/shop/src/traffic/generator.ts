import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../domain/prng.ts';
import { Browser, Network } from './browser.ts';
import { type Customer, drawBot, drawCustomer } from './customer.ts';
import { rhythmAt } from './rhythm.ts';
import { type VisitEnd, visit } from './visit.ts';

/** More customers than this at the same time are turned away at the door; the figure says so. */
const MAX_CUSTOMERS = 400;

/** How the traffic is going, as its customers see it. */
export interface TrafficStats extends Readonly<Record<VisitEnd, number>> {
  readonly visits: number;
  readonly bots: number;
  /** In the shop at the moment. */
  readonly present: number;
  /** Did not get in because the generator had enough to do. */
  readonly turnedAway: number;
}

/** How much is going on; asked before every arrival. */
interface Conditions {
  /** Multiplies the rate of customers. */
  readonly surge: number;
  readonly promotedShare: number;
  /** Bots per minute beside the customers. */
  readonly botsPerMinute: number;
}

export interface TrafficOptions {
  readonly url: string;
  readonly seed: number;
  readonly ratePerMinute: number;
  /** Follow the hours of the day, or come at the same rate all day. */
  readonly rhythm: boolean;
  /** 2: customers think half as long, and a day of the rhythm passes in twelve hours. The rate is not changed. */
  readonly speed: number;
  readonly conditions: () => Conditions;
}

/** Customers who come to the shop by themselves, at random moments with the given rate. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #arrivals: Prng;
  readonly #people: Prng;
  readonly #bots: Prng;
  readonly #network = new Network();
  readonly #stopping = new AbortController();
  readonly #ends: Record<VisitEnd, number> = { ordered: 0, left: 0, declined: 0, failed: 0, stuck: 0, unreachable: 0 };
  readonly #present = new Set<Promise<void>>();
  #visits = 0;
  #botVisits = 0;
  #turnedAway = 0;
  #loops: Promise<unknown> = Promise.resolve();
  #ratePerMinute: number;

  constructor(options: TrafficOptions) {
    this.#options = options;
    // Every customer who is thinking listens; there is no leak to be warned of.
    setMaxListeners(0, this.#stopping.signal);
    this.#ratePerMinute = options.ratePerMinute;
    const random = new Prng(options.seed);
    this.#arrivals = random.fork();
    this.#people = random.fork();
    this.#bots = random.fork();
  }

  start(): void {
    const customers = this.#arrive(
      this.#arrivals.fork(),
      () => this.#ratePerMinute * this.#options.conditions().surge * this.#rhythm(),
      () => this.nextCustomer(),
    );
    const bots = this.#arrive(
      this.#arrivals.fork(),
      () => this.#options.conditions().botsPerMinute,
      () => {
        this.#botVisits++;
        return drawBot(this.#bots);
      },
    );
    this.#loops = Promise.all([customers, bots]);
  }

  setRate(ratePerMinute: number): void {
    this.#ratePerMinute = ratePerMinute;
  }

  get ratePerMinute(): number {
    return this.#ratePerMinute;
  }

  /** Who comes next. The sequence depends on the seed and on the conditions only. */
  nextCustomer(): Customer {
    return drawCustomer(this.#people.fork(), this.#options.conditions());
  }

  /** Sends one customer through the shop and tells how it went; `think` is how long they take between steps. */
  async send(customer: Customer, think: (ms: number) => Promise<void> = this.#think): Promise<VisitEnd> {
    const browser = new Browser(this.#network, this.#options.url, customer.patienceMs);
    this.#visits++;
    const end = await visit(customer, browser, think);
    this.#ends[end]++;
    return end;
  }

  stats(): TrafficStats {
    return {
      visits: this.#visits,
      bots: this.#botVisits,
      present: this.#present.size,
      turnedAway: this.#turnedAway,
      ...this.#ends,
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loops;
    await this.#network.close();
    await Promise.allSettled(this.#present);
  }

  /** Lets somebody in, waits, lets the next one in; waits again before long, since the rate may have changed meanwhile. */
  async #arrive(random: Prng, ratePerMinute: () => number, draw: () => Customer): Promise<void> {
    let dueIn = random.exponential(1);
    while (!this.#stopping.signal.aborted) {
      const perMs = ratePerMinute() / 60_000;
      const waitMs = perMs > 0 ? Math.min(dueIn / perMs, 1000) : 1000;
      await this.#pause(waitMs);
      dueIn -= waitMs * perMs;
      if (dueIn > 1e-9 || this.#stopping.signal.aborted) continue;
      this.#admit(draw());
      dueIn = random.exponential(1);
    }
  }

  #admit(customer: Customer): void {
    if (this.#present.size >= MAX_CUSTOMERS) {
      this.#turnedAway++;
      return;
    }
    const visiting = this.send(customer).then(
      () => undefined,
      () => undefined,
    );
    this.#present.add(visiting);
    void visiting.then(() => this.#present.delete(visiting));
  }

  #rhythm(): number {
    if (!this.#options.rhythm) return 1;
    const now = new Date();
    const timeOfDayMs = now.getTime() - now.getTimezoneOffset() * 60_000;
    return rhythmAt(timeOfDayMs * this.#options.speed);
  }

  readonly #think = (ms: number): Promise<void> => this.#pause(ms / this.#options.speed);

  /** A pause that ends at once when everything stops. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
