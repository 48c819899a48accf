import { randomUUID } from 'node:crypto';
import type { Checkout as CheckoutWatch } from '@tillwatch/instrument';
import {
  type Channel,
  CURRENCY,
  isMethod,
  PROVIDERS,
  type Provider,
  providerFor,
  type Region,
  type Step,
} from '../domain/journey.ts';
import { toMajorUnits } from '../domain/money.ts';
import type { Quote, Rate } from '../providers/carrier.ts';
import { type ServiceClient, ServiceError } from '../providers/client.ts';
import { BANK_ANSWERS, type BankAnswer } from '../providers/payment-provider.ts';
import { type AddressField, readAddress } from './address.ts';
import { type Cart, subtotalCents, weightGrams } from './cart.ts';
import { type Failure, failureOf } from './failure.ts';
import type { OrderStore, PlacedOrder } from './orders.ts';
import type { Releases } from './releases.ts';
import { type CheckoutSession, Sessions } from './sessions.ts';
import type { Tally } from './stats.ts';

/** A request that the customer has to put right; the checkout goes on as if it had not been made. */
export class MistakeError extends Error {
  override readonly name = 'MistakeError';
  readonly code: 'not_found' | 'wrong_step' | 'busy' | 'empty_cart' | 'invalid';
  readonly fields: Partial<Record<AddressField, string>> | undefined;

  constructor(code: MistakeError['code'], message: string, fields?: Partial<Record<AddressField, string>>) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/** A step that failed, and the checkout with it. */
export class StepFailedError extends Error {
  override readonly name = 'StepFailedError';
  readonly failure: Failure;

  constructor(failure: Failure, cause: unknown) {
    super(failure.message, { cause });
    this.failure = failure;
  }
}

/** Where the shop notes what a person should know and no customer. */
export interface ShopLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CheckoutOptions {
  readonly orders: OrderStore;
  readonly providers: ReadonlyMap<Provider, ServiceClient>;
  readonly carrier: ServiceClient;
  readonly releases: Releases;
  readonly watch: CheckoutWatch;
  readonly tally: Tally;
  readonly log: ShopLog;
  /** A checkout that nobody has heard of for so long counts as abandoned. */
  readonly timeoutMs: number;
}

/**
 * Takes customers from the cart to the order, one request per step. A failed step ends the checkout; a customer who tries
 * again begins a new one. Every step throws `MistakeError` or `StepFailedError`.
 */
export class Checkout {
  readonly #options: CheckoutOptions;
  readonly #sessions: Sessions;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: CheckoutOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.timeoutMs, (session) => this.#giveUp(session));
    this.#sweep = setInterval(() => this.#sessions.expire(performance.now()), Math.min(5000, options.timeoutMs));
    this.#sweep.unref();
  }

  /** How many checkouts have begun and not ended. */
  get open(): number {
    return this.#sessions.size;
  }

  /** Begins a checkout: looks at the cart as the catalogue has it now. Its failure line names the trace of `traceparent` (W3C). */
  async start(
    cart: Cart,
    region: Region,
    channel: Channel,
    traceparent?: string,
  ): Promise<{ readonly id: string; readonly subtotalCents: number }> {
    if (cart.size === 0) throw new MistakeError('empty_cart', 'Your cart is empty.');
    const release = this.#options.releases.pick();
    const cents = subtotalCents(cart);
    const { version } = release;
    const attempt = this.#options.watch.start({ channel, region, version, value: toMajorUnits(cents), traceparent });
    this.#options.tally.attempts++;
    const session: CheckoutSession = {
      id: randomUUID(),
      ...{ attempt, release, cart, region, channel, subtotalCents: cents },
      ...{ address: undefined, rates: [], rate: undefined, payment: undefined },
      next: 'cart',
      isBusy: false,
      lastSeenMs: performance.now(),
    };
    this.#sessions.add(session);
    await this.#take(session, 'cart', 'address', () => attempt.step('cart', () => this.#options.orders.price(cart)));
    return { id: session.id, subtotalCents: cents };
  }

