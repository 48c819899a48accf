/**
 * What an alert is about, and so whom it reaches: `customers` are affected (every team), the `platform` below the checkout
 * is in trouble (dev and ops), the `watch` itself cannot see (dev and ops), a `promotion` is planned or over (every team).
 */
export type Area = 'customers' | 'platform' | 'watch' | 'promotion';
