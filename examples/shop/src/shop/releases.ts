import type { Prng } from '../domain/prng.ts';
import { BAD_RELEASE } from '../faults/table.ts';
import type { Quote } from '../providers/carrier.ts';

/** One version of the shop's code that is serving customers. */
export interface Release {
  readonly version: string;
  /** Puts the carrier's quote in the order in which the customer sees it. */
  readonly arrange: (quote: Quote) => Quote;
}

/** The version that serves most customers. */
const STABLE_VERSION = '2.3.1';

/** The version that is being tried out on a few, as long as no bad release takes its place. */
const CANARY_VERSION = '2.4.0';

const CANARY_SHARE = 0.15;
const BAD_SHARE = 0.4;

/** Decides which version serves a customer: two are always out at the same time. */
export class Releases {
  readonly #stable: Release;
  readonly #canary: Release = { version: CANARY_VERSION, arrange: (quote) => quote };
  readonly #bad: Release = { version: BAD_RELEASE, arrange: arrangeByParcel };
  readonly #random: Prng;
  readonly #isBad: () => boolean;

  constructor(random: Prng, isBad: () => boolean, stableVersion: string = STABLE_VERSION) {
    this.#stable = { version: stableVersion, arrange: (quote) => quote };
    this.#random = random;
    this.#isBad = isBad;
  }

  pick(): Release {
    const bad = this.#isBad();
    const isNew = this.#random.chance(bad ? BAD_SHARE : CANARY_SHARE);
    if (!isNew) return this.#stable;
    return bad ? this.#bad : this.#canary;
  }

  get stableVersion(): string {
    return this.#stable.version;
  }

  get canaryVersion(): string {
    return this.#canary.version;
  }
}

/** The defect of the bad release: it takes for granted that every order needs a second parcel, as every test order did. */
function arrangeByParcel(quote: Quote): Quote {
  const surchargeCents = Math.round(quote.parcels[1]!.weightGrams / 100);
  return { ...quote, rates: quote.rates.map((rate) => ({ ...rate, cents: rate.cents + surchargeCents })) };
}
