import { type Checkout, type FailureLog, instrumentCheckout } from '@tillwatch/instrument';
import { Registry } from 'prom-client';
import { CHANNELS, CURRENCY, METHODS, REGIONS, STEPS } from '../domain/journey.ts';
import { failureOf, OWN_REASONS } from './failure.ts';

/** The shop's measuring instruments. */
export interface Watch {
  readonly checkout: Checkout;
  readonly registry: Registry;
  /** A new version is about to serve customers: its counters exist, as zeros, from now on. */
  announce(version: string): void;
  stop(): void;
}

/** Declares what this shop's checkout consists of. This is all that a shop has to write to be watched. */
export function createWatch(options: { readonly version: string; readonly log: FailureLog }): Watch {
  const registry = new Registry();
  const announced = new Set([options.version]);
  const checkouts: Checkout[] = [];

  function instrument(version: string): Checkout {
    const checkout = instrumentCheckout({
      register: registry,
      version,
      currency: CURRENCY,
      steps: STEPS,
      channels: CHANNELS,
      regions: REGIONS,
      methods: METHODS,
      providers: [
        { name: 'acme-pay', methods: ['visa', 'mastercard'] },
        { name: 'nordbank', methods: ['visa', 'mastercard', 'invoice'] },
        { name: 'walletly', methods: ['wallet'] },
      ],
      reasons: OWN_REASONS,
      classify: (error) => failureOf(error),
      log: options.log,
      maxInitialSeries: 4000,
    });
    checkouts.push(checkout);
    return checkout;
  }

  return {
    checkout: instrument(options.version),
    registry,
    announce(version) {
      if (announced.has(version)) return;
      announced.add(version);
      instrument(version);
    },
    stop() {
      for (const checkout of checkouts) checkout.stop();
    },
  };
}