  async address(id: string, body: unknown): Promise<void> {
    const session = this.#at(id, ['address', 'shipping', 'payment']);
    const read = readAddress(body, session.region);
    if ('mistakes' in read) throw new MistakeError('invalid', 'Please look at the marked fields.', read.mistakes);
    await this.#take(session, 'address', 'shipping', () =>
      session.attempt.step('address', () => {
        session.address = read.address;
      }),
    );
  }

  /** Asks the carrier what it costs to deliver. Chooses the given rate, or the cheapest. */
  async shipping(id: string, body: unknown): Promise<{ readonly rates: readonly Rate[]; readonly chosen: string }> {
    const session = this.#at(id, ['shipping', 'payment']);
    const wanted = (body as { rate?: unknown } | null)?.rate;
    await this.#take(session, 'shipping', 'payment', () =>
      session.attempt.step('shipping', async () => {
        const path = `/v1/rates/${session.region}?weight=${weightGrams(session.cart)}`;
        const quote = session.release.arrange(await this.#options.carrier.get<Quote>(path));
        session.rates = quote.rates;
        session.rate = quote.rates.find((rate) => rate.id === wanted) ?? quote.rates[0]!;
      }),
    );
    return { rates: session.rates, chosen: session.rate?.id ?? '' };
  }

  /** Has the provider of the chosen method authorise the payment. Nothing is taken yet. */
  async payment(id: string, body: unknown): Promise<{ readonly provider: Provider }> {
    const session = this.#at(id, ['payment']);
    const { method, card = 'approved' } = (body ?? {}) as { method?: unknown; card?: unknown };
    if (!isMethod(method)) throw new MistakeError('invalid', 'Please choose how to pay.');
    if (!BANK_ANSWERS.includes(card as BankAnswer)) throw new MistakeError('invalid', 'That is not a card we know.');
    const provider = providerFor(method, session.id);
    await this.#take(session, 'payment', 'confirm', () =>
      session.attempt.step('payment', { provider, method }, async () => {
        const amountCents = totalCents(session);
        const authorisation = await this.#client(provider).post<{ id: string }>(
          '/v1/authorisations',
          { amountCents, currency: CURRENCY, method, card },
          session.id,
        );
        session.payment = { provider, method, reference: authorisation.id };
        await this.#options.orders.recordPayment({
          idempotencyKey: session.id,
          providerReference: authorisation.id,
          ...{ provider, method, amountCents },
        });
      }),
    );
    return { provider };
  }

  /** Places the order and takes the money: stock, order and payment in one transaction, then the capture. */
  async confirm(id: string): Promise<PlacedOrder> {
    const session = this.#at(id, ['confirm']);
    const { provider, method } = session.payment!;
    let order: PlacedOrder | undefined;
    await this.#take(session, 'confirm', undefined, () =>
      session.attempt.step('confirm', async () => {
        order = await this.#place(session);
        await this.#capture(session, order);
      }),
    );
    const cents = totalCents(session);
    session.attempt.succeed({ provider, method, orderValue: toMajorUnits(cents) });
    this.#options.tally.orders++;
    this.#options.tally.orderCents += cents;
    this.#sessions.remove(session);
    return order!;
  }

  /** The customer has closed the page. Unknown and ended checkouts are none of its business. */
  leave(id: string): void {
    const session = this.#sessions.find(id);
    if (session === undefined || session.isBusy) return;
    this.#sessions.remove(session);
    this.#giveUp(session);
  }

  stop(): void {
    clearInterval(this.#sweep);
  }

  #at(id: string, steps: readonly Step[]): CheckoutSession {
    const session = this.#sessions.find(id);
    if (session === undefined) throw new MistakeError('not_found', 'This checkout has ended. Please begin again.');
    if (session.isBusy) throw new MistakeError('busy', 'One moment: the last step is still on its way.');
    if (!steps.includes(session.next)) throw new MistakeError('wrong_step', `The next step is ${session.next}.`);
    return session;
  }

  /** Runs a step; a failure of it ends the checkout. */
  async #take(
    session: CheckoutSession,
    step: Step,
    next: Step | undefined,
    run: () => Promise<unknown>,
  ): Promise<void> {
    session.isBusy = true;
    try {
      await run();
      if (next !== undefined) session.next = next;
    } catch (error) {
      throw this.#fail(session, step, error);
    } finally {
      session.isBusy = false;
      session.lastSeenMs = performance.now();
    }
  }

  #fail(session: CheckoutSession, step: Step, error: unknown): StepFailedError {
    const failure = failureOf(error);
    session.attempt.fail({ error, step, provider: providerOf(error) });
    this.#options.tally.countFailure(failure.class, session.subtotalCents);
    this.#sessions.remove(session);
    if (session.payment !== undefined) void this.#void(session);
    if (failure.reason === 'internal_error') {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#options.log.error({ step, version: session.release.version, stack }, 'checkout step crashed');
    }
    return new StepFailedError(failure, error);
  }

  async #place(session: CheckoutSession): Promise<PlacedOrder> {
    const { cart, region, channel, release } = session;
    return await this.#options.orders.place({
      ...{ cart, region, channel, version: release.version },
      address: session.address!,
      shippingCents: session.rate!.cents,
      totalCents: totalCents(session),
      paymentKey: session.id,
    });
  }

  async #capture(session: CheckoutSession, order: PlacedOrder): Promise<void> {
    const { provider, reference } = session.payment!;
    try {
      await this.#client(provider).post(`/v1/authorisations/${reference}/capture`, {}, `${session.id}-capture`);
    } catch (error) {
      await this.#options.orders.cancel(order.id).catch((cause: unknown) => this.#note(cause, 'order not cancelled'));
      throw error;
    }
    session.attempt.paymentCaptured(provider);
    // The money is taken and the order stands: a status that is late is for the bookkeeping to mend.
    await this.#options.orders
      .markPaid(order.id)
      .catch((cause: unknown) => this.#note(cause, 'order not marked as paid'));
  }

  /** Gives a reserved amount back to a customer who gets no order. */
  async #void(session: CheckoutSession): Promise<void> {
    const { provider, reference } = session.payment!;
    try {
      await this.#client(provider).post(`/v1/authorisations/${reference}/void`, {}, `${session.id}-void`);
      await this.#options.orders.markVoided(session.id);
    } catch (cause) {
      this.#note(cause, 'payment not voided');
    }
  }

  #giveUp(session: CheckoutSession): void {
    session.attempt.abandon({ step: session.next });
    this.#options.tally.abandoned++;
    if (session.payment !== undefined) void this.#void(session);
  }

  #note(cause: unknown, message: string): void {
    this.#options.log.warn({ reason: failureOf(cause).reason }, message);
  }

  #client(provider: Provider): ServiceClient {
    return this.#options.providers.get(provider)!;
  }
}

/** The payment provider that an error came from, if it came from one. */
function providerOf(error: unknown): Provider | undefined {
  return error instanceof ServiceError ? PROVIDERS.find((name) => name === error.service) : undefined;
}

function totalCents(session: CheckoutSession): number {
  return session.subtotalCents + session.rate!.cents;
}
