import type { Prng } from '../domain/prng.ts';
import { BAD_RELEASE, NEXT_RELEASE } from '../faults/table.ts';
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

/** What decides, from one customer to the next, which versions are out. */
export interface ReleaseConditions {
  /** Whether the bad release takes the place of the one that is being tried out. */
  readonly isBad: () => boolean;
  /** The share of the stable version's customers, 0 to 1, that its successor serves already. */
  readonly rolledOut: () => number;
}

/** Decides which version serves a customer: two are always out at the same time, three during a rolling deploy. */
export class Releases {
  readonly #stable: Release;
  readonly #next: Release = { version: NEXT_RELEASE, arrange: (quote) => quote };
  readonly #canary: Release = { version: CANARY_VERSION, arrange: (quote) => quote };
  readonly #bad: Release = { version: BAD_RELEASE, arrange: arrangeByParcel };
  readonly #random: Prng;
  readonly #conditions: ReleaseConditions;

  constructor(random: Prng, conditions: ReleaseConditions, stableVersion: string = STABLE_VERSION) {
    this.#stable = { version: stableVersion, arrange: (quote) => quote };
    this.#random = random;
    this.#conditions = conditions;
  }

  pick(): Release {
    const bad = this.#conditions.isBad();
    const isNew = this.#random.chance(bad ? BAD_SHARE : CANARY_SHARE);
    if (isNew) return bad ? this.#bad : this.#canary;
    const rolledOut = this.#conditions.rolledOut();
    return rolledOut > 0 && this.#random.chance(rolledOut) ? this.#next : this.#stable;
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
