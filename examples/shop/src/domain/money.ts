import { CURRENCY } from './journey.ts';

const PRICE = new Intl.NumberFormat('en-IE', { style: 'currency', currency: CURRENCY });

/** Writes an amount of cents for people: `1290` as `€12.90`. */
export function formatPrice(cents: number): string {
  return PRICE.format(cents / 100);
}

/** Cents as major units, which is what metrics and logs carry. */
export function toMajorUnits(cents: number): number {
  return cents / 100;
}
