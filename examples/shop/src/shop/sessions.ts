import type { Attempt } from '@tillwatch/instrument';
import type { Channel, Method, Provider, Region, Step } from '../domain/journey.ts';
import { BoundedMap } from '../providers/bounded-map.ts';
import type { Rate } from '../providers/carrier.ts';
import type { Address } from './address.ts';
import type { Cart } from './cart.ts';
import type { Release } from './releases.ts';

/** A checkout between two requests. */
export interface CheckoutSession {
  readonly id: string;
  readonly attempt: Attempt;
  readonly release: Release;
  readonly cart: Cart;
  readonly region: Region;
  readonly channel: Channel;
  readonly subtotalCents: number;
  address: Address | undefined;
  rates: readonly Rate[];
  rate: Rate | undefined;
  payment: { readonly provider: Provider; readonly method: Method; readonly reference: string } | undefined;
  /** The step that the customer is expected to take next, or to take again. */
  next: Step;
  isBusy: boolean;
  lastSeenMs: number;
}

/** How many checkouts may be open; the oldest has to make room. */
const MAX_OPEN = 20_000;

/** The checkouts that have begun and not ended. `onLost` is told of each that was given up for silence or lack of room. */
export class Sessions {
  readonly #open = new BoundedMap<CheckoutSession>(MAX_OPEN);
  readonly #timeoutMs: number;
  readonly #onLost: (session: CheckoutSession) => void;

  constructor(timeoutMs: number, onLost: (session: CheckoutSession) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#open.size;
  }

  add(session: CheckoutSession): void {
    const displaced = this.#open.set(session.id, session);
    if (displaced !== undefined) this.#onLost(displaced);
  }

  find(id: string): CheckoutSession | undefined {
    return this.#open.get(id);
  }

  /** Takes a checkout out that has ended. */
  remove(session: CheckoutSession): void {
    this.#open.delete(session.id);
  }

  /** Gives up every checkout that nobody has heard of for the timeout. */
  expire(nowMs: number): void {
    for (const [, session] of this.#open.entries()) {
      if (session.isBusy || nowMs - session.lastSeenMs < this.#timeoutMs) continue;
      this.remove(session);
      this.#onLost(session);
    }
  }
}
